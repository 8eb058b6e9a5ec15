-- Lists of those with whom one must not deal, as they were published: what is on them now, and what was when.
CREATE TABLE screening_list (
    list text NOT NULL,
    issued_on date NOT NULL,
    digest text NOT NULL,        -- of the file: one that comes twice is loaded once
    entries integer NOT NULL,
    added integer NOT NULL,
    removed integer NOT NULL,
    message_id uuid NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (list, issued_on, digest)
);
CREATE TABLE screening_entry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    list text NOT NULL,
    key text NOT NULL,           -- digest of what it says: a changed entry is another one
    kind text NOT NULL,          -- company or person
    said jsonb NOT NULL,
    words text NOT NULL,         -- why, since when, by whom
    blocks bigint[] NOT NULL,    -- entries and suppliers that share one are compared
    since date NOT NULL,         -- the issue with which it came
    gone date                    -- the issue in which it was missing; none: it is on the list
);
CREATE UNIQUE INDEX screening_entry_now ON screening_entry (list, key) WHERE gone IS NULL;
CREATE INDEX screening_entry_blocks ON screening_entry USING gin (blocks) WHERE gone IS NULL;

-- What people said of a registration and an entry: they are not asked again.
CREATE TABLE screening_verdict (
    registration text NOT NULL,
    list text NOT NULL,
    key text NOT NULL,
    same boolean NOT NULL,
    decided_by text NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (registration, list, key)
);

-- Registrations that are open or became suppliers, as keyed fingerprints only: nothing can be read from them.
CREATE TABLE supplier_register (
    registration text PRIMARY KEY,
    supplier text NOT NULL,
    open boolean NOT NULL,
    numbers bigint[] NOT NULL,   -- of its tax numbers and accounts: another one with the same is a double
    blocks bigint[] NOT NULL,    -- of its names, as in screening_entry
    noted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX supplier_register_numbers ON supplier_register USING gin (numbers);
CREATE INDEX supplier_register_blocks ON supplier_register USING gin (blocks);

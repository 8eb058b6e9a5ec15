-- Identifiers of one thing in many systems, with everything that ever changed in them.

CREATE TABLE golden (  -- one thing: an item, a supplier
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    object text NOT NULL,
    merged_into bigint REFERENCES golden (id),  -- it turned out to be that one; null: it stands for itself
    made_at timestamptz NOT NULL DEFAULT now(),
    CHECK (merged_into <> id)
);
CREATE INDEX golden_merged ON golden (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE crosswalk (
    object text NOT NULL,
    system text NOT NULL,
    identifier text NOT NULL,
    golden bigint NOT NULL REFERENCES golden (id),  -- as linked: a merge does not change it, so that it can be undone
    alias boolean NOT NULL DEFAULT false,  -- the system knows it by this too, but is not called by it
    linked bigint NOT NULL,  -- number of the change that linked it: the latest that is no alias is what it is called
    PRIMARY KEY (object, system, identifier)
);
CREATE INDEX crosswalk_golden ON crosswalk (golden);

-- The history, and at once the log by which memories are brought up to date. Numbers grow in the order of the commits:
-- whoever writes here holds the lock of the crosswalk until the end of the transaction.
CREATE TABLE crosswalk_change (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    act text NOT NULL CHECK (act IN ('link', 'unlink', 'merge', 'unmerge')),
    object text NOT NULL,
    system text NOT NULL DEFAULT '',
    identifier text NOT NULL DEFAULT '',
    golden bigint NOT NULL,
    other bigint,  -- merge and unmerge: the thing that it became, or was
    alias boolean NOT NULL DEFAULT false,
    words text NOT NULL DEFAULT ''  -- why
);
CREATE INDEX crosswalk_change_identifier ON crosswalk_change (object, system, identifier);
CREATE INDEX crosswalk_change_golden ON crosswalk_change (golden);

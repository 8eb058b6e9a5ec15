-- Failures are counted by name and by where they come from, so that a stranger cannot keep a user out; and for the name
-- as a whole (peer empty), so that many strangers gain nothing. Names are kept as a keyed hash: people type passwords
-- into the field of the name.
DROP TABLE login_failure;
CREATE TABLE login_failure (
    name bytea NOT NULL,                       -- keyed hash of the name that was tried
    peer text NOT NULL,                        -- address; empty: from anywhere
    failures int NOT NULL,
    last_at timestamptz NOT NULL DEFAULT now(),
    delayed int NOT NULL DEFAULT 0,            -- attempts that came too early and are not yet in the audit
    delayed_since timestamptz,
    delayed_until timestamptz,
    PRIMARY KEY (name, peer)
);
CREATE INDEX login_failure_burst ON login_failure (delayed_until) WHERE delayed > 0;

-- From where somebody has logged in before: what strangers do to the name does not slow them there.
CREATE TABLE login_peer (
    name text NOT NULL REFERENCES user_account (name) ON DELETE CASCADE,
    peer text NOT NULL,
    last_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (name, peer)
);

-- The key of those hashes: 244 random bits, the same for all hubs of this database.
CREATE TABLE login_secret (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    key bytea NOT NULL
);
INSERT INTO login_secret (key)
VALUES (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));

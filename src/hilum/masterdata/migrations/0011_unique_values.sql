-- Values that must be unique among all records, as keyed fingerprints: who has which, for all processes and restarts.

CREATE SEQUENCE quality_claim;
CREATE TABLE quality_value (
    object text NOT NULL,
    field text NOT NULL,
    key text NOT NULL,         -- of the record
    digest bytea NOT NULL,     -- made with a key of the database
    claim bigint NOT NULL DEFAULT nextval('quality_claim'),  -- of two records with one value, the first one has it
    seen_on date NOT NULL DEFAULT current_date,
    PRIMARY KEY (object, field, key)
);
CREATE INDEX quality_value_same ON quality_value (object, field, digest, claim);
CREATE INDEX quality_value_seen ON quality_value (seen_on);
CREATE INDEX quality_finding_of ON quality_finding (object, rule, source, facility);

-- How good the data is: what was checked and what failed, by day, source and facility; and what is to be put right.

CREATE TABLE quality_count (
    day date NOT NULL,
    object text NOT NULL,
    rule text NOT NULL,
    source text NOT NULL,  -- the flow it came by, or `published`
    facility text NOT NULL,
    checked bigint NOT NULL,
    failed bigint NOT NULL,
    PRIMARY KEY (day, object, rule, source, facility)
);

CREATE TABLE quality_finding (
    object text NOT NULL,
    key text NOT NULL,
    rule text NOT NULL,
    source text NOT NULL,
    facility text NOT NULL,
    first_seen timestamptz NOT NULL DEFAULT now(),
    last_seen timestamptz NOT NULL DEFAULT now(),
    seen bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (object, key, rule, source)
);
CREATE INDEX quality_finding_latest ON quality_finding (last_seen DESC);

-- Master data that stewards publish: change sets, the versions that came of them, and what each version contains.

CREATE TABLE master_set (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    object text NOT NULL,
    title text NOT NULL,
    state text NOT NULL DEFAULT 'draft'
        CHECK (state IN ('draft', 'review', 'approved', 'published', 'refused', 'withdrawn')),
    author text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    submitted_by text NOT NULL DEFAULT '',
    reviewer text NOT NULL DEFAULT '',
    decided_at timestamptz,
    reason text NOT NULL DEFAULT '',  -- of the latest step
    restores integer,  -- it brings the content of this version back
    version integer  -- that came of it
);
CREATE INDEX master_set_open ON master_set (object, id) WHERE state IN ('draft', 'review', 'approved');

CREATE TABLE master_change (
    set_id bigint NOT NULL REFERENCES master_set (id),
    key text COLLATE "C" NOT NULL,
    before jsonb,  -- as it was when drafted; null: not there
    after jsonb,  -- null: it goes
    PRIMARY KEY (set_id, key)
);

CREATE TABLE master_version (
    object text NOT NULL,
    version integer NOT NULL,
    set_id bigint NOT NULL REFERENCES master_set (id),
    published_at timestamptz NOT NULL DEFAULT now(),
    published_by text NOT NULL,
    PRIMARY KEY (object, version)
);

CREATE TABLE master_record (  -- in force from the version `since`, up to and without the version `until`
    object text NOT NULL,
    key text COLLATE "C" NOT NULL,
    since integer NOT NULL,
    until integer,
    content jsonb NOT NULL,
    PRIMARY KEY (object, key, since),
    CHECK (until > since)
);
CREATE UNIQUE INDEX master_record_now ON master_record (object, key) WHERE until IS NULL;
CREATE INDEX master_record_since ON master_record (object, since, key);
CREATE INDEX master_record_until ON master_record (object, until, key) WHERE until IS NOT NULL;

CREATE TABLE master_reader (  -- how far a flow has taken what is published
    flow text NOT NULL,
    object text NOT NULL,
    version integer NOT NULL,
    key text COLLATE "C" NOT NULL,
    PRIMARY KEY (flow, object)
);

CREATE FUNCTION master_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what is published does not change: publish a new version';
END $$;
CREATE TRIGGER master_version_kept BEFORE UPDATE OR DELETE ON master_version
    FOR EACH ROW EXECUTE FUNCTION master_keep();
CREATE TRIGGER master_record_kept BEFORE DELETE ON master_record FOR EACH ROW EXECUTE FUNCTION master_keep();
CREATE TRIGGER master_record_ended BEFORE UPDATE ON master_record FOR EACH ROW
    WHEN (OLD.until IS NOT NULL OR NEW.until IS NULL OR (OLD.object, OLD.key, OLD.since, OLD.content)
        IS DISTINCT FROM (NEW.object, NEW.key, NEW.since, NEW.content))
    EXECUTE FUNCTION master_keep();

-- What destinations cost: calls over the wire, deliveries made, and the calls that these take one by one; by the hour.
CREATE TABLE effort (
    destination text NOT NULL,
    hour timestamptz NOT NULL,
    calls bigint NOT NULL,
    records bigint NOT NULL,
    alone bigint NOT NULL,
    seconds double precision NOT NULL,         -- that calls were under way
    PRIMARY KEY (destination, hour)
);
-- What an endpoint said of itself when it was last looked at: its models and fields, when its key ends.
CREATE TABLE endpoint_state (
    destination text PRIMARY KEY,
    looked_at timestamptz NOT NULL DEFAULT now(),
    metadata jsonb NOT NULL DEFAULT '{}',      -- by model: field -> [type, required]
    findings jsonb NOT NULL DEFAULT '[]',      -- what does not fit now, in words
    key_ends timestamptz                       -- null: never, or not known
);

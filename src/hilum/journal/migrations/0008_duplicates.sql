-- Messages that came again: how often, when and from where last. Written once for all repetitions of a commit of receipt.
CREATE TABLE duplicate (
    message_id uuid PRIMARY KEY,               -- the first one
    count int NOT NULL,                        -- repetitions after it
    last_at timestamptz NOT NULL DEFAULT now(),
    last_peer text NOT NULL DEFAULT ''
);

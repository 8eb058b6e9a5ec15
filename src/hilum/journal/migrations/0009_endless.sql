-- Messages whose translation did not end: the hub that was at it ended itself. The next one to read them holds them.
CREATE TABLE endless_translation (
    message_id uuid PRIMARY KEY,
    seconds real NOT NULL,                     -- how long it was tried
    worker text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);

-- How often deliveries that were parked to a destination became work again. Read together with the work, so that a
-- dispatcher which has read past them notices and goes back.
CREATE TABLE rewind (
    stage text PRIMARY KEY,
    count bigint NOT NULL
);

-- Messages that were replayed long after their receipt: below the place from which workers look for work.
CREATE TABLE reopened (
    message_id uuid PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now()
);

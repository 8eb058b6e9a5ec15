-- Each priority is a stream of its own on the way to a destination, so that a backlog of bulk delays nothing urgent.
-- (0002_going_back.sql says how a dispatcher reads.)
ALTER TABLE delivery ADD COLUMN priority priority NOT NULL DEFAULT 'normal';
UPDATE delivery d SET priority = m.priority FROM message m
    WHERE m.id = d.message_id AND m.priority <> 'normal' AND d.state NOT IN ('delivered', 'cancelled');
DROP INDEX delivery_work;
CREATE INDEX delivery_work ON delivery (destination, priority, seq, ordinal, work_lane) WHERE work_lane IS NOT NULL;
DROP INDEX delivery_due;
CREATE INDEX delivery_due ON delivery (destination, priority, next_at) WHERE next_at IS NOT NULL;

-- Whether a destination may be called: shared by all workers. No row: closed, that is, in order.
CREATE TYPE breaker_state AS ENUM ('closed', 'open', 'half_open');
CREATE TABLE breaker (
    destination text PRIMARY KEY,
    state breaker_state NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),      -- of this state
    until timestamptz,                             -- open: when one call may find out; null: when a person closes it
    opened int NOT NULL DEFAULT 0,                 -- how often in a row it opened; the pauses grow with it
    words text NOT NULL DEFAULT '',                -- why
    actor text NOT NULL DEFAULT '',                -- the person who opened or closed it; empty: the hub itself
    prober uuid,                                   -- half open: the worker that makes the one call
    probe_until timestamptz,                       -- half open: after that another worker may make it
    drain_from timestamptz                         -- closed: since when the rate grows again; null: no limit
);
INSERT INTO breaker (destination, state, since, until, opened, words)
    SELECT destination, 'open', since, until, failures, words FROM endpoint_pause;
DROP TABLE endpoint_pause;

-- How far the calls to a destination, or the records in them, are booked: workers take theirs for a slice of time.
-- One row is a generic cell rate algorithm: `at` is when the next one would be due if all came at the even rate.
CREATE TABLE rate (
    destination text NOT NULL,
    unit text NOT NULL,                            -- calls, records
    at timestamptz NOT NULL,
    PRIMARY KEY (destination, unit)
);

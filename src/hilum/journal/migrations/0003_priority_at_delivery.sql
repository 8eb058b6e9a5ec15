-- Each priority is a stream of its own on the way to a destination, so that a backlog of bulk delays nothing urgent.
-- (0002_going_back.sql says how a dispatcher reads.)
ALTER TABLE delivery ADD COLUMN priority priority NOT NULL DEFAULT 'normal';
UPDATE delivery d SET priority = m.priority FROM message m
    WHERE m.id = d.message_id AND m.priority <> 'normal' AND d.state NOT IN ('delivered', 'cancelled');
DROP INDEX delivery_work;
CREATE INDEX delivery_work ON delivery (destination, priority, seq, ordinal, work_lane) WHERE work_lane IS NOT NULL;
DROP INDEX delivery_due;
CREATE INDEX delivery_due ON delivery (destination, priority, next_at) WHERE next_at IS NOT NULL;

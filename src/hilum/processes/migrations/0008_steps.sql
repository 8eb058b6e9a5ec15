-- What the steps of runs came to, recorded in the transaction in which each does its work: ids, times and small words
-- only, for bodies and findings lie in process_item, sealed.
CREATE TABLE process_step (
    run_id uuid NOT NULL,
    step int NOT NULL,                        -- as process_history counts them
    at timestamptz NOT NULL DEFAULT now(),
    name text NOT NULL,                       -- a run that is repeated must take the same steps
    outcome text NOT NULL,                    -- JSON
    failed text NOT NULL DEFAULT '',          -- where its error was raised; empty: it did not fail
    PRIMARY KEY (run_id, step)
);

-- What is there for runs that did not take it yet, for hubs that execute them.
CREATE INDEX process_item_rung ON process_item (run_id) WHERE step IS NULL AND state = 'rung';

-- Runs are rung by NOTIFY, and look for themselves when they begin: nothing is left to be rung.
UPDATE process_item SET state = 'rung' WHERE state = 'matched';

-- Whoever puts something in or sends a command need not tell those who wait for it.
CREATE FUNCTION process_item_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('hilum', 'item');
    RETURN NULL;
END $$;
CREATE TRIGGER came AFTER INSERT ON process_item FOR EACH ROW WHEN (NEW.state = 'new')
    EXECUTE FUNCTION process_item_came();

CREATE FUNCTION process_command_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('hilum', 'command ' || NEW.channel);
    RETURN NULL;
END $$;
CREATE TRIGGER came AFTER INSERT ON process_command FOR EACH ROW EXECUTE FUNCTION process_command_came();

-- Steps of open runs that the engine beneath recorded before. What failed is done again.
DO $$
BEGIN
    IF to_regclass('processes.operation_outputs') IS NOT NULL THEN
        INSERT INTO process_step (run_id, step, name, outcome)
        SELECT r.id, r.step_base + o.function_id, CASE o.function_name WHEN 'DBOS.recv' THEN 'rung' ELSE o.function_name END,
            coalesce(o.output, 'null')
        FROM process_run r JOIN processes.operation_outputs o ON o.workflow_uuid = r.workflow
        WHERE r.ended_at IS NULL AND o.error IS NULL AND o.function_name <> 'DBOS.sleep';
    END IF;
END $$;

-- What is at stake in a question to people, the documents that it is about, and its own due time beside the clocks'.
ALTER TABLE process_task
    ADD COLUMN at_stake numeric,                          -- money; null: nobody knows, or there is none
    ADD COLUMN currency text NOT NULL DEFAULT '',
    ADD COLUMN criticality smallint NOT NULL DEFAULT 1,   -- 0 low … 3 vital
    ADD COLUMN own_due_at timestamptz,                    -- as its process says; due_at: or earlier, by a clock
    ADD COLUMN papers_codec smallint NOT NULL DEFAULT 0,
    ADD COLUMN papers bytea NOT NULL DEFAULT '';          -- side by side, sealed as what comes to its process is
UPDATE process_task SET own_due_at = due_at WHERE decided_at IS NULL AND withdrawn_at IS NULL;

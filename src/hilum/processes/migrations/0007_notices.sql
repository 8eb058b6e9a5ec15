-- What people were told of their tasks by a flow: asked, reminded, escalated; each once.
CREATE TABLE process_notice (
    history_id bigint PRIMARY KEY REFERENCES process_history ON DELETE CASCADE,
    told_at timestamptz NOT NULL DEFAULT now()
);

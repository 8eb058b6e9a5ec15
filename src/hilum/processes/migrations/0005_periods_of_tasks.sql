-- The periods that a question was asked with: its times are counted anew when the working hours of its team change.
ALTER TABLE process_task
    ADD COLUMN due_in interval,        -- null: it is due at no time of its own, or from before
    ADD COLUMN remind_in interval,
    ADD COLUMN escalate_in interval;

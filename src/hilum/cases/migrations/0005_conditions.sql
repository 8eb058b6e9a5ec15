-- Cases of what will make messages fail before one does. They belong to a destination and its flows, and to no message.
ALTER TABLE exception_case
    ALTER COLUMN message_id DROP NOT NULL,
    ADD COLUMN condition text NOT NULL DEFAULT '',   -- what it is, the same at every look; empty: a message is held
    ADD COLUMN misfits jsonb NOT NULL DEFAULT '[]',  -- each with what, expected, found
    ADD COLUMN flows text[] NOT NULL DEFAULT '{}',   -- all that it concerns; empty: `flow` alone
    ADD COLUMN seen int NOT NULL DEFAULT 1,          -- looks at which it was so
    ADD COLUMN seen_at timestamptz,                  -- the last of them
    ADD COLUMN gone_at timestamptz,                  -- when it was found to be over; a person may have closed it before
    ADD CONSTRAINT exception_case_about CHECK ((message_id IS NULL) = (condition <> '')),
    DROP CONSTRAINT exception_case_resolution_check,
    ADD CONSTRAINT exception_case_resolution_check
        CHECK (resolution IN ('replayed', 'edited', 'discarded', 'ended', 'closed'));
-- One case for a condition as long as it lasts, also after a person has closed it.
CREATE UNIQUE INDEX exception_case_lasting ON exception_case (destination, condition)
    WHERE condition <> '' AND gone_at IS NULL;

-- What held a run: a defect (technical) or its content (business). It decides whose case it is.
ALTER TABLE process_run ADD COLUMN held_kind text NOT NULL DEFAULT '';

-- What is at stake in a case, until when somebody must have acted, and who has it since nobody did.
ALTER TABLE exception_case
    ADD COLUMN at_stake numeric,                          -- money; null: nobody knows, or there is none
    ADD COLUMN currency text NOT NULL DEFAULT '',
    ADD COLUMN own_due_at timestamptz,                    -- due where no clock of the settings fits; null: due_at is fixed
    ADD COLUMN escalated_at timestamptz,
    ADD COLUMN escalated_to text NOT NULL DEFAULT '';     -- the team that has it too since then
UPDATE exception_case SET own_due_at = due_at WHERE closed_at IS NULL AND condition = '';
CREATE INDEX exception_case_due ON exception_case (due_at) WHERE closed_at IS NULL AND escalated_at IS NULL;

-- The clocks of the settings, in their order: the first that fits counts. Written by each hub that starts.
CREATE TABLE service_clock (
    place int PRIMARY KEY,
    team text NOT NULL,                                   -- empty: every team
    criticality int[] NOT NULL,                           -- 0 low … 3 vital; empty: each
    due interval NOT NULL,
    escalate_after interval,                              -- after it was due; null: never
    escalate_to text NOT NULL
);
CREATE FUNCTION service_clock_of(a_team text, a_criticality int) RETURNS SETOF service_clock LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT k.* FROM service_clock k
    WHERE k.team IN ('', a_team) AND (k.criticality = '{}' OR a_criticality = ANY (k.criticality))
    ORDER BY k.place LIMIT 1;
END;

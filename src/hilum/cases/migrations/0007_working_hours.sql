-- Working hours of teams: clocks run only within them. Written by hubs from the settings and the tables of holidays.
CREATE TABLE service_hours (
    place int PRIMARY KEY,                                -- in their order: the first that fits counts
    team text NOT NULL,                                   -- empty: every team
    criticality int[] NOT NULL,                           -- 0 low … 3 vital; empty: each
    words text NOT NULL,                                  -- for people: days, hours, time zone
    day_seconds float8 NOT NULL CHECK (day_seconds > 0),  -- a working day, on average over the week
    digest text NOT NULL                                  -- of its spans
);
-- The spans as they are on the calendar, in order and apart from each other. After the last one every hour counts.
CREATE TABLE service_span (
    place int NOT NULL REFERENCES service_hours ON DELETE CASCADE,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
    before float8 NOT NULL,                               -- seconds of all the spans before it
    PRIMARY KEY (place, starts_at)
);
CREATE UNIQUE INDEX service_span_before ON service_span (place, before);
-- What must be timed anew since clocks or hours have changed, by whoever keeps it: a row until it is done.
CREATE TABLE service_changed (what text PRIMARY KEY);

-- When so much time is over for a team: a whole day (24 hours) of the period is a working day, what is left of it is
-- working time, and a day at most. Where no hours fit, every hour counts.
CREATE FUNCTION service_after(a_team text, a_criticality int, since timestamptz, period interval)
RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE
    hours service_hours;
    span service_span;
    wanted float8 := extract(epoch FROM period);
    days float8 := floor(wanted / 86400);
BEGIN
    IF since IS NULL OR period IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT h.* INTO hours FROM service_hours h
    WHERE h.team IN ('', a_team) AND (h.criticality = '{}' OR a_criticality = ANY (h.criticality))
    ORDER BY h.place LIMIT 1;
    IF hours.place IS NULL THEN
        RETURN since + period;
    END IF;
    SELECT s.* INTO span FROM service_span s
    WHERE s.place = hours.place AND s.starts_at <= since ORDER BY s.starts_at DESC LIMIT 1;
    IF span.place IS NULL OR wanted <= 0 OR (since > span.ends_at AND NOT EXISTS
        (SELECT FROM service_span s WHERE s.place = hours.place AND s.starts_at > since)) THEN
        RETURN since + period;
    END IF;
    wanted := days * hours.day_seconds + least(wanted - days * 86400, hours.day_seconds)
        + span.before + extract(epoch FROM least(since, span.ends_at) - span.starts_at);
    SELECT s.* INTO span FROM service_span s
    WHERE s.place = hours.place AND s.before < wanted ORDER BY s.before DESC LIMIT 1;
    RETURN span.starts_at + (wanted - span.before) * interval '1 second';
END $$;

-- The time that a case has by itself, to be counted anew when the hours change; null: as own_due_at says.
ALTER TABLE exception_case ADD COLUMN time_to_act interval;

-- Facilities, suppliers and finance entities that are taken in by phases: what each phase does, and what was done.

CREATE TABLE onboarding (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    code text NOT NULL,
    title text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    made_by text NOT NULL,
    UNIQUE (kind, code)
);

CREATE TABLE onboarding_step (
    onboarding_id bigint NOT NULL REFERENCES onboarding (id),
    place integer NOT NULL,  -- in the order in which they are done; they are undone the other way round
    phase integer NOT NULL CHECK (phase BETWEEN 1 AND 99),
    act text NOT NULL CHECK (act IN ('lookup', 'crosswalk', 'publish', 'flow')),
    subject jsonb NOT NULL,
    state text NOT NULL DEFAULT 'waits' CHECK (state IN ('waits', 'done', 'known')),  -- known: it was so before
    undo jsonb,
    acted_at timestamptz,
    acted_by text NOT NULL DEFAULT '',
    PRIMARY KEY (onboarding_id, place)
);

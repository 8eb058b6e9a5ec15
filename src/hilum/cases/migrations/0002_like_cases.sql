-- What makes cases alike, how much they press, and what people say about them.
ALTER TABLE exception_case
    ADD COLUMN group_key text NOT NULL DEFAULT '',       -- the same for all cases of one cause; empty: from before
    ADD COLUMN cause text NOT NULL DEFAULT '',           -- the cause, as it was compared; never a payload
    ADD COLUMN criticality smallint NOT NULL DEFAULT 1,  -- of the flow: 0 low, 1 normal, 2 high, 3 vital
    ADD COLUMN due_at timestamptz,                       -- until when somebody should have acted; null: from before
    ADD COLUMN other_owner text NOT NULL DEFAULT '';     -- the flow's other owner, to whom it can be handed over
-- Those that are open are alike by their words, as far as SQL can say it.
UPDATE exception_case SET cause = left(lower(words), 300), due_at = opened_at + interval '8 hours',
    group_key = left(md5(category || chr(31) || flow || chr(31) || destination || chr(31) || lower(words)), 16)
WHERE closed_at IS NULL;
CREATE INDEX exception_case_group ON exception_case (group_key) WHERE closed_at IS NULL;
CREATE INDEX exception_case_closed ON exception_case (closed_at) WHERE closed_at IS NOT NULL;

-- What people write down about a case. Never changed.
CREATE TABLE case_note (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id bigint NOT NULL REFERENCES exception_case (id),
    at timestamptz NOT NULL DEFAULT now(),
    author text NOT NULL,
    words text NOT NULL
);
CREATE INDEX case_note_of ON case_note (case_id, id);

-- Filters that a person keeps under a name.
CREATE TABLE saved_view (
    owner text NOT NULL,
    page text NOT NULL,                        -- the path of the page: /exceptions, /messages
    name text NOT NULL,
    query text NOT NULL,                       -- what stands behind the question mark
    saved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, page, name)
);

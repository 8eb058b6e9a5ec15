-- What sources remember of far sides that remember nothing themselves (Odoo's change feed). One hub at a time has one.
CREATE TABLE memory_lease (
    scope text PRIMARY KEY,
    holder uuid,                               -- null: nobody
    epoch bigint NOT NULL DEFAULT 0,           -- raised at each taking; who writes must have the present one
    held_until timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE memory (
    scope text NOT NULL,
    name text NOT NULL,
    value jsonb NOT NULL,                      -- places and fingerprints, never a payload
    PRIMARY KEY (scope, name)
);

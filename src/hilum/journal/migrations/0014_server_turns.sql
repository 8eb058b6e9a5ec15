-- Turns to call a server that bears only so many calls, for all connectors and processes together (Odoo).
CREATE TABLE server_turns (
    server text PRIMARY KEY,                   -- host and port
    next_at timestamptz NOT NULL,              -- the next call may begin then
    calls jsonb NOT NULL                       -- those under way: id -> until when it counts, seconds since 1970
);

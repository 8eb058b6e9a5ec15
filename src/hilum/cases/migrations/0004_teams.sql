-- The team whose cases a person calls theirs. A filter, not a right.
CREATE TABLE team_member (
    name text PRIMARY KEY,
    team text NOT NULL
);

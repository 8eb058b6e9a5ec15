-- People who may log in, and what proves that they are who they say.
CREATE TABLE user_account (
    name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9._@-]{0,63}$'),
    password_hash text NOT NULL,               -- argon2id, with its parameters in it
    role text NOT NULL CHECK (role IN ('viewer', 'operator', 'steward', 'admin')),
    disabled boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    last_login_at timestamptz
);

-- Failed logins by the name that was tried, whether or not there is such a user: the delay must not tell which exist.
CREATE TABLE login_failure (
    name text PRIMARY KEY,
    failures int NOT NULL,
    last_at timestamptz NOT NULL DEFAULT now()
);

-- Who is logged in. The cookie holds the token, the database only its SHA-256.
CREATE TABLE user_session (
    token_hash bytea PRIMARY KEY,
    name text NOT NULL REFERENCES user_account (name) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX user_session_of ON user_session (name);

-- The one-time link with which the first administrator is made. At most one row; none once a user exists.
CREATE TABLE setup_token (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    token_hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

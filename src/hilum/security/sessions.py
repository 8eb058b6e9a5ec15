"""Sessions: a random token for the browser, its hash and its end for the database."""

from __future__ import annotations

import secrets
from hashlib import sha256

from hilum.postgres import Connection, Database
from hilum.security.users import COLUMNS, User, user_from

TOKEN_BYTES = 32
"""256 random bits: guessing is out of the question, so a plain hash is enough to store it (OWASP ASVS 4.0, 3.2.2)."""


def new_token() -> str:
    """A token that fits into a cookie or a link."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> bytes:
    """What the database keeps of a token."""
    return sha256(token.encode()).digest()


async def open_session(connection: Connection, name: str, *, hours: float) -> str:
    """Let this user stay logged in for so many hours; returns the token. Sessions that have ended are cleared away."""
    token = new_token()
    await connection.execute("DELETE FROM user_session WHERE expires_at < now()")
    await connection.execute(
        "INSERT INTO user_session (token_hash, name, expires_at) VALUES (%s, %s, now() + make_interval(secs => %s))",
        [token_hash(token), name, hours * 3600],
    )
    return token


async def find_session(database: Database, token: str) -> User | None:
    """The user of this session; None where it has ended, or the user is disabled. Raises `DatabaseUnavailable`."""
    columns = ", ".join(f"u.{column}" for column in COLUMNS.split(", "))
    async with database.cold() as connection:
        cursor = await connection.execute(
            f"SELECT {columns} FROM user_session s JOIN user_account u USING (name)"
            " WHERE s.token_hash = %s AND s.expires_at > now() AND NOT u.disabled".encode(),
            [token_hash(token)],
        )
        row = await cursor.fetchone()
    return user_from(row) if row else None


async def end_session(connection: Connection, token: str) -> str | None:
    """Log out; returns whose session it was, None where it had ended already."""
    cursor = await connection.execute("DELETE FROM user_session WHERE token_hash = %s RETURNING name",
                                      [token_hash(token)])  # fmt: skip
    row = await cursor.fetchone()
    return str(row[0]) if row else None

"""The first start: nobody can log in yet, so a one-time link lets whoever runs the hub make the first administrator."""

from __future__ import annotations

from hilum.errors import HilumError
from hilum.postgres import Connection, Database
from hilum.security.roles import Role
from hilum.security.sessions import new_token, token_hash
from hilum.security.users import User, create_user

TOKEN_HOURS = 24
"""A link that nobody used ends after so many hours; the next start of the hub makes another."""

SETUP_PATH = "/setup"


class SetupRefused(HilumError):
    """There is a user already, or the link is wrong or too old."""


async def ensure_first_user(database: Database) -> str | None:
    """Where no user exists: a new path with a one-time token, to be shown in the terminal. Else None.

    An earlier link that was not used stops working. Raises `DatabaseUnavailable`.
    """
    token = new_token()
    async with database.transaction() as connection:
        if await any_user(connection):
            await connection.execute("DELETE FROM setup_token")
            return None
        await connection.execute(
            "INSERT INTO setup_token (token_hash) VALUES (%s)"
            " ON CONFLICT (single) DO UPDATE SET token_hash = excluded.token_hash, created_at = now()",
            [token_hash(token)],
        )
    return f"{SETUP_PATH}?token={token}"


async def any_user(connection: Connection) -> bool:
    """Is there a user?"""
    row = await (await connection.execute("SELECT EXISTS (SELECT 1 FROM user_account)")).fetchone()
    return bool(row and row[0])


async def finish_setup(connection: Connection, token: str, name: str, password: str) -> User:
    """Within a transaction: make the first administrator. Raises `SetupRefused`, `BadUser`, `WeakPassword`."""
    # Two browsers with the same link: the second one waits here and is then refused.
    await connection.execute("LOCK TABLE setup_token, user_account IN SHARE ROW EXCLUSIVE MODE")
    if await any_user(connection):
        raise SetupRefused("The hub is set up already. Log in.")
    cursor = await connection.execute(
        "SELECT 1 FROM setup_token WHERE token_hash = %s AND created_at > now() - make_interval(hours => %s)",
        [token_hash(token), TOKEN_HOURS],
    )
    if await cursor.fetchone() is None:
        raise SetupRefused("This link does not work any more. Start the hub again: it shows a new one.")
    user = await create_user(connection, name, password, Role.ADMIN, created_by="set-up")
    await connection.execute("DELETE FROM setup_token")
    return user

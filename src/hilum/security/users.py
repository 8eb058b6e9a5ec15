"""Local users: make, authenticate, disable."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from psycopg.errors import UniqueViolation

from hilum.errors import HilumError
from hilum.postgres import Connection, Database
from hilum.security.passwords import check_strength, hash_password, matches
from hilum.security.roles import Permission, Role, allows
from hilum.security.throttle import forget_failures, peer_of, seconds_to_wait

_NAME = re.compile(r"[a-z][a-z0-9._@-]{0,63}")


class LoginRefused(HilumError):
    """Name or password is wrong, or the user is disabled; which of them is not said."""

    def __init__(self) -> None:
        super().__init__("The name or the password is wrong.")


class LoginDelayed(HilumError):
    """Too many failures: this name has to wait where it comes from. `seconds` says how long."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Too many failed logins. Try again in {max(1, round(seconds))} s.")
        self.seconds = seconds


class BadUser(HilumError):
    """The user cannot be made or changed as asked; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One person who may log in. The hash stays in the database."""

    name: str
    role: Role
    disabled: bool
    created_at: datetime
    created_by: str
    last_login_at: datetime | None

    def may(self, permission: Permission) -> bool:
        """Does the role allow it?"""
        return not self.disabled and allows(self.role, permission)


def why_no_second(user: User, *, asked_by: str, role: Role = Role.STEWARD) -> str:
    """Why this person cannot be the second one for what somebody asked for; empty: they can.

    The rule of all second persons: somebody else than who asked, who may approve, with at least this role.
    """
    if user.name == asked_by:
        return "Nobody approves what they asked for themselves."
    if not user.may(Permission.APPROVE) or (role is Role.ADMIN and user.role is not Role.ADMIN):
        return f"It needs the role {role}{' or admin' if role is not Role.ADMIN else ''}."
    return ""


COLUMNS = "name, role, disabled, created_at, created_by, last_login_at"
"""What `user_from` reads, in its order."""


def user_from(row: tuple[object, ...]) -> User:
    """A row of `COLUMNS` as a user."""
    name, role, disabled, created_at, created_by, last_login_at = row
    return User(
        name=str(name),
        role=Role(str(role)),
        disabled=bool(disabled),
        created_at=created_at,  # type: ignore[arg-type]
        created_by=str(created_by),
        last_login_at=last_login_at,  # type: ignore[arg-type]
    )


async def create_user(connection: Connection, name: str, password: str, role: Role, *, created_by: str) -> User:
    """Make a user. Raises `BadUser` and `WeakPassword`."""
    if not _NAME.fullmatch(name):
        raise BadUser("The name begins with a small letter and has small letters, digits, dot, dash or @; at most 64.")
    check_strength(name, password)
    password_hash = await hash_password(password)
    try:
        cursor = await connection.execute(
            f"INSERT INTO user_account (name, password_hash, role, created_by) VALUES (%s, %s, %s, %s)"
            f" RETURNING {COLUMNS}".encode(),
            [name, password_hash, role.value, created_by],
        )
    except UniqueViolation:
        raise BadUser(f"There is already a user '{name}'.") from None
    row = await cursor.fetchone()
    if row is None:
        raise BadUser(f"The user '{name}' was not made.")
    return user_from(row)


async def set_password(connection: Connection, name: str, password: str) -> None:
    """Give a user another password and end all sessions of theirs. Raises `BadUser` and `WeakPassword`."""
    check_strength(name, password)
    password_hash = await hash_password(password)
    cursor = await connection.execute("UPDATE user_account SET password_hash = %s WHERE name = %s",
                                      [password_hash, name])  # fmt: skip
    if cursor.rowcount == 0:
        raise BadUser(f"There is no user '{name}'.")
    await connection.execute("DELETE FROM user_session WHERE name = %s", [name])


async def set_disabled(connection: Connection, name: str, disabled: bool) -> None:
    """Within a transaction: lock a user out at once, or let them in. Raises `BadUser`, also for the last admin."""
    await connection.execute("LOCK TABLE user_account IN SHARE ROW EXCLUSIVE MODE")
    if disabled and await _is_last_admin(connection, name):
        raise BadUser(f"'{name}' is the last administrator; make another one first.")
    cursor = await connection.execute("UPDATE user_account SET disabled = %s WHERE name = %s", [disabled, name])
    if cursor.rowcount == 0:
        raise BadUser(f"There is no user '{name}'.")
    await connection.execute("DELETE FROM user_session WHERE name = %s", [name])


async def _is_last_admin(connection: Connection, name: str) -> bool:
    cursor = await connection.execute("SELECT name FROM user_account WHERE role = 'admin' AND NOT disabled")
    return [row[0] for row in await cursor.fetchall()] == [name]


async def users(connection: Connection) -> list[User]:
    """All users by name."""
    cursor = await connection.execute(f"SELECT {COLUMNS} FROM user_account ORDER BY name".encode())
    return [user_from(row) for row in await cursor.fetchall()]


async def authenticate(database: Database, name: str, password: str, *, host: str = "") -> User:
    """The user with this name and password. Raises `LoginRefused`, `LoginDelayed`, `DatabaseUnavailable`.

    `host`: the address that it comes from. The attempt is counted as a failure before the password is looked at, so
    that many at once gain nothing.
    """
    name, peer = name.strip().lower(), peer_of(host)
    if not _NAME.fullmatch(name):  # nobody can be called so; it takes as long all the same
        await matches(password, None)
        raise LoginRefused
    async with database.transaction() as connection:
        waiting = await seconds_to_wait(connection, name, peer)
    if waiting > 0:
        raise LoginDelayed(waiting)
    async with database.cold() as connection:
        cursor = await connection.execute(
            "SELECT password_hash FROM user_account WHERE name = %s AND NOT disabled", [name]
        )
        row = await cursor.fetchone()
    if not await matches(password, row[0] if row else None):
        raise LoginRefused
    return await _logged_in(database, name, peer)


async def _logged_in(database: Database, name: str, peer: str) -> User:
    async with database.transaction() as connection:
        cursor = await connection.execute(
            f"UPDATE user_account SET last_login_at = now() WHERE name = %s AND NOT disabled"
            f" RETURNING {COLUMNS}".encode(),
            [name],
        )
        row = await cursor.fetchone()
        if row is None:  # disabled while the password was being checked
            raise LoginRefused
        await forget_failures(connection, name, peer)
    return user_from(row)

"""Users, logins, sessions and the first set-up, against a real PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest

from hilum.postgres import Database
from hilum.security import (
    BadUser,
    LoginDelayed,
    LoginRefused,
    Permission,
    Role,
    SetupRefused,
    WeakPassword,
    authenticate,
    create_user,
    end_session,
    ended_bursts,
    ensure_first_user,
    find_session,
    finish_setup,
    open_session,
    set_disabled,
    set_password,
    shown_name,
    users,
)

PASSWORD = "four small grey boats"
OTHER = "seven tall white ships"


async def make(database: Database, name: str = "ada", role: Role = Role.ADMIN) -> None:
    async with database.transaction() as connection:
        await create_user(connection, name, PASSWORD, role, created_by="test")


async def value(database: Database, statement: str) -> object:
    async with database.cold() as connection:
        row = await (await connection.execute(statement.encode())).fetchone()
    return row[0] if row else None


@pytest.mark.req("SEC-4")
async def test_a_user_logs_in_by_name_and_password_only(database: Database) -> None:
    await make(database)
    user = await authenticate(database, " Ada ", PASSWORD)
    assert (user.name, user.role) == ("ada", Role.ADMIN)
    assert user.last_login_at is not None
    for name, password in (("ada", OTHER), ("ada", ""), ("bob", PASSWORD), ("ada\x00", PASSWORD)):
        with pytest.raises(LoginRefused):
            await authenticate(database, name, password)


async def test_the_database_keeps_no_password_and_no_token(database: Database) -> None:
    await make(database)
    async with database.transaction() as connection:
        token = await open_session(connection, "ada", hours=1)
    assert PASSWORD not in str(await value(database, "SELECT password_hash FROM user_account"))
    assert token.encode() not in bytes(await value(database, "SELECT token_hash FROM user_session"))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", "Ada", "1st", "ada lovelace", "a" * 65, "ada'; --"])
async def test_names_that_cannot_be_are_refused(database: Database, name: str) -> None:
    async with database.cold() as connection:
        with pytest.raises(BadUser):
            await create_user(connection, name, PASSWORD, Role.VIEWER, created_by="test")


async def test_a_name_is_given_once(database: Database) -> None:
    await make(database)
    with pytest.raises(BadUser, match="already a user"):
        await make(database)
    async with database.cold() as connection:
        assert [user.name for user in await users(connection)] == ["ada"]


@pytest.mark.req("SEC-4")
async def test_failures_at_once_are_all_counted_and_the_right_password_waits_too(database: Database) -> None:
    await make(database)
    tries = await asyncio.gather(*(authenticate(database, "ada", OTHER) for _ in range(8)), return_exceptions=True)
    delayed = [tried for tried in tries if isinstance(tried, LoginDelayed)]
    refused = [tried for tried in tries if isinstance(tried, LoginRefused)]
    assert len(refused) >= 4
    assert len(delayed) + len(refused) == 8
    assert await value(database, "SELECT failures FROM login_failure WHERE peer <> ''") == len(refused)
    async with database.cold() as connection:
        await connection.execute("UPDATE login_failure SET failures = 12, last_at = now()")
    with pytest.raises(LoginDelayed) as told:
        await authenticate(database, "ada", PASSWORD)
    assert 200 < told.value.seconds <= 256


async def test_a_login_forgets_the_failures_before_it(database: Database) -> None:
    await make(database)
    with pytest.raises(LoginRefused):
        await authenticate(database, "ada", OTHER)
    await authenticate(database, "ada", PASSWORD)
    assert await value(database, "SELECT count(*) FROM login_failure") == 0


HOME, STRANGER = "10.0.0.1", "203.0.113.9"


async def fail(database: Database, name: str, host: str) -> str:
    with pytest.raises((LoginRefused, LoginDelayed)) as told:
        await authenticate(database, name, OTHER, host=host)
    return type(told.value).__name__


@pytest.mark.req("SEC-4")
async def test_a_stranger_cannot_keep_a_user_out(database: Database) -> None:
    await make(database)
    await authenticate(database, "ada", PASSWORD, host=HOME)
    for _ in range(6):
        await fail(database, "ada", STRANGER)
    assert await fail(database, "ada", STRANGER) == "LoginDelayed"
    async with database.cold() as connection:
        await connection.execute("UPDATE login_failure SET failures = 500, last_at = now()")
        await connection.execute("DELETE FROM login_failure WHERE peer = %s", [HOME])

    assert (await authenticate(database, "ada", PASSWORD, host=HOME)).name == "ada"
    for elsewhere in (STRANGER, "203.0.113.10"):  # many strangers gain nothing by being many
        with pytest.raises(LoginDelayed):
            await authenticate(database, "ada", PASSWORD, host=elsewhere)


@pytest.mark.req("SEC-4")
async def test_attempts_that_come_too_early_are_one_burst_with_a_count(database: Database) -> None:
    await make(database)
    for name in ("ada", "a.password.typed.into.the.wrong.field"):
        async with database.cold() as connection:
            await fail(database, name, STRANGER)
            await connection.execute("UPDATE login_failure SET failures = 12, last_at = now() WHERE peer <> ''")
        for _ in range(5):
            assert await fail(database, name, STRANGER) == "LoginDelayed"
    async with database.transaction() as connection:
        assert await ended_bursts(connection) == [], "it may go on"
        await connection.execute("UPDATE login_failure SET delayed_until = now() - interval '2 minutes'")
        bursts = await ended_bursts(connection)
        assert await ended_bursts(connection) == []

    assert sorted((burst.name.split()[0], burst.peer, burst.count) for burst in bursts) == [
        ("ada", STRANGER, 5), ("unknown", STRANGER, 5)
    ]  # fmt: skip


async def test_a_name_that_nobody_has_is_written_nowhere(database: Database) -> None:
    typed = "correct.horse.battery"
    await fail(database, typed, STRANGER)
    async with database.cold() as connection:
        shown = await shown_name(connection, typed)
        assert shown.startswith("unknown ")
        assert shown == await shown_name(connection, f" {typed.upper()}")
        rows = await (await connection.execute("SELECT login_failure::text FROM login_failure")).fetchall()
    assert typed not in f"{shown} {rows}"


@pytest.mark.req("SEC-4")
async def test_a_session_ends_by_logout_by_time_and_by_locking_out(database: Database) -> None:
    await make(database)
    await make(database, "omar", Role.OPERATOR)
    async with database.transaction() as connection:
        first, second, late = [await open_session(connection, "omar", hours=hours) for hours in (1.0, 1.0, 0.000_000_1)]
    found = await find_session(database, first)
    assert found is not None
    assert found.may(Permission.REPLAY)
    assert not found.may(Permission.DISCARD)
    assert await find_session(database, late) is None
    assert await find_session(database, "") is None
    async with database.transaction() as connection:
        assert await end_session(connection, first) == "omar"
        assert await end_session(connection, first) is None
    assert await find_session(database, first) is None
    async with database.transaction() as connection:
        await set_disabled(connection, "omar", True)
    assert await find_session(database, second) is None
    with pytest.raises(LoginRefused):
        await authenticate(database, "omar", PASSWORD)


async def test_a_new_password_ends_the_sessions(database: Database) -> None:
    await make(database)
    async with database.transaction() as connection:
        token = await open_session(connection, "ada", hours=1)
        with pytest.raises(WeakPassword):
            await set_password(connection, "ada", "short")
        await set_password(connection, "ada", OTHER)
    assert await find_session(database, token) is None
    assert (await authenticate(database, "ada", OTHER)).name == "ada"


async def test_the_last_administrator_cannot_be_locked_out(database: Database) -> None:
    await make(database)
    await make(database, "bea")
    async with database.transaction() as connection:
        await set_disabled(connection, "bea", True)
    with pytest.raises(BadUser, match="last administrator"):
        async with database.transaction() as connection:
            await set_disabled(connection, "ada", True)


@pytest.mark.req("SEC-4")
async def test_the_first_user_is_made_by_the_latest_link_and_once(database: Database) -> None:
    old, new = await ensure_first_user(database), await ensure_first_user(database)
    assert old is not None
    assert new is not None
    old_token, token = (link.partition("?token=")[2] for link in (old, new))
    for wrong in (old_token, "", "guess"):
        with pytest.raises(SetupRefused):
            async with database.transaction() as connection:
                await finish_setup(connection, wrong, "ada", PASSWORD)

    async def finish(name: str) -> str:
        async with database.transaction() as connection:
            return (await finish_setup(connection, token, name, PASSWORD)).name

    made = await asyncio.gather(finish("ada"), finish("bea"), return_exceptions=True)
    assert sorted(isinstance(one, SetupRefused) for one in made) == [False, True]
    assert await ensure_first_user(database) is None
    assert await value(database, "SELECT count(*) FROM setup_token") == 0


async def test_a_link_that_is_too_old_does_not_work(database: Database) -> None:
    link = await ensure_first_user(database)
    assert link is not None
    async with database.cold() as connection:
        await connection.execute("UPDATE setup_token SET created_at = now() - interval '25 hours'")
    with pytest.raises(SetupRefused):
        async with database.transaction() as connection:
            await finish_setup(connection, link.partition("=")[2], "ada", PASSWORD)

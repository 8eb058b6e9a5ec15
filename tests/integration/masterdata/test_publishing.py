"""Publish and approve: a draft becomes a version only with another person, and flows deliver each version once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from hilum.canonical import Item
from hilum.connectors import masterdata
from hilum.errors import SettingsError
from hilum.flow import Flow
from hilum.masterdata import publishing
from hilum.postgres import Database
from hilum.runtime import Hub
from hilum.security import Role, User
from hilum.testing import eventually
from support.doubles import Receiver
from support.projects import make_flow, target

pytestmark = pytest.mark.req("MD-4")

GLOVE: dict[str, Any] = {"code": "GLV-01", "title": "Glove M"}
GAUZE: dict[str, Any] = {"code": "GZE-01", "title": "Gauze"}


def user(name: str, role: Role = Role.STEWARD) -> User:
    now = datetime.now(UTC)
    return User(name=name, role=role, disabled=False, created_at=now, created_by="test", last_login_at=None)


async def drafted(database: Database, contents: dict[str, Any], **more: Any) -> int:
    async with database.transaction() as connection:
        return await publishing.draft(connection, "items", "spring", contents, author="mia", **more)


async def published(database: Database, number: int) -> int:
    async with database.transaction() as connection:
        await publishing.submit(connection, number, by="mia", reason="ready")
        await publishing.approve(connection, number, user=user("eva"), reason="checked")
        return await publishing.publish(connection, number, by="mia", reason="go")


async def test_a_version_is_what_another_person_agreed_to(database: Database) -> None:
    assert await published(database, await drafted(database, {"GLV-01": GLOVE, "GZE-01": GAUZE})) == 1
    assert (
        await published(database, await drafted(database, {"GLV-01": GLOVE | {"title": "Glove L"}, "GZE-01": None}))
        == 2
    )
    async with database.cold() as connection:
        assert await publishing.content(connection, "items", 1) == {"GLV-01": GLOVE, "GZE-01": GAUZE}
        assert await publishing.content(connection, "items") == {"GLV-01": GLOVE | {"title": "Glove L"}}
        changed = await publishing.difference(connection, "items", 1, 2)
        (latest, _) = await publishing.versions(connection)
    assert [(each.key, each.fields) for each in changed] == [("GLV-01", ("title",)), ("GZE-01", ("code", "title"))]
    assert (latest.author, latest.reviewer, latest.changes) == ("mia", "eva", 2)


async def test_nobody_approves_their_own_and_nothing_is_published_unapproved(database: Database) -> None:
    number = await drafted(database, {"GLV-01": GLOVE})
    for act in ("publish", "submit", "approve own", "approve operator", "publish early"):
        async with database.transaction() as connection:
            if act == "submit":
                await publishing.submit(connection, number, by="zoe", reason="ready")
                continue
            with pytest.raises(SettingsError):
                if act.startswith("publish"):
                    await publishing.publish(connection, number, by="mia", reason="x")
                who = user("mia") if act.endswith("own") else user("ole", Role.OPERATOR)
                await publishing.approve(connection, number, user=who, reason="x")
    async with database.transaction() as connection:
        with pytest.raises(SettingsError, match="Nobody approves what they asked for themselves"):
            await publishing.approve(connection, number, user=user("zoe"), reason="I submitted it")
        await publishing.refuse(connection, number, user=user("eva"), reason="wrong size")
        assert await publishing.latest(connection, "items") == 0
        with pytest.raises(SettingsError, match=f"^Change set {number} was refused, and only a draft can be submitted"):
            await publishing.submit(connection, number, by="zoe", reason="again")


async def test_the_way_back_is_a_new_version_with_the_old_content(database: Database) -> None:
    await published(database, await drafted(database, {"GLV-01": GLOVE}))
    await published(database, await drafted(database, {"GLV-01": None, "GZE-01": GAUZE}))
    async with database.transaction() as connection:
        back = await publishing.restore(connection, "items", 1, author="mia", reason="too early")
    assert await published(database, back) == 3
    async with database.transaction() as connection:
        assert await publishing.content(connection, "items", 3) == await publishing.content(connection, "items", 1)
        with pytest.raises(SettingsError, match="no version 7"):
            await publishing.restore(connection, "items", 7, author="mia", reason="x")


async def test_what_others_published_meanwhile_is_not_overwritten(database: Database) -> None:
    await published(database, await drafted(database, {"GLV-01": GLOVE}))
    mine = await drafted(database, {"GLV-01": GLOVE | {"title": "mine"}})
    await published(database, await drafted(database, {"GLV-01": GLOVE | {"title": "theirs"}}))
    with pytest.raises(SettingsError, match="published otherwise since it was drafted"):
        await published(database, mine)
    with pytest.raises(SettingsError, match="Nothing would change"):
        await drafted(database, {"GLV-01": GLOVE | {"title": "theirs"}})


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE master_record SET content = '{}'",
        "UPDATE master_record SET since = 9",
        "DELETE FROM master_record",
        "DELETE FROM master_version",
        "UPDATE master_version SET published_by = 'x'",
    ],
)
async def test_the_database_keeps_what_is_published(database: Database, sql: str) -> None:
    await published(database, await drafted(database, {"GLV-01": GLOVE}))
    with pytest.raises(psycopg.errors.RaiseException, match="publish a new version"):
        async with database.transaction() as connection:
            await connection.execute(sql.encode())


def subscribers(*receivers: Receiver) -> list[Flow]:
    made = []
    for name, receiver in zip(("odoo.items", "ward.items"), receivers, strict=True):
        source = masterdata.Published(object="items", poll=0.05)
        flow = make_flow(source, name=name, order_by=lambda parsed: parsed["key"], dedup_by=None)
        flow.deliver_to(target(receiver, f"memory.{name}"))
        made.append(flow)
    return made


async def test_versions_reach_the_systems_that_subscribe_once_and_in_order(
    database: Database, hub: Callable[..., Awaitable[Hub]]
) -> None:
    receivers = Receiver(), Receiver()
    await published(database, await drafted(database, {"GLV-01": GLOVE, "GZE-01": GAUZE}))
    await hub(*subscribers(*receivers))
    await eventually(lambda: all(len(each.taken) == 2 for each in receivers))
    await hub(*subscribers(*receivers))  # a second hub, which has the same flows
    await published(database, await drafted(database, {"GLV-01": GLOVE | {"title": "Glove L"}, "GZE-01": None}))
    await eventually(lambda: all(len(each.taken) >= 4 for each in receivers))
    for receiver in receivers:
        told = [(each["version"], each["key"], each["act"]) for each in receiver.bodies]
        assert sorted(told[:2]) == [(1, "GLV-01", "set"), (1, "GZE-01", "set")]
        assert sorted(told[2:]) == [(2, "GLV-01", "set"), (2, "GZE-01", "remove")]

    async def noted() -> bool:
        async with database.cold() as connection:
            cursor = await connection.execute("SELECT count(*) FROM master_reader WHERE (version, key) = (2, 'GZE-01')")
            return await cursor.fetchone() == (2,)

    await eventually(noted)


def test_content_is_checked_and_says_which_field() -> None:
    found = publishing.content_of("items", {"code": "A", "title": "x", "cost.amount": "1.50", "cost.currency": "EUR"})
    assert found["cost"] == {"amount": "1.50", "currency": "EUR"}
    assert Item(**found).code == "A"
    with pytest.raises(SettingsError, match=r"shoe: there is no such field; items have code.*") as caught:
        publishing.content_of("items", {"code": "A", "title": "x", "shoe": "secret"})
    assert "secret" not in str(caught.value)
    with pytest.raises(SettingsError, match="cannot be published"):
        publishing.content_of("ships", {})


def test_a_source_is_for_one_flow_and_a_known_kind() -> None:
    source = masterdata.Published(object="items")
    source.declared_by("one")
    with pytest.raises(SettingsError, match="share one source"):
        source.declared_by("two")
    with pytest.raises(SettingsError, match="cannot be published"):
        masterdata.Published(object="ships")

"""Ownership where objects leave translation: refused, held, ignored, accepted, and seen by people."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from hilum import cases
from hilum.canonical import Supplier
from hilum.connectors import odoo
from hilum.errors import SettingsError
from hilum.flow import DataClass
from hilum.journal import reading
from hilum.journal.leases import Leases
from hilum.journal.work import Translated, commit_translated
from hilum.masterdata import sync
from hilum.masterdata.sync import RefusedChange
from hilum.message import MessageState
from hilum.postgres import Connection, Database
from hilum.runtime import translator
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.projects import make_flow
from support.two_systems import TwoSystems
from support.waits import Start, messages

pytestmark = pytest.mark.req("MD-1")


@pytest.fixture
def both(tmp_path: Path) -> TwoSystems:
    """The two systems and their flows; not begun."""
    return TwoSystems(tmp_path)


async def decided(database: Database, verdict: str) -> list[RefusedChange]:
    """What was decided so, once there is something."""
    found: list[RefusedChange] = []

    async def there() -> bool:
        async with database.cold() as connection:
            found[:] = await sync.refused(connection, verdict=verdict)
        return bool(found)

    await eventually(there, lambda: verdict)
    return found


async def test_the_owner_s_word_goes_on_as_a_whole(database: Database, hub: Start, both: TwoSystems) -> None:
    await both.begin(hub, "ignore", email="a@example.test")
    assert both.odoo.bodies[0]["title"] == "Gloves Ltd"
    await messages(database, completed=1)


@pytest.mark.req("MD-5")
async def test_an_echo_ends_there_and_is_seen(database: Database, hub: Start, both: TwoSystems) -> None:
    await both.begin(hub, "refuse")
    await both.say(both.from_odoo, title="Gloves Ltd", phone="")
    (echo,) = await decided(database, "echo")
    assert (echo.system, echo.object, echo.key, echo.field) == ("ODOO", "hilum.supplier", "S-1", "")
    await messages(database, completed=2)
    assert not both.srm.taken


async def test_a_field_of_another_owner_is_ignored_corrected_and_the_rest_goes_on(
    database: Database, hub: Start, both: TwoSystems
) -> None:
    await both.begin(hub, "ignore")
    await both.say(both.from_odoo, title="GLOVES", phone="555 0100")
    await eventually(lambda: len(both.srm.taken) == 1)
    assert both.srm.bodies == [{"code": "S-1", "phone": "555 0100"}]
    await eventually(lambda: len(both.odoo.taken) == 2)
    assert both.odoo.bodies[1] == {"code": "S-1", "title": "Gloves Ltd"}, "Odoo is told what is in force"
    (ignored,) = await decided(database, "ignored")
    assert (ignored.field, ignored.system, ignored.other, ignored.owner) == ("title", "ODOO", "SRM", "SRM")
    async with database.cold() as connection:
        values = await sync.values_of(connection, [ignored.id])
    assert values == {ignored.id: {"old": "Gloves Ltd", "new": "GLOVES"}}


async def test_a_refused_change_is_a_case_and_changes_nothing(database: Database, hub: Start, both: TwoSystems) -> None:
    await both.begin(hub, "refuse")
    await both.say(both.from_odoo, title="GLOVES", phone="555 0100")
    (refused,) = await decided(database, "refused")
    assert refused.field == "title"
    async with database.cold() as connection:
        (case,) = await cases.cases(connection)
        held = await reading.message(connection, refused.message_id)
    assert case.category == "not_owner"
    assert "which SRM owns (ownership.toml, line 6)" in case.words
    assert "GLOVES" not in case.words
    assert held is not None
    assert held.state == MessageState.HELD.value
    assert not both.srm.taken


async def test_a_held_change_is_let_through_by_a_steward(database: Database, hub: Start, both: TwoSystems) -> None:
    await both.begin(hub, "hold")
    await both.say(both.from_odoo, title="Gloves and Masks Ltd")
    (held,) = await decided(database, "held")
    async with database.transaction() as connection:
        (case,) = await cases.cases(connection)
        assert case.category == "undecided"
        assert await cases.let_through(connection, held.message_id, actor="mia", reason="they were renamed") == 1
    async with database.transaction() as connection:
        with pytest.raises(cases.NotPossible):
            await cases.let_through(connection, held.message_id, actor="mia", reason="once more")
    await eventually(lambda: len(both.srm.taken) == 1)
    assert both.srm.bodies == [{"code": "S-1", "title": "Gloves and Masks Ltd"}]


async def test_what_is_empty_may_be_filled(database: Database, hub: Start, both: TwoSystems) -> None:
    await both.begin(hub, "accept_if_empty", tax_id="")
    await both.say(both.from_odoo, title="GLOVES", tax_id="DE1")
    await eventually(lambda: len(both.srm.taken) == 1)
    assert both.srm.bodies == [{"code": "S-1", "tax_id": "DE1"}]
    (ignored,) = await decided(database, "ignored")
    assert ignored.field == "title"


async def test_a_held_message_holds_its_key_and_the_next_one_follows(
    database: Database, hub: Start, both: TwoSystems
) -> None:
    await both.begin(hub, "refuse")
    await both.say(both.from_odoo, title="GLOVES")
    (refused,) = await decided(database, "refused")
    await both.say(both.from_odoo, title="Gloves Ltd", phone="555 0100")
    async with database.transaction() as connection:
        await cases.discard(connection, refused.message_id, actor="mia", reason="asked the owner")
    await eventually(lambda: len(both.srm.taken) == 1)
    assert both.srm.bodies == [{"code": "S-1", "phone": "555 0100"}]


async def test_what_was_judged_is_not_kept_where_a_lane_was_lost(
    database: Database, hub: Start, both: TwoSystems, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the change would count, and nobody be told: another worker that translates it anew finds nothing new."""
    lost: list[int] = []

    async def losing(connection: Connection, leases: Leases, done: Sequence[Translated]) -> set[UUID]:
        lanes = sorted({one.taken.lane for one in done})
        if len(lanes) > 1 and not lost:
            lost.append(lanes[0])
            await connection.execute("UPDATE lane SET epoch = epoch + 1 WHERE lane = %s", [lanes[0]])
        return await commit_translated(connection, leases, done)

    monkeypatch.setattr(translator, "commit_translated", losing)
    await both.begin(hub, "ignore")
    told = 1
    while not lost:  # until several were translated together
        codes = [f"S-{told + n}" for n in range(1, 9)]
        await asyncio.gather(*(both.say(both.from_srm, key=code, code=code, title="Masks Ltd") for code in codes))
        told += len(codes)
        await messages(database, completed=told)
    await eventually(lambda: len(both.odoo.taken) == told)
    assert {body["code"] for body in both.odoo.bodies} == {f"S-{n + 1}" for n in range(told)}


async def test_values_of_protected_flows_are_sealed(database: Database, hub: Start, tmp_path: Path) -> None:
    both = TwoSystems(tmp_path, data_class=DataClass.PHI)
    await both.begin(hub, "ignore", title="Gloves Ltd of Northfield")
    await both.say(both.from_odoo, title="GLOVES of Southfield")
    (ignored,) = await decided(database, "ignored")
    async with database.cold() as connection:
        cursor = await connection.execute("SELECT state::text, body FROM governed")
        rows = [
            *await cursor.fetchall(),
            *await (await connection.execute("SELECT words, body FROM ownership_decision")).fetchall(),
        ]
        assert (await sync.values_of(connection, [ignored.id]))[ignored.id]["new"] == "GLOVES of Southfield"
    for text, body in rows:
        assert b"field" not in bytes(body)
        assert "Southfield" not in text
        assert "Northfield" not in text
    await eventually(lambda: len(both.odoo.taken) == 2)  # corrected with the value that was sealed
    assert both.odoo.bodies[1]["title"] == "Gloves Ltd of Northfield"


async def test_what_the_matrix_does_not_name_goes_on_as_it_is(database: Database, hub: Start, both: TwoSystems) -> None:
    await both.begin(hub)
    await both.say(both.from_srm, title="Gloves Ltd")
    await eventually(lambda: len(both.odoo.taken) == 2)
    async with database.cold() as connection:
        cursor = await connection.execute("SELECT count(*) FROM governed")
        assert await cursor.fetchone() == (0,)


async def test_a_wrong_matrix_keeps_the_hub_from_starting(hub: Start, both: TwoSystems) -> None:
    both.govern("perhaps")
    with pytest.raises(SettingsError, match=r"ownership\.toml.*owned\.0\.others"):
        await hub(*both.flows)


async def test_many_changes_of_one_batch_are_judged_in_order(database: Database, hub: Start, both: TwoSystems) -> None:
    both.govern("ignore")
    await hub(*both.flows)
    for n in range(30):
        both.from_srm.offer({"id": f"s{n}", "key": "S-1", "code": "S-1", "title": f"Gloves {n}"})
    await messages(database, completed=30)
    assert both.odoo.bodies[-1]["title"] == "Gloves 29"
    assert [body["title"] for body in both.odoo.bodies] == [f"Gloves {n}" for n in range(30)]


async def test_an_upsert_of_an_object_is_judged_field_by_field(database: Database, hub: Start, tmp_path: Path) -> None:
    """EAM says suppliers too, by `odoo.upsert`: what SRM owns does not reach Odoo, the rest does."""
    (tmp_path / "ownership.toml").write_text(
        '[systems]\nSRM = []\nEAM = []\nODOO = ["memory.odoo"]\n[[owned]]\nobject = "hilum.supplier"\n'
        'fields = ["title"]\nowner = "SRM"\nothers = "ignore"\n'
    )
    receiver, feed = Receiver(), Feed("eam")
    target = odoo.upsert(
        "memory.odoo",
        "res.partner",
        columns=["name", "phone"],
        fields=lambda supplier: {"name": supplier.title, "phone": supplier.phone},
        key=lambda supplier: supplier.code,
        kind="supplier",
        writes=Supplier,
    )
    flow = make_flow(feed, name="eam.suppliers", system="EAM", translate=lambda m, _: Supplier(**m["supplier"]))
    flow.deliver_to(replace(target, connector=receiver))
    await hub(flow)
    await feed.send_all([{"id": "1", "supplier": {"code": "S-1", "title": "GLOVES", "phone": "555 0100"}}])
    await eventually(lambda: len(receiver.taken) == 1)
    assert receiver.bodies[0]["values"] == {"name": None, "phone": "555 0100"}
    (ignored,) = await decided(database, "ignored")
    assert (ignored.field, ignored.system, ignored.owner) == ("title", "EAM", "SRM")


async def test_an_upsert_is_told_which_columns_it_may_only_fill(hub: Start, both: TwoSystems, tmp_path: Path) -> None:
    """Odoo owns phone numbers and tells of them: what SRM says of one may only fill the column of an empty one."""
    (tmp_path / "ownership.toml").write_text(
        '[systems]\nSRM = []\nODOO = ["memory.odoo"]\n[[owned]]\nobject = "hilum.supplier"\n'
        'fields = ["phone"]\nowner = "ODOO"\nothers = "accept_if_empty"\n'
    )
    receiver, feed = Receiver(), Feed("portal")
    target = odoo.upsert(
        "memory.odoo",
        "res.partner",
        columns=["name", "phone", "mobile"],
        fields=lambda supplier: {"name": supplier.title, "phone": supplier.phone, "mobile": supplier.phone},
        key=lambda supplier: supplier.code,
        writes=Supplier,
    )
    flow = make_flow(feed, name="srm.suppliers", system="SRM", translate=lambda m, _: Supplier(**m["supplier"]))
    flow.deliver_to(replace(target, connector=receiver))
    back = make_flow(both.from_odoo, both.srm, name="odoo.suppliers", system="ODOO")
    await hub(flow, back)
    await feed.send_all([{"id": "1", "supplier": {"code": "S-1", "title": "GLOVES", "phone": "555 0100"}}])
    await eventually(lambda: len(receiver.taken) == 1)
    assert receiver.bodies[0]["fills"] == ["mobile", "phone"]
    assert receiver.bodies[0]["values"] == {"name": "GLOVES", "phone": "555 0100", "mobile": "555 0100"}

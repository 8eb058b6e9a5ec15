"""Suppliers of two systems are matched when they arrive: joined, asked about, or new; Odoo has each once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hilum import cases
from hilum.cases.arrivals import waiting
from hilum.connector import Target
from hilum.connectors import odoo
from hilum.errors import Ambiguous, SettingsError
from hilum.masterdata import crosswalk, matching
from hilum.masterdata.crosswalk import Identifier
from hilum.masterdata.matching import KINDS, Matcher, Record, known
from hilum.postgres import Connection, Database
from hilum.runtime.settling import Arriving
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.doubles import Receiver
from support.looks import assert_sound, rows
from support.projects import target as memory
from support.two_purchasing import MEYER, ROSSI, UNSURE, Systems, answer, asked, rules
from support.waits import Start, messages, parked, replay

pytestmark = [pytest.mark.req("MD-3"), pytest.mark.req("MD-2")]


@pytest.fixture
def receiver() -> Receiver:
    """Where suppliers go, in memory."""
    return Receiver()


@pytest.fixture
def systems(receiver: Receiver) -> Systems:
    """The two systems, and that receiver."""
    return Systems(memory(receiver))


@pytest.fixture
async def box() -> AsyncIterator[SandboxOdoo]:
    """A simulated Odoo."""
    async with SandboxOdoo("19.0", "hilum") as running:
        yield running


def there(box: SandboxOdoo) -> Target:
    """The line of a flow that leads to it."""
    return odoo.supplier("odoo.main", url=box.url, database=box.database, login=box.login, api_key=box.api_key)


def vendors(box: SandboxOdoo) -> dict[str, str]:
    """Name by reference, of what the hub wrote."""
    return {each["ref"]: each["name"] for each in box.records("res.partner") if each["ref"]}


async def test_the_same_supplier_of_two_systems_is_one_in_odoo_with_the_score_in_the_trace(
    database: Database, hub: Start, box: SandboxOdoo
) -> None:
    systems = Systems(there(box))
    await hub(*systems.flows())
    await systems.say("SRM", "V-1", MEYER)
    await messages(database, completed=1)
    await systems.say("ERP", "4711", MEYER, name="MEYER Medizintechnik", phone="+49 731 99")
    await systems.say("ERP", "4712", ROSSI)
    await messages(database, completed=3)
    assert vendors(box) == {"V-1": "MEYER Medizintechnik", "4712": "Rossi Textil Vertrieb"}
    async with database.cold() as connection:
        one = await crosswalk.find(connection, Identifier(object="supplier", system="ERP", identifier="4711"))
        assert one is not None
        (linked, *_) = await crosswalk.history(connection, number=one.number)
    assert {(each.system, each.identifier) for each in one.identifiers} == {
        ("SRM", "V-1"), ("ERP", "4711"), ("HUB", "V-1"),
    }  # fmt: skip
    assert linked.words.startswith("score 0.99")
    assert any(
        f"is {one.name} (score 0.99" in each and "4711 → V-1" in each for each in await rules(database, "suppliers.erp")
    )
    await systems.say("ERP", "4711", MEYER, phone="+49 731 98")
    await messages(database, completed=4)
    assert len(vendors(box)) == 2
    await assert_sound(database)


async def test_what_may_be_known_is_held_until_a_person_says_which(
    database: Database, hub: Start, box: SandboxOdoo
) -> None:
    systems = Systems(there(box))
    await hub(*systems.flows())
    await systems.say("SRM", "V-1", MEYER)
    await systems.say("SRM", "V-2", ROSSI)
    await messages(database, completed=2)
    await systems.say("ERP", "4711", UNSURE)
    await messages(database, completed=2, held=1)
    await systems.say("ERP", "4711", UNSURE, phone="+49 731 1234569")
    await systems.say("ERP", "4712", {**ROSSI, "name": "Someone else"})
    await messages(database, completed=3, held=1, received=1)
    await parked(database, 1)
    (arrival,) = await asked(database)
    async with database.cold() as connection:
        (case,) = await cases.cases(connection)
        (like,) = await matching.likes(connection, arrival)
        values = await matching.read(connection, [like.question.place] if like.question.place else [])
        assert await waiting(connection, [arrival.id]) == {arrival.id: 2}
        assert await matching.questions(connection) == [], "it is no question of a list"
    assert (case.category, case.owner) == ("ambiguous", "Supply chain")
    assert "may be one that is known already: one is like it" in case.words
    assert "4711" not in case.words
    names = {(each.left["name"], each.right["name"]) for each in values.values()}
    assert names == {("Meyer Medizintechnik AG", "Meyer Medizintechnik GmbH")}
    await answer(database, arrival.id, like.golden)
    await messages(database, completed=5)
    assert set(vendors(box)) == {"V-1", "V-2", "4712"}
    (meyer,) = [each for each in box.records("res.partner") if each["ref"] == "V-1"]
    assert meyer["phone"] == "+49 731 1234569", "what waited behind it came after it"
    with pytest.raises(SettingsError, match="answered already: mia said 'same'"):
        await answer(database, arrival.id, None)
    await assert_sound(database)


async def test_what_is_new_is_new_and_is_never_asked_about_again(
    database: Database, hub: Start, systems: Systems, receiver: Receiver
) -> None:
    await hub(*systems.flows())
    await systems.say("SRM", "V-1", MEYER)
    await messages(database, completed=1)
    await systems.say("ERP", "4711", UNSURE)
    await messages(database, held=1)
    (arrival,) = await asked(database)
    await answer(database, arrival.id, None)
    await messages(database, completed=2)
    await systems.say("ERP", "4711", UNSURE, phone="1")
    await messages(database, completed=3)
    assert [each["code"] for each in receiver.bodies] == ["V-1", "4711", "4711"]
    async with database.cold() as connection:
        (decided,) = await matching.arrivals(connection, decided=True)
        assert await rows(database, "SELECT count(*) FROM match_pair WHERE body <> ''") == [(0,)]
    assert (decided.state, decided.decided_by, decided.reason) == ("new", "mia", "called them")


async def test_a_replay_asks_nothing_and_gives_the_same(
    database: Database, hub: Start, systems: Systems, receiver: Receiver
) -> None:
    await hub(*systems.flows())
    await systems.say("SRM", "V-1", MEYER)
    await systems.say("ERP", "4711", MEYER)
    await messages(database, completed=2)
    before = await rows(database, "SELECT * FROM crosswalk ORDER BY 1, 2, 3")
    ids = [row[0] for row in await rows(database, "SELECT id FROM message WHERE flow = 'suppliers.erp'")]
    receiver.taken.clear()
    assert await replay(database, *ids) == 1
    await eventually(lambda: len(receiver.taken) == 1)
    assert receiver.bodies[0]["code"] == "V-1"
    assert await rows(database, "SELECT * FROM crosswalk ORDER BY 1, 2, 3") == before


async def test_two_hubs_with_the_same_new_suppliers_make_one_of_each(
    database: Database, hub: Start, systems: Systems, receiver: Receiver
) -> None:
    flows = systems.flows()
    for _ in range(2):
        await hub(*flows)
    towns = ["Ulm", "Kassel", "Bremen", "Husum", "Stade", "Jena", "Gera", "Suhl", "Hof", "Worms"]
    about = [
        {
            **MEYER,
            "name": f"{town} Medizintechnik",
            "tax": f"DE{n * 7_654_321:09}",
            "phone": f"+49 {n * 8_765_432:09}",
            "city": town,
        }
        for n, town in enumerate(towns, 11)
    ]
    await asyncio.gather(
        *(systems.say("SRM", f"V-{n}", each) for n, each in enumerate(about)),
        *(systems.say("ERP", f"{n}", each) for n, each in enumerate(about)),
    )
    await messages(database, completed=20)
    assert await rows(database, "SELECT count(*) FROM golden") == [(10,)]
    assert await asked(database) == []
    numbers = [each["code"] for each in receiver.bodies]
    assert len(set(numbers)) == 10
    assert all(numbers.count(each) == 2 for each in numbers)
    await assert_sound(database)


async def test_a_number_that_another_supplier_goes_by_is_not_taken(
    database: Database, hub: Start, systems: Systems, receiver: Receiver
) -> None:
    await hub(*systems.flows())
    await systems.say("SRM", "100", MEYER)
    await messages(database, completed=1)
    await systems.say("ERP", "100", ROSSI)
    await messages(database, completed=2)
    first, second = (each["code"] for each in receiver.bodies)
    ((number,),) = await rows(database, "SELECT golden FROM crosswalk WHERE system = 'ERP'")
    assert (first, second) == ("100", f"supplier-{number}")


async def test_a_second_number_of_the_same_system_is_a_question(
    database: Database, hub: Start, systems: Systems
) -> None:
    await hub(*systems.flows())
    await systems.say("SRM", "V-1", MEYER)
    await messages(database, completed=1)
    await systems.say("SRM", "V-9", MEYER)
    await messages(database, completed=1, held=1)
    (arrival,) = await asked(database)
    async with database.cold() as connection:
        (like,) = await matching.likes(connection, arrival)
    await answer(database, arrival.id, like.golden)
    await messages(database, completed=2)
    async with database.cold() as connection:
        thing = await crosswalk.thing(connection, like.golden)
    assert thing is not None
    named = {each.identifier: each.alias for each in thing.identifiers if each.system == "SRM"}
    assert named == {"V-1": False, "V-9": True}


async def test_what_was_linked_by_hand_meanwhile_needs_no_answer(
    database: Database, hub: Start, systems: Systems, receiver: Receiver
) -> None:
    await hub(*systems.flows())
    await systems.say("SRM", "V-1", MEYER)
    await messages(database, completed=1)
    await systems.say("ERP", "4711", UNSURE)
    await messages(database, held=1)
    ((message,),) = await rows(database, "SELECT id FROM message WHERE state = 'held'")
    async with database.transaction() as connection:
        thing = await crosswalk.find(connection, Identifier(object="supplier", system="SRM", identifier="V-1"))
        assert thing is not None
        what = Identifier(object="supplier", system="ERP", identifier="4711")
        await crosswalk.link(connection, what, to=thing.number, actor="mia", reason="a list")
    await replay(database, message)
    await messages(database, completed=2)
    assert [each["code"] for each in receiver.bodies] == ["V-1", "V-1"]
    assert await asked(database) == []
    assert await rows(database, "SELECT state FROM match_pair") == [("same",)], "it was linked to what was asked about"
    async with database.transaction() as connection:
        await crosswalk.unlink(connection, what, actor="mia", reason="too quick")
    await replay(database, message)
    await messages(database, completed=1, held=1)  # nobody has said that they are two
    assert [each.identifier for each in await asked(database)] == ["4711"]


async def test_what_is_answered_while_its_message_is_being_held_is_not_held(
    database: Database, hub: Start, systems: Systems, receiver: Receiver
) -> None:
    running = await hub(*systems.flows())
    await systems.say("SRM", "V-1", MEYER)
    await messages(database, completed=1)
    assert running.share is not None
    ask = running.share.arrivals.ask

    async def too_late(connection: Connection, flow: str, each: Arriving) -> Ambiguous | None:
        async with database.transaction() as other:
            what = Identifier(object="supplier", system="ERP", identifier="4711")
            await crosswalk.link(other, what, actor="mia", reason="she was faster")
        return await ask(connection, flow, each)

    running.share.arrivals.ask = too_late  # type: ignore[method-assign]
    await systems.say("ERP", "4711", UNSURE)
    await systems.say("ERP", "4711", UNSURE, phone="1")
    await messages(database, completed=3)
    assert await asked(database) == []
    assert [each["code"] for each in receiver.bodies] == ["V-1", "4711", "4711"]
    await assert_sound(database)


async def test_a_vendor_that_odoo_had_before_the_hub_is_not_made_twice(
    database: Database, hub: Start, box: SandboxOdoo, tmp_path: Path
) -> None:
    (tmp_path / "ownership.toml").write_text('[systems]\nODOO = ["odoo.main"]\nSRM = []\nERP = []\n', encoding="utf-8")
    values = {"name": "Meyer Medizintechnik GmbH", "vat": MEYER["tax"], "supplier_rank": 1}
    made = box.change(lambda env: env["res.partner"].create(values))
    listed = Record(system="ODOO", identifier=str(made.id), values={"name": values["name"], "tax_id": MEYER["tax"]})
    async with database.transaction() as connection:
        matcher = Matcher(KINDS["supplier"])
        await known.learn(connection, matcher, [listed], actor="mia", reason="what Odoo has", encrypted=False)
    systems = Systems(there(box))
    await hub(*systems.flows())
    await systems.say("SRM", "V-1", MEYER)
    await systems.say("ERP", "4711", MEYER, phone="+49 731 99")
    await messages(database, completed=2)
    (meyer,) = [each for each in box.records("res.partner") if each["supplier_rank"]]
    assert (meyer["id"], meyer["ref"], meyer["phone"]) == (made.id, "V-1", "+49 731 99")

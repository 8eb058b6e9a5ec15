"""Suppliers are made by hand in Odoo, without a number, and in the portal that numbers them: both have each once.

Who does not own a field may fill it where nothing is in force yet. People edit on both sides meanwhile, answers are
lost and the hub is stopped and started again.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hilum.canonical import Supplier
from hilum.flow import Flow, Matching
from hilum.masterdata import crosswalk, matching, sync
from hilum.postgres import Database
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.looks import assert_sound, rows
from support.odoo_and_portal import FIELDS, PARTNER, OdooAndPortal
from support.portal import Portal
from support.waits import Start

pytestmark = [pytest.mark.req("MD-2"), pytest.mark.req("MD-5"), pytest.mark.req("MD-6")]

MATRIX = """
[systems]
ODOO = ["odoo.main"]
SRM = ["http.srm"]

[[owned]]
object = "hilum.supplier"
fields = ["title", "email"]
owner = "SRM"
others = "accept_if_empty"

[[owned]]
object = "hilum.supplier"
fields = ["phone"]
owner = "ODOO"
others = "accept_if_empty"
"""

OWNERS = {"name": "SRM", "email": "SRM", "phone": "ODOO"}


def told_by_srm(parsed: Any, _: Any) -> Supplier:
    """What the portal tells, under its own number."""
    return Supplier(
        code=parsed["number"], title=parsed["name"] or "?", phone=parsed["phone"] or "", email=parsed["email"] or ""
    )


def told_by_odoo(parsed: Any, hub: Any) -> Supplier | None:
    """What a feed out of Odoo tells of vendors, under Odoo's own id."""
    values = parsed["values"]
    if not values or not values["supplier_rank"]:
        return None
    return told_by_srm({**values, "number": str(parsed["id"])}, hub)


def number_in(parsed: Any) -> str:
    """The number that Odoo shows."""
    return parsed["values"].get("ref") or ""


class World(OdooAndPortal):
    """The two systems, the hub between them, and the people who edit and make suppliers."""

    def __init__(self, box: SandboxOdoo, portal: Portal, database: Database, seed: int, *, by: str = "polling") -> None:
        super().__init__(box, portal, database, by=by)
        self._random = random.Random(seed)
        self.last: dict[tuple[str, str], dict[str, str]] = {}  # by the tag of the supplier and field: system → value
        self.edited: Counter[tuple[str, str, str]] = Counter()  # tag, field, system
        self.others: dict[
            tuple[str, str], set[str]
        ] = {}  # by tag and field: what was written by whoever does not own it
        self.tags: dict[str, tuple[str, Any]] = {}  # a supplier → where it was made, and its key there
        self.edits = 0

    def flows(self) -> list[Flow]:
        """Two flows, one each way; suppliers go by the number of the portal."""
        by_number = Matching(kind=Supplier, goes_by="SRM", told_as=lambda m: m["hub"])
        by_ref = Matching(kind=Supplier, goes_by="SRM", told_as=number_in)
        return [
            self.from_srm(told_by_srm, matches=[by_number]),
            self.from_odoo(
                told_by_odoo, "ref", *FIELDS, "supplier_rank",
                order_by=lambda m: number_in(m) or f"odoo-{m['id']}", matches=[by_ref],
            ),
        ]  # fmt: skip

    # ---- the people

    def make(self, system: str, tag: str) -> None:
        """Somebody makes a supplier, in Odoo without a number."""
        name = f"{tag} Vertrieb"
        if system == "SRM":
            self.portal.edit(f"S-{tag}", name=name)
            self.tags[tag] = (system, f"S-{tag}")
            return
        values = {"name": name, "supplier_rank": 1, "is_company": True}
        made = self.box.change(lambda env: env[PARTNER].create(values))
        self.tags[tag] = (system, made)

    def edit(self, system: str, tag: str, field: str) -> None:
        """Somebody changes one field, if the supplier has come to that system."""
        number = self.number(tag)
        self.edits += 1
        value = f"{field} {self.edits} of {system}"
        if system == "SRM":
            if number not in self.portal.records:
                return
            self.portal.edit(number, **{field: value})
        else:
            found = [each["id"] for each in self.box.records(PARTNER) if number and each["ref"] == number]
            if self.tags[tag][0] == "ODOO":
                found = [self.id_of(tag)]
            if not found:
                return
            self.box.change(lambda env: env[PARTNER].write(found[0], {field: value}))
        if OWNERS[field] != system:
            self.others.setdefault((tag, field), set()).add(value)
        self.last.setdefault((tag, field), {})[system] = value
        self.edited[tag, field, system] += 1

    def id_of(self, tag: str) -> int:
        """Odoo's id of a supplier that was made there."""
        made = self.tags[tag][1]
        return int(made if isinstance(made, int) else made.id)

    def number(self, tag: str) -> str:
        """The portal's number of a supplier; empty: it has none yet."""
        system, key = self.tags[tag]
        return str(key if system == "SRM" else self.partner(tag)["ref"] or "")

    def partner(self, tag: str) -> dict[str, Any]:
        """The record of a supplier in Odoo."""
        system, key = self.tags[tag]
        name, value = ("ref", key) if system == "SRM" else ("id", self.id_of(tag))
        (found,) = [each for each in self.box.records(PARTNER) if each[name] == value]
        return dict(found)

    async def live(self, count: int) -> None:
        """So many edits at both sides, while changes and writes are under way."""
        for _ in range(count):
            choice = self._random.choice
            self.edit(choice(("SRM", "ODOO")), choice(list(self.tags)), choice(("name", "phone", "email")))
            await asyncio.sleep(self._random.uniform(0, 0.03))

    # ---- what came of it

    def in_odoo(self) -> dict[str, dict[str, str]]:
        """Name, phone and email by number, as Odoo has them; of one without a number, by its id."""
        vendors = [each for each in self.box.records(PARTNER) if each["supplier_rank"]]
        found = {
            each["ref"] or f"id {each['id']}": {name: each[name] or "" for name in ("name", "phone", "email")}
            for each in vendors
        }
        assert len(found) == len(vendors), "no number twice"
        return found

    async def no_owner_lost_an_edit(self) -> None:
        """The last edit of each field's owner is there.

        Odoo has no write that happens only where nothing was changed: a first edit in the milliseconds between the
        hub's look and its write is overwritten by what fills the field, and no feed shows it.
        """
        final = self.in_odoo()
        for (tag, field), by in self.last.items():
            owner = OWNERS[field]
            if owner in by:
                unseen = owner == "ODOO" and self.edited[tag, field, owner] == 1
                crossed = self.others.get((tag, field), set()) if unseen else set()
                assert final[self.number(tag)][field] in {by[owner], *crossed}, (tag, field)

    async def no_storm(self) -> None:
        """An edit causes a message, a write, and the echo of the write; a new supplier its number besides."""
        acts = self.edits + 3 * len(self.tags)
        ((messages,),) = await rows(self.database, "SELECT count(*) FROM message")
        ((deliveries,),) = await rows(self.database, "SELECT count(*) FROM delivery")
        assert deliveries <= 2 * acts
        assert messages <= 4 * acts + 10, "ten, for contacts that are no vendors"

    async def each_is_one_thing(self) -> None:
        ((things, named),) = await rows(
            self.database,
            "SELECT (SELECT count(*) FROM golden), (SELECT count(DISTINCT golden) FROM crosswalk WHERE system = 'SRM')",
        )
        assert things == named == len(self.tags)
        async with self.database.cold() as connection:
            assert await matching.arrivals(connection) == []


@pytest.fixture(autouse=True)
def matrix(tmp_path: Path) -> None:
    """Who owns what."""
    (tmp_path / "ownership.toml").write_text(MATRIX, encoding="utf-8")


async def test_a_supplier_made_in_odoo_is_numbered_by_the_other_system(database: Database, hub: Start) -> None:
    async with SandboxOdoo("19.0", "hilum") as box, Portal(1, numbers=True) as portal:
        world = World(box, portal, database, 1)
        await hub(*world.flows())
        world.make("ODOO", "Husum")
        await world.settled()
        assert world.number("Husum") == "S-1"
        assert portal.records["S-1"].values["name"] == "Husum Vertrieb"
        (name,) = portal.known_as
        async with database.cold() as connection:
            number = await crosswalk.thing_called(connection, "supplier", name)
            thing = await crosswalk.thing(connection, number or 0)
        assert thing is not None
        named = {(each.system, each.identifier) for each in thing.identifiers}
        assert named == {("ODOO", str(world.id_of("Husum"))), ("SRM", "S-1")}
        world.edit("ODOO", "Husum", "phone")
        world.edit("SRM", "Husum", "name")
        await world.settled()
        await world.no_owner_lost_an_edit()
        await world.each_is_one_thing()
        ((writes,),) = await rows(database, "SELECT count(*) FROM delivery WHERE destination = 'http.srm'")
        assert writes == 2, "made, and the telephone number"
        await assert_sound(database)


async def has(database: Database, count: str) -> bool:
    """Does this count something?"""
    return (await rows(database, count))[0][0] > 0


async def test_until_it_has_its_number_a_correction_writes_none(database: Database, hub: Start) -> None:
    """The hub's own name in its place would race with the number, under another ordering key."""
    async with SandboxOdoo("19.0", "hilum") as box, Portal(1, numbers=True) as portal:
        world = World(box, portal, database, 1)
        portal.shut = True
        await hub(*world.flows())
        world.make("ODOO", "Husum")
        told = "SELECT count(*) FROM delivery WHERE destination = 'http.srm' AND state = 'waiting'"
        await eventually(lambda: has(database, told))
        world.edit("ODOO", "Husum", "name")
        await eventually(lambda: world.partner("Husum")["name"] == "Husum Vertrieb")
        assert not world.partner("Husum")["ref"], "the name is put back, and no number of the hub's own is written"
        portal.shut = False
        await world.settled()
        assert world.partner("Husum")["ref"] == "S-1"
        await world.each_is_one_thing()


async def test_a_number_that_somebody_changes_in_odoo_is_put_right_at_once(database: Database, hub: Start) -> None:
    async with SandboxOdoo("19.0", "hilum") as box, Portal(1, numbers=True) as portal:
        world = World(box, portal, database, 1)
        await hub(*world.flows())
        world.make("SRM", "Ulm")
        world.make("ODOO", "Husum")
        await world.settled()
        for tag, typed in (("Ulm", "X-99"), ("Husum", "S-Ulm"), ("Husum", False)):
            there = world.partner(tag)
            box.change(lambda env, at=there["id"], to=typed: env[PARTNER].write(at, {"ref": to}))
            await eventually(lambda there=there: there["ref"] in {each["ref"] for each in box.records(PARTNER)})
        await world.settled()
        await world.each_is_one_thing()
        async with database.cold() as connection:
            ignored = await sync.refused(connection, verdict="ignored")
        assert [(each.field, each.system, each.owner) for each in ignored] == [("code", "ODOO", "SRM")] * 3
        ((writes,),) = await rows(database, "SELECT count(*) FROM delivery WHERE destination = 'odoo.main'")
        assert writes == 2 + 3, "made, numbered, and a write for each number that was typed"


async def test_what_fills_an_empty_field_leaves_what_its_owner_wrote_meanwhile(database: Database, hub: Start) -> None:
    """The owner's first edit and the fill cross: the fill waits at Odoo, which shows the edit before it is written."""
    async with SandboxOdoo("19.0", "hilum") as box, Portal(1, numbers=True) as portal:
        world = World(box, portal, database, 1)
        await hub(*world.flows())
        world.make("SRM", "Ulm")
        await world.settled()
        box.faults.add("close", model=PARTNER, method="search_read")
        box.faults.add("close", model=PARTNER, method="load")
        world.edit("SRM", "Ulm", "phone")
        waits = "SELECT count(*) FROM delivery WHERE destination = 'odoo.main' AND state IN ('pending', 'waiting')"
        await eventually(lambda: has(database, waits))
        world.edit("ODOO", "Ulm", "phone")
        box.faults.clear()
        await world.settled()
        assert world.partner("Ulm")["phone"] == "phone 2 of ODOO"
        left = "SELECT count(*) FROM delivery WHERE words LIKE '%phone already: left as it is.'"
        assert await has(database, left)
        await world.no_storm()


@pytest.mark.parametrize(
    ("by", "seed", "faults"),
    [
        ("polling", 3, False),
        ("outbox", 4, True),
        pytest.param("polling", 3, True, marks=pytest.mark.long),
        *(pytest.param("outbox", seed, True, marks=pytest.mark.long) for seed in range(5, 13)),
    ],
)
@pytest.mark.timeout(120)
async def test_suppliers_of_both_are_each_once_on_both_sides_and_settle(
    database: Database, hub: Start, by: str, seed: int, faults: bool
) -> None:
    async with SandboxOdoo("19.0", "hilum") as box, Portal(seed, numbers=True) as portal:
        world = World(box, portal, database, seed, by=by)
        running = await hub(*world.flows())
        for system, tag in (("SRM", "Ulm"), ("ODOO", "Kassel"), ("SRM", "Bremen"), ("ODOO", "Husum")):
            world.make(system, tag)
        if faults:
            portal.lost = 0.2
            box.faults.add("lost_reply", model=PARTNER, method="load", probability=0.2)
            box.faults.add("lost_reply", model=PARTNER, method="write", probability=0.2)
            await world.live(10)
            await running.stop()
            world.make("ODOO", "Gera")
            await world.live(5)
            await hub(*world.flows())
        await world.live(30)
        portal.lost = 0.0
        box.faults.clear()
        await world.settled()
        await world.no_owner_lost_an_edit()
        await world.each_is_one_thing()
        await world.no_storm()
        async with database.cold() as connection:
            verdicts = {each.verdict for each in await sync.refused(connection, limit=10_000)}
        assert not {"refused", "held"} & verdicts
        await assert_sound(database)

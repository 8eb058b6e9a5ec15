"""Suppliers are edited in Odoo and in a portal at the same time: both settle, no owner's edit is lost, no storm.

The hub sees Odoo's side by the real feeds, by polling and by the addon's outbox. Answers are lost on both sides, and
the hub is stopped and started again.
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from hilum.canonical import Supplier
from hilum.flow import Flow
from hilum.masterdata import sync
from hilum.postgres import Database
from hilum.simulator.odoo import SandboxOdoo
from hilum.simulator.odoo.orm.record import Env
from support.looks import assert_sound, rows
from support.odoo_and_portal import FIELDS, PARTNER, OdooAndPortal
from support.portal import Portal
from support.waits import Start

pytestmark = [pytest.mark.req("MD-5"), pytest.mark.req("MD-6")]

MATRIX = """
[systems]
ODOO = ["odoo.main"]
SRM = ["http.srm"]

[[owned]]
object = "hilum.supplier"
fields = ["title"]
owner = "SRM"
others = "ignore"

[[owned]]
object = "hilum.supplier"
fields = ["phone"]
owner = "ODOO"
others = "ignore"

[[owned]]
object = "hilum.supplier"
fields = ["email"]
conflict = "newest"
"""

NUMBERS = ("S-1", "S-2", "S-3")
EDITS = 50


def supplier(parsed: Any, _: Any) -> Supplier | None:
    """What the portal tells."""
    return Supplier(
        code=parsed["number"], title=parsed["name"] or "?", phone=parsed["phone"] or "", email=parsed["email"] or ""
    )


def partner(parsed: Any, hub: Any) -> Supplier | None:
    """What a feed out of Odoo tells; only suppliers that have their number, and none that was deleted."""
    values = parsed["values"]
    return supplier({**values, "number": values["ref"]}, hub) if values.get("ref") else None


class World(OdooAndPortal):
    """The two systems, the hub between them, and the people who edit."""

    def __init__(self, box: SandboxOdoo, portal: Portal, database: Database, seed: int, *, by: str) -> None:
        super().__init__(box, portal, database, by=by)
        self._random = random.Random(seed)
        self.last: dict[tuple[str, str, str], str] = {}  # system, number, field
        self.edits = 0

    def flows(self) -> list[Flow]:
        """Two flows, one each way."""
        return [
            self.from_srm(supplier),
            self.from_odoo(partner, "ref", *FIELDS, order_by=lambda m: m["values"].get("ref") or ""),
        ]

    # ---- the people

    def edit(self, system: str, number: str, field: str) -> None:
        """Somebody changes one field."""
        self.edits += 1
        value = f"{field} {self.edits} of {system}"
        self.last[system, number, field] = value
        if system == "SRM":
            self.portal.edit(number, **{field: value})
            return

        def work(env: Env) -> None:
            (found,) = env[PARTNER].find([["ref", "=", number]])
            env[PARTNER].write(found, {field: value})

        self.box.change(work)

    async def live(self, count: int) -> None:
        """So many edits at both sides, while changes and writes are under way."""
        for _ in range(count):
            choice = self._random.choice
            self.edit(choice(("SRM", "ODOO")), choice(NUMBERS), choice(("name", "phone", "email")))
            await asyncio.sleep(self._random.uniform(0, 0.03))

    def lose_answers(self) -> None:
        """Some of the answers of both sides: they did it, and the hub does not know."""
        self.portal.lost = 0.2
        self.box.faults.add("lost_reply", model=PARTNER, method="load", probability=0.2)
        self.box.faults.add("close", model=PARTNER, method="load", probability=0.1)
        self.box.faults.add("lost_reply", model="hilum.outbox", probability=0.1, times=5)
        self.box.faults.add("close", model=PARTNER, method="search_read", times=1)

    def lose_no_more(self) -> None:
        """From now on all is well."""
        self.portal.lost = 0.0
        self.box.faults.clear()

    # ---- what came of it

    async def no_owner_lost_an_edit(self) -> None:
        final = self.in_odoo()
        for (system, number, field), value in self.last.items():
            if (system, field) in (("SRM", "name"), ("ODOO", "phone")):
                assert final[number][field] == value

    async def no_storm(self) -> None:
        """An edit causes a message, a write, and the echo of the write; what was lost is told again."""
        edits = self.edits + len(NUMBERS)
        ((messages,),) = await rows(self.database, "SELECT count(*) FROM message")
        ((deliveries,),) = await rows(self.database, "SELECT count(*) FROM delivery")
        assert deliveries <= 2 * edits
        assert messages <= 4 * edits


@pytest.mark.parametrize(
    ("by", "seed", "faults"),
    [
        pytest.param("polling", 1, False, id="polling"),
        pytest.param("polling", 2, True, id="polling, answers lost, hub restarted", marks=pytest.mark.long),
        pytest.param("outbox", 3, False, id="outbox", marks=pytest.mark.long),
        pytest.param("outbox", 4, True, id="outbox, answers lost, hub restarted"),
    ],
)
@pytest.mark.timeout(120)
async def test_both_settle_and_no_owner_loses_an_edit(
    database: Database, hub: Start, tmp_path: Path, by: str, seed: int, faults: bool
) -> None:
    (tmp_path / "ownership.toml").write_text(MATRIX, encoding="utf-8")
    async with SandboxOdoo("19.0", "hilum") as box, Portal(seed) as portal:
        world = World(box, portal, database, seed, by=by)
        running = await hub(*world.flows())
        for number in NUMBERS:
            portal.edit(number, name=f"Supplier {number}")
        await world.settled()
        if faults:
            world.lose_answers()
            await world.live(EDITS // 2)
            await running.stop()
            await world.live(EDITS // 5)
            await hub(*world.flows())
            await world.live(EDITS // 2)
            world.lose_no_more()
        else:
            await world.live(EDITS)
        await world.settled()
        await world.no_owner_lost_an_edit()
        await world.no_storm()
        async with database.cold() as connection:
            verdicts = {each.verdict for each in await sync.refused(connection, limit=10_000)}
            echoes = await sync.refused(connection, verdict="echo", limit=10_000)
        assert "ignored" in verdicts
        assert not {"refused", "held"} & verdicts
        assert echoes
        await assert_sound(database)

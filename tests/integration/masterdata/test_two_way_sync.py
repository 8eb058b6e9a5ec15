"""Suppliers are edited in Odoo and in a portal at the same time: both settle, no owner's edit is lost, no storm."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hilum.canonical import Supplier
from hilum.connectors import http, odoo
from hilum.connectors.odoo.client import OdooClient
from hilum.connectors.odoo.probe import connect
from hilum.connectors.odoo.settings import OdooSettings
from hilum.connectors.odoo.transport import Transport
from hilum.flow import Flow
from hilum.masterdata import sync
from hilum.postgres import Database
from hilum.runtime import Hub
from hilum.simulator.odoo import SandboxOdoo
from hilum.simulator.odoo.orm.record import Env
from hilum.testing import eventually
from support.doubles import Feed
from support.looks import states
from support.portal import Portal
from support.projects import make_flow

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
EDITS = 60


def supplier(parsed: Any, _: Any) -> Supplier:
    return Supplier(
        code=parsed["number"], title=parsed["name"] or "?", phone=parsed["phone"] or "", email=parsed["email"] or ""
    )


class Watched(Feed):
    """Odoo's partners, looked at again and again; a record is handed over when it is not as it was seen last."""

    def __init__(self, box: SandboxOdoo) -> None:
        super().__init__("odoo")
        self._box = box
        self._seen: dict[int, Any] = {}
        self.looks = 0

    async def watch(self) -> None:
        """Look until cancelled. A change is answered for before the next look, so that none is lost."""
        settings = {"url": self._box.url, "database": self._box.database, "login": self._box.login}
        async with client_of({**settings, "api_key": self._box.api_key}) as client:
            while True:
                found = await client.search_read(
                    "res.partner", [["ref", "!=", False]], ["ref", "name", "phone", "email", "write_date"]
                )
                for row in found:
                    if self._seen.get(row["id"]) != row:
                        told = {**row, "number": row["ref"], "changed_at": f"{row['write_date']}+00:00"}
                        await self.send({**told, "id": f"{row['id']}/{self.looks}"})
                        self._seen[row["id"]] = row
                self.looks += 1
                await asyncio.sleep(0.01)


@asynccontextmanager
async def client_of(settings: dict[str, str]) -> AsyncIterator[OdooClient]:

    made = OdooSettings.model_validate(settings)
    transport = Transport(made)
    try:
        yield await connect(transport, made)
    finally:
        await transport.close()


class World:
    """The two systems, the hub between them, and the people who edit."""

    def __init__(self, box: SandboxOdoo, portal: Portal, feed: Watched, database: Database, seed: int) -> None:
        self.box, self.portal, self.feed, self.database = box, portal, feed, database
        self._random = random.Random(seed)
        self.last: dict[tuple[str, str, str], str] = {}  # system, number, field
        self.edits = 0
        self.watching = asyncio.create_task(feed.watch())

    def in_odoo(self) -> dict[str, dict[str, str]]:
        """Name, phone and email by number, as Odoo has them."""
        return {
            each["ref"]: {name: each[name] or "" for name in ("name", "phone", "email")}
            for each in self.box.records("res.partner")
            if each["ref"]
        }

    def edit(self, system: str, number: str, field: str) -> None:
        """Somebody changes one field."""
        self.edits += 1
        value = f"{field} {self.edits} of {system}"
        self.last[system, number, field] = value
        if system == "SRM":
            self.portal.edit(number, **{field: value})
            return

        def work(env: Env) -> None:
            (found,) = env["res.partner"].find([["ref", "=", number]])
            env["res.partner"].write(found, {field: value})

        self.box.change(work)

    async def live(self, count: int) -> None:
        """So many edits at both sides, while changes and writes are under way."""
        for _ in range(count):
            choice = self._random.choice
            self.edit(choice(("SRM", "ODOO")), choice(NUMBERS), choice(("name", "phone", "email")))
            await asyncio.sleep(self._random.uniform(0, 0.03))

    def same(self) -> bool:
        return self.in_odoo() == {number: record.values for number, record in self.portal.records.items()}

    async def settled(self) -> None:
        """Both show the same, everything was told and done, and two further looks bring nothing."""

        found: dict[str, int] = {}

        async def quiet() -> bool:
            assert not self.watching.done(), self.watching.exception()
            before, looks = self.portal.writes, self.feed.looks
            await eventually(lambda: self.feed.looks >= looks + 2 or self.watching.done())
            found.clear()
            found.update(await states(self.database))
            idle = set(found) <= {"completed"} and self.portal.idle
            return idle and self.same() and self.portal.writes == before

        await eventually(quiet, lambda: (found, self.portal.idle, self.in_odoo(), self.portal.records))


def flows(box: SandboxOdoo, portal: Portal, feed: Watched) -> list[Flow]:
    """Two flows, one each way."""
    in_odoo = {"url": box.url, "database": box.database, "login": box.login, "api_key": box.api_key}
    common: dict[str, Any] = {
        "translate": supplier,
        "order_by": lambda m: m["number"],
        "dedup_by": lambda m: str(m.get("id", "")),
        "changed_at": lambda m: str(m["changed_at"]),
    }
    there = odoo.supplier("odoo.main", **in_odoo)
    here = http.post("http.srm", url=portal.url)
    from_srm = make_flow(
        http.Listener(host="127.0.0.1", port=0, path="/srm"),
        name="suppliers.from_srm",
        system="SRM",
        format="json",
        **common,
    )
    from_srm.deliver_to(there)
    from_srm.correct_to(here)
    from_odoo = make_flow(feed, name="suppliers.from_odoo", system="ODOO", **common)
    from_odoo.deliver_to(here)
    from_odoo.correct_to(there)
    return [from_srm, from_odoo]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.timeout(120)
async def test_both_settle_and_no_owner_loses_an_edit(
    database: Database, hub: Callable[..., Awaitable[Hub]], tmp_path: Path, seed: int
) -> None:
    (tmp_path / "ownership.toml").write_text(MATRIX, encoding="utf-8")
    async with SandboxOdoo("19.0", "hilum") as box, Portal(seed) as portal:
        feed = Watched(box)
        running = await hub(*flows(box, portal, feed))
        (listener,) = [source for source in running.sources if source.address.startswith("http")]
        portal.tell = f"{listener.address}"
        world = World(box, portal, feed, database, seed)
        try:
            for number in NUMBERS:
                portal.edit(number, name=f"Supplier {number}")
            await world.settled()
            begun = portal.writes
            await world.live(EDITS)
            await world.settled()
        finally:
            world.watching.cancel()
            await asyncio.gather(world.watching, return_exceptions=True)
        final = world.in_odoo()
        for (system, number, field), value in world.last.items():
            if (system, field) in (("SRM", "name"), ("ODOO", "phone")):
                assert final[number][field] == value
        assert portal.writes - begun <= 2 * EDITS, "no storm"
        async with database.cold() as connection:
            verdicts = {each.verdict for each in await sync.refused(connection, limit=10_000)}
            echoes = await sync.refused(connection, verdict="echo", limit=10_000)
            deliveries = await (await connection.execute("SELECT count(*) FROM delivery")).fetchone()
        assert "ignored" in verdicts
        assert not {"refused", "held"} & verdicts
        assert echoes
        assert deliveries is not None
        assert deliveries[0] <= 4 * (EDITS + len(NUMBERS)), "no storm"

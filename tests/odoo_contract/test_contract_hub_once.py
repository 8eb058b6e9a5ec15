"""NEW-1 through the whole hub: what is lost, doubled, or killed between writing and recording is in Odoo once.

The hub delivers with its ledger of effects on PostgreSQL, through a door before Odoo. The door loses the answers of
calls that Odoo has carried out: "commit, then drop".
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from contract_hub import HubAtOdoo
from odoo_cases import CASES, fresh, prepared
from odoo_far_side import FarSide
from odoo_money import Books
from odoo_money_cases import MONEY

from hilum.canonical import BusinessObject
from hilum.testing import eventually
from support.odoo_door import Fate, OdooDoor
from support.servers import Databases

pytestmark = [pytest.mark.req("NEW-1"), pytest.mark.req("MSG-3")]


@dataclass
class Document:
    """An object that is not in Odoo yet, all that it needs there, and the proof that it came once and whole."""

    thing: BusinessObject
    proof: Callable[[], Awaitable[None]]


async def document(far: FarSide, name: str) -> Document:
    hub, world = await fresh(far)
    if name in CASES:
        case = CASES[name]
        thing = await prepared(case, hub, world)
        return Document(thing, lambda: case.proof(far, world, thing))
    money, books = MONEY[name], Books(far, world)
    await far.needs(*money.needs)
    booked: Any = await money.make(hub, books)
    return Document(booked, lambda: money.proof(far, books, booked))


def door_of(far: FarSide) -> OdooDoor:
    assert far.door is not None
    return far.door


OFTEN = (
    "payment",
    "count",
)  # what Odoo itself doubles or empties; the others in long runs, and on a real server
LONG = [pytest.param(name, marks=pytest.mark.long) for name in (*CASES, *MONEY) if name not in OFTEN]
ALL = pytest.mark.parametrize("name", [*OFTEN, *LONG])


@ALL
async def test_whichever_answer_is_lost_it_is_settled_and_there_once(
    far: FarSide, name: str, tmp_path: Path, postgres_url: str
) -> None:
    """Each call that writes, in turn: carried out, and its answer lost. The hub asks, and files what it was told."""
    door, lost = door_of(far), 0
    first = await document(far, name)
    async with HubAtOdoo(far, type(first.thing), tmp_path / "hub", postgres_url) as hub:
        next_one: Document | None = first
        while next_one is not None:
            writes = door.harm(Fate.LOST, nth=lost)
            await hub.deliver(next_one.thing)
            door.decide()
            await next_one.proof()
            if len(writes) <= lost:
                break
            lost += 1
            assert len(await hub.answers()) == lost, f"after the lost answer of {writes[lost - 1]} nobody asked Odoo"
            next_one = await document(far, name)
        asked = await hub.answers()
        assert all(each[-1] in ("landed", "not landed") for each in asked), asked
        assert await hub.unsettled() == []
        assert len(set(await hub.references())) == lost + 1
    assert lost, "nothing was written"


@ALL
async def test_two_hubs_that_get_it_twice_each_make_it_once(
    far: FarSide, name: str, tmp_path: Path, databases: Databases
) -> None:
    """Two hubs that know nothing of each other, each with a database of its own."""
    made = await document(far, name)
    kind = type(made.thing)
    with databases.migrated() as one, databases.migrated() as other:
        async with (
            HubAtOdoo(far, kind, tmp_path / "one", one) as first,
            HubAtOdoo(far, kind, tmp_path / "other", other) as second,
        ):
            await asyncio.gather(*(each.deliver(made.thing, made.thing) for each in (first, second)))
            references = [*await first.references(), *await second.references()]
            # a count that was applied by another is known by its moves: which quant holds the stock now is not asked
            assert len({each for each in references if ": " not in each}) == 1, references
            await made.proof()
            await first.deliver(made.thing)  # and a replay, long after
            await made.proof()


@ALL
@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("two_targets")
async def test_a_hub_that_is_killed_between_writing_and_recording_makes_it_once(
    far: FarSide, name: str, tmp_path: Path, postgres_url: str
) -> None:
    """Odoo has carried out each call that writes in turn, and the hub's process is gone before it can know."""
    door, nth = door_of(far), 0
    made = await document(far, name)
    hub = HubAtOdoo(far, type(made.thing), tmp_path / "hub", postgres_url, process=True)
    async with hub:
        while True:
            writes = door.harm(Fate.LATE, nth=nth)
            await hub.receive(made.thing)
            await eventually(partial(_stopped_or_there, door, hub))
            door.decide()
            if len(writes) <= nth:
                break
            await hub.process.kill()
            door.release()
            await hub.process.start()
            await hub.completed()
            await made.proof()
            nth += 1
            made = await document(far, name)
        await made.proof()
        assert await hub.unsettled() == []
        assert len(await hub.answers()) == nth
    assert nth, "nothing was written"


async def _stopped_or_there(door: OdooDoor, hub: HubAtOdoo) -> bool:
    return door.waiting > 0 or await hub.all_completed()

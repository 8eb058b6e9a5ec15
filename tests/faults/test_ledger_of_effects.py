"""The ledger of effects over a whole hub: after a lost answer Odoo is asked, what it said is filed, one document."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from test_odoo_faults import MASTER, TARGETS, documents, settings, until_delivered

from hilum.canonical import BusinessObject, Charge, PurchaseOrder
from hilum.connector import Target
from hilum.connectors.odoo import Odoo
from hilum.errors import Down
from hilum.flow import Flow, Lookup, Retry
from hilum.journal import intents
from hilum.message import Delivered, Delivery, Outcome
from hilum.postgres import Database
from hilum.runtime import Hub
from hilum.simulator.odoo import FaultKind, Faults, SandboxOdoo
from hilum.testing import eventually
from support.doubles import Feed
from support.looks import assert_sound, rows
from support.projects import make_flow, make_project
from support.waits import Start, deliveries

CHARGE = next(thing for thing in documents(3) if isinstance(thing, Charge))
ORDER = next(thing for thing in documents(3) if isinstance(thing, PurchaseOrder))
QUICK = Retry(attempts=9, first_wait=0.01, longest_wait=0.05)
PROOFS = "SELECT state, effect, proof FROM intent ORDER BY effect"


def flow_to(feed: Feed | None, hub: Odoo, *things: BusinessObject) -> Flow:
    """A flow that makes one of these things of each message, by its number."""

    def translate(parsed: Any, _: Lookup) -> BusinessObject:
        return things[parsed["n"]]

    made = make_flow(feed, translate=translate, retry=QUICK)
    for kind in {type(thing) for thing in things}:
        line = TARGETS[kind]
        made.deliver_to(
            Target(endpoint="odoo.main", operation=line.operation, accepts=(kind,), encode=line.encode, connector=hub)
        )
    return made


async def planted(box: SandboxOdoo) -> None:
    """Master data is in Odoo."""
    first = Odoo(**settings(box))
    await first.open()
    await until_delivered(first, MASTER)
    await first.close()


@pytest.mark.req("NEW-1")
@pytest.mark.req("MSG-3")
@pytest.mark.parametrize(
    ("thing", "model", "method"),
    [
        (CHARGE, "account.move", "load"),
        (CHARGE, "account.move", "action_post"),
        (ORDER, "purchase.order", "load"),
        (ORDER, "purchase.order", "button_confirm"),
    ],
    ids=["charge written", "charge posted", "order written", "order confirmed"],
)
async def test_a_lost_answer_is_asked_about_and_proven(
    hub: Start, database: Database, thing: BusinessObject, model: str, method: str
) -> None:
    """Odoo commits and the reply is dropped: the intent says what was asked and answered, and one document is there."""
    faults = Faults()
    async with SandboxOdoo(version="19.0", faults=faults) as box:
        await planted(box)
        faults.add(FaultKind.LOST_REPLY, model=model, method=method, times=1)
        feed = Feed()
        await hub(flow_to(feed, Odoo(**settings(box)), thing))
        await feed.send({"id": "1", "key": "k", "n": 0})
        await deliveries(database, delivered=1)
        ((state, effect, proof),) = await rows(database, PROOFS)
        assert (state, len(proof)) == ("landed", 1)
        landed = method != "load"  # after `load` it was there, but still a draft
        assert proof[0]["answer"] == ("landed" if landed else "not landed")
        assert proof[0]["asked"] == effect
        assert {"at", "begun"} <= set(proof[0])
        field = "ref" if isinstance(thing, Charge) else "origin"
        (row,) = [each for each in box.records(model) if each[field] == thing.business_key]
        assert row["external_ids"] == [effect]
        assert row["state"] == ("posted" if isinstance(thing, Charge) else "purchase")
        async with database.cold() as connection:
            assert await intents.unknown(connection) == {}


@pytest.mark.req("NEW-1")
async def test_what_was_answered_leaves_nothing_open(hub: Start, database: Database) -> None:
    async with SandboxOdoo(version="19.0") as box:
        await planted(box)
        feed, things = Feed(), documents(9)
        await hub(flow_to(feed, Odoo(**settings(box)), *things))
        await feed.send_all([{"id": str(n), "key": str(n), "n": n} for n in range(9)])
        await deliveries(database, delivered=9)
        assert await rows(database, "SELECT count(*) FROM intent") == [(0,)]
        await assert_sound(database)


class Silent(Odoo):
    """Does what it is told and never comes back: as a hub that dies between the write and the record of it."""

    done: asyncio.Event

    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        outcomes = await super().deliver(batch)
        assert all(isinstance(each, Delivered) for each in outcomes), outcomes
        self.done.set()
        await asyncio.Event().wait()
        return outcomes


@pytest.mark.req("NEW-1")
@pytest.mark.req("MSG-3")
async def test_a_hub_dies_between_the_write_and_the_record_of_it(
    hub: Start, database: Database, postgres_url: str, tmp_path: Path
) -> None:
    """Its database is gone when Odoo has committed. Another hub takes over, asks first, and calls nothing again."""
    faults = Faults()
    async with SandboxOdoo(version="19.0", faults=faults) as box:
        await planted(box)
        feed = Feed()
        await hub(flow_to(feed, Odoo(**settings(box)), CHARGE), roles=("listener",))
        own = Database(postgres_url)
        await own.open()
        silent = Silent(**settings(box))
        silent.done = asyncio.Event()
        dying = Hub(make_project(tmp_path, flow_to(None, silent, CHARGE)), own, roles=("worker",))
        await dying.start()
        await feed.send({"id": "1", "key": "k", "n": 0})
        await silent.done.wait()
        await own.close()  # from here on it can say nothing, and its lanes fall to others
        async with database.cold() as connection:
            await connection.execute("DELETE FROM worker WHERE id = (SELECT worker_id FROM intent)")
            assert await intents.unknown(connection) == {"odoo.main": 1}
        faults.add(FaultKind.UNAVAILABLE, method="load")  # what would be a second write does not get through
        faults.add(FaultKind.UNAVAILABLE, method="action_post")
        await hub(flow_to(None, Odoo(**settings(box)), CHARGE), roles=("worker",))
        await deliveries(database, delivered=1)
        ((state, _, proof),) = await rows(database, PROOFS)
        assert state == "landed"
        assert [each["answer"] for each in proof] == ["landed"]
        assert len([each for each in box.records("account.move") if each["ref"] == CHARGE.business_key]) == 1
        await dying.stop()


@pytest.mark.req("NEW-1")
async def test_while_odoo_cannot_be_asked_the_effect_counts_as_unknown(hub: Start, database: Database) -> None:
    """The last answer is lost and Odoo is then away: unknown is 1; when it is back, it is asked, and unknown is 0."""

    class Away(Odoo):
        gone = True

        async def landed(self, delivery: Delivery) -> Any:
            if self.gone:
                raise Down("No connection to Odoo.")
            return await super().landed(delivery)

    faults = Faults()
    async with SandboxOdoo(version="19.0", faults=faults) as box:
        await planted(box)
        faults.add(FaultKind.LOST_REPLY, method="action_post", times=1)
        feed, away = Feed(), Away(**settings(box))
        await hub(flow_to(feed, away, CHARGE), destinations={"odoo.main": {"open_after_failures": 0}})
        await feed.send({"id": "1", "key": "k", "n": 0})

        async def unknown() -> int:
            async with database.cold() as connection:
                return (await intents.unknown(connection)).get("odoo.main", 0)

        async def one_unknown() -> bool:
            return await unknown() == 1

        await eventually(one_unknown)
        away.gone = False
        await deliveries(database, delivered=1)
        assert await unknown() == 0
        ((state, _, proof),) = await rows(database, PROOFS)
        assert state == "landed"
        assert proof[0]["answer"] == "not to be asked now"
        assert proof[-1]["answer"] == "landed"
        assert len([each for each in box.records("account.move") if each["ref"] == CHARGE.business_key]) == 1

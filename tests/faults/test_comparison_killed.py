"""A comparison whose hub is killed in the middle is made again, and nothing that it finds is there twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hilum.postgres import Database
from hilum.reconcile import asking, store
from hilum.testing import eventually
from support.looks import rows
from support.serving import HubProcess

pytestmark = [pytest.mark.req("REC-1"), pytest.mark.long]  # the dead hub's lease ends after ten seconds

DECLARED = """
import time
from pathlib import Path

from hilum.connectors import files
from hilum.flow import Flow, Owners, Pattern
from hilum.reconcile import Comparison, Field, Row, Rows

HERE = Path(__file__).parents[1]


def ledger():
    for number in range(3_000):
        yield Row(key=f"{number:05d}", title=f"Bill {number}", values={"amount": str(number)})


def odoo():
    for number in range(3_000):
        if number == 2_500 and (HERE / "slow").exists():
            (HERE / "reading").touch()
            time.sleep(120)
        if number % 100:
            yield Row(key=f"{number:05d}", title=f"Bill {number}", values={"amount": str(number)})


bills = Comparison(
    "ledger.bills", summary="Bills are in Odoo", owners=Owners(business="Ledger", technical="IT"), case_after=1,
    here=Rows(ledger, called="the ledger"), there=Rows(odoo, called="Odoo"), fields=[Field("amount")],
)

orders = Flow(
    "test.orders", version="1.0", summary="Orders of a folder",
    owners=Owners(business="Buyers", technical="Integration"),
    pattern=Pattern.EVENT, source=files.Folder(url=str(HERE / "in"), split="none"), format="json",
)


@orders.translate
def translate(order, hub):
    yield order


orders.deliver_to(files.write(url=str(HERE / "out"), name="{message_id}.json"))
"""


async def test_it_is_made_again_and_nothing_is_doubled(tmp_path: Path, postgres_url: str, database: Database) -> None:
    (tmp_path / "hilum.toml").write_text("[hub]\n")
    for name in ("flows", "in", "out"):
        (tmp_path / name).mkdir()
    (tmp_path / "flows" / "ledger.py").write_text(DECLARED)
    (tmp_path / "slow").touch()
    hub = HubProcess(tmp_path, postgres_url, roles="worker")
    try:
        await hub.start()
        async with database.transaction() as connection:
            await asking.ask(connection, "ledger.bills", actor="eva", reason="month end")
        await eventually(lambda: (tmp_path / "reading").exists())
        await hub.kill()
        (tmp_path / "slow").unlink()
        async with database.cold() as connection:
            (cut,) = await store.runs(connection, "ledger.bills")
            assert cut.state == "running"
            assert not await store.found(connection, "ledger.bills")
        await hub.start()

        async def answered() -> bool:
            async with database.cold() as connection:
                return not await asking.asked(connection)

        async with asyncio.timeout(90):
            await eventually(answered)
    finally:
        await hub.stop()
    async with database.cold() as connection:
        done, former = await store.runs(connection, "ledger.bills")
        found = await store.found(connection, "ledger.bills")
    assert (former.id, former.state, former.words) == (cut.id, "failed", store.INTERRUPTED)
    assert (done.state, done.missing, done.same, done.actor) == ("done", 30, 2_970, "eva")
    assert len({each.key for each in found}) == len(found) == 30
    titles = await rows(database, "SELECT title FROM exception_case WHERE closed_at IS NULL")
    assert len(set(titles)) == len(titles) == 30

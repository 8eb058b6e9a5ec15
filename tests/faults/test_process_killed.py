"""`kill -9` of a hub at every transaction that records steps of a run, and of the one of two hubs that runs it."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from hilum.postgres import Database
from hilum.processes import decide, inbox, store
from hilum.processes.store import NewItem
from hilum.testing import eventually
from support.http_receiver import HttpReceiver
from support.looks import rows
from support.orders_process import Approval
from support.serving import HubProcess

PROCESS = """
import os, signal
from pathlib import Path

from hilum.connectors import http
from hilum.flow import DataClass, Flow, Owners, Slo
from hilum.processes import Commands, Run, Task, handle
from hilum.processes.steps import Steps
from support.orders_process import Approval, Confirmed, Ordered, Wanted, empty

OWNERS = Owners(business="Purchasing", technical="Integration")
order = empty()


@order.run
async def follow(run: Run, wanted: Wanted) -> str:
    looked = await run.step("price", price)
    answer, by = await run.asked(Task("Approve", Approval, team="Purchasing"))
    await run.move("ordered")
    await run.send("orders", Ordered(order=wanted.order, amount=looked))
    await run.wait(Confirmed)
    await run.move("confirmed")
    await run.send("orders", Ordered(order=wanted.order, amount=looked, act="pay"))
    return f"paid, approved by {by}"


async def price():
    with Path(os.environ["LOOKS"]).open("a") as file:
        file.write("look\\n")
    return 42


sent = Flow(
    "test.sent", version="1.0", summary="Commands go out", owners=OWNERS, data_class=DataClass.INTERNAL,
    slo=Slo(percent=99, within="30s"), retention="P1Y", source=Commands("orders", poll=0.05),
    order_by=lambda parsed: parsed["content"]["order"],
)


@sent.translate
def pass_on(parsed, hub):
    thing = parsed["content"]
    return {"id": f"{thing['order']} {thing['act']}", "key": thing["order"], "n": thing["act"] == "pay"}


sent.deliver_to(http.post("http.receiver"))

number, when = os.environ.get("DIES_AT", "0 never").split()
once = Path(os.environ["LOOKS"] + ".died")
together = Steps.together
count = 0


def die():
    if not once.exists():
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)


async def mortal(self, acts):
    global count
    count += 1
    mine = count == int(number)

    async def within(connection):
        found = await acts(connection)
        if mine and when == "within":
            die()
        return found

    if mine and when == "before":
        die()
    await together(self, within)
    if mine and when == "after":
        die()


Steps.together = mortal
"""
TESTS = str(Path(__file__).parent.parent)

STEPS = 6
"""Transactions of the process, each of which records some of its steps: price; ask; look and wait; look; move, send and
look; move, send and end."""


def project(folder: Path, url: str) -> Path:
    (folder / "flows").mkdir(parents=True)
    (folder / "flows" / "orders.py").write_text(PROCESS, encoding="utf-8")
    (folder / "hilum.toml").write_text(
        "[worker]\nlease_seconds = 2.0\n"
        f'[endpoints.http.receiver]\nurl = "{url}"\ndeduplicates = true\nanswer_timeout = 5\n',
        encoding="utf-8",
    )
    return folder


async def tell(database: Database, topic: str, **content: Any) -> None:
    item = NewItem(process="test.order", key=content["order"], kind=store.EVENT, topic=topic, content=content)
    async with database.transaction() as connection:
        assert await store.put(connection, item) is not None


async def approve(database: Database) -> None:
    """When the run waits for it: so it always takes the same steps."""
    found: list[Any] = []

    async def there() -> bool:
        async with database.cold() as connection:
            found[:] = await inbox(connection)
            run = await store.run_by_id(connection, found[0].run_id) if found else None
        return run is not None and run.waits_for != ""

    await eventually(there, lambda: "a task")
    async with database.transaction() as connection:
        await decide(connection, found[0].id, Approval(approved=True), actor="ada", permissions={"approve"})


async def ended(database: Database, order: str) -> None:
    seen: list[Any] = [None]

    async def there() -> bool:
        async with database.cold() as connection:
            seen[0] = await store.run_of(connection, "test.order", order)
        return seen[0] is not None and seen[0].status == "completed"

    await eventually(there, lambda: f"the end, not {seen[0]}")
    assert seen[0].outcome == "paid, approved by ada"


async def runs_through(folder: Path, url: str, number: int, when: str) -> None:
    """A process whose hub dies there once: the process ends as ever, and everything happened once."""
    folder.mkdir()
    database = Database(url)
    await database.open()
    async with HttpReceiver() as far:
        looks = folder / "looks"
        hub = HubProcess(project(folder / "hub", far.url), url, LOOKS=str(looks), DIES_AT=f"{number} {when}")
        hub.environment["PYTHONPATH"] = TESTS
        await hub.start()
        try:
            order = f"{number}-{when}"
            await tell(database, "Wanted", order=order)
            await tell(database, "Confirmed", order=order)

            async def over(hub: HubProcess = hub) -> None:
                await approve(database)
                await ended(database, order)

            await again_when_dead(hub, over)
            died = looks.with_suffix(".died")
            await eventually(died.exists, lambda: f"death {when} step {number}")
            if hub.starts == 1:  # it died at the very end, when nobody waited for it any more
                await hub.ended()
                await hub.start()
            await eventually(lambda: len(far.taken) == 2, lambda: far.taken)
            assert [found["id"] for found in far.taken] == [f"{order} order", f"{order} pay"]
            assert 1 <= looks.read_text().count("look") <= (2 if number == 1 and when != "after" else 1)
            tasks = await rows(database, "SELECT count(*) FROM process_task t JOIN process_run r ON r.id = t.run_id"
                               " WHERE r.key = %s", [order])  # fmt: skip
            assert tasks == [(1,)]
            assert await hub.stop() == 0, "\n".join(hub.output[-30:])
        finally:
            if hub.running:
                await hub.stop()
            await database.close()


async def again_when_dead(hub: HubProcess, act: Any) -> None:
    """Do it; meanwhile the hub is started again when it has died."""
    doing = asyncio.create_task(act())
    while not doing.done():
        dying = asyncio.create_task(hub.ended())
        await asyncio.wait([doing, dying], return_when=asyncio.FIRST_COMPLETED)
        if dying.done():
            await dying
            await hub.start()
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
    await doing


BOUNDARIES = [(number, when) for number in range(1, STEPS + 1) for when in ("before", "within", "after")]


@pytest.mark.req("WF-4")
async def test_a_process_goes_on_whose_hub_was_killed_at_a_step(postgres_url: str, tmp_path: Path) -> None:
    await runs_through(tmp_path / "one", postgres_url, *random.choice(BOUNDARIES))


@pytest.mark.long
@pytest.mark.req("WF-4")
@pytest.mark.timeout(3000)
async def test_a_process_goes_on_wherever_its_hub_was_killed(postgres_url: str, tmp_path: Path) -> None:
    for number, when in BOUNDARIES:
        await runs_through(tmp_path / f"{number}-{when}", postgres_url, number, when)


@pytest.mark.req("WF-4")
@pytest.mark.req("MSG-14")
async def test_another_hub_takes_over_what_a_killed_one_ran(
    database: Database, postgres_url: str, tmp_path: Path
) -> None:
    async with HttpReceiver() as far:
        folder = project(tmp_path / "hub", far.url)
        hubs = [HubProcess(folder, postgres_url, LOOKS=str(tmp_path / "looks")) for _ in range(2)]
        for hub in hubs:
            hub.environment["PYTHONPATH"] = TESTS
            await hub.start()
        try:
            await tell(database, "Wanted", order="P1")
            await approve(database)
            await eventually(lambda: len(far.taken) == 1)
            [(name,)] = await rows(
                database,
                "SELECT w.name FROM processes.workflow_status s JOIN worker w ON w.id::text = s.executor_id",
            )
            [dead] = [hub for hub in hubs if name.endswith(f":{hub.pid}")]
            await dead.kill()
            await tell(database, "Confirmed", order="P1")
            await ended(database, "P1")
            await eventually(lambda: len(far.taken) == 2)
        finally:
            for hub in hubs:
                if hub.running:
                    assert await hub.stop() == 0, "\n".join(hub.output[-30:])

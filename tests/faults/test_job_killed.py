"""`kill -9` in the middle of a job: each message is replayed once, the counts are right, and the audit is whole."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hilum.cases import Selection
from hilum.cases.jobs import DONE, REPLAY, RUNNING, Asked, Job
from hilum.postgres import Database
from hilum.testing import eventually
from support.acting import job, made, replay_of
from support.http_receiver import HttpReceiver
from support.looks import assert_sound, delivery_states, rows, states
from support.mllp_load import adt
from support.projects import MASTER_KEY, write_lookup
from support.serving import FLOW, HubProcess, write_project

KNOWS_WARDS = FLOW.replace("    return {", '    hub.location(msg["PV1-3.1"])\n    return {')
"""The flow of `serving`, which cannot translate a message while it does not know its ward."""


MOVES_AT_ONCE = """
import asyncio
import os

from hilum.cases import running
from hilum.postgres import Database

other = Database(os.environ["HILUM_DATABASE_URL"])
apply_one = running.apply_one


async def at_once(connection, step, **more):
    await other.open()
    async with other.transaction() as own:
        found = await apply_one(own, step, **more)
    await asyncio.sleep(0.01)  # most of the time the kill comes here, also on a machine that has much else to do
    return found


running.apply_one = at_once
"""
"""A defect for the hub's process: a message moves in a transaction of its own, not in that of its job."""


@asynccontextmanager
async def hub_and_receiver(folder: Path, url: str, defect: str) -> AsyncIterator[tuple[HubProcess, HttpReceiver]]:
    """At the end the hub is stopped in order."""
    async with HttpReceiver() as far:
        project = write_project(folder / "hub", far.url)
        (project / "flows" / "updates.py").write_text(KNOWS_WARDS + defect, encoding="utf-8")
        hub = HubProcess(project, url)
        try:
            yield hub, far
        finally:
            code = await hub.stop() if hub.running else 0
        assert code == 0, "\n".join(hub.output[-40:])


async def send(port: int, frames: Sequence[bytes]) -> None:
    """Send these over one connection without waiting in between; all must be accepted."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def answers() -> None:
        for _ in frames:
            assert b"MSA|AA|" in await reader.readuntil(b"\x1c\r")

    reading = asyncio.create_task(answers())
    for frame in frames:
        writer.write(frame)
        await writer.drain()
    await reading
    writer.close()
    await writer.wait_closed()


async def kill_in_the_middle(hub: HubProcess, database: Database, number: int, parts: Sequence[float]) -> Job:
    """Kill the hub whenever so much of the job is done (0 … 1), start it again, and wait until the job is over."""
    for part in parts:

        async def so_far(part: float = part) -> bool:
            found = await job(database, number)
            return found.settled >= part * found.total

        await eventually(so_far, lambda: "the job goes on")
        await asyncio.sleep(random.uniform(0, 0.05))  # anywhere in a batch
        await hub.kill()
        found = await job(database, number)
        assert found.state == RUNNING, "it was over before the hub was killed"
        assert await job_items(database, number) == {
            state: count for state, count in (("planned", found.total - found.done), ("done", found.done)) if count
        }, "the counts of a job are those of its items, whenever it is killed"
        await hub.start()

    async def over() -> bool:
        return (await job(database, number)).state != RUNNING

    await eventually(over)
    return await job(database, number)


async def job_items(database: Database, number: int) -> dict[str, int]:
    return dict(await rows(database, "SELECT state, count(*) FROM job_item WHERE job_id = %s GROUP BY 1", [number]))


async def completed(database: Database, messages: int, deliveries: int) -> None:
    """Wait until so many messages are completed and so many deliveries are made, and nothing else is there."""

    async def there() -> bool:
        return await states(database) == {"completed": messages} and await delivery_states(database) == {
            "delivered": deliveries
        }

    await eventually(there, lambda: f"{messages} completed")
    await assert_sound(database)


async def assert_whole(database: Database, hub: HubProcess, ended: Job, count: int) -> None:
    """The job did what it should with each of so many messages, once, and the audit tells just that."""
    counted = (ended.state, ended.total, ended.done, ended.moved_on, ended.failed)
    assert counted == (DONE, count, count, 0, 0), "each message moved by its job, and counted"
    assert await job_items(database, ended.id) == {"done": count}
    told = "SELECT count(*), count(DISTINCT message_id) FROM audit WHERE action = 'replay' AND words LIKE %s"
    assert await rows(database, told, [f"%(job {ended.id})"]) == [(count, count)], "one act for each message"
    acts = "SELECT action FROM audit WHERE action LIKE 'job%%' AND words LIKE %s ORDER BY id"
    assert await rows(database, acts, [f"job {ended.id}%"]) == [("job_made",), ("job_done",)]
    assert await hub.stop() == 0
    verifying = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hilum", "audit", "verify", "--project", str(hub.project),
        env={**os.environ, "HILUM_DATABASE_URL": database.url, "HILUM_MASTER_KEY": MASTER_KEY},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await verifying.communicate()
    assert (verifying.returncode, b"The audit is whole." in said) == (0, True), said.decode()


async def replay_what_is_held(
    folder: Path, database: Database, keys: int, kills: Sequence[float], *, defect: str = ""
) -> None:
    """Two messages of each key: the first is held, the second waits behind it; then the code is there."""
    async with hub_and_receiver(folder, database.url, defect) as (hub, far):
        write_lookup(hub.project, "locations", "code,location\nNORTH,W-1\n")
        await hub.start()
        await send(hub.port, [adt(f"P{n}", turn) for turn in (0, 1) for n in range(keys)])

        async def held() -> bool:
            return await rows(database, "SELECT count(*) FROM exception_case WHERE closed_at IS NULL") == [(keys,)]

        await eventually(held, lambda: f"{keys} held")
        await hub.kill()
        write_lookup(hub.project, "locations", "code,location\nNORTH,W-1\nWARD,W-2\n")
        number = (await made(database, replay_of(flow="test.updates", state="held"))).id
        await hub.start()
        ended = await kill_in_the_middle(hub, database, number, kills)
        await completed(database, 2 * keys, 2 * keys)
        assert await rows(database, "SELECT resolution, count(*), count(closed_at) FROM exception_case GROUP BY 1") == [
            ("replayed", keys, keys)
        ], "one case for each, closed by the replay"
        await assert_whole(database, hub, ended, keys)
        far.assert_exactly({f"P{n}": 2 for n in range(keys)})


async def replay_what_was_done(folder: Path, database: Database, count: int, kills: Sequence[float]) -> None:
    """Everything was delivered, and is delivered once more."""
    async with hub_and_receiver(folder, database.url, "") as (hub, far):
        write_lookup(hub.project, "locations", "code,location\nWARD,W-2\n")
        await hub.start()
        await send(hub.port, [adt(f"P{n % 50}", n // 50) for n in range(count)])
        await completed(database, count, count)
        asked = Asked(act=REPLAY, selection=Selection(flow="test.updates", state="completed"))
        number = (await made(database, asked)).id
        ended = await kill_in_the_middle(hub, database, number, kills)
        await completed(database, count, 2 * count)
        made_twice = "SELECT count(*) FROM (SELECT FROM delivery GROUP BY message_id HAVING count(*) = 2) twice"
        assert await rows(database, made_twice) == [(count,)], "one delivery more for each message"
        await assert_whole(database, hub, ended, count)
        assert far.repeated >= count
        far.assert_exactly({f"P{n}": count // 50 for n in range(50)})  # recognised, all of them


def anywhere(*spans: tuple[float, float]) -> list[float]:
    """Places in these parts of a job."""
    return [random.uniform(*span) for span in spans]


@pytest.mark.req("MSG-7")
async def test_a_job_that_is_killed_twice_replays_each_message_once(database: Database, tmp_path: Path) -> None:
    await replay_what_is_held(tmp_path, database, 300, anywhere((0.02, 0.4), (0.4, 0.7)))


@pytest.mark.long
@pytest.mark.req("MSG-7")
@pytest.mark.timeout(600)
async def test_thousands_that_are_held_are_replayed_once_whenever_the_hub_is_killed(
    database: Database, tmp_path: Path
) -> None:
    await replay_what_is_held(tmp_path, database, 3000, anywhere((0.01, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8)))


@pytest.mark.long
@pytest.mark.req("MSG-7")
@pytest.mark.timeout(600)
async def test_thousands_that_were_done_are_replayed_once_whenever_the_hub_is_killed(
    database: Database, tmp_path: Path
) -> None:
    await replay_what_was_done(tmp_path, database, 5000, anywhere((0.01, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8)))


@pytest.mark.long
async def test_a_job_that_does_not_move_its_messages_in_its_own_transaction_is_caught(
    database: Database, tmp_path: Path
) -> None:
    with pytest.raises(AssertionError, match="moved"):
        await replay_what_is_held(
            tmp_path, database, 300, anywhere((0.01, 0.2), (0.2, 0.4), (0.4, 0.6)), defect=MOVES_AT_ONCE
        )

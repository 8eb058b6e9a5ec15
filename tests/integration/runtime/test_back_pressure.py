"""Intake is bounded by count, bytes and disk; each source says so in its protocol's way, and recovers alone."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from hilum.connector import Receipt
from hilum.connectors.files import Folder
from hilum.connectors.http import Listener as HttpListener
from hilum.connectors.mllp import Listener as MllpListener
from hilum.errors import Busy, Down
from hilum.formats import hl7v2 as hl7
from hilum.journal import Draft, receive
from hilum.journal.moves import move_message
from hilum.message import Delivered, Delivery, Outcome, Priority
from hilum.postgres import Database
from hilum.runtime import translator
from hilum.runtime.gate import Gate
from hilum.settings import IntakeSettings
from hilum.testing import eventually
from support.doubles import Feed, Receiver, takes_all
from support.looks import assert_sound, rows
from support.mllp_load import adt
from support.projects import make_flow, order, target
from support.servers import LANES
from support.waits import Start, messages


async def store(database: Database, count: int, body: bytes = b"x") -> None:
    """So many more messages."""
    drafts = [Draft(flow="f", body=body, content_type="text/plain") for _ in range(count)]
    async with database.hot() as connection:
        await receive(connection, drafts, LANES)


async def end(database: Database, count: int) -> None:
    """So many are done."""
    found = await rows(database, "SELECT id FROM message WHERE state = 'received' ORDER BY seq LIMIT %s", [count])
    async with database.transaction() as connection:
        for (message_id,) in found:
            assert await move_message(connection, message_id, ["received"], "discarded") == "received"


async def shut(gate: Gate) -> set[str]:
    """The priorities that are shut out now."""
    await gate.look()
    found = set()
    for priority in Priority:
        try:
            gate.check(priority)
        except Busy:
            found.add(priority.value)
    return found


@pytest.mark.req("MSG-10")
@pytest.mark.req("MSG-11")
async def test_bulk_is_refused_before_normal_before_urgent_and_let_in_again_later(database: Database) -> None:
    gate = Gate(database, IntakeSettings(max_pending_messages=100), None)
    seen = []
    for change in (79, 1, 9, 1, 9, 1, -10, -1, -10, -8, -1):
        await (store(database, change) if change > 0 else end(database, -change))
        found = await shut(gate)
        seen.append((gate.pending, found))
    assert seen == [
        (79, set()),
        (80, {"bulk"}),
        (89, {"bulk"}),
        (90, {"bulk", "normal"}),
        (99, {"bulk", "normal"}),
        (100, {"bulk", "normal", "urgent"}),
        (90, {"bulk", "normal", "urgent"}),  # it opens again below nine tenths of where it shut
        (89, {"bulk", "normal"}),
        (79, {"bulk"}),
        (71, set()),
        (70, set()),
    ]


@pytest.mark.req("MSG-11")
async def test_bytes_that_are_not_done_are_counted_exactly(database: Database) -> None:
    gate = Gate(database, IntakeSettings(max_pending_bytes=100 * 1024), None)
    await store(database, 8, b"x" * 10 * 1024)
    assert (await shut(gate), gate.pending_bytes) == ({"bulk"}, 80 * 1024)
    await store(database, 2, b"x" * 9_500)  # each is rounded up to a kilobyte
    assert (await shut(gate), gate.pending_bytes) == ({"bulk", "normal", "urgent"}, 100 * 1024)
    with pytest.raises(Busy, match="0 MB are waiting to be worked off"):
        gate.check(Priority.URGENT)
    await end(database, 10)
    assert (await shut(gate), gate.pending_bytes) == (set(), 0)
    await assert_sound(database)


@pytest.mark.req("MSG-11")
async def test_a_disk_that_is_nearly_full_shuts_intake(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    free = 1000 * 2**20
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=free))
    gate = Gate(database, IntakeSettings(min_free_disk_mb=100), tmp_path)
    seen = []
    for megabytes in (126, 125, 111, 100, 110, 112, 138, 139):
        free = megabytes * 2**20
        seen.append(sorted(await shut(gate)))
    assert seen == [
        [], ["bulk"], ["bulk", "normal"], ["bulk", "normal", "urgent"], ["bulk", "normal", "urgent"],
        ["bulk", "normal"], ["bulk"], [],
    ]  # fmt: skip
    free = 0
    await gate.look()
    with pytest.raises(Busy, match="disk is nearly full"):
        gate.check()


class Far(Receiver):
    """A destination that is shut until the test opens it."""

    def __init__(self) -> None:
        super().__init__(lambda _: Down("closed", after=0.1))

    def let_in(self) -> None:
        """It takes everything from now on."""
        self.behave = takes_all


Send = Callable[[int], Awaitable[str]]
"""Sends the n-th message; returns what its sender was told."""


async def filled_and_emptied(database: Database, far: Far, send: Send, busy: str, welcome: str) -> None:
    """Send until the sender is told `busy`; open the destination; send until it is told `welcome` again."""
    accepted = told = 0
    answer = ""
    while busy not in answer:
        answer = await send(told)
        accepted += welcome in answer
        told += 1
        assert told < 5_000, f"never told {busy!r}: {answer!r}"
    assert accepted > 5
    far.let_in()

    async def taken() -> bool:
        nonlocal told
        told += 1
        return welcome in await send(told)

    await eventually(taken)
    await messages(database, completed=accepted + 1)
    await assert_sound(database)


INTAKE = {"max_pending_messages": 20}


@asynccontextmanager
async def mllp_sender(port: int) -> AsyncIterator[Send]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def send(number: int) -> str:
        writer.write(adt("P", number))
        return (await reader.readuntil(b"\x1c\r")).decode()

    yield send
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


def from_mllp(priority: Priority = Priority.NORMAL) -> tuple[MllpListener, dict[str, Any]]:
    """A listener, and how its flow reads what comes."""
    return MllpListener(host="127.0.0.1", port=0), {
        "order_by": hl7.field("PID-3.1"),
        "dedup_by": lambda msg: msg.control_id,
        "translate": lambda msg, _: {"id": msg.control_id, "key": msg["PID-3.1"], "n": 0},
        "priority": priority,
    }


@pytest.mark.req("MSG-11")
async def test_mllp_senders_get_ae_with_the_reason_and_aa_again_afterwards(hub: Start, database: Database) -> None:
    far = Far()
    source, how = from_mllp()
    await hub(make_flow(source, far, **how), intake=INTAKE)  # type: ignore[arg-type]
    async with mllp_sender(source.port) as send:
        await filled_and_emptied(database, far, send, "MSA|AE|", "MSA|AA|")
    [(reason,)] = await rows(database, "SELECT DISTINCT regexp_replace(reason, '[0-9]+', 'N') FROM refusal")
    assert reason == "The hub is busy: N messages are waiting to be worked off. Send again later."


@pytest.mark.req("MSG-11")
async def test_http_senders_get_503_with_retry_after_and_202_again_afterwards(hub: Start, database: Database) -> None:
    far, source = Far(), HttpListener(host="127.0.0.1", port=0, path="/in")
    await hub(make_flow(source, far), intake=INTAKE)  # type: ignore[arg-type]
    async with httpx.AsyncClient() as client:

        async def send(number: int) -> str:
            answer = await client.post(f"http://127.0.0.1:{source.port}/in", json=order(number))
            if answer.status_code == 503:
                assert int(answer.headers["Retry-After"]) >= 1
                assert "waiting to be worked off" in answer.json()["detail"]
            return str(answer.status_code)

        await filled_and_emptied(database, far, send, "503", "202")


@pytest.mark.req("MSG-11")
async def test_files_stay_in_their_folder_and_are_taken_afterwards(
    hub: Start, database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    source = Folder(url=str(folder), pattern="*.csv", split="rows", poll=0.05, stable_for=0)
    far = Far()
    flow = make_flow(source, far, dedup_by=None, order_by=lambda row: "k", translate=lambda row, _: dict(row.items()))  # type: ignore[arg-type]
    await hub(flow, intake=INTAKE)
    files = 0

    async def refused() -> bool:
        nonlocal files
        rest = folder / f"{files:04}.tmp"
        rest.write_text("key,n\n" + "".join(f"k,{files * 10 + n}\n" for n in range(10)))
        rest.rename(rest.with_suffix(".csv"))
        files += 1
        await asyncio.sleep(0.1)  # not more files than needed
        return await rows(database, "SELECT count(*) > 0 FROM refusal") == [(True,)]

    await eventually(refused)
    last = f"{files - 1:04}.csv"
    assert (folder / last).exists()
    assert not (folder / "failed" / last).exists()
    far.let_in()
    await eventually((folder / "done" / last).exists)
    await messages(database, completed=files * 10)
    assert [int(body["n"]) for body in far.bodies] == list(range(files * 10))
    await assert_sound(database)


@pytest.mark.req("MSG-10")
@pytest.mark.req("MSG-11")
async def test_an_urgent_sender_gets_in_while_the_others_are_refused(hub: Start, database: Database) -> None:
    far, healthy = Far(), Receiver()
    bulk, how = from_mllp(Priority.BULK)
    urgent = HttpListener(host="127.0.0.1", port=0, path="/urgent")
    flow = make_flow(urgent, name="test.urgent", priority=Priority.URGENT)  # type: ignore[arg-type]
    flow.deliver_to(target(healthy, "memory.urgent"))
    await store(database, 850)  # of a flow that this hub does not have: they stay
    await hub(make_flow(bulk, far, name="test.bulk", **how), flow, intake={"max_pending_messages": 1000})  # type: ignore[arg-type]
    async with mllp_sender(bulk.port) as send, httpx.AsyncClient() as client:
        for again in range(30):
            assert "MSA|AE|" in await send(0)
            answer = await client.post(f"http://127.0.0.1:{urgent.port}/urgent", json=order(again))
            assert answer.status_code == 202
    await eventually(lambda: len(healthy.taken) == 30)


@pytest.mark.req("MSG-11")
async def test_bytes_that_wait_for_their_commit_are_bounded(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), Receiver()
    await hub(make_flow(feed, receiver), intake={"max_waiting_bytes": 2**20, "batch": 2})
    async with database.transaction() as connection:
        await connection.execute("LOCK TABLE tally IN ACCESS EXCLUSIVE MODE")
        answers = [feed.offer(order(n, pad="x" * 200_000)) for n in range(20)]
        await eventually(lambda: sum(answer.done() for answer in answers) >= 13)
        assert all(isinstance(answer.result(), Busy) for answer in answers if answer.done())
        assert sum(not answer.done() for answer in answers) <= 7, "five wait, two are being committed"
    accepted = [answer for answer in await asyncio.gather(*answers) if isinstance(answer, Receipt)]
    large = await feed.send(order(99, pad="x" * 2 * 2**20))
    assert isinstance(large, Receipt), "one that is larger than all that may wait is let in alone"
    await messages(database, completed=len(accepted) + 1)


@pytest.mark.req("MSG-11")
async def test_large_messages_are_translated_a_few_at_a_time(
    hub: Start, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translator, "_BATCH_BYTES", 10_000)
    sizes: list[int] = []
    bodies = translator.Translator._bodies

    async def watched(self: translator.Translator, batch: Any) -> dict[UUID, tuple[bytes, Any]]:
        sizes.append(sum(taken.size for taken in batch))
        return await bodies(self, batch)

    monkeypatch.setattr(translator.Translator, "_bodies", watched)

    def grows(parsed: dict[str, Any], _: Any) -> dict[str, Any]:
        return {**parsed, "more": "y" * 6_000}

    async def slowly(delivery: Delivery) -> Outcome:
        await asyncio.sleep(0)
        return Delivered()

    feed, receiver = Feed(), Receiver(slowly)
    await hub(make_flow(feed, receiver, translate=grows))
    await feed.send_all([order(n, pad="x" * (30_000 if n == 7 else 3_000)) for n in range(40)])
    await messages(database, completed=40)
    assert receiver.numbers("k") == list(range(40))
    assert all(size <= 10_000 or size > 30_000 for size in sizes)
    assert len(sizes) >= 13

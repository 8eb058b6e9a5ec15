"""The whole path as a share of the least that PostgreSQL must commit for it, in the same run and with the same batches.

The floor is a loop without a hub: no socket, no format, no translation, no key, no lane, no lease, no counter, no
compression. It writes what any durable path must: a message with its body and dedup key, by COPY and one insert; a
delivery with its body, by COPY, and the message's update; the delivery's update and the message's. Three connections do
these three steps at the same time, as the hub does, with the hub's own batch sizes, which are measured first.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from bench import breakdown
from bench.pipeline import one_round
from bench.rig import Receiver, hub, message, run_async
from hilum.message import new_id
from hilum.postgres import EmbeddedServer

ROUNDS = 3
MESSAGES = 20_000
STEPS = ("commit of receipt", "commit of routing", "commit of outcomes")

TABLES = """
CREATE TABLE message (id uuid PRIMARY KEY, seq bigserial, flow text, state smallint, key text,
    received_at timestamptz DEFAULT now());
CREATE INDEX message_work ON message (seq) WHERE state = 0;
CREATE TABLE payload (id uuid, ordinal smallint, body bytea, PRIMARY KEY (id, ordinal));
ALTER TABLE payload ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE TABLE dedup (key uuid PRIMARY KEY, message_id uuid);
CREATE TABLE delivery (message_id uuid, ordinal smallint, seq bigserial, destination text, state smallint, key text,
    PRIMARY KEY (message_id, ordinal));
CREATE INDEX delivery_work ON delivery (destination, seq) WHERE state = 0;
"""

Ids = Sequence[uuid.UUID]


async def _copy(cursor: psycopg.AsyncCursor[Any], statement: str, types: Sequence[str], rows: Any) -> None:
    async with cursor.copy(f"COPY {statement} FROM STDIN (FORMAT BINARY)".encode()) as copy:
        copy.set_types(types)
        for row in rows:
            await copy.write_row(row)


async def _receipt(connection: psycopg.AsyncConnection[Any], ids: Ids, body: bytes) -> None:
    async with connection.transaction(), connection.cursor() as cursor:
        await cursor.execute(
            "INSERT INTO dedup SELECT * FROM unnest(%s::uuid[], %s::uuid[]) ON CONFLICT DO NOTHING",
            [[uuid.uuid4() for _ in ids], list(ids)],
            binary=True,
        )
        rows = ((each, "bench", 0, f"P{each.int % 2000}") for each in ids)
        await _copy(cursor, "message (id, flow, state, key)", ("uuid", "text", "int2", "text"), rows)
        await _copy(cursor, "payload", ("uuid", "int2", "bytea"), ((each, -1, body) for each in ids))


async def _routing(connection: psycopg.AsyncConnection[Any], ids: Ids, body: bytes) -> None:
    async with connection.transaction(), connection.cursor() as cursor:
        await cursor.execute("UPDATE message SET state = 1 WHERE id = ANY(%s)", [list(ids)], binary=True)
        columns = "delivery (message_id, ordinal, destination, state, key)"
        rows = ((each, 0, "http.receiver", 0, f"P{each.int % 2000}") for each in ids)
        await _copy(cursor, columns, ("uuid", "int2", "text", "int2", "text"), rows)
        await _copy(cursor, "payload", ("uuid", "int2", "bytea"), ((each, 0, body) for each in ids))


async def _outcome(connection: psycopg.AsyncConnection[Any], ids: Ids, _: bytes) -> None:
    async with connection.transaction():
        await connection.execute("UPDATE delivery SET state = 1 WHERE message_id = ANY(%s)", [list(ids)], binary=True)
        await connection.execute("UPDATE message SET state = 2 WHERE id = ANY(%s)", [list(ids)], binary=True)


class Step:
    """One of the three: takes what the one before has committed, a batch at a time."""

    def __init__(self, url: str, work: Any, batch: int, body: bytes, following: Step | None) -> None:
        self.url, self.work, self.batch, self.body, self.following = url, work, batch, body, following
        self.queue: list[uuid.UUID] = []
        self.bell = asyncio.Event()
        self.done = 0

    def put(self, ids: Ids) -> None:
        self.queue += ids
        self.bell.set()

    async def run(self, count: int) -> None:
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            connection.prepare_threshold = 0
            while self.done < count:
                # a whole batch, unless there are no more to come
                while len(self.queue) < min(self.batch, count - self.done):
                    self.bell.clear()
                    await self.bell.wait()
                ids, self.queue = self.queue[: self.batch], self.queue[self.batch :]
                await self.work(connection, ids, self.body)
                self.done += len(ids)
                if self.following is not None:
                    self.following.put(ids)


async def floor_round(url: str, batches: Sequence[int], count: int = MESSAGES) -> float:
    """Messages a second that pass all three steps."""
    body, document = message("FLOOR-1", "P1"), b"x" * 250
    outcome = Step(url, _outcome, batches[2], b"", None)
    routing = Step(url, _routing, batches[1], document, outcome)
    receipt = Step(url, _receipt, batches[0], body, routing)
    receipt.put([new_id() for _ in range(count)])
    began = time.perf_counter()
    await asyncio.gather(*(step.run(count) for step in (receipt, routing, outcome)))
    return count / (time.perf_counter() - began)


async def measure() -> tuple[list[float], dict[str, list[float]], list[int]]:
    found = await breakdown.measure(8_000)
    batches = [max(round(found.batch(step)), 1) for step in STEPS]
    receiver = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{receiver.sockets[0].getsockname()[1]}/"
    ours: list[float] = []
    floors: dict[str, list[float]] = {"same": [], "300": []}
    with tempfile.TemporaryDirectory(prefix="hilum-floor-") as name:
        server = EmbeddedServer(Path(name))
        bare = await asyncio.to_thread(server.start)
        context = hub(http_url=url)
        running = await asyncio.to_thread(context.__enter__)
        try:
            async with await psycopg.AsyncConnection.connect(bare, autocommit=True) as connection:
                await connection.execute(TABLES)
            for _ in range(ROUNDS):
                ours.append(await one_round(running.mllp_port, MESSAGES))
                floors["same"].append(await floor_round(bare, batches))
                floors["300"].append(await floor_round(bare, (300, 300, 300)))
        finally:
            await asyncio.to_thread(context.__exit__, None, None, None)
            await asyncio.to_thread(server.stop)
            receiver.close()
    return ours, floors, batches


def run() -> list[dict[str, Any]]:
    ours, floors, batches = run_async(measure())
    rate = statistics.median(ours)
    words = {"same": f"the hub's batches ({' / '.join(map(str, batches))})", "300": "batches of 300"}
    return [
        {
            "name": f"the whole path, as a share of the unavoidable commits; {words[which]}",
            "median": rate,
            "unit": "msg/s",
            "peer": statistics.median(found),
            "peer_name": f"bare commits, {words[which]}",
            "ratio": rate / statistics.median(found),
            "target": "",
            "rounds": {"hub": ours, "floor": found},
        }
        for which, found in floors.items()
    ]


if __name__ == "__main__":
    from bench.__main__ import show

    show(run())

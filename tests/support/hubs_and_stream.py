"""Two hubs in the process of the test with a stream between them: a feed at the edge, a receiver at the centre."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from typing import Any

from hilum.connector import Receipt
from hilum.connectors import federation
from hilum.flow import Flow
from hilum.postgres import Database
from hilum.runtime import Hub
from hilum.testing import eventually
from support import servers
from support.doubles import Feed, Receiver
from support.looks import assert_sound, delivery_states, states
from support.projects import make_flow, make_project, order

StartHub = Callable[..., Awaitable[tuple[Hub, Database]]]
"""Starts a hub of these flows over a database of its own."""


@contextmanager
def several(databases: servers.Databases) -> Iterator[Callable[[], str]]:
    """As many fresh databases as are asked for."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(databases.migrated())


def starter(stack: AsyncExitStack, fresh: Callable[[], str], folder: Path) -> StartHub:
    """Hubs that are stopped when the stack is closed."""

    async def start(*flows: Flow) -> tuple[Hub, Database]:
        database = Database(fresh())
        await database.open()
        stack.push_async_callback(database.close)
        made = Hub(make_project(folder, *flows), database, roles=("listener", "worker"))
        stack.push_async_callback(made.stop)
        await made.start()
        return made, database

    return start


def edge_flow(feed: Feed, *urls: str, replicas: int = 1, window: float = 900, **more: Any) -> Flow:
    """Passes on what comes, into the stream, which recognises a repetition for `window` seconds."""
    flow = make_flow(feed, name="edge.orders", translate=federation.unchanged, **more)
    stream = {"subjects": ["edge.>"], "replicas": replicas, "duplicate_window": window}
    target = federation.forward(
        "nats.central",
        servers=urls,
        subject="edge.north.{flow}",
        stream="EDGE",
        create_stream=stream,
        answer_timeout=1,
        connect_timeout=1,
    )
    flow.deliver_to(target)
    return flow


def central_flow(receiver: Receiver, *urls: str, format: federation.Format = "json", **more: Any) -> Flow:
    """Takes it from there; neither ordering nor dedup key is declared: the edge's count."""
    source = federation.arrive(servers=urls, stream="EDGE", format=format, answer_timeout=1, connect_timeout=1)
    settings = {"name": "central.orders", "order_by": None, "dedup_by": None, **more}
    return make_flow(source, receiver, **settings)  # type: ignore[arg-type]


async def all_here(receiver: Receiver, count: int) -> None:
    """Wait until the receiver has so many."""
    await eventually(lambda: len(receiver.taken) >= count, lambda: f"{len(receiver.taken)} of {count}")


async def send_counting(feed: Feed, keys: Sequence[str], numbers: range) -> None:
    """Numbers for each key, in order; every one must be accepted by the edge."""
    for number in numbers:
        answers = await asyncio.gather(*(feed.send(order(number, key=key)) for key in keys))
        assert all(isinstance(answer, Receipt) for answer in answers), answers


async def assert_all_arrived(receiver: Receiver, keys: Sequence[str], count: int, *databases: Database) -> None:
    """So many of each key have come, once, in order; both journals are done and agree with themselves."""
    await all_here(receiver, len(keys) * count)
    for key in keys:
        assert receiver.numbers(key) == list(range(count)), key
    for database in databases:
        await eventually(lambda database=database: all_delivered(database, len(keys) * count))  # type: ignore[misc]
        await assert_sound(database)


async def all_delivered(database: Database, count: int) -> bool:
    """Are so many delivered, and their messages completed?"""
    return await delivery_states(database) == {"delivered": count} and await states(database) == {"completed": count}

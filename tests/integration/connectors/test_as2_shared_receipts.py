"""Receipts that are posted to one of several processes: all of one host listen, and whoever waits hears of it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from hilum.connectors import as2
from hilum.errors import Down
from hilum.message import Delivered
from hilum.postgres import Database
from hilum.testing import eventually
from support.as2_world import LOCAL, LatePartner, World, send, sender, serving
from support.cluster import free_port

pytestmark = pytest.mark.req("SYS-10")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("as2"))


def settings(world: World, place: str, port: int, listens: int | None = None) -> dict[str, Any]:
    at = {"receipt_url": f"http://{LOCAL}:{port}/receipts", "receipt_host": LOCAL, "receipt_port": listens or port}
    return {"url": place, **world.at_a, **at}


async def test_a_receipt_that_comes_to_another_process_is_heard_of(world: World, database: Database) -> None:
    there, here = free_port(), free_port()
    partner = LatePartner(world, f"http://{LOCAL}:{there}/receipts")
    async with (
        serving(partner.take) as place,
        sender(database, **settings(world, place, there)),
        sender(database, **settings(world, place, there, listens=here)) as waits,
    ):
        sending = asyncio.create_task(send(waits))
        await eventually(lambda: partner.names)
        assert await partner.confirm() == 200  # told to the one that did not send it
        outcome = await sending
        assert isinstance(outcome, Delivered)
        assert len(partner.names) == 1


@pytest.fixture
def elsewhere() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop of its own, as another process has."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.mark.skipif(not hasattr(socket, "SO_REUSEPORT"), reason="this system cannot share a port")
async def test_several_processes_listen_at_one_port(
    world: World, database: Database, postgres_url: str, elsewhere: asyncio.AbstractEventLoop
) -> None:
    port = free_port()
    partner = LatePartner(world, f"http://{LOCAL}:{port}/receipts")

    async def other(place: str) -> tuple[as2.Sender, Database]:
        own = Database(postgres_url)
        await own.open()
        made = as2.Sender(**settings(world, place, port))
        made.over(own)
        await made.open()
        return made, own

    async def ends(made: as2.Sender, own: Database) -> None:
        await made.close()
        await own.close()

    async with serving(partner.take) as place, sender(database, **settings(world, place, port)) as waits:
        made, own = await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(other(place), elsewhere))
        sending = asyncio.create_task(send(waits))
        await eventually(lambda: partner.names)
        assert await partner.confirm() == 200  # whichever of the two took it
        assert isinstance(await sending, Delivered)
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(ends(made, own), elsewhere))


async def test_a_port_of_another_program_is_told(world: World, database: Database) -> None:
    with socket.socket() as taken:
        taken.bind((LOCAL, 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with sender(database, **settings(world, f"http://{LOCAL}:{free_port()}/", port)) as made:
            with pytest.raises(Down, match="cannot listen"):
                await send(made)

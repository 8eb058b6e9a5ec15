"""PostgreSQL fails over to its synchronous standby under load: what was acknowledged is there, and all goes on."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from hilum.connector import Receipt
from hilum.errors import DatabaseUnavailable
from hilum.postgres import Database
from hilum.runtime import Hub
from hilum.testing import eventually
from support.cluster import Cluster, Node, cluster
from support.doubles import Feed, Receiver
from support.looks import assert_sound, rows
from support.projects import make_flow, make_project, order
from support.rig import assert_all_completed, rig
from support.waits import messages


@pytest.fixture(scope="module")
def servers() -> Iterator[Cluster]:
    """A primary and a synchronous standby for the tests that leave both alive."""
    with cluster() as made:
        yield made


@pytest.fixture
def doomed() -> Iterator[Cluster]:
    """The same, for one test alone."""
    with cluster() as made:
        yield made


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def hub_over(url: str, folder: Path) -> AsyncIterator[tuple[Database, Feed, Receiver]]:
    """A hub in this process."""
    feed, receiver = Feed(), Receiver()
    async with opened(url) as database:
        hub = Hub(make_project(folder, make_flow(feed, receiver)), database, roles=("listener", "worker"))
        await hub.start()
        try:
            yield database, feed, receiver
        finally:
            await hub.stop()


def url_of(*nodes: Node) -> str:
    return "postgresql://postgres@" + ",".join(f"127.0.0.1:{node.port}" for node in nodes) + "/postgres"


@pytest.mark.req("MSG-1")
@pytest.mark.req("MSG-4")
@pytest.mark.req("RES-2")
async def test_a_primary_that_is_killed_is_followed_by_its_standby(doomed: Cluster, tmp_path: Path) -> None:
    async with hub_over(doomed.url, tmp_path) as (database, feed, receiver):
        accepted: list[int] = []
        refused: list[Exception] = []
        stopping = asyncio.Event()

        async def send() -> None:
            while not stopping.is_set():
                answer = await feed.send(order(len(accepted)))
                if isinstance(answer, Receipt):
                    accepted.append(len(accepted))
                else:
                    refused.append(answer)

        sending = asyncio.create_task(send())
        await eventually(lambda: len(receiver.taken) > 20)
        doomed.primary.kill()
        await eventually(lambda: bool(refused))
        before = len(accepted)
        await asyncio.to_thread(doomed.standby.promote)
        await eventually(lambda: len(accepted) > before + 20, lambda: f"{len(accepted) - before} more")
        stopping.set()
        await sending
        assert {type(each) for each in refused} == {DatabaseUnavailable}, "senders were told to come again"
        await messages(database, completed=len(accepted))
        assert receiver.numbers("k") == accepted, "nothing acknowledged is lost, nothing has two effects"
        await assert_sound(database)


@pytest.mark.req("MSG-1")
@pytest.mark.req("RES-2")
async def test_a_commit_that_no_standby_confirmed_is_not_acknowledged(servers: Cluster, tmp_path: Path) -> None:
    """A person, or a tool, ends the wait for the standby: PostgreSQL then says that it committed, and only warns."""
    async with hub_over(servers.url, tmp_path) as (database, feed, receiver):
        await feed.send_all([order(0)])
        await messages(database, completed=1)
        copying = [each for each in _processes(servers.standby) if "walreceiver" in "".join(each.cmdline())]
        assert len(copying) == 1
        copying[0].send_signal(signal.SIGSTOP)
        try:
            answer = feed.offer(order(1))
            waiting = (
                "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query LIKE '%INSERT INTO dedup%'"
            )
            await eventually(lambda: bool(servers.primary.execute(waiting)))
            assert not answer.done()
            servers.primary.execute(waiting.replace("SELECT pid", "SELECT pg_cancel_backend(pid)", 1))
            assert isinstance(await answer, DatabaseUnavailable)
        finally:
            copying[0].send_signal(signal.SIGCONT)

        async def accepted() -> bool:
            return isinstance(await feed.send(order(1)), Receipt)

        await eventually(accepted)
        await messages(database, completed=2)
        assert receiver.numbers("k") == [0, 1]


def _processes(node: Node) -> list[psutil.Process]:
    server = psutil.Process(int((node.data / "postmaster.pid").read_text().split()[0]))
    return server.children(recursive=True)


@pytest.mark.req("RES-2")
async def test_of_several_servers_the_one_that_can_be_written_to_is_used(servers: Cluster) -> None:
    async with opened(url_of(servers.standby, servers.primary)) as database:
        assert await rows(database, "SELECT pg_is_in_recovery()") == [(False,)]
        async with database.hot() as connection:
            assert (await (await connection.execute("SHOW transaction_read_only")).fetchone()) == ("off",)


@pytest.mark.req("RES-2")
async def test_a_standby_alone_is_told_as_what_it_is(servers: Cluster) -> None:
    with pytest.raises(DatabaseUnavailable, match="read only: it is a standby"):
        async with opened(url_of(servers.standby)):
            raise AssertionError("unreachable")


@pytest.mark.req("RES-2")
async def test_connections_to_a_server_that_became_read_only_are_not_used_again(servers: Cluster) -> None:
    async with opened(servers.url) as database:
        async with database.cold() as connection:
            await connection.execute("CREATE TABLE IF NOT EXISTS written (at int)")
        servers.primary.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        servers.primary.execute("SELECT pg_reload_conf()")

        async def write() -> bool:
            try:
                async with database.hot() as connection:
                    await connection.execute("INSERT INTO written VALUES (1)")
            except DatabaseUnavailable as error:
                assert "read only" in str(error) or "available" in str(error)
                await database.revive()
                return False
            return True

        async def refused() -> bool:
            return not await write()

        try:
            await eventually(refused)
        finally:
            servers.primary.execute("ALTER SYSTEM RESET default_transaction_read_only")
            servers.primary.execute("SELECT pg_reload_conf()")
        await eventually(write)


@pytest.mark.long
@pytest.mark.req("RES-1")
@pytest.mark.req("RES-2")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("attempt", range(3))
async def test_hub_processes_go_on_after_a_failover_under_load(tmp_path: Path, attempt: int) -> None:
    with cluster() as made:
        async with rig(tmp_path, made.url) as it:
            await it.acknowledged_more(200 + 50 * attempt)
            made.primary.kill()
            failed = it.load.refused + it.load.unanswered
            before = it.load.total
            await eventually(lambda: it.load.refused + it.load.unanswered > failed)
            assert it.load.total <= before + 6, "acknowledged although there was no primary"
            await asyncio.to_thread(made.standby.promote)
            await it.acknowledged_more(200)
            await it.all_arrived()
            await assert_all_completed(made.url, it.load.total)

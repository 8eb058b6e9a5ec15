"""The database is killed, stopped, or full, under load: nothing is acknowledged that it does not have; all goes on."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from hilum.postgres import EmbeddedServer
from hilum.testing import eventually
from support.rig import assert_all_completed, rig
from support.serving import HubProcess, write_project


def postmaster(data: Path) -> psutil.Process:
    """The server process of an embedded database."""
    return psutil.Process(int((data / "postgres" / "postmaster.pid").read_text().split()[0]))


@pytest.mark.req("MSG-1")
@pytest.mark.req("RES-1")
@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("whole", "times"),
    [
        pytest.param(True, 1, id="all processes"),
        pytest.param(True, 3, id="all processes, thrice", marks=pytest.mark.long),
        pytest.param(False, 1, id="the postmaster only"),
    ],
)
async def test_an_embedded_database_that_is_killed_is_started_again(tmp_path: Path, whole: bool, times: int) -> None:
    """With the settings of production: fsync is on."""
    async with rig(tmp_path) as it:
        data = tmp_path / "hub" / ".hilum"
        for _ in range(times):
            await it.acknowledged_more(20)
            await asyncio.sleep(random.uniform(0, 0.1))
            server = postmaster(data)
            victims = [*server.children(recursive=True), server] if whole else [server]
            for victim in victims:
                with suppress(psutil.NoSuchProcess):  # a connection that has just ended by itself
                    victim.kill()
            await it.acknowledged_more(20)
            await it.arrived_more(20)
        await it.all_arrived()
        again = EmbeddedServer(data)
        await assert_all_completed(await asyncio.to_thread(again.start), it.load.total)
        again.stop()
    assert not psutil.pid_exists(server.pid) or server.status() == psutil.STATUS_ZOMBIE


@pytest.mark.req("RES-1")
@pytest.mark.timeout(120)
async def test_a_database_of_the_operator_may_be_stopped_and_started(tmp_path: Path) -> None:
    outside = EmbeddedServer(tmp_path / "outside")  # to the hub it is a URL like any other
    url = outside.start()
    try:
        async with rig(tmp_path, url) as it:
            await it.acknowledged_more(20)
            await asyncio.to_thread(outside.stop)  # no other process uses it: this is an orderly shutdown
            before = it.load.total
            failed = it.load.refused + it.load.unanswered
            await eventually(lambda: it.load.refused + it.load.unanswered > failed)
            # one answer for each of the six connections may have been on its way
            assert it.load.total <= before + 6, "acknowledged although the database was away"
            assert await asyncio.to_thread(outside.start) == url
            await it.acknowledged_more(20)
            await it.arrived_more(20)
            await it.all_arrived()
            await assert_all_completed(url, it.load.total)
    finally:
        outside.stop()


@pytest.mark.req("RES-1")
@pytest.mark.timeout(120)
async def test_a_hub_waits_at_its_start_for_a_database_that_is_not_there_yet(tmp_path: Path) -> None:
    outside = EmbeddedServer(tmp_path / "outside")
    url = outside.start()
    await asyncio.to_thread(outside.stop)
    hub = HubProcess(write_project(tmp_path / "hub", "http://127.0.0.1:1/in"), url)
    starting = asyncio.create_task(hub.start())
    try:
        await eventually(lambda: any("Waiting for it, up to 60 seconds" in line for line in hub.output))
        assert not starting.done()
        await asyncio.to_thread(outside.start)
        await starting
        assert await hub.stop() == 0
    finally:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        outside.stop()


@pytest.mark.req("RES-1")
@pytest.mark.timeout(120)
@pytest.mark.parametrize("stopped", [False, True], ids=["in vain", "until it is told to stop"])
async def test_a_hub_whose_database_does_not_come_ends_by_itself(tmp_path: Path, stopped: bool) -> None:
    project = write_project(tmp_path / "hub", "http://127.0.0.1:1/in")
    seconds = 60 if stopped else 1
    (project / "hilum.toml").write_text(
        f"[hub]\ndatabase_wait_seconds = {seconds}\n" + (project / "hilum.toml").read_text()
    )
    hub = HubProcess(project, "postgresql://u@127.0.0.1:1/x")
    starting = asyncio.create_task(hub.start())
    await eventually(lambda: any("Waiting for it" in line for line in hub.output))
    code = await hub.stop() if stopped else await hub.ended()
    with suppress(AssertionError):  # it did not come up, as this test wants it
        await starting
    assert (code == 0) == stopped
    assert stopped or "The database is not available" in "".join(hub.output)


_FULL = """
CREATE FUNCTION hilum.no_space() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON hilum.{table} FOR EACH STATEMENT EXECUTE FUNCTION hilum.no_space();
"""


@pytest.mark.req("MSG-11")
@pytest.mark.req("RES-1")
@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "table",
    [
        "payload",
        "delivery",
        pytest.param("message", marks=pytest.mark.long),
        pytest.param("tally", marks=pytest.mark.long),
    ],
)
async def test_a_full_disk_refuses_what_cannot_be_kept(tmp_path: Path, postgres_url: str, table: str) -> None:
    """The database answers as PostgreSQL does when a file cannot be extended (SQLSTATE 53100)."""
    async with rig(tmp_path, postgres_url) as it:
        await it.acknowledged_more(20)
        async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as admin:
            await admin.execute(_FULL.format(table=table).encode())
            if table != "delivery":  # only receipt writes to the others before it acknowledges
                refused, total = it.load.refused, it.load.total
                await eventually(lambda: it.load.refused > refused + 5)
                assert it.load.total <= total + 6, "acknowledged although nothing could be written"
            else:
                await it.acknowledged_more(20)
            await admin.execute(f"DROP TRIGGER full_disk ON hilum.{table}".encode())
        await it.acknowledged_more(20)
        await it.all_arrived()
        await assert_all_completed(postgres_url, it.load.total)

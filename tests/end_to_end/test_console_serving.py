"""The console inside the hub's own loop: it starts, stops with the hub, and can be started again."""

from __future__ import annotations

import asyncio
import socket

import aiohttp
import httpx
import pytest

from hilum.console import Context, serve_console
from hilum.errors import SettingsError
from hilum.observe import Telemetry
from hilum.postgres import Database
from hilum.security import Role, create_user
from hilum.settings import TelemetrySettings

PASSWORD = "four small grey boats"


async def started(
    database: Database, stop: asyncio.Event, telemetry: Telemetry | None = None
) -> tuple[asyncio.Task[None], str]:
    """The console's task and its address."""
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    context = Context(database=database, hub="test", telemetry=telemetry)
    task = asyncio.create_task(serve_console(context, "127.0.0.1", 0, stop, ready=address.set_result))
    return task, await asyncio.wait_for(address, 20)


async def test_it_ends_with_the_hub_although_a_live_page_is_open_and_starts_again(database: Database) -> None:
    async with database.transaction() as connection:
        await create_user(connection, "ada", PASSWORD, Role.ADMIN, created_by="test")
    for _ in range(2):
        stop = asyncio.Event()
        task, address = await started(database, stop)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            async with session.post(f"{address}/login", data={"name": "ada", "password": PASSWORD}) as answer:
                assert answer.status == 200
                assert "Nothing is stuck." in await answer.text()
            live = await session.ws_connect(f"{address}/_nicegui_ws/socket.io/?EIO=4&transport=websocket")
            assert (await live.receive()).type is aiohttp.WSMsgType.TEXT
            stop.set()
            await asyncio.wait_for(task, 15)
            while not live.closed:
                await live.receive()
        with pytest.raises(httpx.ConnectError):
            async with httpx.AsyncClient() as client:
                await client.get(f"{address}/healthz")


async def test_a_taken_port_is_said_with_what_to_do(database: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=r"\[console\] port"):
            await serve_console(Context(database=database, hub="test"), "127.0.0.1", port, asyncio.Event())


async def test_health_says_that_the_database_is_away(database: Database) -> None:
    stop = asyncio.Event()
    away = Database("postgresql://nobody@127.0.0.1:9/none")
    task, address = await started(away, stop)
    async with httpx.AsyncClient(base_url=address) as client:
        answer = await client.get("/healthz")
        assert (answer.status_code, answer.json()["status"]) == (503, "down")
        page = await client.get("/login")
        assert page.status_code == 200
        refused = await client.get("/", headers={"cookie": "hilum_session=sometoken"})
        assert refused.status_code == 503
        assert "The database does not answer" in refused.text
    stop.set()
    await asyncio.wait_for(task, 15)
    await away.close()


@pytest.mark.req("OBS-1")
async def test_machines_need_no_login_for_metrics_and_health(database: Database) -> None:
    stop = asyncio.Event()
    task, address = await started(database, stop, Telemetry(TelemetrySettings()))
    async with httpx.AsyncClient(base_url=address) as client:
        await client.post("/login", data={"name": "nobody", "password": "wrong"})
        answer = await client.get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=")
        assert 'hilum_auth_failures_total{where="console"} 1.0' in answer.text
        assert (await client.get("/metrics", headers={"x-forwarded-for": "203.0.113.7"})).status_code == 403
        assert (await client.get("/health/live")).json() == {"status": "alive"}
        starting = await client.get("/health/ready")
        assert (starting.status_code, starting.json()["status"]) == (503, "not ready")
        assert (await client.post("/metrics")).status_code == 404
    stop.set()
    await asyncio.wait_for(task, 15)

"""The sandbox breaks on demand: what is done, what is not, and what the client sees."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from hilum.simulator.odoo import FaultKind, Faults, SandboxOdoo

pytestmark = pytest.mark.req("UX-5")
Post = Callable[..., Awaitable[httpx.Response]]
NEW = {"vals_list": {"name": "Theatre Supplies"}}


def partners(sandbox: SandboxOdoo) -> list[str]:
    return [row["name"] for row in sandbox.records("res.partner") if row["name"] == "Theatre Supplies"]


@pytest.mark.parametrize(
    ("kind", "status"), [(FaultKind.UNAVAILABLE, 503), (FaultKind.BAD_GATEWAY, 502), (FaultKind.HTML, 200)]
)
async def test_error_pages_do_nothing(sandbox: SandboxOdoo, post: Post, kind: FaultKind, status: int) -> None:
    sandbox.faults.add(kind, times=1)
    reply = await post("res.partner/create", **NEW)
    assert reply.status_code == status
    assert reply.headers["content-type"].startswith("text/html")
    assert partners(sandbox) == []
    assert (await post("res.partner/create", **NEW)).status_code == 200


async def test_serialization_failure_keeps_nothing(sandbox: SandboxOdoo, post: Post) -> None:
    sandbox.faults.add(FaultKind.SERIALIZATION, times=1)
    reply = await post("res.partner/create", **NEW)
    assert reply.status_code == 500
    assert reply.json()["name"] == "psycopg2.errors.SerializationFailure"
    assert partners(sandbox) == []


async def test_lost_reply_is_committed(sandbox: SandboxOdoo, post: Post) -> None:
    sandbox.faults.add(FaultKind.LOST_REPLY, times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        await post("res.partner/create", **NEW)
    assert partners(sandbox) == ["Theatre Supplies"]


async def test_server_goes_on_when_the_client_gives_up(sandbox: SandboxOdoo, http: httpx.AsyncClient) -> None:
    """Measured facts §2: a client that times out and hangs up does not stop the call; it is committed."""
    sandbox.faults.add(FaultKind.SLOW_COMMIT, ms=300, times=1)
    headers = {"Authorization": f"bearer {sandbox.api_key}"}
    url = f"{sandbox.url}/json/2/res.partner/create"
    with pytest.raises(httpx.ReadTimeout):
        await http.post(url, json=NEW, headers=headers, timeout=httpx.Timeout(5.0, read=0.05))
    while not partners(sandbox):
        await asyncio.sleep(0.01)


async def test_a_slow_commit_has_the_date_of_its_start(
    sandbox: SandboxOdoo, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = timedelta()
    monkeypatch.setattr(sandbox.engine, "clock", lambda: datetime.now(UTC) + ahead)
    fault = sandbox.faults.add(FaultKind.SLOW_COMMIT, ms=50, times=1)
    slow = asyncio.ensure_future(post("res.partner/create", **NEW))
    while fault.times:
        await asyncio.sleep(0.005)
    ahead = timedelta(hours=2)
    assert (await slow).status_code == 200
    [written] = [row["write_date"] for row in sandbox.records("res.partner") if row["name"] == "Theatre Supplies"]
    assert written < f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%d %H:%M:%S}"


async def test_close_does_nothing(sandbox: SandboxOdoo, post: Post) -> None:
    sandbox.faults.add(FaultKind.CLOSE, times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        await post("res.partner/create", **NEW)
    assert partners(sandbox) == []


async def test_hang_until_released(sandbox: SandboxOdoo, post: Post) -> None:
    fault = sandbox.faults.add(FaultKind.HANG, times=1)
    hanging = asyncio.ensure_future(post("res.partner/create", **NEW))
    while fault.times:
        await asyncio.sleep(0.005)
    assert (await post("res.partner/search_count", domain=[])).status_code == 200
    assert not hanging.done()
    sandbox.faults.release()
    with pytest.raises(httpx.RemoteProtocolError):
        await hanging
    assert partners(sandbox) == []


async def test_down_refuses_login_and_version_too(sandbox: SandboxOdoo, http: httpx.AsyncClient) -> None:
    sandbox.faults.add("down")
    version = await http.get(f"{sandbox.url}/json/version")
    body = {"params": {"service": "common", "method": "version", "args": []}}
    login = await http.post(f"{sandbox.url}/jsonrpc", json=body)
    assert (version.status_code, login.status_code) == (503, 503)
    sandbox.faults.clear()
    assert (await http.get(f"{sandbox.url}/json/version")).status_code == 200


async def test_latency_delays_and_still_does(sandbox: SandboxOdoo, post: Post) -> None:
    fault = sandbox.faults.add(FaultKind.LATENCY, ms=30, times=1)
    assert (await post("res.partner/create", **NEW)).status_code == 200
    assert fault.times == 0


async def test_fault_of_one_method_only(sandbox: SandboxOdoo, post: Post) -> None:
    sandbox.faults.add(FaultKind.UNAVAILABLE, model="res.partner", method="create")
    assert (await post("res.partner/search_count", domain=[])).status_code == 200
    assert (await post("res.country/search_count", domain=[])).status_code == 200
    assert (await post("res.partner/create", **NEW)).status_code == 503


def test_share_of_calls_repeats_from_seed_to_seed() -> None:
    def hits(seed: int) -> list[bool]:
        faults = Faults(seed=seed)
        faults.add("503", probability=0.3)
        return [bool(faults.draw("res.partner", "create")) for _ in range(1000)]

    assert hits(1) == hits(1)
    assert hits(1) != hits(2)
    assert 200 < sum(hits(1)) < 400


async def test_set_and_read_over_http(sandbox: SandboxOdoo, http: httpx.AsyncClient, post: Post) -> None:
    url = f"{sandbox.url}/sandbox/faults"
    put = await http.put(url, json=[{"kind": "503", "times": 1, "model": "res.partner"}])
    assert put.status_code == 200
    assert (await http.get(url)).json()[0] | {} == {
        "kind": "503",
        "probability": 1.0,
        "times": 1,
        "ms": 0,
        "model": "res.partner",
        "method": None,
    }
    assert (await post("res.partner/search", domain=[])).status_code == 503
    assert (await http.get(url)).json() == []


@pytest.mark.parametrize("wrong", [[{"kind": "meteor"}], [{"kind": "503", "probability": 2}], [{"colour": 1}], {}, [1]])
async def test_wrong_faults_change_nothing(sandbox: SandboxOdoo, http: httpx.AsyncClient, wrong: object) -> None:
    sandbox.faults.add("latency", ms=1)
    reply = await http.put(f"{sandbox.url}/sandbox/faults", json=wrong)
    assert reply.status_code == 400
    assert reply.json()["error"]
    assert [fault["kind"] for fault in sandbox.faults.to_json()] == ["latency"]

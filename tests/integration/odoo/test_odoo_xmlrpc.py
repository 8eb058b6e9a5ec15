"""XML-RPC, where a proxy lets nothing else through: the same effects, and nothing else is tried."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from odoo_far_side import FarSide, World, deliveries

from hilum.connectors.odoo import Odoo
from hilum.connectors.odoo.faults import Refusal
from hilum.errors import Down, Rejected, SettingsError, Unsure
from hilum.message import Delivered
from hilum.simulator.odoo import FaultKind, SandboxOdoo
from hilum.simulator.odoo.orm.versions import VERSIONS

pytestmark = pytest.mark.req("SYS-2")


@dataclass
class Strict:
    """A proxy that passes only POST to /xmlrpc/2/*."""

    url: str = ""
    refused: list[str] = field(default_factory=list)


@pytest.fixture(params=VERSIONS)
async def box(request: pytest.FixtureRequest) -> AsyncIterator[SandboxOdoo]:
    async with SandboxOdoo(request.param) as running:
        yield running


@pytest.fixture
async def strict(box: SandboxOdoo) -> AsyncIterator[Strict]:
    proxy = Strict()

    async def pass_on(request: web.Request) -> web.Response:
        if request.method != "POST" or not request.path.startswith("/xmlrpc/2/"):
            proxy.refused.append(request.path)
            return web.Response(status=403, text="<html>Not allowed</html>", content_type="text/html")
        async with session.post(f"{box.url}{request.path}", data=await request.read()) as reply:
            return web.Response(status=reply.status, body=await reply.read(), content_type=reply.content_type)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", pass_on)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession() as session:
        yield proxy
        await runner.cleanup()


def settings(box: SandboxOdoo, url: str) -> dict[str, str]:
    return {"url": url, "api_key": box.api_key, "database": box.database, "login": box.login}


async def test_through_a_proxy_that_passes_nothing_else(box: SandboxOdoo, strict: Strict) -> None:
    hub = Odoo(protocol="xmlrpc", **settings(box, strict.url))
    await hub.open()
    assert "by xmlrpc" in await hub.check()
    world = World(FarSide(box, "xmlrpc", None))
    await world.plant(hub)
    things = [world.order(), world.use("2"), world.charge()]
    for _ in range(2):
        outcomes = await hub.deliver(deliveries(things))
        assert all(isinstance(each, Delivered) for each in outcomes), outcomes
    (order,) = [row for row in box.records("purchase.order") if row["origin"] == things[0].business_key]
    assert order["state"] == "purchase"
    assert strict.refused == []
    await hub.close()


@pytest.mark.parametrize("box", ["18.0"], indirect=True)
async def test_it_is_never_chosen_by_itself(box: SandboxOdoo, strict: Strict) -> None:
    hub = Odoo(**settings(box, strict.url))
    await hub.open()
    with pytest.raises(Down, match="proxy"):
        await hub.check()
    await hub.close()
    with pytest.raises(SettingsError, match="needed for XML-RPC"):
        await Odoo(url=box.url, api_key=box.api_key, protocol="xmlrpc").open()


@pytest.mark.parametrize("box", ["18.0", "19.0"], indirect=True)
async def test_what_returns_nothing_is_done_and_what_cannot_be_said_is_refused(box: SandboxOdoo) -> None:
    far = FarSide(box, "xmlrpc", None)
    hub, world, _ = await far.stage()
    client = (await hub._connected()).client
    (outcome,) = await hub.deliver(deliveries([world.order()]))
    assert isinstance(outcome, Delivered)
    (order,) = [row for row in box.records("purchase.order") if row["origin"]]
    assert await client.call("purchase.order", "button_cancel", [order["id"]]) is None
    (row,) = await client.read("purchase.order", [order["id"]], ["state"])
    assert row["state"] == "cancel"
    assert list((await client.external_ids("purchase.order", [order["id"]])).values()) != []
    with pytest.raises(Refusal, match="XML-RPC cannot carry"):
        await client.write("purchase.order", [order["id"]], {"partner_ref": "a\x0bb"})
    with pytest.raises(Rejected):
        await client.call("purchase.order", "no_such_method", [order["id"]])
    await far.close()


@pytest.mark.parametrize("box", ["18.0"], indirect=True)
async def test_a_lost_answer_is_unsure(box: SandboxOdoo) -> None:
    far = FarSide(box, "xmlrpc", None)
    hub, world, _ = await far.stage()
    box.faults.add(FaultKind.LOST_REPLY, times=1, method="load")
    things = deliveries([world.account.model_copy(update={"number": far.name("NEW")})])
    (outcome,) = await hub.deliver(things)
    assert isinstance(outcome, Unsure)
    (outcome,) = await hub.deliver(things)
    assert isinstance(outcome, Delivered)
    assert len([row for row in box.records("res.partner") if str(row["ref"]).startswith(far.name("NEW"))]) == 1
    await far.close()

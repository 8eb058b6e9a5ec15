"""An Odoo to deliver to: 19 by JSON-2, 19 to 16 by JSON-RPC and by XML-RPC; or the real server of the environment.

By default a test runs on 19 by JSON-2 and on 18 by JSON-RPC: each of these versions and protocols once. The tests
marked `every_odoo` run on all versions, and by XML-RPC on 18; the others do so only in the long run. Those marked
`one_odoo` go through every call of every operation, for what does not depend on the way: by default on 19 only.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from odoo_far_side import FarSide, NthCall, World

from hilum.connectors.odoo import Odoo
from hilum.simulator.odoo import SandboxOdoo
from support.odoo_named import NamedOdoo, is_named

SANDBOXES = [
    pytest.param(("19.0", "json2"), id="19-json2", marks=pytest.mark.req("SYS-1")),
    pytest.param(("19.0", "jsonrpc"), id="19-jsonrpc", marks=pytest.mark.req("SYS-1")),
    pytest.param(("18.0", "jsonrpc"), id="18-jsonrpc", marks=pytest.mark.req("SYS-2")),
    pytest.param(("17.0", "jsonrpc"), id="17-jsonrpc", marks=pytest.mark.req("SYS-2")),
    pytest.param(("16.0", "jsonrpc"), id="16-jsonrpc", marks=pytest.mark.req("SYS-2")),
    pytest.param(("19.0", "xmlrpc"), id="19-xmlrpc", marks=[pytest.mark.req("SYS-2"), pytest.mark.long]),
    pytest.param(("18.0", "xmlrpc"), id="18-xmlrpc", marks=pytest.mark.req("SYS-2")),
    pytest.param(("17.0", "xmlrpc"), id="17-xmlrpc", marks=[pytest.mark.req("SYS-2"), pytest.mark.long]),
    pytest.param(("16.0", "xmlrpc"), id="16-xmlrpc", marks=[pytest.mark.req("SYS-2"), pytest.mark.long]),
]
FIRST = {("19.0", "json2")}
USUAL = {*FIRST, ("18.0", "jsonrpc")}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Before the default run takes the long ones out."""
    here = Path(__file__).parent
    for item in items:
        params = item.callspec.params if here in item.path.parents and hasattr(item, "callspec") else {}
        asked = {tuple(params[name]) for name in ("far", "sandboxed") if name in params}
        usual = FIRST if item.get_closest_marker("one_odoo") else USUAL
        if asked - usual - {("real", "auto")} and not item.get_closest_marker("every_odoo"):
            item.add_marker(pytest.mark.long)


async def sandbox(version: str, protocol: str) -> AsyncIterator[FarSide]:
    faults = NthCall()
    async with SandboxOdoo(version=version, faults=faults) as box:
        side = FarSide(box, protocol, faults)
        yield side
        await side.close()


@pytest.fixture(params=SANDBOXES)
async def sandboxed(request: pytest.FixtureRequest) -> AsyncIterator[FarSide]:
    """A sandbox, for tests that need faults or a set-up of their own."""
    async for side in sandbox(*request.param):
        yield side


@pytest.fixture(params=[pytest.param(("real", "auto"), id="real")] if is_named() else SANDBOXES)
async def far(request: pytest.FixtureRequest) -> AsyncIterator[FarSide]:
    """A sandbox, or the real server."""
    if request.param[0] != "real":
        async for side in sandbox(*request.param):
            yield side
        return
    async with NamedOdoo.of_environment() as named:
        side = FarSide(None, named.protocol, None, named=named)
        yield side
        await side.close()


@pytest.fixture
async def hub(far: FarSide) -> Odoo:
    """The connector, open."""
    return await far.open()


@pytest.fixture
async def world(far: FarSide, hub: Odoo) -> World:
    """Master data that is already in Odoo."""
    made = World(far)
    await made.plant(hub)
    return made

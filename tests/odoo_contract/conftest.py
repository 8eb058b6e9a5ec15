"""One server per test: the sandbox in nine forms, or the real server that the environment names.

What 16 and 17 do is documented, not measured: the tests marked `every_odoo` run on them by default, the others only in
the long run. So it is with XML-RPC, on 18.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from contract_client import Server, SteppedClock
from odoo_far_side import FarSide

from hilum.simulator.odoo import SandboxOdoo
from support.odoo_door import OdooDoor
from support.odoo_named import NamedOdoo, is_named

REAL = "real server"
DOCUMENTED = ["17 by JSON-RPC", "16 by JSON-RPC"]
XML = ["18 by XML-RPC", "19 by XML-RPC", "17 by XML-RPC", "16 by XML-RPC"]
PROTOCOLS = {"JSON-2": "json2", "JSON-RPC": "jsonrpc", "XML-RPC": "xmlrpc"}
BY_HUB = ["19 by JSON-2", "18 by JSON-RPC"]  # where a whole hub delivers by default
SELDOM = {*DOCUMENTED, "19 by JSON-RPC", "18 by XML-RPC"}  # by default only where a test asks for every Odoo
TARGETS = [REAL] if is_named() else ["19 by JSON-2", "19 by JSON-RPC", "18 by JSON-RPC", *DOCUMENTED, *XML]
TIMEOUT = 30.0  # seconds


ONLY = {"json2": "JSON-2", "odoo_18": "18 by", "odoo_19": "19 by"}  # fixture → the targets it is about


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test on each target that its fixture is about."""
    if "odoo" in metafunc.fixturenames:
        few = [REAL, *BY_HUB] if "two_targets" in metafunc.fixturenames else TARGETS
        wanted = next((ONLY[name] for name in ONLY if name in metafunc.fixturenames), "")
        by_default = metafunc.definition.get_closest_marker("every_odoo") is not None
        seldom = set(TARGETS[:-1]) - {*BY_HUB} if "far" in metafunc.fixturenames else SELDOM
        targets = [
            pytest.param(target, marks=_marks(target, seldom, by_default=by_default))
            for target in TARGETS
            if (wanted in target and target in few) or target == REAL
        ]
        metafunc.parametrize("odoo", targets, indirect=True)


def _marks(target: str, seldom: set[str], *, by_default: bool) -> list[pytest.MarkDecorator]:
    long = (target in seldom and not by_default) or target in XML[1:]
    return [pytest.mark.long] if long and target != REAL else []


@pytest.fixture
def two_targets() -> None:
    """For a test that starts many processes: 19 by JSON-2 and 18 by JSON-RPC, or the real server, and no other."""


@pytest.fixture
def json2(odoo: Server) -> Server:
    """A server that speaks JSON-2."""
    if not odoo.json2:
        pytest.skip("a fact of JSON-2, which this server does not speak")
    return odoo


@pytest.fixture
def odoo_18(odoo: Server) -> Server:
    """A server of version 18."""
    if odoo.version != "18.0":
        pytest.skip("a fact of 18")
    return odoo


@pytest.fixture
def odoo_19(odoo: Server) -> Server:
    """A server of version 19."""
    if not odoo.is_19:
        pytest.skip("a fact of 19")
    return odoo


@pytest.fixture
async def odoo(request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    """The server under test, logged in."""
    # loading the certificates costs more than a test; the sandbox is plain HTTP
    async with httpx.AsyncClient(timeout=TIMEOUT, verify=request.param == REAL) as http:
        if request.param == REAL:
            yield await _real(http)
            return
        number, _, protocol = request.param.partition(" by ")
        clock = SteppedClock()
        async with SandboxOdoo(f"{number}.0", clock=clock) as sandbox:
            server = Server(
                clock=clock,
                url=sandbox.url,
                database=sandbox.database,
                login=sandbox.login,
                key=sandbox.api_key,
                version=sandbox.version,
                protocol=PROTOCOLS[protocol],
                http=http,
                sandbox=sandbox,
            )
            server.uid = (await server.post_rpc("common", "authenticate", *_login(server), {}))["result"]
            yield server


def _login(server: Server) -> tuple[str, str, str]:
    return server.database, server.login, server.key


async def _real(http: httpx.AsyncClient) -> Server:
    """The named server; JSON-2 where it answers that, JSON-RPC else."""
    async with NamedOdoo.of_environment() as named:
        server = Server(
            url=named.url,
            database=named.database,
            login=named.login,
            key=named.key,
            version=named.facts.version,
            protocol=named.protocol,
            http=http,
            uid=named.facts.uid,
            lacks_books=named.facts.lacks_books,
            bank=named.facts.bank,
        )
        assert server.is_19 is ((await http.get(f"{named.url}/json/version")).status_code == 200)
    return server


@pytest.fixture
async def far(odoo: Server) -> AsyncIterator[FarSide]:
    """The same server as a hub sees it: through a door that does harm on demand."""
    async with OdooDoor(odoo.url) as door:
        if odoo.sandbox is not None:
            side = FarSide(odoo.sandbox, odoo.protocol, None, door=door)
            yield side
            await side.close()
            return
        async with NamedOdoo.of_environment() as named:
            side = FarSide(None, odoo.protocol, None, named=named, door=door)
            yield side
            await side.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here proves that the hub's view of Odoo is right, for both protocols, on the sandbox."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            for capability in ("SYS-1", "SYS-2", "UX-5"):
                item.add_marker(pytest.mark.req(capability))

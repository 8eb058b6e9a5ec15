"""The Odoo destination keeps the promises of every destination, over all protocols, asked of a sandbox's store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from bench_messages import some_delivery
from destination_benches import ProxyFaults

from hilum.connector import Destination
from hilum.connectors import odoo
from hilum.message import Delivery
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import CutProxy, DeduplicatingSuite, DestinationSuite, WireSuite

MOST = 40  # no test of the suites delivers more
# Seconds after which a lost answer is given up; an answer that comes takes milliseconds. Nothing is asserted about it.
ANSWER_TIMEOUT = 1.0

TARGET = odoo.upsert(
    "far-side",
    "res.partner",
    columns=["name", "country_id"],
    # found by name: Odoo quotes the name when it does not know the country
    fields=lambda number: {"name": f"Partner {number}", "country_id": f"secret-{number}"},
    key=lambda number: f"P{number}",
)


class OdooBench(ProxyFaults):
    """A sandbox Odoo behind a proxy. What has arrived is what stands in its store under the hub's identifiers."""

    def __init__(self, version: str, protocol: str) -> None:
        self.sandbox = SandboxOdoo(version=version)
        self.protocol = protocol

    async def start(self) -> None:
        await self.sandbox.start()
        self.proxy = CutProxy(int(self.sandbox.url.rpartition(":")[2]))
        await self.proxy.start()
        names = [f"secret-{number}" for number in range(1, MOST)]
        self.sandbox.change(
            lambda env: [env["res.country"].create({"name": name, "code": f"{n:02}"}) for n, name in enumerate(names)]
        )

    async def close(self) -> None:
        await self.restore()
        await self.proxy.stop()
        await self.sandbox.stop()

    def destination(self) -> Destination:
        box = self.sandbox
        settings: dict[str, Any] = {"database": box.database, "login": box.login, "api_key": box.api_key}
        settings |= {"url": f"http://127.0.0.1:{self.proxy.port}", "protocol": self.protocol}
        return odoo.Odoo(timeout=ANSWER_TIMEOUT, short_timeout=True, **settings)

    def delivery(self, number: int) -> Delivery:
        outgoing = TARGET.encode(number)
        assert outgoing is not None
        return replace(some_delivery(number, outgoing.body, outgoing.content_type), operation=TARGET.operation)

    async def arrived(self) -> list[bytes]:
        countries = {row["id"]: row["name"] for row in self.sandbox.records("res.country")}
        bodies = []
        for row in sorted(self.sandbox.records("res.partner"), key=lambda row: row["id"]):
            for number in range(1, MOST):
                if f"hilum.respartner_P{number}" in row["external_ids"]:
                    assert row["name"] == f"Partner {number}"
                    assert countries[row["country_id"]] == f"secret-{number}"
                    bodies.append(self.delivery(number).body)
        return bodies

    async def refuse(self, delivery: Delivery) -> None:
        number = next(n for n in range(1, MOST) if self.delivery(n).body == delivery.body)
        (country,) = [row for row in self.sandbox.records("res.country") if row["name"] == f"secret-{number}"]
        self.sandbox.change(lambda env: env["res.country"].write(country["id"], {"name": "no longer there"}))


class OdooSuites(DestinationSuite, DeduplicatingSuite, WireSuite):
    """All suites; the classes below say against which Odoo."""

    connector = odoo.Odoo
    version = "19.0"
    protocol = "json2"

    @pytest.fixture
    async def bench(self) -> AsyncIterator[OdooBench]:
        bench = OdooBench(self.version, self.protocol)
        await bench.start()
        yield bench
        await bench.close()


@pytest.mark.req("SYS-1")
class TestOdoo19ByJson2(OdooSuites):
    pass


@pytest.mark.req("SYS-1")
class TestOdoo19ByJsonRpc(OdooSuites):
    protocol = "jsonrpc"


@pytest.mark.req("SYS-2")
class TestOdoo18ByJsonRpc(OdooSuites):
    version = "18.0"
    protocol = "jsonrpc"


@pytest.mark.req("SYS-2")
class TestOdoo18ByXmlRpc(OdooSuites):
    version = "18.0"
    protocol = "xmlrpc"

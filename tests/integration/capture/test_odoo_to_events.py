"""What people change in Odoo is in a stream as CloudEvents; the rest is counted, and what is wrong is a case."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from documents_odoo import People
from followed_odoo import Followed

from hilum.canonical import PurchaseOrder, Supplier
from hilum.connectors import nats
from hilum.connectors import odoo as connector
from hilum.connectors.odoo.capture.feed import Feed
from hilum.packs import odoo
from hilum.postgres import Database
from hilum.testing import eventually
from support.looks import rows
from support.nats_servers import Looker, NatsServer
from support.waits import Start

pytestmark = pytest.mark.req("SYS-1", "SYS-21", "MOD-2")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[NatsServer]:
    async with NatsServer(tmp_path / "nats") as made:
        yield made


async def told(server: NatsServer) -> list[dict[str, Any]]:
    """The events in the stream, in its order."""
    async with Looker(server.url) as looker:
        return [orjson.loads(body) for _, body, _ in await looker.messages("ODOO")]


@pytest.mark.parametrize("source", [connector.Changes, connector.Outbox], ids=["polling", "outbox"])
async def test_changes_are_events_in_a_stream(
    hub: Start, database: Database, followed_19: Followed, server: NatsServer, source: type[Feed]
) -> None:
    people, box = People(followed_19), followed_19.sandbox
    polled = source is connector.Changes
    if not polled:
        followed_19.install_outbox()
        models = "res.partner,purchase.order"
        followed_19.change(lambda env: [each.set(value=models) for each in env["ir.config_parameter"].search([])])
    stream = nats.publish(
        servers=server.url, stream="ODOO", create_stream={"subjects": ["odoo.>"]}, subject="odoo.{flow}"
    )
    settings: dict[str, Any] = {"begin": "all", "compare": 0.05} if polled else {}
    flow = odoo.changed(
        to=[stream], odoo="", objects=[Supplier, PurchaseOrder], source=source, poll=0.05,
        url=box.url, api_key=box.api_key, database=box.database, login=box.login, **settings,
    )  # fmt: skip
    await hub(flow)
    people.begin()
    followed_19.change(lambda env: env["res.partner"].create({"name": "No number", "supplier_rank": 1}))
    followed_19.change(lambda env: env["res.partner"].create({"name": "No supplier"}))
    followed_19.change(lambda env: env["res.partner"].write(people.supplier, {"supplier_rank": 1}))
    order = people.order((people.glove, 12.0, 3.4))
    people.write("purchase.order", order, partner_ref="their offer")

    async def arrived() -> bool:
        return {"V1", "P00001"} <= {each["subject"] for each in await told(server)}

    await eventually(arrived)
    events = {each["subject"]: each for each in await told(server)}
    assert (events["V1"]["type"], events["V1"]["data"]["title"]) == ("hilum.supplier.v1", "Gloves Ltd")
    assert (events["P00001"]["type"], events["P00001"]["specversion"]) == ("hilum.purchase.order.v1", "1.0")
    (line,) = events["P00001"]["data"]["lines"]
    assert (line["item"], line["quantity"], line["unit_price"]) == ("G-1", "12", "3.4")
    by_id: dict[str, dict[str, Any]] = {}
    for each in await told(server):
        # the addon notes every transaction, and tells the state of now: the same event twice has the same id
        assert by_id.setdefault(each["id"], each) == each

    facts: list[Any] = []

    async def noticed() -> bool:
        words = await rows(database, "SELECT DISTINCT words FROM exception_case")
        left_out = await rows(database, "SELECT DISTINCT headers ->> 'filtered' FROM message WHERE state = 'discarded'")
        facts[:] = [words, left_out]
        return ["ref: has no number" in text for (text,) in words] == [True] and left_out != []

    # a supplier without a number waits for a person and holds nobody back; who is no supplier is left out, and counted
    await eventually(noticed, lambda: facts)

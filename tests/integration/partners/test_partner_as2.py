"""Two hubs exchange an order and its acknowledgement over AS2, each by a profile of the other."""

from __future__ import annotations

from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path

import pytest

from hilum import canonical
from hilum.canonical import OrderLine, PurchaseOrder
from hilum.connectors import partners as lines
from hilum.flow import load_project
from hilum.formats import x12
from hilum.partners import register
from hilum.postgres import Database
from hilum.runtime import Hub
from hilum.runtime.inspecting import look
from hilum.testing import eventually
from support import servers
from support.certificates import pair
from support.cluster import free_port
from support.projects import MASTER_KEY

pytestmark = [pytest.mark.req("SYS-10"), pytest.mark.req("MOD-3")]

HOSPITAL = """
from hilum.canonical import BusinessObject
from hilum.connectors import files
from hilum.flow import with_partners
from hilum.packs import procurement

@with_partners
def flows(partners):
    orders = files.Folder(url="{folder}/orders", split="none", stable_for=0, poll=0.02)
    yield procurement.to_partners(partners, source=orders)
    received = files.write(url="{folder}/received", accepts=(BusinessObject,))
    yield from procurement.from_partners(partners, deliver_to=[received])
"""

SUPPLIER = """
from datetime import UTC, datetime

from hilum.connectors import files, partners as lines
from hilum.flow import Flow, Owners, Pattern, with_partners
from hilum.formats import x12

@with_partners
def flows(partners):
    (profile,) = partners.values()
    orders = Flow(
        "supplier.orders", version="1.0", summary="Orders are kept and acknowledged",
        owners=Owners(business="Sales", technical="Integration"), pattern=Pattern.TRANSACTION,
        source=lines.source_of(profile, "main"), format="x12-interchange", order_by=lambda each: "all",
    )

    @orders.translate
    def read(interchange, hub):
        yield interchange
        yield lines.Addressed(profile.key, x12.answer(interchange, profile.x12, at=datetime.now(UTC)).answer)

    orders.deliver_to(files.write(url="{folder}/received", accepts=(x12.Interchange,)), *lines.send(profile))
    yield orders
"""

PROFILE = """
name = "{them}"
supplier = "S-200"
format = "x12"

[x12]
ours = {{ id = "{us}" }}
theirs = {{ id = "{them}" }}
answer = "{answer}"

[send.main]
kind = "as2"
[send.main.settings]
url = "http://127.0.0.1:{their_port}/as2"
our_id = "{us}"
partner_id = "{them}"
our_key = "{folder}/{us}.key"
our_certificate = "{folder}/{us}.crt"
partner_certificates = ["{folder}/{them}.crt"]
{more}

[receive.main]
kind = "as2"
[receive.main.settings]
host = "127.0.0.1"
port = {our_port}
our_id = "{us}"
partner_id = "{them}"
our_key = "{folder}/{us}.key"
our_certificate = "{folder}/{us}.crt"
partner_certificates = ["{folder}/{them}.crt"]
{receipts}
"""


class Side:
    """One hub with its folder."""

    def __init__(
        self, keys: Path, us: str, them: str, ports: dict[str, int], flows: str, *, later: bool, answer: str
    ) -> None:
        """`later`: its receipts are posted to it; else those of the other are."""
        folder = self.folder = keys / us.lower()
        for name in ("orders", "received", "flows", "partners"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "hilum.toml").write_text(f'[hub]\nname = "{us}"\n[encryption]\nkey = "{MASTER_KEY}"\n')
        (folder / "flows" / "exchange.py").write_text(flows.format(folder=folder))
        url = f"http://127.0.0.1:{ports['receipts']}/receipts"
        more = f'receipt_url = "{url}"\nreceipt_host = "127.0.0.1"\nreceipt_port = {ports["receipts"]}' if later else ""
        profile = PROFILE.format(
            us=us, them=them, folder=keys, answer=answer, our_port=ports[us], their_port=ports[them],
            more=more, receipts="" if later else f'receipts_to = ["{url}"]',
        )  # fmt: skip
        (folder / "partners" / "them.toml").write_text(profile)

    def order(self, number: str) -> None:
        line = OrderLine(number=1, item="GLV-M", quantity=Decimal(2), unit="BX", unit_price=Decimal("8.20"))
        made = PurchaseOrder(number=number, supplier="S-200", currency="EUR", lines=(line,))
        draft = self.folder / f"{number}.draft"
        draft.write_bytes(canonical.write(made))
        draft.rename(self.folder / "orders" / f"{number}.json")

    def received(self) -> list[str]:
        """Numbers of the orders that came."""
        found = [x12.parse(each.read_bytes()) for each in (self.folder / "received").glob("[!.]*")]
        return [each.sets[0]["BEG-03"] for each in found]


async def outstanding(database: Database) -> list[str]:
    async with database.cold() as connection:
        return [each.document for each in await register.outstanding(connection)]


async def delivered(database: Database) -> dict[str, int]:
    async with database.cold() as connection:
        cursor = await connection.execute(
            "SELECT destination, count(*) FROM delivery WHERE state = 'delivered' GROUP BY destination"
        )
        return {str(row[0]): int(row[1]) for row in await cursor.fetchall()}


async def test_two_hubs_exchange_orders_and_acknowledgements(
    tmp_path: Path, database: Database, databases: servers.Databases
) -> None:
    for name in ("NORTH", "SOUTH"):
        pair(tmp_path, name)
    ports = {name: free_port() for name in ("NORTH", "SOUTH", "receipts")}
    north = Side(tmp_path, "NORTH", "SOUTH", ports, HOSPITAL, later=True, answer="none")
    south = Side(tmp_path, "SOUTH", "NORTH", ports, SUPPLIER, later=False, answer="997")
    async with AsyncExitStack() as stack:
        second = Database(stack.enter_context(databases.migrated()))
        await second.open()
        stack.push_async_callback(second.close)
        for side, where in ((north, database), (south, second)):
            hub = Hub(load_project(side.folder), where, roles=("listener", "worker"))
            await hub.start()
            stack.push_async_callback(hub.stop)
        north.order("PO-1")
        await eventually(lambda: south.received() == ["PO-1"])

        async def settled() -> bool:
            return await delivered(database) == {"partner.them.main": 1, "partners.register": 1}

        await eventually(settled)  # the 997 came back, and was noted
        assert await outstanding(database) == []

        async def acknowledged() -> bool:
            return (await delivered(second)).get("partner.them.main") == 1  # the receipt of the 997 too

        await eventually(acknowledged)


async def test_a_certificate_that_ends_soon_is_a_case(tmp_path: Path, database: Database) -> None:
    pair(tmp_path, "NORTH")
    pair(tmp_path, "SOUTH", days=3)
    ports = {name: free_port() for name in ("NORTH", "SOUTH", "receipts")}
    north = Side(tmp_path, "NORTH", "SOUTH", ports, HOSPITAL, later=False, answer="none")
    (profile,) = load_project(north.folder).partners.values()
    line = lines.PartnerLine(profile, "main")
    await line.open()
    try:
        await look(database, line.address, line, {})
    finally:
        await line.close()
    async with database.cold() as connection:
        cursor = await connection.execute("SELECT category, words FROM exception_case")
        ((category, words),) = await cursor.fetchall()
    assert category == "endpoint.key"
    assert "from then on nothing can be delivered" in words

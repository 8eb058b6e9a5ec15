"""Who is bought of is known to Odoo and the hub; orders and bills are held to what was agreed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from hilum.canonical import PriceCheck, PurchaseOrder, SupplierBill
from hilum.canonical.catalogue import read
from hilum.connectors import http, odoo
from hilum.errors import Invalid
from hilum.flow import Flow, Lookup, Owners, Pattern
from hilum.masterdata import terms
from hilum.packs import passing
from hilum.packs.contracts import Comparison, Tolerance, keep_to, with_agreed_prices
from hilum.packs.suppliers import standing

OWNERS = Owners(business="Purchasing", technical="Integration")
HOST, PORT = os.environ.get("LISTEN", "127.0.0.1"), int(os.environ.get("PORT", "8094"))


def key_of(body: bytes) -> str:
    """Papers of one thing stay in order."""
    return read(body).business_key


def posted(path: str) -> http.Listener:
    """Business objects as JSON."""
    return http.Listener(host=HOST, port=PORT, path=path)


master = passing.business_objects(
    "master.data", source=posted("/master"), owners=OWNERS, pattern=Pattern.MASTER_DATA,
    summary="Suppliers, their screenings and items are known to Odoo and the hub",
    to=[standing.keep(), odoo.supplier("odoo.main"), odoo.item("odoo.main")],
)  # fmt: skip

orders = Flow(
    "orders", version="1.0", summary="Orders go to Odoo at the agreed prices, and no other way",
    owners=OWNERS, pattern=Pattern.TRANSACTION, source=posted("/orders"), format="bytes", order_by=key_of,
    identify_by=[key_of],
)  # fmt: skip


@orders.translate
def ordered(body: bytes, hub: Lookup) -> Iterator[PurchaseOrder | PriceCheck]:
    """Each line is told what it should cost and why, before the order leaves; too dear or off contract, it is held."""
    order = read(body)
    if not isinstance(order, PurchaseOrder):
        raise Invalid("This is no purchase order.")
    on = (order.ordered_at or datetime.now(UTC)).date()
    comparison = Comparison(prices=hub.prices, on=on)
    order = with_agreed_prices(order, comparison.order(order))
    checks = comparison.order(order)
    keep_to(checks, Tolerance(percent=Decimal(2)), only_contract=True)
    yield order
    yield from checks


orders.deliver_to(odoo.purchase_order("odoo.main"), terms.record())

bills = Flow(
    "bills", version="1.0", summary="Bills are compared with what was agreed, and add up to rebates",
    owners=OWNERS, pattern=Pattern.TRANSACTION, source=posted("/bills"), format="bytes", order_by=key_of,
    identify_by=[key_of],
)  # fmt: skip


@bills.translate
def billed(body: bytes, hub: Lookup) -> Iterator[PriceCheck]:
    """Matching a bill with order and receipt, and posting it, is another example's: the guide Match bills."""
    bill = read(body)
    if not isinstance(bill, SupplierBill):
        raise Invalid("This is no bill of a supplier.")
    yield from Comparison(prices=hub.prices, on=bill.billed_on).bill(bill)


bills.deliver_to(terms.record())

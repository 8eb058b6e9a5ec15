"""What Odoo has at the end of a month: stock, supplier balances, ledger; read over its API, a sandbox or a real one.

Only what belongs to the month's suppliers and items is read, so an Odoo may have much else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

from hilum.connectors.odoo.client import OdooClient
from hilum.connectors.odoo.probe import connect
from hilum.connectors.odoo.settings import OdooSettings
from hilum.connectors.odoo.transport import Transport
from hilum.simulator.month.expected import ZERO, Books
from hilum.simulator.month.truth import Month

_CENT = Decimal("0.01")
_AT_ONCE = 500  # ids of a domain
_BILLS = ("in_invoice", "in_refund")


@asynccontextmanager
async def opened(settings: OdooSettings) -> AsyncIterator[OdooClient]:
    """A client of that Odoo."""
    transport = Transport(settings)
    try:
        yield await connect(transport, settings)
    finally:
        await transport.close()


async def read_books(client: OdooClient, month: Month) -> Books:
    """What there is of this month."""
    codes = [vendor.code for vendor in month.vendors]
    partners = await client.search_read("res.partner", [["ref", "in", codes]], ["ref"])
    vendors = {row["id"]: str(row["ref"]) for row in partners}
    lines = await _lines(client, sorted(vendors))
    return Books(
        stock=await _stock(client, month),
        owed=_filled({**_owed(lines, vendors)}),
        ledger=_filled({**_ledger(lines), "statements": await _statements(client, month)}),
        documents=await _documents(client, sorted(vendors)),
    )


async def _lines(client: OdooClient, vendors: Sequence[int]) -> list[dict[str, Any]]:
    """Posted lines of the ledger of these partners, each with the type of its account."""
    fields = ["partner_id", "account_id", "debit", "credit", "tax_line_id", "move_id"]
    domain = [["partner_id", "in", list(vendors)], ["parent_state", "=", "posted"]]
    rows = await client.search_read("account.move.line", domain, fields)
    accounts = await _by_id(client, "account.account", (row["account_id"] for row in rows), ["account_type"])
    moves = await _by_id(client, "account.move", (row["move_id"] for row in rows), ["move_type"])
    return [
        {**row, "amount": _exact(row["debit"]) - _exact(row["credit"]),
         "type": accounts[row["account_id"]]["account_type"], "bill": moves[row["move_id"]]["move_type"] in _BILLS}
        for row in rows
    ]  # fmt: skip


def _owed(lines: Iterable[dict[str, Any]], vendors: dict[int, str]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        if line["type"] == "liability_payable":
            found[vendors[line["partner_id"]]] -= line["amount"]
    return found


def _ledger(lines: Iterable[dict[str, Any]]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        found[_side(line)] += line["amount"]
    return found


def _side(line: dict[str, Any]) -> str:
    if line["type"] == "liability_payable":
        return "liability_payable"
    if not line["bill"]:
        return "payments"
    return "tax" if line["tax_line_id"] else "expense"


async def _documents(client: OdooClient, vendors: Sequence[int]) -> dict[str, Decimal]:
    domain = [["partner_id", "in", list(vendors)], ["move_type", "in", list(_BILLS)], ["state", "=", "posted"]]
    rows = await client.search_read("account.move", domain, ["ref", "move_type", "amount_total"])
    signs = {"in_invoice": 1, "in_refund": -1}
    found: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in rows:
        found[str(row["ref"])] += signs[row["move_type"]] * _exact(row["amount_total"])
    return dict(found)


async def _statements(client: OdooClient, month: Month) -> Decimal:
    """What the bank's statements moved, of lines that name one of the suppliers."""
    titles = [vendor.title for vendor in month.vendors]
    rows = await client.search_read("account.bank.statement.line", [["partner_name", "in", titles]], ["amount"])
    return sum((_exact(row["amount"]) for row in rows), ZERO)


async def _stock(client: OdooClient, month: Month) -> dict[tuple[str, str], Decimal]:
    items = [each.code for vendor in month.vendors for each in vendor.articles]
    products = await client.search_read("product.product", [["default_code", "in", items]], ["default_code"])
    known = {row["id"]: str(row["default_code"]) for row in products}
    domain = [["product_id", "in", sorted(known)], ["location_id.usage", "=", "internal"]]
    quants = await client.search_read("stock.quant", domain, ["product_id", "location_id", "quantity"])
    places = await _by_id(client, "stock.location", (row["location_id"] for row in quants), ["warehouse_id"])
    houses = await _by_id(client, "stock.warehouse", (row["warehouse_id"] for row in places.values()), ["code"])
    found: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for row in quants:
        house = houses[places[row["location_id"]]["warehouse_id"]]["code"]
        found[house, known[row["product_id"]]] += _exact(row["quantity"])
    return {key: found[key] for key in sorted(found) if found[key]}


async def _by_id(
    client: OdooClient, model: str, ids: Iterable[Any], fields: Sequence[str]
) -> dict[int, dict[str, Any]]:
    wanted = sorted({id for id in ids if id})
    found: dict[int, dict[str, Any]] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        rows = await client.read(model, wanted[start : start + _AT_ONCE], fields)
        found |= {row["id"]: row for row in rows}
    return found


def _exact(amount: float) -> Decimal:
    """Odoo tells floats; what it means has cents."""
    return Decimal(str(amount)).quantize(_CENT)


def _filled(amounts: dict[str, Decimal]) -> dict[str, Decimal]:
    return {key: amounts[key] for key in sorted(amounts) if amounts[key]}

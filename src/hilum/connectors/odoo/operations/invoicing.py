"""Lines of bills and invoices in Odoo's names: products, accounts, taxes, cost centres, and the order billed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from hilum.canonical import CustomerInvoice, InvoiceLine, SupplierBill
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.operations.base import found
from hilum.connectors.odoo.references import COST_CENTRE, ITEM, LEDGER_ACCOUNT, MISSING, ORDER
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import cell
from hilum.errors import Rejected

Found = Mapping[str, Row | Rejected]


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """Everything that the lines of a batch refer to."""

    items: Found
    accounts: Found
    centres: Found
    taxes: Mapping[Decimal, int]
    orders: Found
    order_lines: Mapping[int, Sequence[Row]]  # order → its lines, with their external identifier as `xml_id`


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeLine:
    """One line: what is compared, and what `load` is given."""

    wanted: Mapping[str, Any]
    cells: Mapping[str, str]


async def known(session: Session, things: Sequence[SupplierBill | CustomerInvoice], *, use: str) -> Known:
    """Look everything up, in few calls. `use` of taxes: `purchase` or `sale`."""
    lines = [line for thing in things for line in thing.lines]
    numbers = [thing.order for thing in things if isinstance(thing, SupplierBill) and thing.order]
    orders = await session.references.find(ORDER, numbers)
    return Known(
        items=await session.references.find(ITEM, [line.item for line in lines if line.item]),
        accounts=await session.references.find(LEDGER_ACCOUNT, [line.account for line in lines if line.account]),
        centres=await session.references.find(COST_CENTRE, [line.cost_centre for line in lines if line.cost_centre]),
        taxes=await _taxes(session, (line.tax_percent for line in lines), use),
        orders=orders,
        order_lines=await _order_lines(
            session, [row["id"] for row in orders.values() if not isinstance(row, Rejected)]
        ),
    )


async def _taxes(session: Session, percents: Iterable[Decimal | None], use: str) -> dict[Decimal, int]:
    """Odoo's first tax of each percentage; one call, or none."""
    wanted = {percent for percent in percents if percent is not None}
    if not wanted:
        return {}
    domain = [["type_tax_use", "=", use], ["amount_type", "=", "percent"], ["price_include", "=", False]]
    taxes: dict[Decimal, int] = {}
    for row in await session.client.search_read("account.tax", domain, ["amount"], order="sequence, id"):
        taxes.setdefault(Decimal(str(row["amount"])), row["id"])
    return taxes


async def _order_lines(session: Session, orders: Sequence[int]) -> dict[int, list[Row]]:
    if not orders:
        return {}
    rows = await session.client.search_read(
        "purchase.order.line", [["order_id", "in", list(orders)]], ["order_id", "product_id"], order="sequence, id"
    )
    names = await session.client.external_ids("purchase.order.line", [row["id"] for row in rows])
    lines: dict[int, list[Row]] = {}
    for row in rows:
        lines.setdefault(row["order_id"], []).append({**row, "xml_id": names.get(row["id"], "")})
    return lines


async def made_line(
    session: Session, thing: SupplierBill | CustomerInvoice, line: InvoiceLine, known: Known
) -> MadeLine:
    """One line in Odoo's names. Raises `Rejected` for what Odoo does not know."""
    where = f"line {line.number} of {thing.number}"
    item = found(known.items[line.item]) if line.item else None
    account = found(known.accounts[line.account])["id"] if line.account else None
    cells: dict[str, str] = {"quantity": cell(line.quantity), "price_unit": cell(line.unit_price)}
    if item:
        cells |= {
            "product_id/.id": cell(item["id"]),
            "product_uom_id/.id": cell(await _unit(session, line, item, where)),
        }
    if line.description or not item:
        cells["name"] = line.description or f"Line {line.number}"
    if account:
        cells["account_id/.id"] = cell(account)
    if line.tax_percent is not None:
        cells["tax_ids/.id"] = _tax(known, line.tax_percent, where)
    if line.cost_centre:
        cells["analytic_distribution"] = distribution(found(known.centres[line.cost_centre])["id"])
    billed = _billed(session, thing, line, item, known, where) if isinstance(thing, SupplierBill) else None
    if billed:
        cells["purchase_line_id/.id"] = cell(billed)
    wanted = {
        "product_id": item["id"] if item else None,
        "quantity": line.quantity,
        "price_unit": line.unit_price,
        "account_id": account,
        **({"purchase_line_id": billed} if billed else {}),
    }
    return MadeLine(wanted=wanted, cells=cells)


def distribution(centre: int) -> str:
    """All of a line belongs to one analytic account."""
    return orjson.dumps({str(centre): 100.0}).decode()


async def _unit(session: Session, line: InvoiceLine, item: Row, where: str) -> int:
    unit = found(await session.units.find(line.unit))
    if not session.units.convert(unit, item["uom_id"]):
        kept = session.units.name(item["uom_id"])
        words = f"{where.capitalize()}: item {line.item} is kept in {kept} in Odoo, and {line.unit} does not convert."
        raise Rejected("odoo.unit", f"{words} Correct the unit.")
    return unit


def _tax(known: Known, percent: Decimal, where: str) -> str:
    number = next((tax for amount, tax in known.taxes.items() if amount == percent), None)
    if number is None:
        words = f"Odoo has no tax of {percent.normalize():f} % for {where}. Set one up there, then replay."
        raise Rejected(MISSING, words)
    return cell(number)


def _billed(
    session: Session, bill: SupplierBill, line: InvoiceLine, item: Row | None, known: Known, where: str
) -> int | None:
    """The line of the order that is billed: the one that the bill names, else the only one with the item.

    None: the order has no such item (freight, a fee). Raises `Rejected` where a bill names a line that is not there,
    or where several lines could be meant.
    """
    if bill.order is None:
        return None
    lines = known.order_lines.get(found(known.orders[bill.order])["id"], ())
    if line.order_line is not None:
        xml_id = session.xml_id("orderline", f"{bill.order}/{line.order_line}")
        # A substitute has a line of its own, and bills of it still name the line in whose place it came.
        named = [row for row in lines if row["xml_id"] == xml_id and (not item or row["product_id"] == item["id"])]
        if named:
            return int(named[0]["id"])
    same = [row for row in lines if item is not None and row["product_id"] == item["id"]]
    if len(same) == 1:
        return int(same[0]["id"])
    if same or line.order_line is not None:
        words = f"Odoo cannot tell which line of the order {bill.order} is billed by {where}. Say which, then replay."
        raise Rejected("odoo.ambiguous_reference" if same else MISSING, words)
    return None

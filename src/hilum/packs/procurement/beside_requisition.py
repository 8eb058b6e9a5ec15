"""A requisition side by side, for whoever approves it or names a supplier: asked for, to be ordered, agreed, bought."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from hilum.canonical import Requisition, RequisitionLine
from hilum.canonical.conversions import plain, priced
from hilum.cases.side_by_side import Member, SideBySide, member
from hilum.facts import OrderLine
from hilum.packs.procurement.sourcing import Sourced, cost_of
from hilum.postgres import Connection
from hilum.processes.tasks import LookUp

MOST = 4
"""Earlier orders of an item that are shown."""


def beside_requisition(requisition: Requisition, lines: Sequence[Sourced]) -> SideBySide:
    """What was asked for | what is to be ordered | whose price that is; what is off contract stands out."""
    asked = {line.number: line for line in requisition.lines}
    members = [each for line in lines for each in _line(line, asked.get(line.number))]
    cost = cost_of(lines)
    if cost is not None:
        members.append(member("In all", "", f"{priced(cost.amount)} {cost.currency}", ""))
    return SideBySide(
        documents=(f"Requisition {requisition.number}", "To be ordered", "Agreed"), members=tuple(members)
    )


def _line(line: Sourced, asked: RequisitionLine | None) -> Iterator[Member]:
    head = f"Line {line.number}, {line.item}"
    told = asked.supplier or "" if asked is not None else ""
    quantity = f"{plain(asked.quantity)} {asked.unit}" if asked is not None else ""
    yield _pair(f"{head}: quantity", quantity, f"{plain(line.quantity)} {line.unit}")
    yield _pair(f"{head}: supplier", told, line.supplier)
    believed = priced(asked.unit_price) if asked is not None and asked.unit_price is not None else ""
    price = f"{priced(line.unit_price)} {line.currency}" if line.unit_price is not None else "nobody has said one"
    apart = [0, 1] if believed and line.unit_price is not None and priced(line.unit_price) != believed else []
    whose = line.words if line.contract else f"off contract: {line.words}"
    marked = [*apart, *([] if line.contract else [2])]
    yield member(f"{head}: price for one {line.unit}", believed, price, whose, marked=marked)


def _pair(name: str, asked: str, ordered: str) -> Member:
    return member(name, asked, ordered, "", marked=(0, 1) if asked and ordered and asked != ordered else ())


@dataclass(frozen=True, slots=True)
class Bought:
    """An earlier order of an item."""

    order: str
    supplier: str
    on: date
    quantity: Decimal
    unit: str
    unit_price: Decimal | None
    currency: str
    contract: str


def beside_source(line: Sourced, asked: RequisitionLine) -> LookUp:
    """The line for which nobody has agreed a price | the last orders of its item, by whoever they went to."""

    async def look(connection: Connection) -> SideBySide:
        cursor = await connection.execute(
            "SELECT document, supplier, coalesce(on_day, at::date), (said ->> 'quantity')::numeric, said ->> 'unit',"
            " (said ->> 'unit_price')::numeric, currency, coalesce(said ->> 'contract', '') FROM business_fact"
            " WHERE kind = %s AND said ->> 'item' = %s AND NOT replaced"
            " AND NOT coalesce((said ->> 'cancelled')::boolean, false) ORDER BY at DESC, id DESC LIMIT %s",
            [OrderLine.kind, line.item, MOST],
        )
        return line_and_orders(line, asked, [Bought(*row) for row in await cursor.fetchall()])

    return look


def line_and_orders(line: Sourced, asked: RequisitionLine, found: Sequence[Bought]) -> SideBySide:
    """As `beside_source`, of what was found."""
    heads = [f"Order {each.order}" for each in found] or ["It was never ordered"]
    believed = priced(asked.unit_price) if asked.unit_price is not None else ""

    def row(name: str, mine: str, others: Sequence[str]) -> Member:
        return member(name, mine, *(others or [""]))

    prices = [f"{priced(each.unit_price)} {each.currency} for one {each.unit}" if each.unit_price is not None else ""
              for each in found]  # fmt: skip
    members = (
        row("Item", line.item, [line.item for _ in found]),
        row("Quantity", f"{plain(line.quantity)} {line.unit}", [f"{plain(x.quantity)} {x.unit}" for x in found]),
        row("Supplier", asked.supplier or "", [each.supplier for each in found]),
        row("Price", believed, prices),
        row("Contract", line.words, [each.contract or "off contract" for each in found]),
        row("Day", "", [str(each.on) for each in found]),
    )
    return SideBySide(documents=(f"Line {line.number} of the requisition", *heads), members=members)

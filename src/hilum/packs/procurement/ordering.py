"""A requisition becomes one purchase order per supplier, with the supplier and the agreed cost of the table `items`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from pydantic import BaseModel

from hilum.canonical import OrderLine, PurchaseOrder, Requisition, RequisitionLine
from hilum.canonical.base import Currency
from hilum.connector import Source, Target
from hilum.connectors import odoo as to_odoo
from hilum.errors import Invalid, Unmapped
from hilum.flow import Criticality, DataClass, Flow, Lookup, Owners, Slo
from hilum.flow.declaration import Selector
from hilum.packs.building import decimal_in, make, mapped, mapped_where_listed, targets_in

OWNERS = Owners(business="Procurement", technical="Integration")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One line as the requester wrote it, before any lookup."""

    number: int
    code: str
    quantity: Decimal
    unit: str = ""
    supplier: str = ""  # the requester's code of the supplier; empty: the table `items` names one
    needed_by: date | None = None
    where: str  # segment or row, for errors


def requisition_flow(
    name: str,
    *,
    summary: str,
    source: Source,
    format: str | None,
    owners: Owners,
    order_by: Selector,
    dedup_by: Selector | None,
    odoo: str | None,
    also: Sequence[Target],
    report_to: Sequence[Target],
    input: type[BaseModel] | None = None,
    also_from: Sequence[Source] = (),
) -> Flow:
    """The declaration that all ways of asking share; the caller adds the translation."""
    flow = Flow(
        name,
        version="1.0",
        summary=summary,
        owners=owners,
        data_class=DataClass.INTERNAL,
        criticality=Criticality.HIGH,
        slo=Slo(percent=99, within="5m"),
        retention="P10Y",
        source=source,
        format=format,
        order_by=order_by,
        dedup_by=dedup_by,
        input=input,
        also_from=also_from,
        runbook="An unmapped code: add its row to lookups/items.csv or lookups/suppliers.csv, then replay the message.",
    )
    flow.deliver_to(*targets_in(odoo, (to_odoo.purchase_order,), also))
    flow.report_to(*report_to)
    return flow


def resolve(wanted: Wanted, hub: Lookup, *, supplied: bool = True) -> RequisitionLine:
    """The line in the hub's codes. Raises `Unmapped` for an unknown item, unit or supplier, `Invalid` for amounts.

    With `supplied` false nobody need deliver it yet: who does is found later.
    """
    if wanted.quantity <= 0:
        raise Invalid("the quantity must be more than 0", where=wanted.where)
    item = mapped(hub, "items", wanted.code)
    facts = hub.row("items", wanted.code)
    unit = wanted.unit or facts.get("order_unit", "") or facts.get("unit", "")
    supplier = mapped(hub, "suppliers", wanted.supplier) if wanted.supplier else facts.get("supplier", "")
    if not supplier and supplied:
        raise Unmapped("items.supplier", wanted.code)
    return make(
        RequisitionLine,
        wanted.where,
        number=wanted.number,
        item=item,
        quantity=wanted.quantity,
        unit=mapped_where_listed(hub, "units", unit),
        supplier=supplier,
        unit_price=decimal_in(facts, "cost", f"lookup table items, code {wanted.code}") if facts.get("cost") else None,
    )


def documents_of(
    requisition: Requisition,
    targets: Sequence[Target],
    *,
    needed_by: dict[int, date | None] | None = None,
    currency: Currency = "",
    confirm: bool = True,
    suffix: str = "",
    orders: bool = True,
) -> Iterator[Requisition | PurchaseOrder]:
    """The requisition itself where a target takes it, then its orders, unless `orders` is false.

    One order per supplier, in the order in which the suppliers come up, numbered `<requisition>-<supplier>`. The
    number is made of what the requester knows, so that a requisition that comes again finds its orders. With a
    `suffix` the number is `<requisition>-<suffix>` (there is one line only).
    """
    if any(target.takes(requisition) for target in targets):
        yield requisition
    if not orders:
        return
    by_supplier: dict[str, list[RequisitionLine]] = {}
    for line in requisition.lines:
        by_supplier.setdefault(line.supplier or "", []).append(line)
    for supplier, lines in by_supplier.items():
        yield make(
            PurchaseOrder,
            f"requisition {requisition.number}",
            number=f"{requisition.number}-{suffix or supplier}",
            supplier=supplier,
            currency=currency,
            requisition=requisition.number,
            deliver_to=requisition.deliver_to,
            ordered_at=requisition.requested_at,
            confirm=confirm,
            lines=tuple(_order_line(line, (needed_by or {}).get(line.number)) for line in lines),
        )


def requisition_of(
    number: str,
    lines: Sequence[Wanted],
    hub: Lookup,
    *,
    where: str,
    deliver_to: str = "",
    supplied: bool = True,
    **facts: object,
) -> Requisition:
    """The requisition in the hub's codes. Raises `Invalid` where a line number comes twice or none is there."""
    numbers = [line.number for line in lines]
    if len(set(numbers)) < len(numbers):
        raise Invalid(f"requisition {number} has the same line number twice", where=where)
    return make(
        Requisition,
        where,
        number=number,
        deliver_to=mapped_where_listed(hub, "locations", deliver_to),
        needed_by=min((line.needed_by for line in lines if line.needed_by is not None), default=None),
        lines=tuple(resolve(line, hub, supplied=supplied) for line in lines),
        **facts,
    )


def _order_line(line: RequisitionLine, needed_by: date | None) -> OrderLine:
    return OrderLine(
        number=line.number,
        item=line.item,
        quantity=line.quantity,
        unit=line.unit,
        unit_price=line.unit_price,
        needed_by=needed_by,
    )


def earliest(moments: Sequence[datetime | None]) -> datetime | None:
    """The first of the times that are there."""
    return min((moment for moment in moments if moment is not None), default=None)

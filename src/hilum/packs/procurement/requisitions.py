"""HL7 v2 supply orders (ORM^O01 with RQD, OMS^O05, OMN^O07): a department asks for supplies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from hilum.canonical import PurchaseOrder, Requisition
from hilum.connector import Source, Target
from hilum.errors import Invalid, Refused
from hilum.flow import Flow, Lookup, Owners
from hilum.formats import hl7v2 as hl7
from hilum.packs.building import zone_of
from hilum.packs.hl7_reading import dedup_key
from hilum.packs.procurement.ordering import OWNERS, Wanted, documents_of, requisition_flow, requisition_of

ORDER_MESSAGES = frozenset({"ORM", "OMS", "OMN"})
NEW_ORDER = frozenset({"NW", "RE", ""})  # HL7 table 0119: new, and new with observations to follow
URGENT = frozenset({"S", "A", "STAT", "ASAP"})  # HL7 table 0485, and its long forms


@dataclass(slots=True)
class _Asked:
    """The lines of one requisition, as they are gathered from the order groups of a message."""

    common: hl7.Segment  # the first ORC
    lines: list[Wanted] = field(default_factory=list)
    department: str = ""
    deliver_to: str = ""


def requisitions(
    *,
    source: Source,
    odoo: str | None = "odoo.main",
    name: str = "procurement.requisitions",
    owners: Owners = OWNERS,
    currency: str = "",
    timezone: str = "UTC",
    confirm: bool = True,
    orders: bool = True,
    report_to: Sequence[Target] = (),
    also: Sequence[Target] = (),
) -> Flow:
    """ORM^O01, OMS^O05 or OMN^O07 with RQD (and RQ1) → one `PurchaseOrder` per requisition and supplier.

    - Requisition number: the placer group number ORC-4, else the placer order number ORC-2.
    - Line: RQD-1, else its place in the requisition. Item: RQD-2, RQD-3, RQD-4, the first that is sent.
    - Quantity RQD-5, unit RQD-6, department RQD-7, deliver to RQD-9, needed by RQD-10.
    - Supplier: RQ1-4 through the table `suppliers`, else the column `supplier` of `items`.

    Cancellations and changes (ORC-1 other than `NW`) are `Refused`: an order at a supplier is changed by a buyer.
    An order message without RQD asks for a service, and gives nothing to buy: it is `Refused` too. `confirm` False
    leaves the orders as drafts. `orders` False makes none: only the requisition goes on, to who approves it. The
    sender hears through `report_to` what became of its message. A target in `also` that takes a `Requisition` gets
    that too.
    """
    zone = zone_of(timezone)
    flow = requisition_flow(
        name,
        summary="Supply orders of departments become purchase orders in Odoo, one per supplier",
        source=source,
        format="hl7v2",
        owners=owners,
        order_by=requisition_number,
        dedup_by=dedup_key,
        odoo=odoo,
        also=also,
        report_to=report_to,
    )

    @flow.translate
    def translated(msg: hl7.Message, hub: Lookup) -> Iterator[Requisition | PurchaseOrder]:
        for number, asked in _asked(msg).items():
            requisition = _requisition(number, asked, hub, zone, supplied=orders)
            needed_by = {line.number: line.needed_by for line in asked.lines}
            yield from documents_of(
                requisition, flow.targets, needed_by=needed_by, currency=currency, confirm=confirm, orders=orders
            )

    return flow


def requisition_number(msg: hl7.Message) -> str:
    """The number of the first requisition in the message; empty where there is none."""
    return msg["ORC-4.1"] or msg["ORC-2.1"]


def _asked(msg: hl7.Message) -> dict[str, _Asked]:
    if msg.code not in ORDER_MESSAGES:
        raise Refused(f"{msg.type or 'a message without a type'} is no supply order; this flow takes ORM, OMS and OMN.")
    found: dict[str, _Asked] = {}
    for group in msg.groups("ORC", "RQD", "RQ1"):
        common = group[0]
        wanted = [segment for segment in group if segment.name == "RQD"]
        if not wanted:
            continue
        number = common["4.1"] or common["2.1"]
        if not number:
            raise Invalid("neither a placer group number (ORC-4) nor a placer order number", where=f"{common}-2")
        if common["1"] not in NEW_ORDER:
            raise Refused(
                f"{common}-1: the order control '{common['1']}' changes or cancels requisition {number}. "
                "A buyer does that in Odoo; then discard this message."
            )
        asked = found.setdefault(number, _Asked(common))
        _gather(asked, group)
    if not found:
        raise Refused("The order has no supply line (RQD): it asks for a service, and there is nothing to buy.")
    return found


def _gather(asked: _Asked, group: Sequence[hl7.Segment]) -> None:
    """Add the lines of one order group; an RQ1 belongs to the RQD before it."""
    for place, line in enumerate(group):
        if line.name != "RQD":
            continue
        following = group[place + 1] if place + 1 < len(group) else None
        detail = following if following is not None and following.name == "RQ1" else None
        code = line["2.1"] or line["3.1"] or line["4.1"]
        if not code:
            raise Invalid("no item code in RQD-2, RQD-3 or RQD-4", where=str(line))
        quantity = line.decimal("5")
        if quantity is None:
            raise Invalid("the quantity is missing", where=f"{line}-5")
        asked.department = asked.department or line["7.1"]
        asked.deliver_to = asked.deliver_to or line["9.1"]
        asked.lines.append(
            Wanted(
                number=_line_number(line, asked),
                code=code,
                quantity=quantity,
                unit=line["6.1"],
                supplier=detail["4.1"] if detail is not None else "",
                needed_by=line.date("10"),
                where=str(line),
            )
        )


def _line_number(line: hl7.Segment, asked: _Asked) -> int:
    """RQD-1 where it is free; groups of one line each often all say 1, and are numbered in their order then."""
    number = line.integer("1")
    taken = {wanted.number for wanted in asked.lines}
    return number if number is not None and number > 0 and number not in taken else max(taken, default=0) + 1


def _requisition(number: str, asked: _Asked, hub: Lookup, zone: tzinfo, *, supplied: bool) -> Requisition:
    common = asked.common
    return requisition_of(
        number,
        asked.lines,
        hub,
        supplied=supplied,
        where=str(common),
        deliver_to=asked.deliver_to,
        department=asked.department,
        requested_by=common["12.1"] or common["10.1"],
        urgent=common["7.6"] in URGENT,
        requested_at=common.timestamp("9", zone=zone),
    )

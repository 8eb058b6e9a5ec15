"""What is on its way and what was used: 856 from and to `ShipNotice`, 867 from and to `SupplyConsumed`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal

from hilum.canonical import ShipNotice, ShippedLine, SupplyConsumed
from hilum.errors import Invalid
from hilum.formats.x12 import Partner, documents
from hilum.formats.x12.documents import Entity, References
from hilum.formats.x12.documents.parts import NamedParty, reference
from hilum.packs.building import make
from hilum.packs.procurement.x12_items import ItemOf, ids_for, items_as_sent, line_number, moment, numbers_of
from hilum.packs.procurement.x12_units import unit_for, unit_of

LocationOf = Callable[[NamedParty, str], str]
"""The hub's location of a party: (who got it, where it stands) → code. Raises `Invalid` or `Unmapped`."""

# Data element 673: how much was handed over (discrete, sold, original, shipped, submitted as sold), or came back.
_HANDED_OVER = frozenset({"01", "32", "38", "39", "83"})
_RETURNED = "76"


def ship_notice_from_x12(
    notice: documents.ShipNotice,
    partner: Partner,
    *,
    supplier: str,
    item_of: ItemOf | None = None,
    zone: tzinfo = UTC,
) -> ShipNotice:
    """An 856. Raises `Invalid`."""
    item_of = item_of or items_as_sent(partner)
    lines = []
    for place, item in enumerate(notice.items, 1):
        where = f"SN1[{place}]"
        if not item.order:
            raise Invalid("no order number (PRF01) above this item", where=where)
        number = item_of(item, where)
        lines.append(
            make(
                ShippedLine,
                where,
                order=item.order,
                order_line=line_number(item.line, 0) or None,
                item=number,
                quantity=item.quantity,
                unit=unit_of(item.unit),
                lot=item.lot or item.serial,
                expires_on=item.expires_on,
                package=item.pack,
                numbers=numbers_of(item, partner, number),
            )
        )
    return make(
        ShipNotice,
        "BSN",
        number=notice.number,
        supplier=supplier,
        shipped_at=moment(notice.shipped_on, zone),
        expected_on=notice.expected_on,
        carrier=notice.carrier,
        waybill=reference(notice.references, References.BILL_OF_LADING, "CN"),
        lines=tuple(lines),
    )


def ship_notice_to_x12(notice: ShipNotice, partner: Partner, *, made_at: datetime) -> documents.ShipNotice:
    """An 856 as suppliers send it, for simulators and for a hub at a supplier."""
    waybill = ((References.BILL_OF_LADING, notice.waybill),) if notice.waybill else ()
    return documents.ShipNotice(
        number=notice.number,
        made_on=made_at.date(),
        made_at=made_at.time().replace(microsecond=0),
        structure="0001" if any(line.package for line in notice.lines) else "0004",
        shipped_on=notice.shipped_at.date() if notice.shipped_at else None,
        expected_on=notice.expected_on,
        carrier=notice.carrier,
        references=tuple(documents.Reference(qualifier=code, id=each) for code, each in waybill),
        items=tuple(
            documents.ShippedItem(
                order=line.order,
                line=str(line.order_line or ""),
                ids=ids_for(partner, line.item, numbers=line.numbers),
                quantity=line.quantity,
                unit=unit_for(line.unit),
                lot=line.lot or "",
                expires_on=line.expires_on,
                pack=line.package,
            )
            for line in notice.lines
        ),
    )


def used_from_x12(
    report: documents.ResaleReport,
    partner: Partner,
    *,
    location_of: LocationOf | None = None,
    item_of: ItemOf | None = None,
    zone: tzinfo = UTC,
) -> list[SupplyConsumed]:
    """An 867: each item that was handed over is a use at the place of who got it; returned ones are negative.

    The transaction of a use is the report's number and the place in it. Raises `Invalid`.
    """
    item_of = item_of or items_as_sent(partner)
    found = []
    for place, item in enumerate(report.items, 1):
        where = f"QTY[{place}]"
        receiver = item.receiver
        if receiver is None:
            raise Invalid("nobody is named who got it (N1 of UC, ST or BY)", where=where)
        location = location_of(receiver, where) if location_of is not None else receiver.id
        if item.qualifier not in (*_HANDED_OVER, _RETURNED):
            raise Invalid(
                "this quantity is neither of what was handed over nor of what came back (QTY-01)", where=where
            )
        sign = Decimal(-1) if item.qualifier == _RETURNED else Decimal(1)
        number = report.number or report.reported_on.isoformat()
        found.append(
            make(
                SupplyConsumed,
                where,
                transaction=f"{partner.name}:{number}:{place}",
                item=item_of(item, where),
                quantity=sign * abs(item.quantity) if sign < 0 else item.quantity,
                unit=unit_of(item.unit),
                location=location,
                used_at=moment(item.happened_on or report.last_day or report.reported_on, zone),
                lot=item.lot or item.serial,
                currency=report.currency,
            )
        )
    return found


def used_to_x12(
    uses: Sequence[SupplyConsumed], partner: Partner, *, number: str, reported_on: date
) -> documents.ResaleReport:
    """An 867 of what was used of a supplier's consignment stock: what it bills and replaces."""
    days = [use.used_at.date() for use in uses if use.used_at is not None]
    return documents.ResaleReport(
        number=number,
        reported_on=reported_on,
        currency=next((use.currency for use in uses if use.currency), ""),
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        items=tuple(
            documents.ReportedItem(
                qualifier=_RETURNED if use.quantity < 0 else "32",
                quantity=abs(use.quantity),
                unit=unit_for(use.unit),
                ids=ids_for(partner, use.item),
                lot=use.lot or "",
                happened_on=use.used_at.date() if use.used_at is not None else None,
                parties=(documents.NamedParty(role=Entity.SHIP_TO, qualifier="92", id=use.location),),
            )
            for use in uses
        ),
    )

"""856 ship notice: its hierarchy of shipments, orders, packs and items (HL) becomes a list of what is on its way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, time
from decimal import Decimal

from hilum.errors import Invalid
from hilum.formats.x12.building import Draft, Row
from hilum.formats.x12.documents.codes import Dates, ItemId, Purpose, References
from hilum.formats.x12.documents.parts import (
    Identified,
    NamedParty,
    Reference,
    day_of,
    day_rows,
    description_of,
    description_rows,
    first,
    ids_of,
    ids_row,
    needed,
    parties_of,
    party_rows,
    reference,
    reference_rows,
    references_of,
    text,
    tree,
)
from hilum.formats.x12.loops import Loop
from hilum.formats.x12.transaction import TransactionSet


@dataclass(frozen=True, kw_only=True, slots=True)
class ShippedItem(Identified):
    """So much of an item, of an order, in a pack: HL of level I with what its parents say."""

    order: str = ""  # PRF01 of the order level, or of the item
    line: str = ""  # LIN01 or SN101: the buyer's number of the line
    quantity: Decimal
    unit: str = ""
    ordered: Decimal | None = None  # SN105
    description: str = ""
    pack: str = ""  # MAN02 of the pack or tare that it is in: the SSCC
    lot: str = ""
    serial: str = ""
    expires_on: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ShipNotice:
    """856."""

    number: str  # BSN02, the shipment
    made_on: date
    made_at: time
    purpose: str = Purpose.ORIGINAL
    structure: str = "0001"  # BSN05: 0001 shipment, order, packaging, item; 0004 shipment, order, item
    shipped_on: date | None = None
    expected_on: date | None = None
    carrier: str = ""  # TD503, its SCAC
    references: tuple[Reference, ...] = ()
    parties: tuple[NamedParty, ...] = ()
    items: tuple[ShippedItem, ...] = ()


# Data element 735: levels of the hierarchy.
SHIPMENT, ORDER, TARE, PACK, ITEM = "S", "O", "T", "P", "I"


def read_ship_notice(transaction: TransactionSet) -> ShipNotice:
    """An 856. A level belongs to the parent that HL02 names, and takes over what that says. Raises `Invalid`."""
    root = tree(transaction, "856")
    bsn = first(root, "BSN")
    said: dict[str, _Said] = {}
    items: list[ShippedItem] = []
    shipment: Loop | None = None
    for level in root.within("HL"):
        head = level.head
        parent = head["02"]
        if parent and parent not in said:
            raise Invalid("the level hangs on one that is not before it", where=head.where("02"))
        known = _known(level, said.get(parent, _NOTHING))
        said[head["01"]] = known
        if head["03"] == SHIPMENT and shipment is None:
            shipment = level
        if level.first("SN1") is not None:
            items.append(_item(level, known))
    carrier = shipment.first("TD5") if shipment else None
    return ShipNotice(
        number=text(bsn, "02"),
        made_on=needed(bsn, "03", bsn.date),
        made_at=needed(bsn, "04", bsn.time),
        purpose=bsn["01"],
        structure=bsn["05"],
        shipped_on=(day_of(shipment, Dates.SHIPPED) if shipment else None) or day_of(root, Dates.SHIPPED),
        expected_on=_expected(shipment) if shipment else None,
        carrier=carrier["03"] if carrier is not None else "",
        references=references_of(shipment) if shipment else (),
        parties=parties_of(shipment) if shipment else (),
        items=tuple(items),
    )


def draft_ship_notice(notice: ShipNotice) -> Draft:
    """An 856: the shipment, its orders, in them packs where they are given, in these the items."""
    rows: list[Row] = [
        ("BSN", notice.purpose, notice.number, notice.made_on, notice.made_at, notice.structure),
        ("HL", 1, None, SHIPMENT, 1),
        *([("TD5", None, "2", notice.carrier)] if notice.carrier else []),
        *reference_rows(notice.references),
        *day_rows((Dates.SHIPPED, notice.shipped_on), (Dates.ESTIMATED_DELIVERY, notice.expected_on)),
        *party_rows(notice.parties),
    ]
    levels = 1
    order = pack = None  # those that the next item hangs on
    order_level = pack_level = 1
    for item in notice.items:
        if item.order != order:
            order, pack, levels = item.order, None, levels + 1
            order_level = pack_level = levels
            rows += [("HL", levels, 1, ORDER, 1), ("PRF", item.order)]
        if item.pack != (pack or ""):
            pack, pack_level = item.pack, order_level
            if pack:
                levels += 1
                pack_level = levels
                rows += [("HL", levels, order_level, PACK, 1), ("MAN", "GM", pack)]
        levels += 1
        rows.append(("HL", levels, pack_level, ITEM, 0))
        rows += _item_rows(item)
    return Draft("856", [*rows, ("CTT", levels)])


@dataclass(frozen=True, slots=True)
class _Said:
    """What the levels above an item say."""

    order: str = ""
    pack: str = ""


_NOTHING = _Said()


def _known(level: Loop, above: _Said) -> _Said:
    prf, man = level.first("PRF"), level.first("MAN")
    known = replace(above, order=prf["01"]) if prf is not None else above
    return replace(known, pack=man["02"]) if man is not None and level.head["03"] in (TARE, PACK) else known


def _expected(shipment: Loop) -> date | None:
    return day_of(shipment, Dates.ESTIMATED_DELIVERY, Dates.SCHEDULED_DELIVERY, Dates.DELIVERY_REQUESTED)


def _item(level: Loop, known: _Said) -> ShippedItem:
    sn1, lin = first(level, "SN1"), level.first("LIN")
    every = ids_of(lin, 2) if lin is not None else ()
    apart = (ItemId.LOT, ItemId.SERIAL)
    given = dict(reversed(every))
    references = references_of(level)
    return ShippedItem(
        order=known.order,
        line=(lin["01"] if lin is not None else "") or sn1["01"],
        quantity=needed(sn1, "02", sn1.decimal),
        unit=sn1["03"],
        ordered=sn1.decimal("05"),
        ids=tuple(pair for pair in every if pair[0] not in apart),
        description=description_of(level),
        pack=known.pack,
        lot=given.get(ItemId.LOT, "") or reference(references, References.LOT),
        serial=given.get(ItemId.SERIAL, "") or reference(references, "SE"),
        expires_on=day_of(level, Dates.EXPIRATION, Dates.LOT_EXPIRATION),
    )


def _item_rows(item: ShippedItem) -> list[Row]:
    ids = list(item.ids)
    ids += [(ItemId.LOT.value, item.lot)] if item.lot else []
    ids += [(ItemId.SERIAL.value, item.serial)] if item.serial else []
    unit = item.unit if item.ordered is not None else None
    return [
        *([("LIN", item.line, *ids_row(tuple(ids)))] if ids else []),
        ("SN1", item.line, item.quantity, item.unit, None, item.ordered, unit),
        *description_rows(item.description),
        *day_rows((Dates.EXPIRATION, item.expires_on)),
    ]

"""867 product transfer and resale report: what was handed over to whom, as distributors and consignment stores tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from hilum.formats.x12.building import Draft, Row
from hilum.formats.x12.documents.codes import Dates, ItemId, Purpose
from hilum.formats.x12.documents.parts import (
    Identified,
    NamedParty,
    Reference,
    count_row,
    currency_of,
    day_of,
    day_rows,
    description_of,
    description_rows,
    first,
    ids_of,
    ids_row,
    needed,
    parties_of,
    party,
    party_rows,
    reference_rows,
    references_of,
    tree,
)
from hilum.formats.x12.loops import Loop
from hilum.formats.x12.transaction import TransactionSet


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportedItem(Identified):
    """A QTY loop of a PTD: so much of an item, to whom, when."""

    transfer: str = "SS"  # PTD01, data element 521: SS stock sale, SD ship and debit sale
    qualifier: str = "32"  # QTY01, data element 673: 32 sold, 39 shipped, 76 returns
    quantity: Decimal
    unit: str = ""
    price: Decimal | None = None  # UIT02
    description: str = ""
    lot: str = ""
    serial: str = ""
    happened_on: date | None = None
    references: tuple[Reference, ...] = ()  # of the PTD: order, invoice, contract
    parties: tuple[NamedParty, ...] = ()  # of the PTD: ship to, ultimate consignee

    @property
    def receiver(self) -> NamedParty | None:
        """Who got it."""
        return party(self.parties, "UC", "ST", "BY")


@dataclass(frozen=True, kw_only=True, slots=True)
class ResaleReport:
    """867."""

    number: str = ""  # BPT02
    reported_on: date
    purpose: str = Purpose.ORIGINAL
    type: str = ""  # BPT04, data element 755
    currency: str = ""
    first_day: date | None = None
    last_day: date | None = None
    references: tuple[Reference, ...] = ()
    parties: tuple[NamedParty, ...] = ()
    items: tuple[ReportedItem, ...] = ()


_HAPPENED = (Dates.SHIPPED, Dates.INVOICE, "035", "097")  # shipped, invoiced, delivered, transaction


def read_resale_report(transaction: TransactionSet) -> ResaleReport:
    """An 867. Raises `Invalid`."""
    root = tree(transaction, "867")
    bpt = first(root, "BPT")
    return ResaleReport(
        number=bpt["02"],
        reported_on=needed(bpt, "03", bpt.date),
        purpose=bpt["01"],
        type=bpt["04"],
        currency=currency_of(root),
        first_day=day_of(root, Dates.REPORT_START),
        last_day=day_of(root, Dates.REPORT_END),
        references=references_of(root),
        parties=parties_of(root),
        items=tuple(_item(transfer, loop) for transfer in root.within("PTD") for loop in transfer.within("QTY")),
    )


def draft_resale_report(report: ResaleReport) -> Draft:
    """An 867; each item stands in a PTD of its own."""
    rows: list[Row] = [
        ("BPT", report.purpose, report.number, report.reported_on, report.type),
        *([("CUR", "SE", report.currency)] if report.currency else []),
        *day_rows((Dates.REPORT_START, report.first_day), (Dates.REPORT_END, report.last_day)),
        *reference_rows(report.references),
        *party_rows(report.parties),
    ]
    for item in report.items:
        rows.append(("PTD", item.transfer))
        rows += day_rows((Dates.SHIPPED, item.happened_on))
        rows += reference_rows(item.references)
        rows += party_rows(item.parties)
        unit = [item.unit] if item.unit else None
        rows.append(("QTY", item.qualifier, item.quantity, unit))
        ids = list(item.ids)
        ids += [(ItemId.LOT.value, item.lot)] if item.lot else []
        ids += [(ItemId.SERIAL.value, item.serial)] if item.serial else []
        if ids:
            rows.append(("LIN", None, *ids_row(tuple(ids))))
        if item.price is not None:
            rows.append(("UIT", [item.unit or "EA"], item.price))
        rows += description_rows(item.description)
    return Draft("867", [*rows, count_row(len(report.items))])


def _item(transfer: Loop, loop: Loop) -> ReportedItem:
    head, lin, price = loop.head, loop.first("LIN"), loop.first("UIT")
    every = ids_of(lin, 2) if lin is not None else ()
    given = dict(reversed(every))
    return ReportedItem(
        transfer=transfer.head["01"],
        qualifier=head["01"],
        quantity=needed(head, "02", head.decimal),
        unit=head["03.1"] or (price["01.1"] if price is not None else ""),
        price=price.decimal("02") if price is not None else None,
        ids=tuple(pair for pair in every if pair[0] not in (ItemId.LOT, ItemId.SERIAL)),
        description=description_of(loop),
        lot=given.get(ItemId.LOT, ""),
        serial=given.get(ItemId.SERIAL, ""),
        happened_on=day_of(loop, *_HAPPENED) or day_of(transfer, *_HAPPENED),
        references=references_of(transfer),
        parties=parties_of(transfer),
    )

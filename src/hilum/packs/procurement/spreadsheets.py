"""Spreadsheets of requisitions (CSV, XLSX): rows, or whole files whose rows are grouped by requisition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, tzinfo
from typing import Any, Final

from hilum.canonical import PurchaseOrder, Requisition
from hilum.connector import Source, Target
from hilum.errors import Invalid
from hilum.flow import Flow, Lookup, Owners
from hilum.formats import read_delimited
from hilum.packs.building import date_in, decimal_in, moment_in, yes_or_no, zone_of
from hilum.packs.procurement.ordering import OWNERS, Wanted, documents_of, earliest, requisition_flow, requisition_of
from hilum.packs.rows import Row, text_in

_PACKAGE: Final = b"PK\x03\x04"
"""How an XLSX file begins: it is a zip package (ECMA-376, part 2)."""


def requisitions_csv(
    *,
    source: Source,
    odoo: str | None = "odoo.main",
    name: str = "procurement.requisitions_csv",
    owners: Owners = OWNERS,
    currency: str = "",
    timezone: str = "UTC",
    confirm: bool = True,
    orders: bool = True,
    report_to: Sequence[Target] = (),
    also: Sequence[Target] = (),
) -> Flow:
    """Rows `requisition,line,item,quantity` and where wanted `unit,supplier,needed_by,department,deliver_to,...`.

    Further columns: `requested_by`, `requested_at`, `urgent` (yes or no).

    With `files.Folder(..., split="none")` the whole file, CSV or XLSX, is one message: its rows are grouped by
    requisition (of a workbook, those of its first sheet), and each requisition becomes one `PurchaseOrder` per
    supplier, numbered `<requisition>-<supplier>`. A wrong row holds the file. With `split="rows"` (XLSX:
    `split="xlsx"`) each row is a message and becomes an order of its own, `<requisition>-<line>`: a wrong row
    holds back only itself. Departments that send whole requisitions want the first.
    `orders` False makes none: only the requisition goes on, to who approves it.
    """
    zone = zone_of(timezone)
    flow = requisition_flow(
        name,
        summary="Requisitions in spreadsheets become purchase orders in Odoo, one per supplier",
        source=source,
        format=None if source.default_format == "row" else "bytes",
        owners=owners,
        order_by=_first_requisition,
        dedup_by=None,  # the source's own key: the file with its content, or the row in it
        odoo=odoo,
        also=also,
        report_to=report_to,
    )

    @flow.translate
    def translated(parsed: bytes | Row, hub: Lookup) -> Iterator[Requisition | PurchaseOrder]:
        whole = not isinstance(parsed, Mapping)
        for number, rows in _requisitions(parsed).items():
            wanted = [_wanted(row, where) for where, row in rows]
            needed_by: dict[int, date | None] = {line.number: line.needed_by for line in wanted}
            yield from documents_of(
                _requisition(number, rows, wanted, hub, zone, supplied=orders),
                flow.targets,
                needed_by=needed_by,
                currency=currency,
                confirm=confirm,
                suffix="" if whole else str(wanted[0].number),
                orders=orders,
            )

    return flow


def _first_requisition(parsed: Any) -> str:
    """The ordering key. A file of several requisitions is in order with those that begin with the same one."""
    return next(iter(_requisitions(parsed)), "")


def _requisitions(parsed: bytes | Row) -> dict[str, list[tuple[str, Row]]]:
    """Rows by requisition, each with its place for errors. Raises `Invalid`."""
    if isinstance(parsed, Mapping):
        rows: list[tuple[str, Row]] = [("row", parsed)]
    else:
        rows = [(f"row {number}", row) for number, row in _table(parsed)]
    if not rows:
        raise Invalid("the file has a head line at most, and no requisition", where="row 1")
    found: dict[str, list[tuple[str, Row]]] = {}
    for where, row in rows:
        found.setdefault(text_in(row, "requisition", where), []).append((where, row))
    return found


def _table(file: bytes) -> Iterator[tuple[int, Row]]:
    """The rows of a file with their numbers; a workbook is known by its first bytes. Raises `Invalid`."""
    if not file.startswith(_PACKAGE):
        return read_delimited(file)
    from hilum.formats.spreadsheets import read_xlsx  # a large library, which most hubs never need

    return read_xlsx(file)


def _requisition(
    number: str, rows: Sequence[tuple[str, Row]], wanted: Sequence[Wanted], hub: Lookup, zone: tzinfo, *, supplied: bool
) -> Requisition:
    """One requisition of its rows; what is the same for all of them is taken from the first."""
    where, first = rows[0]
    return requisition_of(
        number,
        wanted,
        hub,
        supplied=supplied,
        where=where,
        deliver_to=first.get("deliver_to", "").strip(),
        department=first.get("department", "").strip(),
        requested_by=first.get("requested_by", "").strip(),
        urgent=any(yes_or_no(row.get("urgent", "") or "no", f"{place}, urgent") for place, row in rows),
        requested_at=earliest([moment_in(row, "requested_at", place, zone) for place, row in rows]),
    )


def _wanted(row: Row, where: str) -> Wanted:
    line = Wanted(
        number=_whole_number(row, where),
        code=text_in(row, "item", where),
        quantity=decimal_in(row, "quantity", where),
        unit=row.get("unit", "").strip(),
        supplier=row.get("supplier", "").strip(),
        where=where,
    )
    return replace(line, needed_by=date_in(row, "needed_by", where))


def _whole_number(row: Row, where: str) -> int:
    number = decimal_in(row, "line", where)
    if number != number.to_integral_value() or not 1 <= number < 10**9:
        raise Invalid("write a whole number from 1", where=f"{where}, line")
    return int(number)

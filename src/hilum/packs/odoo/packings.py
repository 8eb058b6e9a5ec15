"""The levels of packing of a product: the piece by its barcode, the others by Odoo's packagings (19: units)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal, InvalidOperation

from hilum.canonical import Packing, identifiers
from hilum.errors import Invalid, Unmapped
from hilum.packs.building import make
from hilum.packs.odoo.conventions import Conventions
from hilum.packs.odoo.records import Record, Reference

_PLACES = 6  # decimals that a quotient of Odoo's binary factors is good for


def packings(record: Record, kept: str, odoo: Conventions) -> tuple[Packing, ...]:
    """Those that have a GTIN, the smallest first. `kept`: the code of the unit in which the product is kept.

    What people have packed under other barcodes, or in units that nobody knows, is no packing for others: left out.
    """
    found = [*_piece(record, kept), *_packagings(record, odoo), *_units(record, odoo)]
    return tuple(sorted(found, key=lambda each: (each.quantity, each.gtin)))


def _piece(record: Record, kept: str) -> Iterator[Packing]:
    yield from _packing(record, "barcode", record.text("barcode"), kept, Decimal(1))


def _packagings(record: Record, odoo: Conventions) -> Iterator[Packing]:
    """Until 18. The hub calls one by its unit and how many are in it (`BX 100`)."""
    lines = record.lines("product.packaging", "packaging_ids") if record.given("packaging_ids") else []
    for line in lines:
        name, _, held = line.text("name").rpartition(" ")
        title = name if name and _number(held) == line.number("qty") else line.text("name")
        yield from _level(line, "barcode", Reference(id=line.id, name=title), line.number("qty"), odoo)


def _units(record: Record, odoo: Conventions) -> Iterator[Packing]:
    """From 19 on. The codes of units are their factors here."""
    lines = record.lines("product.uom", "product_uom_ids") if record.given("product_uom_ids") else []
    own = record.reference("uom_id")
    for line in lines:
        unit = line.reference("uom_id")
        one, all_ = _number(own.code) if own is not None else Decimal(0), _number(unit.code) if unit else Decimal(0)
        if unit is not None and one:
            yield from _level(line, "barcode", unit, (all_ / one).quantize(Decimal(1).scaleb(-_PLACES)), odoo)


def _level(line: Record, name: str, unit: Reference, quantity: Decimal, odoo: Conventions) -> Iterator[Packing]:
    with suppress(Unmapped):
        yield from _packing(line, name, line.text(name), odoo.unit_code(unit, line.where(name)), quantity)


def _packing(record: Record, name: str, barcode: str, unit: str, quantity: Decimal) -> Iterator[Packing]:
    try:
        gtin = identifiers.gtin(barcode)
    except Invalid:
        return
    if quantity > 0:
        yield make(Packing, record.where(name), gtin=gtin, unit=unit, quantity=quantity.normalize())


def _number(text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return Decimal(0)
    return found if found.is_finite() else Decimal(0)

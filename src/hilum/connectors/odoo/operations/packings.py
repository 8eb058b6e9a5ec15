"""Levels of packing of an item, each with the barcode that is on it.

Until 18 a `product.packaging` holds so many of the product's unit. In 19 it is a unit of the product with a barcode
(`product.uom`), so Odoo must have a unit that holds as many; units are set up by people, so none is made here, and a
level without one is told and stays in the hub. The piece itself has its barcode in the product.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from hilum.canonical import Item, Packing
from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.base import Needs
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.showing import shown
from hilum.connectors.odoo.work import Task, cell
from hilum.errors import Rejected

_BY_UNIT: Final = "product.uom"
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "product.packaging": ("name", "product_id", "qty", "barcode"),
    _BY_UNIT: ("uom_id", "product_id", "barcode"),
}


def packings_needed(names: Dialect) -> Needs:
    """What it touches on a server that uses these names."""
    units = {"product.product": ("uom_ids",)} if names.packing == _BY_UNIT else {}
    return {names.packing: _FIELDS[names.packing], **units}


def scanned(gtin: str) -> str:
    """What a scanner reads of a GTIN of 14 digits: of a piece 13 (EAN-13), of a box that has its own all 14."""
    return gtin[1:] if gtin.startswith("0") else gtin


async def write_packings(session: Session, records: Sequence[Record], tasks: Sequence[Task]) -> None:
    """Write the levels of packing of products that are written; tasks of refused ones are settled."""
    made: list[Record] = []
    units: dict[int, set[int]] = {}  # product → units that it must have
    for record in records:
        if record.task.outcome is not None or record.number is None:
            continue
        for packing in _levels(record.task.thing):
            one = await _record(session, record, record.number, packing)
            if one is None:
                record.task.remarks.append(_no_unit(record.task.thing, packing))
                continue
            made.append(one)
            if "uom_id/.id" in one.head:
                units.setdefault(record.number, set()).add(int(one.head["uom_id/.id"]))
    await _link(session, units)
    if made:
        await session.master_data(session.client.dialect.packing).load(made, tasks)


async def packings_shown(session: Session, record: Record) -> bool:
    """Are all levels that Odoo can have in it, as they were sent?"""
    for packing in _levels(record.task.thing):
        one = await _record(session, record, record.number or 0, packing)
        if one is not None and await shown(session, session.client.dialect.packing, one) is None:
            return False
    return True


def _levels(item: Item) -> list[Packing]:
    return [packing for packing in item.packings or () if packing.quantity != 1]


async def _record(session: Session, product: Record, number: int, packing: Packing) -> Record | None:
    """None: Odoo has no unit that holds as many."""
    item: Item = product.task.thing
    head = {"product_id/.id": cell(number), "barcode": scanned(packing.gtin)}
    if session.client.dialect.packing == _BY_UNIT:
        unit = await _unit(session, item, packing)
        if unit is None:
            return None
        head["uom_id/.id"] = cell(unit)
    else:
        head |= {"name": f"{packing.unit} {packing.quantity.normalize():f}", "qty": cell(packing.quantity)}
    xml_id = session.xml_id("packing", f"{item.code}/{packing.gtin}")
    return Record(task=product.task, xml_id=xml_id, head=head, about=f"packing {packing.unit} of item {item.code}")


async def _unit(session: Session, item: Item, packing: Packing) -> int | None:
    packed, kept = await session.units.find(packing.unit), await session.units.find(item.unit)
    if isinstance(packed, Rejected) or isinstance(kept, Rejected):
        return None
    return packed if session.units.holds(packed, kept) == packing.quantity else None


def _no_unit(item: Item, packing: Packing) -> str:
    held = f"{packing.quantity.normalize():f} {item.unit}"
    return f"Odoo has no unit {packing.unit} that holds {held}, so the GTIN of that packing is not in Odoo."


async def _link(session: Session, units: Mapping[int, set[int]]) -> None:
    """Products have the units that their packings are of; those that people gave them stay."""
    if not units:
        return
    for row in await session.client.read("product.product", sorted(units), ["uom_ids"]):
        missing = sorted(units[row["id"]] - set(row["uom_ids"]))
        if missing:
            await session.client.write("product.product", [row["id"]], {"uom_ids": [[4, unit] for unit in missing]})

"""Does a record in Odoo show what was written? Asked after the answer of a call was lost."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from hilum.connectors.odoo.loading import Cells, Record
from hilum.connectors.odoo.session import Session


async def shown(session: Session, model: str, record: Record) -> int | None:
    """The id of the record that has this external identifier, where it shows what was sent; else None.

    Compared are the columns that are read back as they were written: plain values, and relations given by their
    database ids. A record that a user has changed meanwhile does not show it, and is written again, as by a repetition.
    """
    target = await session.client.reference(record.xml_id)
    if target is None or target[0] != model or not target[1]:
        return None
    return target[1] if await shows(session, model, target[1], record.head) else None


async def shows(session: Session, model: str, number: int, cells: Cells) -> bool:
    """Does this record show these columns? Compared are those that `shown` compares."""
    columns = {column.removesuffix("/.id"): text for column, text in cells.items() if not _by_name(column)}
    rows = await session.client.read(model, [number], list(columns))
    if not rows:
        return False
    compared = {column: text for column, text in columns.items() if not _named(rows[0][column], text)}
    return bool(compared) and all(_same(rows[0][name], text) for name, text in compared.items())


def _by_name(column: str) -> bool:
    """Is the column a relation by external identifier, or a field of a line?"""
    return "/" in column.removesuffix("/.id")


def _named(value: Any, text: str) -> bool:
    """Is it a relation that was written by the name of the other record?"""
    return isinstance(value, list) or (isinstance(value, int) and not isinstance(value, bool) and not _number(text))


def _same(value: Any, text: str) -> bool:
    if value is False or value is None:
        return text in ("", "0", "False")
    if value is True:
        return text in ("1", "True")
    if isinstance(value, int | float):
        number = _number(text)
        return number is not None and number == Decimal(str(value))
    return str(value) == text


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None

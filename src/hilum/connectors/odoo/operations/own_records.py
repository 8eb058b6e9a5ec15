"""Records that Odoo has under a number of its own: matched things that people made there, or that were numbered later.

A delivery says so in its headers: `receiver-id` is the number in Odoo, `formerly` the hub's own name of the thing, by
which it may have been written before it had the number that it goes by now. Such a record has not the external
identifier of its number: it is changed by its id, to the same values at every repetition, and none is made beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from hilum.connector import Header
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import cell


async def own_numbers(session: Session, model: str, kind: str, records: Sequence[Record]) -> dict[int, int]:
    """Place among the records → Odoo's id, of those that are to be changed by it. Raises a `Failure`."""
    named = {place: number for place, each in enumerate(records) if (number := _number(each)) is not None}
    found = await _there(session, model, records, named)
    late = {
        place: session.xml_id(kind, formerly)
        for place, each in enumerate(records)
        if place not in named and (formerly := each.task.delivery.headers.get(Header.FORMERLY, ""))
    }
    if late:
        asked = [*late.values(), *(records[place].xml_id for place in late)]
        answers = await session.client.references(asked)
        for place, before in late.items():
            was = answers[before]
            if answers[records[place].xml_id] is None and was is not None and was[0] == model and was[1]:
                found[place] = was[1]
    return found


def _number(record: Record) -> int | None:
    text = record.task.delivery.headers.get(Header.RECEIVER_ID, "")
    return int(text) if text.isascii() and text.isdecimal() else None


async def _there(session: Session, model: str, records: Sequence[Record], named: Mapping[int, int]) -> dict[int, int]:
    """Those that Odoo still has, and that do not carry the external identifier under which they are written anyway."""
    if not named:
        return {}
    numbers = sorted(set(named.values()))
    context = {"active_test": False}
    rows = await session.client.search_read(model, [["id", "in", numbers]], ["id"], context=context)
    there = {row["id"] for row in rows}
    names = await session.client.external_ids(model, sorted(there))
    return {
        place: number
        for place, number in named.items()
        if number in there and names.get(number) != records[place].xml_id
    }


def written(values: Mapping[str, Any], clear: object) -> dict[str, Any]:
    """Columns as `write` takes them; `clear` is the value that empties one."""
    return {column.removesuffix("/.id"): _plain(value, clear) for column, value in values.items()}


def _plain(value: Any, clear: object) -> Any:
    if value is clear:
        return False
    if isinstance(value, Decimal):
        return float(value)
    return cell(value) if isinstance(value, date) else value  # a datetime is a date too

"""Columns that a delivery may only fill: the people of this Odoo own them, and the value came from elsewhere.

Odoo has no write that happens only where nothing was changed, so the record is looked at right before: a column that
shows something is left alone. What somebody writes between that look and the write, milliseconds, is overwritten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hilum.canonical import BusinessObject, partial
from hilum.connector import Header
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.own_records import own_numbers
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task


def without_fills(task: Task) -> BusinessObject | None:
    """The object of a delivery without the fields that it may only fill; None: there are none."""
    thing: BusinessObject = task.thing
    fields = set(task.delivery.headers.get(Header.ONLY_IF_EMPTY, "").split(",")) - {""}
    return partial(thing, thing.model_fields_set - fields) if fields else None


def fills(values: Mapping[str, Any], others: Mapping[str, Any]) -> frozenset[str]:
    """The columns that have a value of these fields, and none of the other ones."""
    nothing = (None, "")
    return frozenset(name for name, value in values.items() if value not in nothing and others.get(name) in nothing)


async def leave_filled(session: Session, model: str, kind: str, records: Sequence[Record]) -> None:
    """Take out of these records the columns that Odoo shows a value of, where they may only fill it.

    Raises a `Failure`.
    """
    filling = [record for record in records if record.fills]
    if not filling:
        return
    numbers = await own_numbers(session, model, kind, filling)
    names = await session.client.references([record.xml_id for record in filling])
    for place, record in enumerate(filling):
        target = names[record.xml_id]
        if place not in numbers and target is not None and target[0] == model and target[1]:
            numbers[place] = target[1]
    columns = sorted({_field(column) for record in filling for column in record.fills})
    context, domain = {"active_test": False}, [["id", "in", sorted(set(numbers.values()))]]
    rows = await session.client.search_read(model, domain, columns, context=context) if numbers else []
    there = {row["id"]: row for row in rows}
    for place, record in enumerate(filling):
        row = there.get(numbers.get(place, 0), {})
        if filled := [column for column in record.fills if row.get(_field(column))]:
            record.leave(filled)
            record.task.remarks.append(f"Odoo has {', '.join(sorted(filled))} already: left as it is.")


def _field(column: str) -> str:
    """The field that a column of `load` is about: `country_id/.id` and `country_id/id` are about `country_id`."""
    return column.partition("/")[0]

"""What packs over spreadsheet rows share: reading a row, and the flow that carries master data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from hilum.canonical import BusinessObject
from hilum.connector import Source, Target
from hilum.errors import Invalid
from hilum.flow import Criticality, DataClass, Flow, Lookup, Owners, Slo
from hilum.flow.declaration import Selector

Row = Mapping[str, str]
"""One row of a spreadsheet: head line names to texts. Names are compared as they are written in the head line."""


def text_in(row: Row, column: str, where: str) -> str:
    """A cell that must not be empty. Raises `Invalid` naming the column."""
    found = row.get(column, "").strip()
    if not found:
        raise Invalid(
            "must not be empty" if column in row else "the file has no such column", where=f"{where}, {column}"
        )
    return found


def column(name: str) -> Selector:
    """Reads one cell, for `order_by`."""
    return lambda row: row.get(name, "").strip()


def master_data(
    name: str,
    translate: Callable[[Any, Lookup], BusinessObject],
    *,
    summary: str,
    source: Source,
    owners: Owners,
    order_by: Selector,
    targets: Sequence[Target],
    data_class: DataClass = DataClass.INTERNAL,
    input: type[BaseModel] | None = None,
) -> Flow:
    """A flow of rows, each of which becomes one object. A row that comes twice is written twice with the same effect.

    `input`: the columns that it knows, for its contract; `translate` and `order_by` get such an object then.

    Master data is a feed of states: the last row of a key counts, and one that is held does not keep the next back.
    """
    flow = Flow(
        name,
        version="1.0",
        summary=summary,
        owners=owners,
        data_class=data_class,
        criticality=Criticality.NORMAL,
        slo=Slo(percent=99, within="15m"),
        retention="P1Y",
        source=source,
        format="row",
        input=input,
        order_by=order_by,
        on_held="pass",
        runbook="The case names the column. Correct the row in its file and put the file into the folder again.",
    )
    flow.translate(translate)
    flow.deliver_to(*targets)
    return flow

"""Templates of requisitions as XLSX: what departments fill in is read, and what is wrong is named by row and column."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook
from packs_support import WholeFiles, things

from hilum.canonical import Requisition
from hilum.connector import Target
from hilum.errors import HilumError, Invalid, Unmapped
from hilum.flow import Flow, Lookup
from hilum.packs import procurement

pytestmark = pytest.mark.req("SYS-9")

HEAD = (
    "requisition",
    "line",
    "item",
    "quantity",
    "unit",
    "supplier",
    "needed_by",
    "department",
    "requested_by",
    "urgent",
)
ROW = ("RQ9001", 1, "GLV-M", 20, "BX", None, date(2026, 3, 9), "W3", "eve", "no")
"""A template as departments have it: `GLV-M` and `BX` are codes of the lookup tables of the samples."""


def book(*rows: Sequence[Any], head: Sequence[Any] = HEAD, change: Callable[[Any], None] | None = None) -> bytes:
    """A workbook of these rows; `change`: what somebody did to its sheet afterwards."""
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    for row in (head, *rows):
        sheet.append(list(row))
    if change is not None:
        change(sheet)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def row(**changed: Any) -> list[Any]:
    """The row of the template, otherwise."""
    return [changed.get(name, value) for name, value in zip(HEAD, ROW, strict=True)]


def line(number: int, **changed: Any) -> list[Any]:
    """One of many lines of the same requisition."""
    return row(line=number, **changed)


@pytest.fixture
def flow(anything: Target) -> Flow:
    asked = replace(anything, accepts=(Requisition,))
    return procurement.requisitions_csv(source=WholeFiles(), odoo=None, orders=False, also=[asked])


def read(flow: Flow, body: bytes, lookup: Lookup) -> list[Requisition]:
    return things(flow, body, lookup)


def test_what_a_department_fills_in_is_a_requisition(flow: Flow, lookup: Lookup) -> None:
    rows = [
        row(),
        row(line=2, item="SUT30", quantity=1.5, unit=None, urgent="yes"),
        [None] * len(HEAD),  # an empty line between two requisitions
        row(requisition="RQ9002", needed_by=datetime(2026, 3, 10), quantity="12", item=" GLV-M "),
    ]
    first, second = read(flow, book(*rows), lookup)
    assert (first.number, first.department, first.requested_by, first.urgent) == ("RQ9001", "W3", "eve", True)
    assert first.needed_by == date(2026, 3, 9) and second.needed_by == date(2026, 3, 10)
    assert [(x.number, x.item, x.quantity, x.unit) for x in first.lines] == [
        (1, "GLOVE-M", Decimal(20), "BX"), (2, "SUT-3-0", Decimal("1.5"), "EA"),
    ]  # fmt: skip
    assert [(x.item, x.quantity) for x in second.lines] == [("GLOVE-M", Decimal(12))]


def merge(area: str) -> Callable[[Any], None]:
    return lambda sheet: sheet.merge_cells(area)


def write(cell: str, value: Any) -> Callable[[Any], None]:
    return lambda sheet: sheet.__setitem__(cell, value)


def without(name: str) -> list[str]:
    return [f"{each} wanted" if each == name else each for each in HEAD]


TWO = (row(), row(line=2))

WRONG: dict[str, tuple[bytes, str, str]] = {
    "a column has another name": (book(row(), head=without("quantity")), "row 2, quantity", "write a number"),
    "a needed column has another name": (book(row(), head=without("item")), "row 2, item", "no such column"),
    "two columns have one name": (book(row(), head=[*HEAD[:-1], "item"]), "head", "same name"),
    "a column has no name": (book([*ROW, "by air"]), "row 2", "column 11, which has no name"),
    "a cell is merged with the one above": (book(*TWO, change=merge("A2:A3")), "row 3", "requisition: the cell is m"),
    "a cell is merged with the one beside": (book(*TWO, change=merge("E3:F3")), "row 3", "supplier: the cell is m"),
    "a formula was never computed": (book(row(), change=write("D2", "=10*2")), "row 2", "quantity: the formula was"),
    "a cell shows an error": (book(row(), change=write("D2", "#REF!")), "row 2", "quantity: the cell shows an error"),
    "less than nothing": (book(row(), row(line=2, quantity=-3)), "row 3", "more than 0"),
    "nothing at all": (book(row(quantity=0)), "row 2", "more than 0"),
    "a quantity in words": (book(row(quantity="a dozen")), "row 2, quantity", "write a number"),
    "a quantity with a comma": (book(row(quantity="1,5")), "row 2, quantity", "write a number"),
    "no quantity": (book(row(quantity=None)), "row 2, quantity", "write a number"),
    "no number of the line": (book(row(line=None)), "row 2, line", "write a number"),
    "half a line": (book(row(line=1.5)), "row 2, line", "whole number"),
    "the same line twice": (book(row(), row()), "row 2", "same line number twice"),
    "a day in words": (book(row(needed_by="next Monday")), "row 2, needed_by", "write a date"),
    "perhaps urgent": (book(row(urgent="perhaps")), "row 2, urgent", "write yes or no"),
    "a head and nothing below": (book(), "row 1", "no requisition"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said_by_row_and_column_and_nothing_is_ordered(what: str, flow: Flow, lookup: Lookup) -> None:
    body, where, words = WRONG[what]
    with pytest.raises(Invalid, match=words) as caught:
        read(flow, body, lookup)
    assert caught.value.where == where


@pytest.mark.parametrize(
    ("changed", "table"), [({"item": "NOSUCH"}, "items"), ({"supplier": "WHO"}, "suppliers"), ({"unit": "X9"}, "units")]
)
def test_a_code_that_nobody_knows_waits_for_a_steward(
    changed: dict[str, Any], table: str, flow: Flow, lookup: Lookup
) -> None:
    with pytest.raises(Unmapped) as caught:
        read(flow, book(row(), row(line=2, **changed)), lookup)
    assert (caught.value.table, caught.value.code) == (table, next(iter(changed.values())))


def test_cells_that_are_merged_beside_the_rows_harm_nobody(flow: Flow, lookup: Lookup) -> None:
    def signature(sheet: Any) -> None:
        sheet.merge_cells("L1:M4")
        sheet.merge_cells("A9:J12")

    (made,) = read(flow, book(*TWO, change=signature), lookup)
    assert len(made.lines) == 2


def test_two_thousand_lines_are_one_requisition(flow: Flow, lookup: Lookup) -> None:
    (made,) = read(flow, book(*(line(n, quantity=n) for n in range(1, 2001))), lookup)
    assert len(made.lines) == 2000
    assert sum(each.quantity for each in made.lines) == 2000 * 2001 // 2


def test_the_wrong_one_of_many_lines_is_found(flow: Flow, lookup: Lookup) -> None:
    rows = [line(n, quantity=-1 if n == 177 else n) for n in range(1, 201)]
    with pytest.raises(Invalid) as caught:
        read(flow, book(*rows), lookup)
    assert caught.value.where == "row 178"


@pytest.mark.parametrize("part", [0.1, 0.5, 0.95])
def test_half_a_file_is_refused(part: float, flow: Flow, lookup: Lookup) -> None:
    body = book(*TWO)
    with pytest.raises(HilumError):
        read(flow, body[: int(len(body) * part)], lookup)

"""Drawings of state models, and forms from JSON Schemas."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Literal

import pytest
from pydantic import BaseModel, Field

from hilum.console.components.answer_form import entries
from hilum.console.components.state_model import drawing
from hilum.packs.suppliers.rules import CallBack
from hilum.processes import answer_of
from hilum.processes.tasks import Unfit

pytestmark = pytest.mark.req("UX-1")

MOVES = {"draft": ("active", "expired"), "active": ("suspended", "expired"), "suspended": ("active",), "expired": ()}


def test_a_state_stands_behind_what_leads_to_it_and_the_way_is_marked() -> None:
    html = drawing(MOVES, "active", [("draft", "active")])
    at = {name: float(x) for x, name in re.findall(r'<text x="([\d.]+)" y="[\d.]+">(\w+)</text>', html)}
    assert at["draft"] < at["active"] < at["suspended"] == pytest.approx(at["expired"])
    assert html.count('class="move gone"') == 1
    assert html.count('class="move"') == len(MOVES["active"]), "where it may go from here, and no other"
    assert re.search(r'class="state here">.*?>active<', html)
    assert "suspended may become active" in html


def test_names_of_states_are_text() -> None:
    assert "<b>" not in drawing({"<b>": ()}, "<b>", [])


class Answer(BaseModel):
    approved: bool
    price: Decimal | None = None
    route: Literal["normal", "urgent"] = "normal"
    until: date
    boxes: int = Field(1, description="At most 12")
    lines: list[int] = []
    suppliers: list[str] = []
    corrections: dict[str, str] = {}


def test_a_form_has_a_field_for_each_kind_of_value_in_the_declared_order() -> None:
    schema = Answer.model_json_schema()
    schema["properties"] = dict(sorted(schema["properties"].items()))  # as it comes from the database
    found = entries(schema, list(Answer.model_fields))
    assert [(e.name, e.kind, e.required) for e in found] == [
        ("approved", "choice", True), ("price", "number", False), ("route", "choice", False), ("until", "date", True),
        ("boxes", "number", False), ("lines", "json", False),
        ("suppliers", "lines", False), ("corrections", "pairs", False),
    ]  # fmt: skip
    by_name = {each.name: each for each in found}
    assert by_name["approved"].options == {"true": "yes", "false": "no"}
    assert by_name["approved"].value_of("false") is False
    assert (by_name["route"].default, by_name["boxes"].hint) == ("normal", "At most 12")
    assert by_name["lines"].value_of("[1, 2]") == [1, 2]
    given = {"approved": "true", "until": "2026-03-01", "price": "4.10", "lines": "[1]"}
    answer = Answer.model_validate({name: by_name[name].value_of(text) for name, text in given.items()})
    assert (answer.price, answer.until, answer.lines) == (Decimal("4.10"), date(2026, 3, 1), [1])


def test_who_answers_types_lists_and_pairs_as_lines_and_no_json() -> None:
    by_name = {each.name: each for each in entries(Answer.model_json_schema())}
    suppliers, corrections = by_name["suppliers"], by_name["corrections"]
    assert (suppliers.default, corrections.default) == ("", ""), "the field is empty, not [] or {}"
    assert suppliers.value_of(" V-1 \n\nV-2\n") == ["V-1", "V-2"]
    assert corrections.value_of("total = 81.00\nlines.1.description=a = b") == {
        "total": "81.00", "lines.1.description": "a = b",
    }  # fmt: skip
    assert corrections.value_of('{"total": "81.00"}') == {"total": "81.00"}
    assert "field = value" in corrections.hint
    with pytest.raises(Unfit) as wrong:
        answer_of(Answer, {"approved": True, "until": "2026-03-01", "corrections": corrections.value_of("total: 81")})
    assert wrong.value.fields == {"corrections": "write one on each line, as: field = value"}


def test_what_a_form_finds_wrong_is_said_without_words_of_programmers() -> None:
    with pytest.raises(Unfit) as wrong:
        answer_of(CallBack, {"confirmed": True})
    assert wrong.value.fields == {"": "say with whom you spoke"}
    with pytest.raises(Unfit) as wrong:
        answer_of(CallBack, {})
    assert wrong.value.fields == {"confirmed": "this has to be answered"}

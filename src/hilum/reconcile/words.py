"""Differences as people and spreadsheets read them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from hilum.reconcile.comparing import Kind
from hilum.reconcile.fields import Apart
from hilum.reconcile.store import DifferenceRow, RunRow

COLUMNS: Final = (
    "key", "title", "kind", "field", "here", "there", "why", "day", "since", "runs", "found_here", "found_there",
)  # fmt: skip
"""Of the file of differences: a line for each field that differs."""

Sides = tuple[str, str]
"""What people call the two."""


def sentence(found: DifferenceRow, sides: Sides) -> str:
    """`Bill 4711 of supplier V1: 1 240.00 EUR the hub, 1 204.00 EUR Odoo`, for each field that differs."""
    here, there = sides
    said = "; ".join(_apart(each, sides) for each in found.apart)
    match found.kind:
        case Kind.MISSING:
            return f"{found.title}: {_in(here)} has it ({_values(found, 'here')}), {_in(there)} has not"
        case Kind.EXTRA:
            return f"{found.title}: {_in(there)} has it ({_values(found, 'there')}), {_in(here)} has not"
        case Kind.DOUBLED:
            return f"{found.title} is there more than once: {said}"
        case Kind.UNREADABLE:
            return f"{found.title} cannot be compared: {'; '.join(each.why for each in found.apart)}"
    return f"{found.title}: {said}"


def _in(side: str) -> str:
    return side or "the other side"


def _values(found: DifferenceRow, side: str) -> str:
    return ", ".join(f"{each.label} {getattr(each, side)}" for each in found.apart) or "nothing more is known"


def _apart(each: Apart, sides: Sides) -> str:
    why = f" ({each.why})" if each.why else ""
    return f"{each.label} {each.here} in {sides[0]}, {each.there} in {sides[1]}{why}"


def result(run: RunRow, sides: Sides) -> str:
    """What a run came to, in a sentence."""
    if run.state == "running":
        return "It is being compared now."
    if run.state == "failed":
        return f"It could not be compared: {run.words}"
    way = f", {run.on_the_way} on their way" if run.on_the_way else ""
    if not run.differences:
        return f"All {run.same} agree{way}."
    told = [
        (run.missing, f"missing in {sides[1]}"), (run.extra, f"only in {sides[1]}"), (run.different, "different"),
        (run.doubled, "more than once"), (run.unreadable, "unreadable"),
    ]  # fmt: skip
    return f"{', '.join(f'{count} {words}' for count, words in told if count)}; {run.same} agree{way}."


def lines(found: Iterable[DifferenceRow]) -> list[dict[str, Any]]:
    """A line for each field that differs; one at least for each difference."""
    made = []
    for each in found:
        for apart in each.apart or (Apart(field="", label="", here="", there=""),):
            made.append(
                {
                    "key": each.key, "title": each.title, "kind": each.kind.value, "field": apart.label,
                    "here": apart.here, "there": apart.there, "why": apart.why, "day": each.on_day,
                    "since": each.since, "runs": each.runs, "found_here": each.here, "found_there": each.there,
                }
            )  # fmt: skip
    return made

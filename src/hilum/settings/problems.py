"""What is wrong with settings, in words that never show a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def problems_of(error: ValidationError) -> str:
    """A pydantic error in words: which setting, what is wrong. Never shows the value."""
    lines = []
    found = error.errors(include_input=False, include_url=False, include_context=False)
    for problem in found:
        if _follows(problem, found):
            continue
        place = ".".join(str(part) for part in problem["loc"])
        lines.append(f"{place or 'settings'}: {words_of(problem)}")
    return "; ".join(lines)


def words_of(problem: ErrorDetails) -> str:
    """What is wrong with one value, without the words that only programmers know."""
    if problem["type"] == "extra_forbidden":
        return "there is no such setting"
    return problem["msg"].removeprefix("Value error, ")


def _follows(problem: ErrorDetails, found: list[ErrorDetails]) -> bool:
    """Is it a list that is too short only because what is wrong in it was not counted?"""
    place = problem["loc"]
    return problem["type"] == "too_short" and any(
        each["loc"][: len(place)] == place and len(each["loc"]) > len(place) for each in found
    )

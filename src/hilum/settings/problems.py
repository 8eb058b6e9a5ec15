"""What is wrong with settings, in words that never show a value."""

from __future__ import annotations

from pydantic import ValidationError


def problems_of(error: ValidationError) -> str:
    """A pydantic error in words: which setting, what is wrong. Never shows the value."""
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        place = ".".join(str(part) for part in problem["loc"])
        words = "there is no such setting" if problem["type"] == "extra_forbidden" else problem["msg"]
        lines.append(f"{place}: {words}")
    return "; ".join(lines)

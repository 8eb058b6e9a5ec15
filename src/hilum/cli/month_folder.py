"""The folder of a simulated month: one month at a time, and what became of it is written there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from hilum.cli.guards import alone
from hilum.errors import SettingsError

FILE: Final = "month.json"
"""Says which month is in a folder, and what became of it."""


@contextmanager
def fresh(folder: Path, about: str) -> Iterator[Callable[[str], None]]:
    """The folder is this month's alone; what is yielded notes what became of it, in words.

    `about`: the month in words. Raises `SettingsError` that says what is there where another month is or was played.
    """
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / FILE
    with alone(folder, "A month"):
        if note.exists():
            raise SettingsError(f"In {folder} is a month already: {_told(note)}. {_CHOOSE}")
        facts = {"month": about, "begun": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "outcome": ""}

        def became(outcome: str) -> None:
            facts["outcome"] = outcome
            note.write_text(json.dumps(facts), encoding="utf-8")

        became("")  # so much is known of one that is killed
        yield became


_CHOOSE: Final = "Its log and project are kept there: choose another --folder, or remove that one."


def _told(note: Path) -> str:
    try:
        facts: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
    except ValueError:
        return f"{note.name} cannot be read"
    outcome = facts.get("outcome") or "it was broken off"
    return f"{facts.get('month')}, begun {facts.get('begun')}; {outcome}"

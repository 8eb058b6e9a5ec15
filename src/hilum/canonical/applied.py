"""Rules that a translation applied: conversions and code tables, heard while it runs and kept with its message.

Whatever converts something says so here (`apply`); who wants to know listens. Without a listener nothing is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final, Literal

Kind = Literal["unit", "currency", "time zone", "lookup", "crosswalk", "match", "more"]
"""What sort of rule: of units, of money, of clocks, a code table, what systems call the same thing, which known thing
an arrival is; or a remainder."""

MOST_RULES: Final = 40
"""Different rules that are kept of one message; of the others it is only known how many they were."""

TEXT_LIMIT: Final = 120
"""Characters that are kept of a rule, and of a value before and after it."""

Heard = tuple[Kind, str, str, str]
"""Kind, rule, value before, value after: as it is heard, so that hearing costs next to nothing."""

_heard: ContextVar[list[Heard] | None] = ContextVar("rules that were applied", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A rule, and what it did."""

    kind: Kind
    rule: str  # `1 BX = 100 EA`, `items (change 17)`
    before: str = field(default="", repr=False)  # empty: it is not kept, because the payload is protected
    after: str = field(default="", repr=False)
    times: int = 1

    @property
    def words(self) -> str:
        """For people: `1 BX = 100 EA: 4 BX → 400 EA, 3 times`."""
        if self.kind == "more":
            return f"and {self.times} more"
        values = f": {self.before} → {self.after}" if self.before else ""
        return f"{self.rule}{values}{f', {self.times} times' if self.times > 1 else ''}"

    def masked(self) -> Applied:
        """Without its values."""
        return replace(self, before="", after="")


def apply(kind: Kind, rule: str, before: str, after: str) -> None:
    """This rule made that of this."""
    heard = _heard.get()
    if heard is not None:
        heard.append((kind, rule, before, after))


def heard_by_nobody() -> bool:
    """Would `apply` keep nothing? Spares the words where they cost something."""
    return _heard.get() is None


@contextmanager
def listening() -> Iterator[list[Heard]]:
    """All rules that are applied within, in order."""
    found: list[Heard] = []
    token = _heard.set(found)
    try:
        yield found
    finally:
        _heard.reset(token)


def summed(heard: Sequence[Heard], *, values: bool) -> list[dict[str, Any]]:
    """Each different rule once, with how often it was applied; `values`: those before and after are kept too.

    As the members of `Applied`: this is done for each message, and objects would cost three times as much.
    """
    counts: dict[Heard, int] = {}
    for each in heard:
        key = each if values else (each[0], each[1], "", "")
        counts[key] = counts.get(key, 0) + 1
    found = [
        {"kind": kind, "rule": _short(rule), "before": _short(before), "after": _short(after), "times": times}
        for (kind, rule, before, after), times in islice(counts.items(), MOST_RULES)
    ]
    if len(counts) > MOST_RULES:
        more = sum(islice(counts.values(), MOST_RULES, None))
        found.append({"kind": "more", "rule": "", "before": "", "after": "", "times": more})
    return found


def _short(text: str) -> str:
    return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1] + "…"

"""What people changed in a document of Odoo since the hub wrote it: judged field by field, against what was noted then.

Odoo does not say who changed a field. So the hub notes fingerprints of what a document showed when it had written it.
What shows something else later was changed by somebody. Pure, but for the notes themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, auto
from hashlib import blake2b
from typing import Any, Final

from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import cell, exact
from hilum.errors import DatabaseUnavailable, TryAgain

_BYTES: Final = 8  # of a fingerprint: one field is compared with one value, not with millions
_LATER: Final = "What was written last cannot be looked up now."

Prints = dict[str, str]
"""Field → fingerprint of its value."""


@dataclass(eq=False, slots=True, kw_only=True)
class Written:
    """What a document showed when the hub had written it."""

    head: Prints = field(default_factory=dict)
    lines: dict[str, Prints] = field(default_factory=dict)  # by Odoo's id
    sent: Prints = field(default_factory=dict)  # each line that was sent, by its number, as it was sent

    @classmethod
    def read(cls, value: Any) -> Written:
        """From a note."""
        return cls(head=value["head"], lines=value["lines"], sent=value["sent"])

    def note(self) -> dict[str, Any]:
        """The note of it."""
        return {"head": self.head, "lines": self.lines, "sent": self.sent}


class Verdict(Enum):
    """What becomes of one field."""

    SAME = auto()  # it shows what is wanted, or nothing is wanted and nobody changed it
    WRITE = auto()  # nobody changed it since
    KEEP = auto()  # somebody changed it, and what is wanted is what was wanted then
    CLASH = auto()  # somebody changed it, and something else is wanted now


def judge(noted: str | None, here: Any, wanted: Any) -> Verdict:
    """What becomes of a field that shows `here`. `wanted` None: Odoo decides. `noted` None: nobody knows."""
    if wanted is not None and _text(here) == _text(wanted):
        return Verdict.SAME
    untouched = noted is None or fingerprint(here) == noted
    if wanted is None:
        return Verdict.SAME if untouched else Verdict.KEEP
    if untouched:
        return Verdict.WRITE
    return Verdict.KEEP if fingerprint(wanted) == noted else Verdict.CLASH


def fingerprint(value: Any) -> str:
    """The same for what is written and what Odoo shows of it: 10, 10.0 and `10.00` are one number."""
    return blake2b(_text(value).encode(), digest_size=_BYTES).hexdigest()


def of_line(wanted: Mapping[str, Any]) -> str:
    """The fingerprint of a whole line as it is sent."""
    return fingerprint("\n".join(f"{name}={_text(value)}" for name, value in sorted(wanted.items())))


def _text(value: Any) -> str:
    match value:
        case None | False | "":
            return ""
        case int() | float() | Decimal():
            return format(exact(value).normalize(), "f")
        case date() | datetime():
            return cell(value)
        case _:
            return str(value)


async def noted(session: Session, names: Collection[str]) -> dict[str, Written]:
    """What was noted of these documents. Raises `TryAgain`."""
    if session.notes is None or not names:
        return {}
    try:
        return {name: Written.read(value) for name, value in (await session.notes.get(names)).items()}
    except DatabaseUnavailable:
        raise TryAgain(_LATER) from None


async def note(session: Session, documents: Mapping[str, Written]) -> None:
    """Note what these documents show now. Raises `TryAgain`: the hub comes again, and meets what is there."""
    if session.notes is None or not documents:
        return
    try:
        await session.notes.put({name: written.note() for name, written in documents.items()})
    except DatabaseUnavailable:
        raise TryAgain(_LATER) from None

"""What the hub knows of one governed object: what is in force, what each system shows, and what is on its way there.

Values are kept as fingerprints, made with a key of the database so that they cannot be guessed from a copy of the
table; the values themselves are beside them, sealed as payloads are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

import orjson

EMPTY: Final = "-"
"""The fingerprint of nothing: null, an empty text, an empty list."""


def fingerprint(key: bytes, value: Any) -> str:
    """16 hexadecimal digits that are the same for the same value, as JSON has it; `EMPTY` for an empty one."""
    if value in (None, "", [], {}):
        return EMPTY
    return blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), key=key, digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Sent:
    """A value that the hub writes to a system, by a delivery."""

    value: str
    message: str
    ordinal: int


@dataclass(slots=True)
class View:
    """A field as one system has it, as far as the hub knows."""

    shown: str = ""  # what it showed last; empty: it never showed it
    sent: list[Sent] = field(default_factory=list)  # what the hub writes there since, in order
    past: list[Sent] = field(default_factory=list)  # what it wrote before the system's own last change
    refuted: str = ""  # the value that the system was last corrected for
    corrections: int = 0  # and how often
    seq: int = 0  # the place among all messages of the one by which the system told of it last

    @property
    def last(self) -> str:
        """What it shows once everything has arrived."""
        return self.sent[-1].value if self.sent else self.shown

    def copy(self) -> View:
        """One that can be changed without changing this one."""
        return View(self.shown, list(self.sent), list(self.past), self.refuted, self.corrections, self.seq)


@dataclass(slots=True)
class FieldState:
    """One field."""

    value: str = ""  # the fingerprint of what is in force; empty: nothing is
    system: str = ""  # who set it
    at: float = 0.0  # when it was changed there, seconds since 1970
    turns: list[tuple[str, float]] = field(default_factory=list)  # what was in force lately, and since when
    views: dict[str, View] = field(default_factory=dict)  # by captured system

    def view(self, system: str) -> View:
        """The field as this system has it."""
        return self.views.setdefault(system, View())

    def copy(self) -> FieldState:
        """One that can be changed without changing this one."""
        views = {system: view.copy() for system, view in self.views.items()}
        return FieldState(self.value, self.system, self.at, list(self.turns), views)


@dataclass(slots=True)
class Document:
    """One object: its fields, and the values in force as far as they can still be read."""

    fields: dict[str, FieldState] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict, repr=False)

    def field(self, name: str) -> FieldState:
        """What is known of this field."""
        return self.fields.setdefault(name, FieldState())

    def state(self) -> bytes:
        """The fields as JSON."""
        return orjson.dumps({name: _written(each) for name, each in self.fields.items()})

    @classmethod
    def of(cls, state: Mapping[str, Any], values: Mapping[str, Any]) -> Document:
        """What `state` wrote, parsed, with the values."""
        return cls(fields={name: _read(each) for name, each in state.items()}, values=dict(values))

    def copy(self) -> Document:
        """One that can be changed without changing this one."""
        return Document(fields={name: each.copy() for name, each in self.fields.items()}, values=dict(self.values))


def _written(state: FieldState) -> dict[str, Any]:
    return {
        "value": state.value,
        "system": state.system,
        "at": state.at,
        "turns": state.turns,
        "views": {
            system: {
                "shown": view.shown,
                "sent": [[s.value, s.message, s.ordinal] for s in view.sent],
                "past": [[s.value, s.message, s.ordinal] for s in view.past],
                "refuted": view.refuted,
                "corrections": view.corrections,
                "seq": view.seq,
            }
            for system, view in state.views.items()
        },
    }


def _read(found: Mapping[str, Any]) -> FieldState:
    return FieldState(
        value=found["value"],
        system=found["system"],
        at=found["at"],
        turns=[(value, at) for value, at in found["turns"]],
        views={
            system: View(
                shown=view["shown"],
                sent=[Sent(*each) for each in view["sent"]],
                past=[Sent(*each) for each in view["past"]],
                refuted=view["refuted"],
                corrections=view["corrections"],
                seq=view.get("seq", 0),
            )
            for system, view in found["views"].items()
        },
    )

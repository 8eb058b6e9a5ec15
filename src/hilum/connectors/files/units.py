"""What a file is divided into: units that become messages, and flaws that do not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Unit:
    """One message of a file. `number` counts from 1; 0 is the file as a whole."""

    number: int
    body: bytes = field(repr=False)
    content_type: str


@dataclass(frozen=True, slots=True)
class Flaw:
    """A unit that cannot be read; the rest of the file can."""

    number: int
    reason: str


class Splitter(Protocol):
    """Takes a file in chunks and gives its units. Raises `Invalid` where the rest of the file cannot be told apart."""

    def feed(self, chunk: bytes) -> Sequence[Unit | Flaw]:
        """The units that are complete now."""

    def finish(self) -> Iterable[Unit | Flaw]:
        """The units that end with the file; they may be read only as they are taken."""

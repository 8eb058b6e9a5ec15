"""What is known of a far side before messages fail there: models that do not fit, keys that end."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, Protocol, runtime_checkable

Needs = Mapping[str, Collection[str]]
"""Model → fields; no fields: whatever it has. Of a mapping, the fields with the types that they may have there, as the
far side calls them; no types: any."""


NO_NEEDS: Final[Mapping[str, Needs]] = MappingProxyType({})


@runtime_checkable
class ReadsModels(Protocol):
    """A source of which is known what it reads at its endpoint: a destination there looks whether that is there."""

    @property
    def reads(self) -> Needs:
        """Model → fields."""


KEY_WARNING: Final = timedelta(days=14)
"""A key that ends within this time is told of; those of internal users of Odoo live 90 days at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Misfit:
    """One thing at a destination that is not as its flows need it."""

    what: str  # as the far side calls it: `res.partner.mobile`
    expected: str
    found: str
    words: str  # what follows from it, and what to do, in a sentence or two
    operations: tuple[str, ...] = ()  # that need it; empty: all that lead there


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """Why messages to a destination will fail, told before one does. It lasts until a look finds it gone."""

    category: str  # of the case that it becomes
    subject: str  # what it is about, the same at every look: `res.partner`
    title: str
    misfits: tuple[Misfit, ...]
    advice: str = ""  # what to do; empty: as the category says
    due: datetime | None = None  # until when it must be mended; none: by the criticality of the flows

    @property
    def words(self) -> str:
        """What is wrong, in sentences."""
        return " ".join(misfit.words for misfit in self.misfits if misfit.words)


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspection:
    """What a destination said of itself: its models and fields, what of it does not fit, when its key ends."""

    metadata: Mapping[str, Any]  # by model; what is known from now on, to be compared with the next time
    conditions: Sequence[Condition] = ()  # what will make messages fail
    key_ends: datetime | None = None  # none: never, or not known

    @property
    def findings(self) -> list[str]:
        """What does not fit, thing by thing, in words."""
        return [misfit.words for condition in self.conditions for misfit in condition.misfits]


@runtime_checkable
class Inspected(Protocol):
    """A destination that can be looked at before messages fail there."""

    async def inspect(
        self, operations: Collection[str], known: Mapping[str, Any], needs: Mapping[str, Needs] = NO_NEEDS
    ) -> Inspection:
        """Does it have what these operations need, and is it as it was known? Reads only. Raises a `Failure`.

        `needs`: by kind of source (`odoo_changes`), what is read there; by operation, what its flows write besides.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class Renewal:
    """What came of an attempt to put a new key in the place of the old one."""

    done: bool
    words: str  # what is so now, or why it could not be done; never a key
    ends: datetime | None = None  # the new one


@runtime_checkable
class Renewable(Protocol):
    """A destination whose key ends, and that can go over to a new one while it is at work."""

    @property
    def renews(self) -> bool:
        """May it get itself a new key?"""

    async def renew_key(self) -> Renewal:
        """Have the far side make a new key, test it, and go over to it. Raises `Down`, `SettingsError`."""

    async def set_key(self, secret: str, ends: datetime | None) -> Renewal:
        """Test a key that a person made, and go over to it. Raises `Down`, `SettingsError`."""

    async def retire_key(self) -> str:
        """Take the former key back when that is due; what became of it. Raises a `Failure`, `SettingsError`."""

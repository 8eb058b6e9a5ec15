"""What a translation may ask of the crosswalk; `hilum.masterdata.crosswalk` answers."""

from __future__ import annotations

from typing import Protocol

from hilum.errors import Unmapped


class Identifiers(Protocol):
    """Which identifiers in many systems name one thing."""

    def golden(self, object_: str, system: str, identifier: str) -> str:
        """The hub's own name of a thing: `item-17`. Raises `Unmapped`."""

    def id(self, object_: str, system: str, identifier: str, to: str) -> str:
        """What the system `to` calls the thing that `system` calls so. Raises `Unmapped`."""


class NoIdentifiers:
    """Where there is no database to ask, as in a test of a translation: nothing is linked."""

    def golden(self, object_: str, system: str, identifier: str) -> str:
        """Raises `Unmapped`."""
        raise Unmapped(f"crosswalk of {object_}: {system}", identifier)

    def id(self, object_: str, system: str, identifier: str, to: str) -> str:
        """Raises `Unmapped`."""
        raise Unmapped(f"crosswalk of {object_}: {system} to {to}", identifier)

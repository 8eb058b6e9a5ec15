"""What the runtime gives a connector before it is opened: a memory, notes, turns to call a server, settings, tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, runtime_checkable

from hilum.postgres import Database


class Memory(Protocol):
    """What a source remembers, in the journal, for one thing that it follows: JSON values by name.

    One hub at a time holds it: whoever got True of `hold` and asks again within `seconds`. Each method may raise
    `DatabaseUnavailable`.
    """

    seconds: float  # after which a holder that is silent loses it

    async def hold(self) -> bool:
        """Take it, or keep it for another `seconds`. False: another hub has it, or has had it meanwhile."""

    async def get(self, prefix: str = "") -> dict[str, Any]:
        """All values whose names begin so."""

    async def put(self, values: Mapping[str, Any]) -> None:
        """Remember these, all or none; None forgets a name. They are durable when this returns.

        Raises `LeaseLost` where another hub has taken it over: then nothing was written.
        """

    async def release(self) -> None:
        """Let another hub take it at once."""


@runtime_checkable
class Remembers(Protocol):
    """A source that remembers how far it has come, because the far side does not."""

    def remember(self, memories: Callable[[str], Memory]) -> None:
        """Called before `open`: gives a memory for each thing that the source follows, by a name that never changes."""


class Notes(Protocol):
    """What a destination noted of the documents that it wrote, in the journal: a JSON value by the document's name.

    All hubs that deliver there share them; who notes last counts. Each method may raise `DatabaseUnavailable`.
    """

    async def get(self, names: Collection[str]) -> dict[str, Any]:
        """What is noted of these; those of which nothing is are left out."""

    async def put(self, values: Mapping[str, Any]) -> None:
        """Note these, all or none. Fingerprints, never a payload."""


@runtime_checkable
class TakesNotes(Protocol):
    """A destination that must know later what it has written, where the receiver does not say who changed it since."""

    def take_notes(self, notes: Notes) -> None:
        """Called before `open`."""


class Turns(Protocol):
    """Turns to call one server, shared by all that call it. `most`: the most calls at once that the caller wants."""

    def parallel(self, most: int) -> int:
        """How many calls may be under way now: as many as the server was found to bear, 1 … `most`."""

    def slower(self, most: int) -> None:
        """The server did not keep its pace: half as many at once."""

    def steady(self, most: int) -> None:
        """It did: one more, after as many calls as there may be at once."""

    def turn(self, *, most: int, per_second: float | None, together: bool) -> AbstractAsyncContextManager[None]:
        """Around one call: waits while too many are under way, and so long after the beginning of the last one.

        `together`: the limits are of all processes of the hub together, not of this one.
        """


@runtime_checkable
class TakesTurns(Protocol):
    """A connector that calls a server which others call too: another connector, the same one in another process."""

    def take_turns(self, turns: Callable[[str], Turns]) -> None:
        """Called before `open`: gives the turns for a server, by its host and port."""


@runtime_checkable
class AtEndpoint(Protocol):
    """A source that reads from an endpoint of `hilum.toml`, whose settings it has from there."""

    @property
    def endpoint(self) -> str:
        """Name of the endpoint, as `odoo.main`; empty: the source was given its settings in the flow."""

    def reach(self, values: Mapping[str, Any]) -> None:
        """Called before `open`, with the settings of the endpoint. Raises `SettingsError`."""


@runtime_checkable
class OverDatabase(Protocol):
    """A connector that keeps something in the hub's own tables, or leads to a part of the hub itself."""

    def over(self, database: Database) -> None:
        """Called before `open`, in a hub that runs; who only looks at a connector gives none."""

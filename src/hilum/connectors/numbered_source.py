"""A source of numbered rows of the hub's own database: each is noted as taken once it is answered, and never again."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from hilum.connectors.handing import Handed, Hands
from hilum.connectors.hub_source import HubSource
from hilum.journal.audit import record
from hilum.postgres import Connection, Database


class NumberedSource(HubSource[Database, Hands]):
    """Hands over what `_fill` finds, by number; notes with `_taken` what was answered, and in the audit what was not
    accepted.
    """

    at_once: ClassVar[int]  # how many may be in hand
    not_taken: ClassVar[str]  # what the audit calls a refusal

    def __init__(self, poll: float) -> None:
        super().__init__(poll)
        self._done: list[tuple[int, str]] = []  # answered, and not yet written: number, and why it was refused

    def over(self, database: Database) -> None:
        """Read from this one, from the next `open` on."""
        self.use(database)

    def _begin(self) -> Hands:
        self._done = []
        return Hands(self._ended)

    async def _look(self, ledger: Database, queue: Hands) -> None:
        if self._done:
            done = list(self._done)
            await self._note(ledger, done)
            del self._done[: len(done)]
        room = self.at_once - len(queue)
        if room > 0:
            known = [unit.place for unit in queue.unanswered] + [number for number, _ in self._done]
            await self._fill(ledger, queue, known, room)

    def _ended(self, unit: Handed, reason: str) -> None:
        self._done.append((unit.place, reason))
        self.stir()

    async def _note(self, database: Database, done: Sequence[tuple[int, str]]) -> None:
        async with database.transaction() as connection:
            await self._taken(connection, done)
            for number, reason in done:
                if reason:
                    words = f"{self._called(number)}: {reason}"
                    await record(connection, actor="hub", action=self.not_taken, flow=self.flow, words=words)

    @abstractmethod
    async def _fill(self, ledger: Database, queue: Hands, known: Sequence[int], room: int) -> None:
        """Put into the queue what is not taken and not `known`, at most `room`. Raises `DatabaseUnavailable`."""

    @abstractmethod
    async def _taken(self, connection: Connection, done: Sequence[tuple[int, str]]) -> None:
        """Note these numbers as taken, each with why it was refused; empty: it was accepted."""

    @abstractmethod
    def _called(self, number: int) -> str:
        """What it is, in words of the audit."""


class QueriedSource(NumberedSource):
    """One whose rows a single statement finds."""

    untold: ClassVar[str]
    """Gives the rows, the number first, but those `%(known)s`, in their order, `%(room)s` at most."""

    async def _fill(self, ledger: Database, queue: Hands, known: Sequence[int], room: int) -> None:
        async with ledger.cold() as connection:
            cursor = await connection.execute(self.untold, {"known": list(known), "room": room})
            rows = await cursor.fetchall()
        queue.put([self._handed(queue, row) for row in rows])

    @abstractmethod
    def _handed(self, hands: Hands, row: Sequence[Any]) -> Handed:
        """A row as it is handed over."""

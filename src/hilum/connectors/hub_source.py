"""A source whose messages the hub itself has: it runs only in a hub, for one flow, and asks that flow's ledger."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Generic, Protocol, TypeVar

import structlog

from hilum.connector import Received, Source, Traits
from hilum.ending import cancel_all
from hilum.errors import DatabaseUnavailable, SettingsError
from hilum.waiting import listen

log = structlog.get_logger(__name__)


class Queue(Protocol):
    """Between a look and `receive`: `hilum.connectors.handing.Hands` or `hilum.connectors.intake.Intake`."""

    async def take(self) -> Sequence[Received]:
        """Wait for the first, then give what is there; nothing once it is closed."""

    def close(self) -> None:
        """End a waiting `take`, now and later."""


L = TypeVar("L")
Q = TypeVar("Q", bound=Queue)


class HubSource(Source, Generic[L, Q]):
    """One loop that looks into a ledger, from `open` to `close`; a defect in it is raised by `receive`.

    `L` is who knows what there is and how far it was taken; the runtime gives it by `use`. `Q` keeps what was found
    until it is received.
    """

    traits: ClassVar[Traits] = Traits(ordered=True, redelivers=True)
    in_hub: ClassVar[bool] = True
    default_format: ClassVar[str] = "json"
    needs: ClassVar[str]  # what only a hub knows, as a person is told who opens it elsewhere
    own: ClassVar[str]  # what each flow has alone, as flows write it

    def __init__(self, poll: float) -> None:
        """`poll`: seconds between two looks."""
        self.flow = ""  # the one that it is declared with
        self._ledger: L | None = None
        self._queue: Q | None = None
        self._task: asyncio.Task[None] | None = None
        self._poll = poll
        self._bell = asyncio.Event()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.address}>"

    def declared_by(self, flow: str) -> None:
        """Raises `SettingsError` where another flow has this very source."""
        if self.flow not in ("", flow):
            raise SettingsError(f"{flow} and {self.flow} share one source: give each flow {self.own} of its own.")
        self.flow = flow

    def use(self, ledger: L) -> None:
        """Ask this one, from the next `open` on."""
        self._ledger = ledger

    @property
    def is_open(self) -> bool:
        """Does it look?"""
        return self._task is not None

    @property
    def pause(self) -> float:
        """Seconds between two looks, where nothing stirs it."""
        return self._poll

    def stir(self) -> None:
        """Look again at once: something in hand was answered."""
        self._bell.set()

    async def open(self) -> None:
        """Begin to look. Raises `SettingsError` where nobody keeps the ledger."""
        if self._task is not None:
            return
        if self._ledger is None:
            raise SettingsError(f"{self.address}: this source runs only in a hub, which knows {self.needs}.")
        self._queue = self._begin()
        self._bell = asyncio.Event()  # of this event loop
        self._task = asyncio.create_task(self._run(self._ledger, self._queue), name=self.address)

    async def close(self) -> None:
        """Stop looking. What is not answered comes again."""
        task, self._task = self._task, None
        if task is None:
            return
        await cancel_all([task])  # a defect was raised by `receive`
        if self._queue is not None:
            self._queue.close()

    def wants(self, received: Received) -> bool:
        """All, for its only flow."""
        return True

    async def receive(self) -> Sequence[Received]:
        """Wait until there is something; an empty sequence only when it is closed."""
        taken = await self._queue.take() if self._queue is not None else ()
        if not taken and self._task is not None and self._task.done():
            self._task.result()
        return taken

    async def _run(self, ledger: L, queue: Q) -> None:
        try:
            while True:
                try:
                    await self._look(ledger, queue)
                except DatabaseUnavailable as error:
                    log.warning("source_waits", source=self.address, reason=str(error))
                await listen(self._bell, self.pause)
        except Exception:
            queue.close()  # a defect: `receive` ends and raises it, so that it is seen
            raise

    @abstractmethod
    def _begin(self) -> Q:
        """Forget what was in hand when it was last open; a queue for what comes now."""

    @abstractmethod
    async def _look(self, ledger: L, queue: Q) -> None:
        """Once: put into the queue what the ledger has. May raise `DatabaseUnavailable`: then it looks again later."""

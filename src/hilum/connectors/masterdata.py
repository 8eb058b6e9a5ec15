"""Published master data: a source whose messages are the records of each version that stewards publish.

    source=masterdata.Published(object="items")

Each record that a version sets or removes is one message, in the order of versions; a flow that is new begins with the
first. Its body is JSON:

    {"object": "items", "version": 3, "key": "GLV-01", "act": "set", "content": {"code": "GLV-01", …}}

`act` is `remove`, without content, for a record that is not published any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar, Final, Protocol

import structlog
from pydantic import Field, field_validator

from hilum.connector import ConnectorSettings, Header, Received, Source, Traits
from hilum.connectors.declaring import checked
from hilum.connectors.handing import Handed, Hands
from hilum.errors import DatabaseUnavailable, SettingsError
from hilum.masterdata.publishing import START, Entry, Place, model_of

log = structlog.get_logger(__name__)

_AT_ONCE: Final = 500  # records in hand


class Ledger(Protocol):
    """Who knows what is published and how far this flow has taken it: `hilum.masterdata.publishing.Feed`."""

    async def taken(self) -> Place:
        """How far. Raises `DatabaseUnavailable`."""

    async def after(self, place: Place, limit: int) -> Sequence[Entry]:
        """What comes next. Raises `DatabaseUnavailable`."""

    async def note(self, place: Place) -> None:
        """Everything up to here is answered. Raises `DatabaseUnavailable`."""

    async def refused(self, entry: Entry, words: str) -> None:
        """This one was refused for good. Raises `DatabaseUnavailable`."""


class PublishedSettings(ConnectorSettings):
    """Settings of published master data."""

    object: str = Field(
        description="What is published: items, suppliers, cost_centres, chart, locations", examples=["items"]
    )
    poll: float = Field(
        default=1,
        gt=0,
        description="Seconds between two looks for a new version",
        examples=[5],
        json_schema_extra={"unit": "s"},
    )

    @field_validator("object")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            model_of(value)
        except SettingsError as error:
            raise ValueError(str(error)) from None
        return value


class Published(Source):
    """Hands over each record of each published version, once for a flow, whatever number of hubs has it."""

    Settings = PublishedSettings
    kind: ClassVar[str] = "masterdata"
    traits: ClassVar[Traits] = Traits(ordered=True, redelivers=True)
    default_format: ClassVar[str] = "json"

    def __init__(self, **settings: Any) -> None:
        self.settings = checked(PublishedSettings, self.kind, settings)
        self.flow = ""
        self._ledger: Ledger | None = None
        self._hands: Hands | None = None
        self._task: asyncio.Task[None] | None = None
        self._read = START  # the last that was handed over …
        self._noted = START  # … and the last up to which all is answered, as the ledger knows it
        self._refused: list[tuple[Entry, str]] = []
        self._entries: dict[Place, Entry] = {}
        self._passed: set[Place] = set()  # answered, and behind one that is not, or not yet noted
        self._answered = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Published {self.address}>"

    @property
    def address(self) -> str:
        """What is published, and the flow: each takes it at its own pace."""
        return f"masterdata://{self.settings.object}/{self.flow}"

    def declared_by(self, flow: str) -> None:
        """Raises `SettingsError` where another flow has this very source."""
        if self.flow not in ("", flow):
            raise SettingsError(f"{flow} and {self.flow} share one source: give each flow a Published of its own.")
        self.flow = flow

    def use(self, ledger: Ledger) -> None:
        """Read from this one, from the next `open` on."""
        self._ledger = ledger

    async def open(self) -> None:
        """Begin to look. Raises `SettingsError` where nobody keeps the ledger."""
        if self._task is not None:
            return
        if self._ledger is None:
            raise SettingsError(f"{self.address}: it runs only in a hub, which knows what is published.")
        self._entries.clear()
        self._passed.clear()
        self._read = self._noted = START
        self._hands = Hands(self._ended)
        self._task = asyncio.create_task(self._look(self._ledger, self._hands), name=self.address)

    async def close(self) -> None:
        """Stop looking. What is not answered comes again."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)  # a defect was raised by `receive`
        if self._hands is not None:
            self._hands.close()

    async def check(self) -> str:
        """What it reads."""
        return f"takes the published {self.settings.object}"

    def wants(self, received: Received) -> bool:
        """All, for its only flow."""
        return True

    async def receive(self) -> Sequence[Received]:
        """Wait until something is published; an empty sequence only when it is closed."""
        taken = await self._hands.take() if self._hands is not None else ()
        if not taken and self._task is not None and self._task.done():
            self._task.result()
        return taken

    async def _look(self, ledger: Ledger, hands: Hands) -> None:
        begun = False
        try:
            while True:
                try:
                    if not begun:
                        self._read = self._noted = await ledger.taken()
                        begun = True
                    await self._look_once(ledger, hands)
                except DatabaseUnavailable as error:
                    log.warning("masterdata_waits", source=self.address, reason=str(error))
                await self._rest()
        except Exception:
            hands.close()  # a defect: `receive` ends and raises it, so that it is seen
            raise

    async def _rest(self) -> None:
        """Until the next look, or until something in hand is answered."""
        self._answered.clear()
        try:
            async with asyncio.timeout(self.settings.poll):
                await self._answered.wait()
        except TimeoutError:
            return

    async def _look_once(self, ledger: Ledger, hands: Hands) -> None:
        while self._refused:
            await ledger.refused(*self._refused[0])
            del self._refused[0]
        outstanding = hands.unanswered
        done = max((p for p in self._passed if p < outstanding[0].place), default=START) if outstanding else self._read
        if done > self._noted:
            await ledger.note(done)
            self._noted = done
            self._passed = {place for place in self._passed if place > done}
        room = _AT_ONCE - len(hands)
        found = await ledger.after(self._read, room) if room > 0 else ()
        if found:
            self._entries.update((each.place, each) for each in found)
            self._read = found[-1].place
            hands.put([self._handed(hands, each) for each in found])

    def _handed(self, hands: Hands, entry: Entry) -> Handed:
        headers = {
            Header.PEER: "master data",
            Header.IDEMPOTENCY_KEY: f"{entry.object}@{entry.version}:{entry.key}",
            Header.ORDERING_KEY: entry.key,
        }
        return Handed(hands, entry.place, entry.body(), "application/json", headers)

    def _ended(self, unit: Handed, reason: str) -> None:
        entry = self._entries.pop(unit.place)
        if reason:
            self._refused.append((entry, reason))
        self._passed.add(unit.place)
        self._answered.set()

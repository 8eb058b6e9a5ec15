"""Published master data: a source whose messages are the records of each version that stewards publish.

    source=masterdata.Published(object="items")

Each record that a version sets or removes is one message, in the order of versions; a flow that is new begins with the
first. Its body is JSON:

    {"object": "items", "version": 3, "key": "GLV-01", "act": "set", "content": {"code": "GLV-01", …}}

`act` is `remove`, without content, for a record that is not published any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final, Protocol

from pydantic import Field, field_validator

from hilum.connector import ConnectorSettings, Header
from hilum.connectors.declaring import checked
from hilum.connectors.handing import Handed, Hands
from hilum.connectors.hub_source import HubSource
from hilum.errors import SettingsError
from hilum.masterdata.publishing import START, Entry, Place, model_of

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


class Published(HubSource[Ledger, Hands]):
    """Hands over each record of each published version, once for a flow, whatever number of hubs has it."""

    Settings = PublishedSettings
    kind: ClassVar[str] = "masterdata"
    needs: ClassVar[str] = "what is published"
    own: ClassVar[str] = "masterdata.Published"

    def __init__(self, **settings: Any) -> None:
        self.settings = checked(PublishedSettings, self.kind, settings)
        super().__init__(self.settings.poll)
        self._begun = False  # is it known how far the flow is?
        self._read = START  # the last that was handed over …
        self._noted = START  # … and the last up to which all is answered, as the ledger knows it
        self._refused: list[tuple[Entry, str]] = []
        self._entries: dict[Place, Entry] = {}
        self._passed: set[Place] = set()  # answered, and behind one that is not, or not yet noted

    @property
    def address(self) -> str:
        """What is published, and the flow: each takes it at its own pace."""
        return f"masterdata://{self.settings.object}/{self.flow}"

    async def check(self) -> str:
        """What it reads."""
        return f"takes the published {self.settings.object}"

    def _begin(self) -> Hands:
        self._entries.clear()
        self._passed.clear()
        self._begun = False
        return Hands(self._ended)

    async def _look(self, ledger: Ledger, queue: Hands) -> None:
        if not self._begun:
            self._read = self._noted = await ledger.taken()
            self._begun = True
        while self._refused:
            await ledger.refused(*self._refused[0])
            del self._refused[0]
        outstanding = queue.unanswered
        done = max((p for p in self._passed if p < outstanding[0].place), default=START) if outstanding else self._read
        if done > self._noted:
            await ledger.note(done)
            self._noted = done
            self._passed = {place for place in self._passed if place > done}
        room = _AT_ONCE - len(queue)
        found = await ledger.after(self._read, room) if room > 0 else ()
        if found:
            self._entries.update((each.place, each) for each in found)
            self._read = found[-1].place
            queue.put([self._handed(queue, each) for each in found])

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
        self.stir()

"""What both feeds out of Odoo are as sources: the endpoint, the loops, and what is handed over and answered."""

from __future__ import annotations

import asyncio
import logging
from abc import abstractmethod
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, ClassVar

from hilum.connector import Memory, Received, Source, Traits, Turns
from hilum.connectors.declaring import checked
from hilum.connectors.handing import Handed, Hands
from hilum.connectors.odoo.capture.documents import ALL, read_fields
from hilum.connectors.odoo.capture.events import CONTENT_TYPE, Change
from hilum.connectors.odoo.capture.figures import Figures
from hilum.connectors.odoo.capture.hints import Hints
from hilum.connectors.odoo.capture.settings import FeedSettings
from hilum.connectors.odoo.client import OdooClient
from hilum.connectors.odoo.external_ids import PREFIX
from hilum.connectors.odoo.probe import connect
from hilum.connectors.odoo.settings import OdooSettings
from hilum.connectors.odoo.transport import Transport
from hilum.ending import cancel_all
from hilum.errors import Down, Rejected, SettingsError

log = logging.getLogger("hilum.odoo.capture")

Place = tuple[int, str, int]  # in the order of handing over, of which model, what it is there
Answered = Callable[[int, str], None]


class Link:
    """The connection to the server, made at need and after it was down."""

    def __init__(self, settings: OdooSettings, turns: Callable[[str], Turns] | None) -> None:
        self._settings = settings
        self._transport = Transport(settings, turns)
        self._client: OdooClient | None = None
        self._connecting = asyncio.Lock()

    async def client(self) -> OdooClient:
        """The client. Raises `Down`, and `SettingsError` for a protocol that the server does not have."""
        async with self._connecting:
            if self._client is None:
                self._client = await connect(self._transport, self._settings)
            return self._client

    @property
    def server_seconds(self) -> float | None:
        """The server's clock when it last answered."""
        return self._transport.server_seconds

    def forget(self) -> None:
        """It may come back as another version."""
        self._client = None

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.close()


class Feed(Source):
    """A source that looks into Odoo, and is told by it that there is something to look at."""

    Settings: ClassVar[type[FeedSettings]] = FeedSettings
    traits: ClassVar[Traits] = Traits(ordered=True, redelivers=True, answers=False)
    default_format: ClassVar[str] = "json"
    way: ClassVar[str]  # how it finds changes, for people

    def __init__(self, **settings: Any) -> None:
        own = {name: value for name, value in settings.items() if name in self.Settings.model_fields}
        odoo = {name: value for name, value in settings.items() if name not in own}
        self.settings = checked(self.Settings, self.kind, own)
        if odoo and self.settings.endpoint:
            raise SettingsError(f"{self.kind}: {', '.join(odoo)} belong to the endpoint {self.settings.endpoint}")
        self._odoo = checked(OdooSettings, self.kind, odoo) if odoo else None
        self.models = {model: self.settings.fields.get(model, ()) for model in self.settings.models}
        self._memories: Callable[[str], Memory] | None = None
        self._turns: Callable[[str], Turns] | None = None
        self._link: Link | None = None
        self._hands: Hands | None = None
        self._hints: Hints | None = None
        self._running: list[asyncio.Task[None]] = []
        self._answered: dict[str, Answered] = {}  # by loop
        self._handed = 0
        self._roomy = asyncio.Event()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.address}>"

    @property
    def endpoint(self) -> str:
        """Name of the endpoint in `hilum.toml`; empty: the settings are here."""
        return self.settings.endpoint

    @property
    def reads(self) -> Mapping[str, Sequence[str]]:
        """See `ReadsModels.reads`."""
        found: dict[str, Sequence[str]] = {}
        for model, names in self.models.items():
            for each, fields in read_fields(model, names).items():
                found[each] = sorted({*found.get(each, ()), *fields})
        return found

    @property
    def place(self) -> str:
        """The endpoint, or the server and its database: what is remembered is remembered under this name."""
        return self.endpoint or (f"{self._odoo.url}/{self._odoo.database}".rstrip("/") if self._odoo else "odoo")

    @property
    def prefix(self) -> str:
        """The module part of the hub's own external identifiers at this endpoint."""
        return self._odoo.prefix if self._odoo is not None else PREFIX

    def reach(self, values: Mapping[str, Any]) -> None:
        """Read from the endpoint with these settings."""
        self._odoo = checked(OdooSettings, "odoo", dict(values))

    def take_turns(self, turns: Callable[[str], Turns]) -> None:
        """See `TakesTurns.take_turns`: one budget with the deliveries to the same server."""
        self._turns = turns

    def remember(self, memories: Callable[[str], Memory]) -> None:
        """Keep in these what must not be forgotten."""
        self._memories = memories

    def share(self, other: Source) -> None:
        """Take in the models of both, and the fields of both."""
        assert isinstance(other, Feed)  # noqa: S101 — for the type checker; the runtime has compared the kinds
        own = self.settings.model_dump(exclude={"models", "fields"})
        if own != other.settings.model_dump(exclude={"models", "fields"}):
            raise SettingsError(f"Two flows read {self.address} with different settings: only models may differ.")
        for model, names in other.models.items():
            mine = self.models.get(model)
            both = [*(mine or (() if mine is None else (ALL,))), *(names or (ALL,))]
            self.models[model] = tuple(dict.fromkeys(both))

    def wants(self, received: Received) -> bool:
        """Is it a change of one of this flow's models?"""
        model, _, _ = received.headers.get("message-type", "").rpartition(".")
        return model in self.settings.models

    # ---- life

    async def open(self) -> None:
        """Listen for hints; Odoo is asked from the first `receive` on. Raises `SettingsError`, `Down`."""
        if self._hands is not None:
            return
        if self._odoo is None:
            raise SettingsError(f"{self.kind}: name an endpoint of hilum.toml, or give url and api_key")
        self._link = Link(self._odoo, self._turns)
        self._hands = Hands(self._ended)
        self._handed = 0
        self._roomy.set()
        if self.settings.hint_port is not None:
            self._hints = Hints(self, self.settings, self.hint)
            try:
                await self._hints.open()
            except Exception:
                await self.close()
                raise

    async def close(self) -> None:
        """Stop looking. What is not answered comes again."""
        running, self._running = self._running, []
        await cancel_all(running)
        hands, self._hands = self._hands, None
        if hands is not None:
            hands.close()
        hints, self._hints = self._hints, None
        if hints is not None:
            await hints.close()
        link, self._link = self._link, None
        if link is not None:
            await link.close()
        self._answered.clear()

    @property
    def hint_port(self) -> int:
        """The port on which hints are heard; 0: none."""
        return self._hints.port if self._hints is not None else 0

    async def receive(self) -> Sequence[Received]:
        """Wait for changes; an empty sequence only when it is closed."""
        hands = self._hands
        if hands is None:
            return ()
        if not self._running:
            self._running = [asyncio.create_task(work, name=self.address) for work in self._loops()]
        return await hands.take()

    @abstractmethod
    def _loops(self) -> list[Coroutine[Any, Any, None]]:
        """What runs while it is open."""

    @abstractmethod
    def hint(self, model: str, record_id: int | None) -> None:
        """Odoo says that there is something to look at: at this record, this model (no id), or anything (empty)."""

    # ---- for the loops

    async def connected(self) -> OdooClient:
        """The client. Raises `Down`."""
        if self._link is None:
            raise Down("The source is closed.")
        return await self._link.client()

    @property
    def server_seconds(self) -> float | None:
        """The server's clock when it last answered."""
        return self._link.server_seconds if self._link is not None else None

    def memory(self, name: str) -> Memory:
        """The memory of one loop. Raises `SettingsError` outside a hub."""
        if self._memories is None:
            raise SettingsError(f"{self.address}: this source runs only in a hub, which remembers how far it came.")
        return self._memories(f"{self.kind}/{self.place}/{name}")

    def figures(self) -> Figures:
        """Those of one model, from the beginning."""
        hints = " with hints" if self.settings.hint_port is not None else ""
        return Figures(mode=f"{self.way}{hints}", poll=self.settings.poll)

    def tell(self, loop: str, answered: Answered) -> None:
        """Who hears of the answers to what this loop hands over: with the number given to it, and a refusal's words."""
        self._answered[loop] = answered

    async def room(self) -> None:
        """Wait while there are many changes in hand."""
        while self._hands is not None and len(self._hands) >= self.settings.unanswered:
            self._roomy.clear()
            await self._roomy.wait()

    def hand_over(self, loop: str, changes: Sequence[tuple[int, Change]]) -> None:
        """Put changes into the hands of the hub, each with a number of the loop's own. Raises `Down` when closed."""
        hands = self._hands
        if hands is None:
            raise Down("The source is closed.")
        hands.put([self._unit(hands, loop, *each) for each in changes])

    def _unit(self, hands: Hands, loop: str, number: int, change: Change) -> Handed:
        self._handed += 1
        place: Place = (self._handed, loop, number)
        return Handed(hands, place, change.body(), CONTENT_TYPE, change.headers(f"odoo:{self.place}"))

    def lost(self) -> None:
        """The server did not answer: it may come back as another version."""
        if self._link is not None:
            self._link.forget()

    def drop(self, loop: str) -> None:
        """What this loop handed over is void: it is looked at anew, perhaps by another hub."""
        if self._hands is not None:
            self._hands.forget(lambda place: place[1] == loop)

    def _ended(self, unit: Handed, reason: str) -> None:
        _, loop, number = unit.place
        if reason:
            log.warning("a change of %s was refused for good: %s", loop, reason)
        if told := self._answered.get(loop):
            told(number, reason)
        self._roomy.set()

    async def check(self) -> str:
        """Can the models be read? Raises `Down` with the reason."""
        try:
            for model in self.models:
                await self.probe(model, "search_count", domain=[["id", "=", 0]])
        except Rejected as refusal:
            raise Down(f"{self.place}: {refusal}") from None
        return f"{', '.join(self.models)} can be read"

    async def probe(self, model: str, method: str, **arguments: Any) -> Any:
        """One harmless call, on a connection of its own where the source is closed. Raises as `OdooClient` does."""
        if self._link is not None:
            return await (await self._link.client()).call(model, method, **arguments)
        if self._odoo is None:
            raise Down(f"{self.address}: the endpoint is not set up.")
        link = Link(self._odoo, self._turns)
        try:
            return await (await link.client()).call(model, method, **arguments)
        finally:
            await link.close()

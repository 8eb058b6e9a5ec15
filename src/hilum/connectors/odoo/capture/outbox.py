"""The feed from the outbox of the addon `hilum_outbox`: Odoo's own database notes each change, the hub pulls them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar, Final

from hilum.connector import Memory
from hilum.connectors.looking import keep_looking
from hilum.connectors.odoo.capture.events import Change, ChangeKind, seconds_of
from hilum.connectors.odoo.capture.feed import Feed, log
from hilum.connectors.odoo.capture.figures import EVERY, SEEN
from hilum.connectors.odoo.capture.reading import Reader, Row
from hilum.connectors.odoo.capture.relating import Told
from hilum.connectors.odoo.capture.settings import FeedSettings, OutboxSettings
from hilum.connectors.odoo.client import OdooClient
from hilum.connectors.odoo.faults import Refusal
from hilum.errors import Down, Failure
from hilum.waiting import listen

_MODEL: Final = "hilum.outbox"
_LOOP: Final = "outbox"
_NOTHING: Final = Told("", {})
_WORDS: Final = 300  # characters of a refusal that are kept in Odoo


class Outbox(Feed):
    """Changes that an Odoo with the addon `hilum_outbox` has noted. See `OutboxSettings`; `docs/howto/odoo-changes.md`.

    `Outbox(endpoint="odoo.main", models=["res.partner"])`. A note is written in the transaction of its change, and
    stays in Odoo until the journal has it. Which models are noted is set in Odoo; this flow takes some of them.
    """

    Settings: ClassVar[type[FeedSettings]] = OutboxSettings
    kind: ClassVar[str] = "odoo_outbox"
    way: ClassVar[str] = "outbox"

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._pulling: _Pulling | None = None

    @property
    def address(self) -> str:
        """The endpoint: all flows that read its outbox share one source."""
        return f"odoo-outbox://{self.place.partition('://')[2] or self.place}"

    def _loops(self) -> list[Coroutine[Any, Any, None]]:
        memory = self.memory(_LOOP)
        self._pulling = _Pulling(self, memory)
        return [keep_looking(self._pulling, memory, down=self.lost, log=log)]

    def hint(self, model: str, record_id: int | None) -> None:
        """Pull at once."""
        if self._pulling is not None:
            self._pulling.ring()

    async def check(self) -> str:
        """Is the addon there? Raises `Down` with the reason."""
        words = await super().check()
        try:
            await self.probe(_MODEL, "pull", models=[], limit=1, after=[0, 0])
        except Refusal:
            raise Down(
                f"{self.place}: there is no outbox for the hub. Install the addon hilum_outbox, and give the hub's "
                "user its group."
            ) from None
        return f"{words}; the outbox answers"


class _Pulling:
    """The loop: pull what is below the horizon, hand it over, acknowledge what the journal has."""

    name: Final = _LOOP

    def __init__(self, feed: Outbox, memory: Memory) -> None:
        self._feed = feed
        self._memory = memory  # for people only: how far it came is in Odoo
        self._figures = {model: feed.figures() for model in feed.models}
        self._noted_at = float("-inf")
        self._after = [0, 0]  # transaction and note up to which was pulled
        self._out: set[int] = set()  # notes that are handed over or answered, and not yet acknowledged
        self._done: list[int] = []
        self._refused: dict[int, str] = {}
        self._readers: dict[str, Reader] = {}
        self._client: OdooClient | None = None
        self._bell = asyncio.Event()
        feed.tell(_LOOP, self._answered)

    def ring(self) -> None:
        """There is something to do."""
        self._bell.set()

    def _answered(self, note: int, reason: str) -> None:
        if reason:
            self._refused[note] = reason[:_WORDS]
        else:
            self._done.append(note)
        self._bell.set()

    async def begin(self) -> None:
        """All that is not acknowledged, from the beginning."""
        self._feed.drop(_LOOP)
        self._after = [0, 0]
        self._out.clear()
        self._done.clear()
        self._refused.clear()
        remembered = await self._memory.get(SEEN)
        for model, figures in self._figures.items():
            figures.go_on(remembered.get(f"{SEEN}{model}"))

    async def finish(self) -> None:
        """The source is closed: what the journal has is acknowledged, as far as Odoo answers."""
        await self._note()
        if self._client is not None:
            with suppress(Failure):
                await self._acknowledge(self._client)

    async def look(self) -> None:
        """Acknowledge, pull a page, and rest if it was the last."""
        client = await self._feed.connected()
        if client is not self._client:
            self._client, self._readers = client, {}
        await self._acknowledge(client)
        settings = self._feed.settings
        notes: list[dict[str, Any]] = await client.call(
            _MODEL, "pull", models=sorted(self._feed.models), limit=settings.page, after=self._after
        )
        if notes:
            try:
                await self._tell(client, notes)
            except Refusal:  # the user may have lost a right to lines: what may be read is asked anew
                self._readers = {}
                raise
        for figures in self._figures.values():
            figures.looked_at = time.time()
        if asyncio.get_running_loop().time() - self._noted_at >= EVERY:
            await self._note()
        if len(notes) < settings.page:
            await self._rest(settings.poll)

    async def _tell(self, client: OdooClient, notes: Sequence[Mapping[str, Any]]) -> None:
        rows: dict[tuple[str, int], Row] = {}
        told: dict[tuple[str, int], Told] = {}
        for model in sorted({note["model"] for note in notes}):
            reader = await self._reader(client, model)
            ids = [each["res_id"] for each in notes if each["model"] == model and each["kind"] != ChangeKind.DELETED]
            found = await reader.of_ids(list(dict.fromkeys(ids)))
            rows |= {(model, row.id): row for row in found}
            told |= {(model, number): each for number, each in (await reader.describe(found)).items()}
        await self._feed.room()
        changes = []
        now = self._feed.server_seconds
        for note in notes:
            place = (note["model"], note["res_id"])
            change = self._change(note, rows.get(place), told.get(place, _NOTHING))
            if change is None:  # it is gone: the note of its deletion comes
                self._done.append(note["id"])
            else:
                changes.append((note["id"], change))
                deleted = change.kind is ChangeKind.DELETED
                lag = None if deleted or now is None else now - seconds_of(note["write_date"])
                self._figures[change.model].told(lag, deleted=deleted)
        self._after = [notes[-1]["xid"], notes[-1]["id"]]
        self._out.update(note["id"] for note in notes)
        self._feed.hand_over(_LOOP, changes)

    def _change(self, note: Mapping[str, Any], row: Row | None, told: Told) -> Change | None:
        kind = ChangeKind(note["kind"])
        if row is None and kind is not ChangeKind.DELETED:
            return None
        return Change(
            model=note["model"],
            id=note["res_id"],
            kind=kind,
            seconds=row.seconds if row is not None else seconds_of(note["write_date"]),
            values=told.values,
            external_id=told.external_id,
            key=f"{self._feed.place}:outbox:{note['xid']}:{note['id']}",
        )

    async def _reader(self, client: OdooClient, model: str) -> Reader:
        if model not in self._readers:
            fields, page, prefix = self._feed.models[model], self._feed.settings.page, self._feed.prefix
            self._readers[model] = await Reader.of(client, model, fields, page=page, prefix=prefix)
        return self._readers[model]

    async def _acknowledge(self, client: OdooClient) -> None:
        """What the journal has, and what was refused for good. What is lost on the way is told again, as known."""
        done, refused = list(self._done), dict(self._refused)
        if done:
            await client.call(_MODEL, "acknowledge", notes=done)
            self._done = self._done[len(done) :]
            self._out.difference_update(done)
        for note, words in refused.items():
            await client.call(_MODEL, "refuse", note=note, words=words)
            self._refused.pop(note, None)
            self._out.discard(note)
        if not self._out:
            self._after = [0, 0]  # a database that was restored elsewhere may count its transactions anew

    async def _note(self) -> None:
        await self._memory.put({f"{SEEN}{model}": figures.noted() for model, figures in self._figures.items()})
        self._noted_at = asyncio.get_running_loop().time()

    async def _rest(self, seconds: float) -> None:
        if self._done or self._refused:
            return
        await listen(self._bell, seconds)

"""The watch over one model: what is read when, what of it is a change, and what is remembered."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any, Final

from hilum.connector import Memory
from hilum.connectors.odoo.capture.comparing import Comparison
from hilum.connectors.odoo.capture.events import Change, ChangeKind
from hilum.connectors.odoo.capture.feed import Feed
from hilum.connectors.odoo.capture.figures import EVERY, SEEN
from hilum.connectors.odoo.capture.known import Known, KnownRecords, next_version
from hilum.connectors.odoo.capture.lookback import SKEW, Lookback
from hilum.connectors.odoo.capture.reading import Reader, Row
from hilum.connectors.odoo.capture.relating import Told
from hilum.connectors.odoo.capture.settings import ChangesSettings
from hilum.connectors.pauses import listen

log = logging.getLogger("hilum.odoo.capture")

_STATE: Final = "state"
_RANGE: Final = "range/"
_NO_CLOCK: Final = 60.0  # seconds by which this host's clock is believed to be ahead, where the server tells no time
_AT_ONCE: Final = 200  # ranges that are written in one transaction
_HINT_SECONDS: Final = 10.0  # for which a hint is followed; version 18 sends it before the commit
_HINT_PAUSES: Final = (0.05, 0.1, 0.2, 0.4, 0.8)  # seconds between looks that follow a hint; the last one repeats


class ModelWatch:
    """Finds the changes of one model. See `keep_looking` for who calls it."""

    def __init__(self, feed: Feed, settings: ChangesSettings, model: str, memory: Memory) -> None:
        self.name = model
        self._feed = feed
        self._settings = settings
        self._memory = memory
        self._fields = feed.models[model]
        self._lookback = Lookback(settings.poll, settings.longest)
        self._known = KnownRecords()
        self._figures = feed.figures()
        self._reader: Reader | None = None
        self._types: dict[str, str] = {}
        self._again: list[int] = []  # handed over before a restart, perhaps not in the journal
        self._unseen: list[int] = []  # those of them that are hidden now: asked for at the next start
        self.hidden: set[int] = set()  # known, and the user may not see them now: not there, and not deleted
        self._noted_at = 0.0
        self._hinted: dict[int, float] = {}  # by id: until when a hint is followed
        self._bell = asyncio.Event()
        self._comparison = Comparison(self)
        feed.tell(model, self._answered)

    # ---- what the loop does

    async def begin(self) -> None:
        """Read what is remembered; the first time ever, what is there now."""
        self._feed.drop(self.name)
        self._reader = None
        remembered = await self._memory.get()
        ranges = {int(n.removeprefix(_RANGE)): text for n, text in remembered.items() if n.startswith(_RANGE)}
        self._known = KnownRecords(ranges)
        self.hidden.clear()
        self._figures.go_on(remembered.get(f"{SEEN}{self.name}"))
        state = remembered.get(_STATE)
        reader = await self.reader()
        if state is None:
            await self._first_time(reader)
            return
        self._lookback.go_on(state["looked"])
        self._again = list(state["unanswered"])
        self._comparison.go_on(state["verified"])
        if state["fields"] != self._types:
            await self._other_fields(max(state["looked"]))

    async def look(self) -> None:
        """What was written lately; now and then all that is there; then rest."""
        reader = await self.reader()
        reader.begin()
        if self._again:
            again, self._again = self._again, []
            told = await self.settle(reader, again, anyway=True)
            self._unseen = [each for each in again if each not in told]
        if self._hinted:
            await self._follow_hints(reader)
        await self._look_back(reader)
        if self._comparison.due:
            await self._comparison.run(reader)
            self._known.pack()
            self._figures.compared_at = time.time()
        self._figures.looked_at = time.time()
        await self._note()
        await self._rest()

    async def finish(self) -> None:
        """The source is closed: what was answered meanwhile need not be told again."""
        if self._known.touched:
            await self._remember()

    async def reader(self) -> Reader:
        """Reads this model on the server at hand. Raises `Down`, `Refusal`, `SettingsError`."""
        client = await self._feed.connected()
        if self._reader is None or not self._reader.by(client):
            page, prefix = self._settings.page, self._feed.prefix
            self._reader = await Reader.of(client, self.name, self._fields, page=page, prefix=prefix)
            self._types = self._reader.shape.types()
        return self._reader

    @property
    def known(self) -> KnownRecords:
        """What is known of the model's records."""
        return self._known

    @property
    def settings(self) -> ChangesSettings:
        """The settings of the feed."""
        return self._settings

    def hint(self, record_id: int | None) -> None:
        """Odoo says that there is something to look at."""
        if record_id is not None and len(self._hinted) < self._settings.page:
            self._hinted[record_id] = asyncio.get_running_loop().time() + _HINT_SECONDS
        self._bell.set()

    # ---- looking

    async def _first_time(self, reader: Reader) -> None:
        """`begin = "all"`: nothing is known, so everything is new. Else all that is there is known, without a word."""
        if self._settings.begin == "new":
            began = self._server_seconds()
            after: int | None = 0
            while after is not None:
                dates, after = await reader.dates(after)
                for record_id, seconds in dates:
                    # of what was written at this very moment it cannot be told whether more comes within its second
                    self._known.set(record_id, Known(seconds if seconds < began - SKEW else 0, 0))
            self._lookback.begin(began)
        await self._remember()

    async def _other_fields(self, since: float) -> None:
        """Other fields are read than before: values of the old ones say nothing, and are no change."""
        log.info("%s: other fields are read from now on", self.name)
        self._known.forget_contents(int(since - SKEW))
        await self._remember()

    async def _look_back(self, reader: Reader) -> None:
        began = self._server_seconds()
        number = self._lookback.due(began)
        since = self._lookback.since(number)
        after: int | None = 0
        while after is not None:
            rows, after = await reader.written_since(since, after)
            await self.settle(reader, rows=rows)
        self._lookback.done(number, began)

    async def _follow_hints(self, reader: Reader) -> None:
        """A hinted record is read until it shows a change, or is gone, or the time is over."""
        now = asyncio.get_running_loop().time()
        ids = list(self._hinted)
        changed = await self.settle(reader, ids)
        for record_id in ids:
            if record_id in changed or self._hinted[record_id] < now:
                self._hinted.pop(record_id, None)

    def _server_seconds(self) -> float:
        told = self._feed.server_seconds
        return time.time() - _NO_CLOCK if told is None else told

    # ---- what was seen

    async def settle(
        self, reader: Reader, ids: Sequence[int] = (), *, rows: Sequence[Row] = (), anyway: bool = False
    ) -> set[int]:
        """Tell what is a change among these rows, and of these ids, which are read first.

        Of those that are not found Odoo is asked whether they are gone or hidden: only what is gone is deleted.
        `anyway`: tell it also where it is as known, because it may not have reached the journal, and that one is gone
        which is not known, because that it was created may have. Says which were told.
        """
        read = await reader.of_ids(ids) if ids else []
        there = {row.id for row in read}
        lost = [each for each in ids if each not in there and (anyway or self._known.get(each) is not None)]
        deleted, hidden = await reader.vanished(lost)
        self.hidden -= there | deleted
        self._hide({each for each in hidden if self._known.get(each) is not None})
        gone = [each for each in lost if each in deleted]
        changed = [row for row in (*read, *rows) if self._changed(row, anyway=anyway)]
        if changed or gone:
            await self._tell(reader, changed, gone)
        return {row.id for row in changed} | set(gone)

    def _hide(self, ids: set[int]) -> None:
        if new := ids - self.hidden:
            log.warning(
                "%d records of %s are there and can no longer be read: the hub's user has probably lost a right. "
                "They are not told as deleted.",
                len(new),
                self.name,
            )
        self.hidden |= ids

    def _changed(self, row: Row, *, anyway: bool = False) -> bool:
        """Is it a change? What differs in its date only is noted without a word."""
        before = self._known.get(row.id)
        if before is None or anyway:
            return True
        same = before.content == row.content if before.content else before.seconds == row.seconds
        if same and (before.seconds, before.content) != (row.seconds, row.content):
            self._known.set(row.id, before._replace(seconds=row.seconds, content=row.content, archived=row.archived))
        return not same

    async def _tell(self, reader: Reader, rows: Sequence[Row], gone: Sequence[int]) -> None:
        """Hand over the changes of these records, and that those are deleted. First it is remembered that they are.

        A hub that dies now reads them again, whatever has become of them: else a record that was changed, told, and
        changed back, would look as if nothing had been.
        """
        told = await reader.describe(rows)
        await self._remember([*(row.id for row in rows), *gone])
        await self._feed.room()
        # no await from here on: what is handed over is known to be so
        changes = []
        edge, now = self._lookback.since(0), self._server_seconds()
        for row in rows:
            # the first time, when everything is told as created, nothing of it is late
            self._figures.told(now - row.seconds if edge else None, late=row.seconds < edge)
            changes.append((row.id, self._change(row, told[row.id])))
            version = next_version(self._known.get(row.id))
            self._known.handed_over(row.id, Known(row.seconds, row.content, row.archived, version))
        for record_id in gone:
            self._figures.told(None, deleted=True)
            changes.append((record_id, self._deletion(record_id)))
            self._known.handed_over(record_id, None)
        self._feed.hand_over(self.name, changes)

    def _change(self, row: Row, told: Told) -> Change:
        before = self._known.get(row.id)
        archived = row.archived and before is not None and not before.archived and bool(before.content)
        kind = ChangeKind.CREATED if before is None else ChangeKind.ARCHIVED if archived else ChangeKind.CHANGED
        return Change(
            model=self.name,
            id=row.id,
            kind=kind,
            seconds=row.seconds,
            values=told.values,
            external_id=told.external_id,
            key=f"{self._feed.place}:{self.name}:{row.id}:{row.seconds}:{next_version(before)}:{row.content:016x}",
        )

    def _deletion(self, record_id: int) -> Change:
        before = self._known.get(record_id)
        seconds, version = (before.seconds, before.version) if before else (0, 0)
        key = f"{self._feed.place}:{self.name}:{record_id}:deleted:{version}"
        return Change(model=self.name, id=record_id, kind=ChangeKind.DELETED, seconds=seconds, key=key)

    def _answered(self, record_id: int, reason: str) -> None:
        self._known.answered(record_id)

    # ---- remembering

    async def _note(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._known.touched or now - self._noted_at >= EVERY:
            await self._remember()

    async def _remember(self, next_ones: Sequence[int] = ()) -> None:
        """Write what changed; with the last part, how far it came and what is about to be handed over."""
        ranges = self._known.to_remember()
        state: dict[str, Any] = {
            "looked": self._lookback.times,
            "unanswered": [*dict.fromkeys([*self._known.unanswered, *next_ones, *self._again, *self._unseen])],
            "verified": self._comparison.verified,
            "fields": self._types,
        }
        seen = {f"{SEEN}{self.name}": self._figures.noted()}
        names = list(ranges)
        try:
            while len(names) > _AT_ONCE:
                part, names = names[:_AT_ONCE], names[_AT_ONCE:]
                await self._memory.put({f"{_RANGE}{each}": ranges[each] for each in part})
            await self._memory.put({_STATE: state} | seen | {f"{_RANGE}{each}": ranges[each] for each in names})
        except BaseException:
            self._known.not_remembered(ranges)
            raise
        self._noted_at = asyncio.get_running_loop().time()

    # ---- resting

    async def _rest(self) -> None:
        seconds = self._settings.poll
        if self._hinted:
            loop_time = asyncio.get_running_loop().time()
            followed = _HINT_SECONDS - (max(self._hinted.values()) - loop_time)
            seconds = min(seconds, next((each for each in _HINT_PAUSES if followed < each * 4), _HINT_PAUSES[-1]))
        await listen(self._bell, seconds)

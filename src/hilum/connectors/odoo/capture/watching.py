"""The watch over one model: what is read when, what of it is a change, and what is remembered."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Sequence
from typing import Any, Final

from hilum.connector import Memory
from hilum.connectors.odoo.capture.comparing import Comparison
from hilum.connectors.odoo.capture.events import Change, ChangeKind
from hilum.connectors.odoo.capture.feed import Feed
from hilum.connectors.odoo.capture.figures import EVERY, SEEN
from hilum.connectors.odoo.capture.known import Known, KnownRecords, next_version
from hilum.connectors.odoo.capture.lines import LineWatches
from hilum.connectors.odoo.capture.lookback import SKEW, Lookback
from hilum.connectors.odoo.capture.reading import Reader, Row
from hilum.connectors.odoo.capture.relating import Told
from hilum.connectors.odoo.capture.settings import ChangesSettings
from hilum.connectors.odoo.faults import Refusal
from hilum.waiting import listen

log = logging.getLogger("hilum.odoo.capture")

_STATE: Final = "state"
_RANGE: Final = "range/"
_RIGHTS: Final = 600.0  # seconds after which it is asked again for lines that the hub's user may not read
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
        self._read_at = 0.0  # when it was asked last what may be read
        self._hinted: dict[
            tuple[str, int], float
        ] = {}  # by model (it, or of its lines) and id: until when a hint is followed
        self._bell = asyncio.Event()
        self._comparison = Comparison(self, verify=settings.verify, vanished=settings.vanished)
        self._lines = LineWatches(self)
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
            self._lines.begin(reader.shape, {}, {})
            await self._first_time(reader)
            return
        self._lookback.go_on(state["looked"])
        self._again = list(state["unanswered"])
        self._comparison.go_on(state["verified"])
        self._types = state["fields"]
        self._lines.begin(reader.shape, state, remembered)
        await self._fit(reader)

    async def look(self) -> None:
        """What was written lately; now and then all that is there; then rest."""
        reader = await self.reader()
        try:
            await self._look(reader)
        except Refusal:  # the user may have lost a right to lines: what may be read is asked anew
            self._reader = None
            raise
        await self._rest()

    async def _look(self, reader: Reader) -> None:
        await self._fit(reader)
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
            await self._lines.compare(reader)
            self._figures.compared_at = time.time()
        if self._lines.left:
            left = set(self._lines.left)
            await self.recheck(left)
            self._lines.left -= left
        self._figures.looked_at = time.time()
        await self._note()

    async def finish(self) -> None:
        """The source is closed: what was answered meanwhile need not be told again."""
        if self._touched:
            await self._remember()

    async def reader(self) -> Reader:
        """Reads this model on the server at hand. Raises `Down`, `Refusal`, `SettingsError`."""
        client = await self._feed.connected()
        reader, now = self._reader, asyncio.get_running_loop().time()
        if reader is None or not reader.by(client) or (not reader.whole and now - self._read_at >= _RIGHTS):
            page, prefix = self._settings.page, self._feed.prefix
            self._reader = reader = await Reader.of(client, self.name, self._fields, page=page, prefix=prefix)
            self._read_at = now
        return reader

    @property
    def known(self) -> KnownRecords:
        """What is known of the model's records."""
        return self._known

    @property
    def settings(self) -> ChangesSettings:
        """The settings of the feed."""
        return self._settings

    def hint(self, model: str, record_id: int | None) -> None:
        """Odoo says that there is something to look at: of this model, of its lines, or (empty) anywhere."""
        if model not in ("", self.name, *self._lines.models):
            return
        if model and record_id is not None and len(self._hinted) < self._settings.page:
            self._hinted[model, record_id] = asyncio.get_running_loop().time() + _HINT_SECONDS
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
            await self._lines.fit(reader, began - SKEW)
            self._lookback.begin(began)
        else:
            await self._lines.fit(reader, None)
        self._types = reader.types
        await self._remember()

    async def _fit(self, reader: Reader) -> None:
        """Where other fields are read than before, values of the old ones say nothing, and are no change."""
        if self._types == reader.types:
            return
        log.info("%s: other fields are read from now on", self.name)
        since = max(self._lookback.times) - SKEW
        self._known.forget_contents(int(since))
        await self._lines.fit(reader, since)
        self._types = reader.types
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
        """A hinted record is read until it shows a change, or is gone or hidden, or the time is over."""
        now = asyncio.get_running_loop().time()
        asked: dict[str, set[int]] = {}
        for model, number in self._hinted:
            asked.setdefault(model, set()).add(number)
        meant = {(self.name, number): {number} for number in asked.pop(self.name, ())}
        for model, ids in asked.items():
            found = await self._lines.documents_of(reader, model, ids)
            meant |= {(model, number): documents for number, documents in found.items()}
        changed = await self.settle(reader, sorted(set().union(*meant.values())))
        for place, until in list(self._hinted.items()):
            documents = meant.get(place, set())
            if until < now or changed & documents or (documents and documents <= self.hidden):
                del self._hinted[place]

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

    async def recheck(self, documents: Collection[int]) -> None:
        """Lines of these came or went: they are told where they differ, or where it is not known what they were."""
        for each in documents:
            before = self._known.get(each)
            if before is not None and not before.content:
                self._known.set(each, before._replace(seconds=0))
        if documents:
            await self.settle(await self.reader(), sorted(documents))

    def line_written(self, document: int, seconds: int | None) -> None:
        """A line of this document was written then; None: so lately that it is a change when it is seen."""
        before = self._known.get(document)
        if before is not None and before.seconds:
            self._known.set(document, before._replace(seconds=0 if seconds is None else max(before.seconds, seconds)))

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
        if same:
            self._lines.note(row)
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
            self._lines.note(row)
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
            seconds=max(row.seconds, before.seconds if before else 0),  # the line that was written last may be gone
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
        if self._touched or now - self._noted_at >= EVERY:
            await self._remember()

    @property
    def _touched(self) -> bool:
        return self._known.touched or self._lines.touched

    async def _remember(self, next_ones: Sequence[int] = ()) -> None:
        """Write what changed; with the last part, how far it came and what is about to be handed over."""
        ranges = self._known.to_remember()
        lines = self._lines.to_remember()
        state: dict[str, Any] = {
            "looked": self._lookback.times,
            "unanswered": [*dict.fromkeys([*self._known.unanswered, *next_ones, *self._again, *self._unseen])],
            "verified": self._comparison.verified,
            "fields": self._types,
            "lines": self._lines.models,
            "left": sorted(self._lines.left),
        }
        last = {_STATE: state, f"{SEEN}{self.name}": self._figures.noted()}
        parts = list({f"{_RANGE}{number}": text for number, text in ranges.items()}.items()) + list(lines.items())
        try:
            while len(parts) > _AT_ONCE:
                await self._memory.put(dict(parts[:_AT_ONCE]))
                del parts[:_AT_ONCE]
            await self._memory.put(last | dict(parts))
        except BaseException:
            self._known.not_remembered(ranges)
            self._lines.not_remembered(lines)
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

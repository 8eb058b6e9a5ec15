"""The watch over the lines of documents: which lines there are, and to which document each belongs.

What was written is found by the look at the documents themselves, which asks for the `write_date` of their lines too,
so a look costs no further call. What no date tells of, a line that was deleted or came late, is found as it is of
records: by comparing counts and sums of ids with what is known. Of each line its document is known, so it is the
document that is read again, and told where it differs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hilum.connectors.odoo.capture.comparing import Comparison
from hilum.connectors.odoo.capture.events import seconds_of
from hilum.connectors.odoo.capture.known import Known, KnownRecords
from hilum.connectors.odoo.capture.reading import ARCHIVED_TOO, Reader, Row
from hilum.connectors.odoo.capture.shapes import LineShape, Shape
from hilum.connectors.odoo.client import OdooClient

if TYPE_CHECKING:
    from hilum.connectors.odoo.capture.watching import ModelWatch

_LINES: Final = "lines/"
_ALL: Final = 100.0  # %: a document that is deleted takes many lines with it, and of each Odoo is asked


class Line(NamedTuple):
    """A line as far as it is watched."""

    id: int
    seconds: int  # its `write_date`, since 1970
    document: int  # 0: it belongs to none any more


class LineReader(Reader):
    """Reads the lines of one model that belong to a document. All methods raise what `OdooClient` raises."""

    def __init__(self, client: OdooClient, line: LineShape, *, page: int) -> None:
        shape = Shape(model=line.shape.model, kinds={})
        super().__init__(client, shape, page=page, prefix="", within=[[line.document, "!=", False]])
        self._document = line.document

    async def after(self, number: int) -> tuple[list[Line], int | None]:
        """Lines above this id; and where to go on (None: nowhere). Ten times as many as `page`."""
        limit = self._page * 10
        found = await self._lines([["id", ">", number], *self._within], limit)
        return found, found[-1].id if len(found) == limit else None

    async def lines(self, ids: Sequence[int]) -> list[Line]:
        """Those of these lines that are there, whether or not they belong to a document still."""
        found: list[Line] = []
        for start in range(0, len(ids), self._page):
            part = list(ids[start : start + self._page])
            found += await self._lines([["id", "in", part]], len(part))
        return found

    async def _lines(self, domain: list[Any], limit: int) -> list[Line]:
        rows = await self.client.search_read(
            self._model, domain, ["write_date", self._document], limit=limit, order="id", context=ARCHIVED_TOO
        )
        return [Line(row["id"], seconds_of(row["write_date"]), row[self._document] or 0) for row in rows]


class LineWatch:
    """Of the lines of one model. Each `Known` has the id of the document as its content."""

    def __init__(self, watch: ModelWatch, line: LineShape, remembered: Mapping[int, str] | None = None) -> None:
        self.name = line.shape.model
        self.settings = watch.settings
        self.known = KnownRecords(remembered)
        self.hidden: set[int] = set()
        self._watch = watch
        self._line = line
        self._reader: LineReader | None = None
        self._comparison = Comparison(self, verify=0, vanished=_ALL)

    async def learn(self, client: OdooClient, since: float) -> None:
        """Note all that are there. Of what was written from `since` on, the document is a change when it is seen."""
        reader = self._reading(client)
        number: int | None = 0
        while number is not None:
            lines, number = await reader.after(number)
            for line in lines:
                self.known.set(line.id, Known(line.seconds, line.document))
                self._watch.line_written(line.document, line.seconds if line.seconds < since else None)

    async def compare(self, client: OdooClient) -> None:
        """What came and went unseen."""
        await self._comparison.run(self._reading(client))
        self.known.pack()

    async def documents_of(self, client: OdooClient, ids: Collection[int]) -> dict[int, set[int]]:
        """By line: the documents that it belongs to, or belonged to."""
        found = {each: {known.content} for each in ids if (known := self.known.get(each)) is not None}
        for line in await self._reading(client).lines(sorted(ids)):
            if line.document:
                found.setdefault(line.id, set()).add(line.document)
        return found

    def note(self, lines: Iterable[tuple[int, int]], document: int) -> set[int]:
        """These belong to this document, each with its seconds. Says which documents they belonged to before."""
        left = set()
        for number, seconds in lines:
            before, now = self.known.get(number), Known(seconds, document)
            if before != now:
                self.known.set(number, now)
            if before is not None and before.content != document:
                left.add(before.content)
        return left

    async def settle(self, reader: Reader, ids: Sequence[int] = (), *, rows: Sequence[Row] = ()) -> set[int]:
        """These differ from what is known: read their documents again, then know them. See `Comparison`."""
        assert isinstance(reader, LineReader)  # noqa: S101 - for the type checker: `compare` gave it
        lines = await reader.lines(ids)
        there = {line.id for line in lines}
        deleted, hidden = await reader.vanished([each for each in ids if each not in there])
        self.hidden -= there | deleted
        self.hidden |= {each for each in hidden if self.known.get(each) is not None}
        documents = {line.document for line in lines} - {0}
        documents.update(known.content for each in {*there, *deleted} if (known := self.known.get(each)) is not None)
        await self._watch.recheck(documents)
        for line in lines:
            if line.document:
                self.known.set(line.id, Known(line.seconds, line.document))
            else:
                self.known.remove(line.id)
        for each in deleted:
            self.known.remove(each)
        return documents

    def _reading(self, client: OdooClient) -> LineReader:
        if self._reader is None or not self._reader.by(client):
            self._reader = LineReader(client, self._line, page=self.settings.page)
        return self._reader


class LineWatches:
    """Of all lines of the documents of one model."""

    def __init__(self, watch: ModelWatch) -> None:
        self._watch = watch
        self._watches: dict[str, LineWatch] = {}  # by model
        self._void: set[str] = set()  # what was remembered of lines that are not watched any more
        self.left: set[int] = set()  # documents that lines were moved away from, to be read again

    @property
    def models(self) -> list[str]:
        """What is watched."""
        return list(self._watches)

    def begin(self, shape: Shape, state: Mapping[str, Any], remembered: Mapping[str, Any]) -> None:
        """From what is remembered; what is not is learnt by `fit`."""
        self.left = set(state.get("left", ()))
        self._void = {name for name in remembered if name.startswith(_LINES)}
        self._watches = {}
        for model, line in _watched(shape).items():
            if model in state.get("lines", ()):
                place = f"{_LINES}{model}/"
                ranges = {int(n.removeprefix(place)): text for n, text in remembered.items() if n.startswith(place)}
                self._watches[model] = LineWatch(self._watch, line, ranges)
                self._void -= {f"{place}{number}" for number in ranges}

    async def fit(self, reader: Reader, since: float | None) -> None:
        """Watch the lines that are read now, and learn those that are new. `since`: see `LineWatch.learn`.

        None: nothing is known yet, so there is nothing to learn.
        """
        wanted = _watched(reader.shape)
        for model in set(self._watches) - set(wanted):
            self._void |= {f"{_LINES}{model}/{number}" for number in self._watches.pop(model).known.numbers}
        for model, line in wanted.items():
            if model not in self._watches:
                watch = LineWatch(self._watch, line)
                if since is not None:
                    await watch.learn(reader.client, since)
                self._watches[model] = watch

    async def compare(self, reader: Reader) -> None:
        """What came and went unseen."""
        for watch in self._watches.values():
            await watch.compare(reader.client)

    async def documents_of(self, reader: Reader, model: str, ids: Collection[int]) -> dict[int, set[int]]:
        """By line of this model: the documents that it belongs to, or belonged to."""
        return await self._watches[model].documents_of(reader.client, ids) if model in self._watches else {}

    def note(self, row: Row) -> None:
        """This document is known as it was read."""
        for model, lines in row.lines.items():
            if model in self._watches:
                self.left |= self._watches[model].note(lines, row.id)

    # ---- remembering

    @property
    def touched(self) -> bool:
        """Is there anything to be remembered?"""
        return bool(self._void) or any(each.known.touched for each in self._watches.values())

    def to_remember(self) -> dict[str, str | None]:
        """By name: the ranges that changed. Taken once."""
        found: dict[str, str | None] = dict.fromkeys(self._void)
        self._void = set()
        for model, watch in self._watches.items():
            found |= {f"{_LINES}{model}/{number}": text for number, text in watch.known.to_remember().items()}
        return found

    def not_remembered(self, names: Iterable[str]) -> None:
        """What was taken could not be written: it is to be remembered still."""
        for name in names:
            model, _, number = name.removeprefix(_LINES).rpartition("/")
            if model in self._watches:
                self._watches[model].known.not_remembered([int(number)])
            else:
                self._void.add(name)


def _watched(shape: Shape) -> dict[str, LineShape]:
    """By model: the lines that are watched."""
    found: dict[str, LineShape] = {}
    for line in shape.every_line():
        if line.watched:
            found.setdefault(line.shape.model, line)
    return found

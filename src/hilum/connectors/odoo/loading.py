"""Many records in one call of Odoo's `load`, each created or updated by its external identifier.

`load` writes the record and its external identifier in one transaction, needs no rights on ir.model.data, never makes a
duplicate when two clients race, and keeps nothing of a call in which any row is in error. So rows in error are set
apart here: the others go again in one call, the bad ones one by one, which also gives each its own message.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hilum.connectors.odoo.budget import hot
from hilum.connectors.odoo.client import OdooClient
from hilum.connectors.odoo.faults import Refusal, clean, is_transient, judge_message
from hilum.connectors.odoo.work import Task, still_open
from hilum.errors import Failure

Cells = Mapping[str, str]


@dataclass(eq=False, slots=True, kw_only=True)
class Record:
    """What is to be written for one delivery. `number` is Odoo's id once it is written."""

    task: Task
    xml_id: str
    head: Cells = field(repr=False)  # column → text; a column that is left out is not touched, "" clears
    lines: Sequence[Cells] = field(default=(), repr=False)  # sub-records; all with the same columns
    about: str = ""  # how people call it, for error texts: `item GLV-01`
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)  # the head, as `write` takes it
    fills: frozenset[str] = frozenset()  # columns that are left alone where the record has something there
    number: int | None = None
    own: int | None = None  # Odoo's id of a record that is changed by it, because it has not this external identifier

    def leave(self, columns: Collection[str]) -> None:
        """Leave these columns alone."""
        self.head = {column: text for column, text in self.head.items() if column not in columns}
        names = {column.removesuffix("/.id") for column in columns}
        self.values = {name: value for name, value in self.values.items() if name not in names}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of this record; records of one call have the same."""
        return ("id" if self.own is None else ".id", *self.head, *(self.lines[0] if self.lines else ()))

    def rows(self) -> list[list[str]]:
        """The head with the first line, then a row for each further line with the head's columns empty."""
        head = [self.xml_id if self.own is None else str(self.own), *self.head.values()]
        if not self.lines:
            return [head]
        first, *others = (list(line.values()) for line in self.lines)
        return [head + first, *([""] * len(head) + line for line in others)]


class Loader:
    """Writes records of one model; settles the tasks of those that Odoo refuses, and sets `number` of the others."""

    def __init__(self, client: OdooClient, model: str, *, rows_per_call: int, context: Mapping[str, Any]) -> None:
        self._client = client
        self._model = model
        self._rows_per_call = rows_per_call
        self._context = context

    async def load(self, records: Sequence[Record], tasks: Sequence[Task]) -> None:
        """Write all records. `tasks` are all tasks of the batch, so that none overtakes a failed one of its key."""
        for group in _groups(records):
            left = list(group)
            while left:  # the size of each part follows from what the one before took
                chunk = _first(left, self._client.budget.portion(self._model, "load", self._rows_per_call))
                left = left[len(chunk) :]
                parts = [chunk]
                while parts:
                    ready = {id(task) for task in still_open(tasks)}
                    part = [record for record in parts.pop(0) if id(record.task) in ready]
                    if part:
                        parts = await self._part(part) + parts

    async def _part(self, part: list[Record]) -> list[list[Record]]:
        """One call. Returns the smaller parts to try when Odoo refused this one."""
        # by its id Odoo finds an archived record only where it is told to look for those too
        context = self._context if part[0].own is None else {**self._context, "active_test": False}
        try:
            rows = [row for record in part for row in record.rows()]
            async with self._client.budget.measured(self._model, "load", len(rows), touched("load", self._model, part)):
                answer = await self._client.load(self._model, part[0].columns, rows, context=context)
        except Refusal as refusal:
            return _split(part, set()) if len(part) > 1 else _fail(part, refusal)
        except Failure as failure:
            return _fail(part, failure)
        if answer.get("ids"):
            for record, number in zip(part, answer["ids"], strict=True):
                record.number = number
            return []
        errors = [each for each in answer.get("messages", ()) if each.get("type") == "error"]
        transient = next((each for each in errors if is_transient(str(each.get("message")))), None)
        if transient is not None:
            self._client.budget.busy()
            return _fail(part, judge_message(str(transient.get("message"))))
        if len(part) == 1:
            return _fail(part, judge_message(_text(errors)))
        return _split(part, _in_error(part, errors))


def _fail(part: Iterable[Record], failure: Failure) -> list[list[Record]]:
    for record in part:
        record.task.fail(failure, record.about)
    return []


def _text(errors: Sequence[Mapping[str, Any]]) -> str:
    """The messages of one record, each once."""
    return " ".join(dict.fromkeys(clean(str(each.get("message") or "")) for each in errors))


def _in_error(part: Sequence[Record], errors: Sequence[Mapping[str, Any]]) -> set[int]:
    """Positions of the records whose rows Odoo's messages name."""
    owner = [position for position, record in enumerate(part) for _ in range(max(1, len(record.lines)))]
    named = ((each.get("rows") or {}).get("from") for each in errors)
    return {owner[row] for row in named if isinstance(row, int) and 0 <= row < len(owner)}


def _split(part: list[Record], bad: set[int]) -> list[list[Record]]:
    """Smaller parts: halves where Odoo named no row, else all good ones together and then each bad one alone.

    What is behind a bad one of the same ordering key also goes alone, after it.
    """
    if not bad or len(bad) == len(part):
        middle = len(part) // 2
        return [part[:middle], part[middle:]]
    keys = set()
    together, alone = [], []
    for position, record in enumerate(part):
        if position in bad or record.task.key in keys:
            alone.append([record])
            keys |= {record.task.key} if record.task.key else set()
        else:
            together.append(record)
    return [together, *alone]


def touched(method: str, model: str, part: Iterable[Record]) -> set[str]:
    """The hot rows that a call with these records changes besides them."""
    return hot(model, method, (cells for record in part for cells in (record.head, *record.lines)))


def _first(records: Sequence[Record], most: int) -> list[Record]:
    """The first records that have at most `most` rows together; a record with more rows goes alone."""
    rows, count = 0, 0
    for record in records:
        rows += max(1, len(record.lines))
        if count and rows > most:
            break
        count += 1
    return list(records[:count])


def _groups(records: Sequence[Record]) -> list[list[Record]]:
    """Records that can share a call: same columns, no external identifier twice, order kept for equal keys."""
    groups: dict[tuple[int, tuple[str, ...]], list[Record]] = {}
    last: dict[str, tuple[int, tuple[str, ...]]] = {}  # ordering key → wave and columns of its latest record
    seen: dict[str, int] = {}  # external identifier → wave of its latest record
    for record in records:
        columns = record.columns
        wave = seen.get(record.xml_id, -1) + 1
        if record.task.key in last:
            before, shape = last[record.task.key]
            wave = max(wave, before if shape == columns else before + 1)
        seen[record.xml_id] = wave
        if record.task.key:
            last[record.task.key] = (wave, columns)
        groups.setdefault((wave, columns), []).append(record)
    return [groups[name] for name in sorted(groups, key=lambda name: name[0])]

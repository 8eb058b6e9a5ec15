"""What the feeds ask an Odoo server: records of one model with their lines, always by id, archived ones too."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hilum.connectors.odoo.capture.events import content_hash, in_odoo, plain_values, seconds_of
from hilum.connectors.odoo.capture.known import Fingerprint
from hilum.connectors.odoo.capture.relating import Relations, Told
from hilum.connectors.odoo.capture.shapes import Shape, shape_of
from hilum.connectors.odoo.client import OdooClient
from hilum.connectors.odoo.faults import Refusal

log = logging.getLogger("hilum.odoo.capture")

ARCHIVED_TOO: Final = {"active_test": False}
_HALVINGS: Final = 32  # calls at most that tell hidden records from deleted ones, besides one for each page
_LINES_AT_ONCE: Final = 10  # times as many lines as records are read by one call


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One record as it is in Odoo now, with its lines."""

    id: int
    seconds: int  # `write_date`, since 1970; the latest of the record and its lines
    values: dict[str, Any]  # relations are `Linked`, lines are lists of their own values with `id`
    content: int  # hash of the values
    archived: bool
    lines: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)  # by model: ids, each with its seconds


class Reader:
    """Reads one model. All methods raise what `OdooClient` raises. `prefix`: of the hub's own external identifiers."""

    def __init__(self, client: OdooClient, shape: Shape, *, page: int, prefix: str, within: Sequence[Any] = ()) -> None:
        """`within`: a domain beside which no records are compared."""
        self.client = client
        self._within = list(within)
        self._model = shape.model
        self.shape = shape
        self.types = shape.types()  # by field: as Odoo names it
        self._page = page
        self._groups = True  # does the model answer sums? Known after the first refusal
        self._relations = Relations(client, prefix)

    @classmethod
    async def of(cls, client: OdooClient, model: str, fields: Sequence[str], *, page: int, prefix: str) -> Reader:
        """For these fields; none: those that are read by default. Raises `SettingsError` for one that is not there."""
        return cls(client, await shape_of(client, model, fields), page=page, prefix=prefix)

    def by(self, client: OdooClient) -> bool:
        """Is it this client that it reads with?"""
        return self.client is client

    @property
    def whole(self) -> bool:
        """May the hub's user read all lines that are asked for?"""
        return all(each.readable for each in self.shape.every_line())

    async def written_since(self, seconds: int, after: int) -> tuple[list[Row], int | None]:
        """Records written from this second on whose id is above `after`, by id; and where to go on (None: nowhere).

        A record counts as written when one of its lines is.
        """
        places = ["write_date", *(f"{each.path}.write_date" for each in self.shape.every_line() if each.watched)]
        written: list[Any] = ["|"] * (len(places) - 1)
        written += [[place, ">=", in_odoo(seconds)] for place in places]
        rows = await self._read([*written, ["id", ">", after]], self._page)
        return rows, rows[-1].id if len(rows) == self._page else None

    async def from_id(self, low: int, limit: int) -> list[Row]:
        """The next records from this id on."""
        return await self._read([["id", ">=", low]], limit)

    async def matching(self, domain: Sequence[Any], low: int, limit: int) -> list[Row]:
        """The next records from this id on that a domain of Odoo lets through."""
        return await self._read([["id", ">=", low], *domain], limit)

    async def of_ids(self, ids: Sequence[int]) -> list[Row]:
        """Those of these records that are there."""
        found: list[Row] = []
        for start in range(0, len(ids), self._page):
            part = list(ids[start : start + self._page])
            found += await self._read([["id", "in", part]], len(part))
        return found

    async def dates(self, after: int) -> tuple[list[tuple[int, int]], int | None]:
        """(id, seconds) of records above this id; and where to go on. Ten times as many as `page`."""
        limit = self._page * 10
        rows = await self.client.search_read(
            self._model, [["id", ">", after]], ["write_date"], limit=limit, order="id", context=ARCHIVED_TOO
        )
        found = [(row["id"], seconds_of(row["write_date"])) for row in rows]
        return found, found[-1][0] if len(rows) == limit else None

    async def fingerprint(self, low: int, high: int) -> Fingerprint:
        """How many records have an id from `low` to below `high`, and the sum of their ids where the model tells it."""
        if self._groups:
            try:
                return await self._summed(low, high)
            except Refusal as refusal:  # some models group in a way of their own, or let nobody do it
                log.info("%s: Odoo sums no ids (%s); records are counted only", self._model, refusal.name)
                self._groups = False
        count = await self.client.call(self._model, "search_count", context=ARCHIVED_TOO, domain=self._range(low, high))
        return Fingerprint(int(count), None)

    async def _summed(self, low: int, high: int) -> Fingerprint:
        """By the average: XML-RPC has no integer above 31 bits, and a float is exact up to a sum of 2^50."""
        asked: dict[str, Any] = {"domain": self._range(low, high), "groupby": []}
        if self.client.version >= (19, 0):
            aggregates = ["__count", "id:avg"]
            rows = await self.client.call(
                self._model, "formatted_read_group", context=ARCHIVED_TOO, **asked, aggregates=aggregates
            )
        else:
            fields = ["middle:avg(id)"]
            rows = await self.client.call(
                self._model, "read_group", context=ARCHIVED_TOO, **asked, fields=fields, lazy=False
            )
        row = rows[0] if rows else {"__count": 0}
        count = int(row["__count"])
        average: float = row.get("id:avg") or row.get("middle") or 0
        return Fingerprint(count, round(average * count))

    async def ids(self, low: int, high: int) -> set[int]:
        """Which."""
        found: set[int] = set()
        limit = self._page * 10
        while True:
            rows = await self.client.search_read(
                self._model, self._range(low, high), ["id"], limit=limit, order="id", context=ARCHIVED_TOO
            )
            found.update(row["id"] for row in rows)
            if len(rows) < limit:
                return found
            low = rows[-1]["id"] + 1

    async def vanished(self, ids: Sequence[int], *, halvings: int = _HALVINGS) -> tuple[set[int], set[int]]:
        """Of these, which no search finds: which were deleted, and which are there and hidden from the hub's user?

        Odoo leaves records that do not exist out of what it reads, and refuses the call where one may not be read: then
        its halves are read. Those in neither set are there again, or are left for next time, after so many halvings.
        """
        deleted: set[int] = set()
        hidden: set[int] = set()
        parts = [list(ids[start : start + self._page]) for start in range(0, len(ids), self._page)]
        calls = len(parts) + halvings
        while parts and calls:
            part, calls = parts.pop(), calls - 1
            try:
                rows = await self.client.read(self._model, part, ["write_date"])
            except Refusal as refusal:
                if refusal.category != "odoo.access":
                    raise
                middle = len(part) // 2
                if middle:
                    parts += [part[middle:], part[:middle]]
                else:
                    hidden.update(part)
                continue
            deleted.update(set(part) - {row["id"] for row in rows})
        return deleted, hidden

    async def describe(self, rows: Sequence[Row]) -> dict[int, Told]:
        """What is told of these records, by id: related records and lines with what they are called."""
        return await self._relations.describe(self.shape, {row.id: row.values for row in rows})

    def _range(self, low: int, high: int) -> list[Any]:
        return [["id", ">=", low], ["id", "<", high], *self._within]

    async def _read(self, domain: list[Any], limit: int) -> list[Row]:
        rows = await self.client.search_read(
            self._model, domain, self.shape.asked, limit=limit, order="id", context=ARCHIVED_TOO, names=True
        )
        await self._with_lines(self.shape, rows)
        return [_row(self.shape, row) for row in rows]

    async def _with_lines(self, shape: Shape, rows: Sequence[dict[str, Any]]) -> None:
        """Put lines in the place of their ids. One that was deleted since then is left out."""
        for line in shape.lines:
            ids = [each for row in rows for each in row[line.field]] if line.readable else []
            found: dict[int, dict[str, Any]] = {}
            at_once = self._page * _LINES_AT_ONCE
            for start in range(0, len(ids), at_once):
                domain = [["id", "in", ids[start : start + at_once]]]
                part = await self.client.search_read(
                    line.shape.model, domain, line.shape.asked, order="id", context=ARCHIVED_TOO, names=True
                )
                await self._with_lines(line.shape, part)
                found |= {row["id"]: row for row in part}
            for row in rows:
                known = sorted(each for each in row[line.field] if each in found) if line.readable else None
                row[line.field] = known and [found[each] for each in known]


def _row(shape: Shape, row: dict[str, Any]) -> Row:
    values = _values(shape, row)
    return Row(
        id=row["id"],
        seconds=_latest(shape, row),
        values=values,
        content=content_hash(values),
        archived=values.get("active") is False,
        lines=_lines(shape, row, {}),
    )


def _values(shape: Shape, row: Mapping[str, Any]) -> dict[str, Any]:
    found = plain_values(row, shape.kinds, shape.related)
    for line in shape.lines:
        below = row[line.field]
        found[line.field] = below and [{"id": each["id"], **_values(line.shape, each)} for each in below]
    return found


def _latest(shape: Shape, row: Mapping[str, Any]) -> int:
    own = seconds_of(row["write_date"])
    watched = [line for line in shape.lines if line.watched]
    return max([own, *(_latest(line.shape, each) for line in watched for each in row[line.field] or ())])


def _range(low: int, high: int) -> list[Any]:
    return [["id", ">=", low], ["id", "<", high]]


def _lines(shape: Shape, row: Mapping[str, Any], found: dict[str, list[tuple[int, int]]]) -> dict[str, Any]:
    for line in shape.lines:
        for each in row[line.field] or ():
            found.setdefault(line.shape.model, []).append((each["id"], seconds_of(each["write_date"])))
            _lines(line.shape, each, found)
    return found

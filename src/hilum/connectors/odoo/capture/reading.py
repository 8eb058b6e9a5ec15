"""What the feeds ask an Odoo server: records of one model, always by id, archived ones too."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from hilum.connectors.odoo.capture.events import content_hash, in_odoo, plain_values, seconds_of
from hilum.connectors.odoo.capture.known import Fingerprint
from hilum.connectors.odoo.client import OdooClient
from hilum.connectors.odoo.faults import Refusal
from hilum.errors import SettingsError

log = logging.getLogger("hilum.odoo.capture")

_ALL: Final = {"active_test": False}
_LEFT_OUT: Final = frozenset({"binary", "one2many", "properties", "properties_definition"})
_NEVER: Final = frozenset({"id", "write_date", "write_uid", "create_uid", "create_date", "display_name"})
_HALVINGS: Final = 32  # calls at most that tell hidden records from deleted ones, besides one for each page


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One record as it is in Odoo now."""

    id: int
    seconds: int  # `write_date`, since 1970
    values: dict[str, Any]
    content: int  # hash of the values
    archived: bool


class Reader:
    """Reads one model. All methods raise what `OdooClient` raises."""

    def __init__(self, client: OdooClient, model: str, types: dict[str, str], *, page: int) -> None:
        self._client = client
        self._model = model
        self.types = types  # by field: the type as Odoo names it
        self._page = page
        self._asked = [*types, *({"write_date"} - set(types))]
        self._groups = True  # does the model answer sums? Known after the first refusal

    @classmethod
    async def of(cls, client: OdooClient, model: str, fields: Sequence[str], *, page: int) -> Reader:
        """For these fields; none: all that are stored. Raises `SettingsError` for one that is not there."""
        found = await client.fields_get(model, ["type", "store"])
        if missing := [name for name in fields if name not in found]:
            raise SettingsError(f"{model} of this Odoo has no field {', '.join(missing)}, or the hub may not see it")
        names = fields or sorted(
            name
            for name, facts in found.items()
            if facts.get("store", True) and facts["type"] not in _LEFT_OUT and name not in _NEVER
        )
        if "active" in found and "active" not in names:
            names = [*names, "active"]
        return cls(client, model, {name: found[name]["type"] for name in names}, page=page)

    def by(self, client: OdooClient) -> bool:
        """Is it this client that it reads with?"""
        return self._client is client

    async def written_since(self, seconds: int, after: int) -> tuple[list[Row], int | None]:
        """Records written from this second on whose id is above `after`, by id; and where to go on (None: nowhere)."""
        return await self._rows([["write_date", ">=", in_odoo(seconds)], ["id", ">", after]])

    async def from_id(self, low: int, limit: int) -> list[Row]:
        """The next records from this id on."""
        return await self._read([["id", ">=", low]], limit)

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
        rows = await self._client.search_read(
            self._model, [["id", ">", after]], ["write_date"], limit=limit, order="id", context=_ALL
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
        count = await self._client.call(self._model, "search_count", context=_ALL, domain=_range(low, high))
        return Fingerprint(int(count), None)

    async def _summed(self, low: int, high: int) -> Fingerprint:
        """By the average: XML-RPC has no integer above 31 bits, and a float is exact up to a sum of 2^50."""
        asked: dict[str, Any] = {"domain": _range(low, high), "groupby": []}
        if self._client.version >= (19, 0):
            aggregates = ["__count", "id:avg"]
            rows = await self._client.call(
                self._model, "formatted_read_group", context=_ALL, **asked, aggregates=aggregates
            )
        else:
            fields = ["middle:avg(id)"]
            rows = await self._client.call(self._model, "read_group", context=_ALL, **asked, fields=fields, lazy=False)
        row = rows[0] if rows else {"__count": 0}
        count = int(row["__count"])
        average: float = row.get("id:avg") or row.get("middle") or 0
        return Fingerprint(count, round(average * count))

    async def ids(self, low: int, high: int) -> set[int]:
        """Which."""
        found: set[int] = set()
        limit = self._page * 10
        while True:
            rows = await self._client.search_read(
                self._model, _range(low, high), ["id"], limit=limit, order="id", context=_ALL
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
                rows = await self._client.read(self._model, part, ["write_date"])
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

    async def external_ids(self, ids: Sequence[int]) -> dict[int, str]:
        """One external identifier of each record that has any."""
        return await self._client.external_ids(self._model, ids)

    async def _rows(self, domain: list[Any]) -> tuple[list[Row], int | None]:
        rows = await self._read(domain, self._page)
        return rows, rows[-1].id if len(rows) == self._page else None

    async def _read(self, domain: list[Any], limit: int) -> list[Row]:
        found = await self._client.search_read(self._model, domain, self._asked, limit=limit, order="id", context=_ALL)
        return [self._row(row) for row in found]

    def _row(self, row: dict[str, Any]) -> Row:
        values = plain_values(row, self.types)
        return Row(
            id=row["id"],
            seconds=seconds_of(row["write_date"]),
            values=values,
            content=content_hash(values),
            archived=values.get("active") is False,
        )


def _range(low: int, high: int) -> list[Any]:
    return [["id", ">=", low], ["id", "<", high]]

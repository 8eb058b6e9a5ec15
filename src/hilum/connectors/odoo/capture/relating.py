"""What related records are called: name, code and external identifier, for a page of changes at a time.

For each page: one call for all external identifiers, and one for each related model that has codes. The name of a
many2one comes with the record itself; names of many2many are read with the codes. So a page of purchase orders costs
about five calls, however many orders and lines it has, and only what is told is asked for.

Nothing is kept from one page to the next. So what a record is called is read after the record that names it, and is
never older than it. It is no part of a change (see `content_hash`), so nothing is told for it alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from hilum.connectors.odoo.capture.documents import CODES, CODES_BESIDE, DISPLAYED
from hilum.connectors.odoo.capture.events import Linked
from hilum.connectors.odoo.capture.shapes import Shape
from hilum.connectors.odoo.client import OdooClient, Row
from hilum.connectors.odoo.faults import Refusal

log = logging.getLogger("hilum.odoo.capture")

_REFUSED: Final = 600.0  # seconds after which a model is asked for again that the user may not read
_ARCHIVED_TOO: Final = {"active_test": False}
_DISTRIBUTION: Final = "analytic_distribution"
_DISTRIBUTED: Final = "analytic_accounts"
_ACCOUNT: Final = "account.analytic.account"

Place = tuple[str, int]  # model and id
Values = Mapping[str, Any]


class Told(NamedTuple):
    """What is told of a record."""

    external_id: str
    values: dict[str, Any]


class _Called(NamedTuple):
    """What a related record is called."""

    name: str
    code: str
    external_id: str


class Relations:
    """Makes of the values of records what is told. `prefix`: the module part of the hub's own external identifiers."""

    def __init__(self, client: OdooClient, prefix: str) -> None:
        self._client = client
        self._own = f"{prefix}."
        self._refused: dict[str, float] = {}  # by model: until when it is not asked for

    async def describe(self, shape: Shape, rows: Mapping[int, Values]) -> dict[int, Told]:
        """What is told of these records, by id. Raises what `OdooClient` raises; a refusal only leaves names out."""
        page = _Page()
        for record_id, values in rows.items():
            page.take(shape, record_id, values)
        external_ids = await self._external_ids([*page.records, *page.linked])
        by_model: dict[str, dict[int, str]] = {}
        for (model, record_id), name in page.linked.items():
            by_model.setdefault(model, {})[record_id] = name
        called: dict[Place, _Called] = {}
        codes = dict(CODES)
        for line in shape.every_line():
            codes |= CODES_BESIDE.get(line.shape.model, {})
        for model, names in by_model.items():
            found = await self._read(model, names, codes.get(model))
            for record_id, name in names.items():
                row = found.get(record_id, {})
                row[DISPLAYED] = name or row.get(DISPLAYED) or ""
                code = _as_written(row.get(codes.get(model, "")))
                called[model, record_id] = _Called(row[DISPLAYED], code, external_ids.get((model, record_id), ""))
        telling = _Telling(called, external_ids)
        return {
            record_id: Told(external_ids.get((shape.model, record_id), ""), telling.values(shape, values))
            for record_id, values in rows.items()
        }

    async def _read(self, model: str, names: Mapping[int, str], code: str | None) -> dict[int, Row]:
        """Code and name of these records of one model, where there is a code, or a name is missing."""
        if (code in (None, DISPLAYED) and all(names.values())) or self._refuses(model):
            return {}
        fields = [DISPLAYED, code] if code not in (None, DISPLAYED) else [DISPLAYED]
        domain = [["id", "in", list(names)]]
        try:
            rows = await self._client.search_read(model, domain, fields, context=_ARCHIVED_TOO)
        except Refusal as refusal:
            self._say(model, f"{model} is told without codes", refusal)
            return {}
        return {row["id"]: row for row in rows}

    async def _external_ids(self, places: list[Place]) -> dict[Place, str]:
        """One external identifier of each that has any: the hub's own before others, then the oldest."""
        wanted: dict[str, list[int]] = {}
        for model, record_id in dict.fromkeys(places):
            wanted.setdefault(model, []).append(record_id)
        found: dict[Place, str] = {}
        for place, names in (await self._client.every_external_id(wanted)).items():
            found[place] = next((each for each in names if each.startswith(self._own)), names[0])
        return found

    def _refuses(self, model: str) -> bool:
        return asyncio.get_running_loop().time() < self._refused.get(model, 0.0)

    def _say(self, model: str, words: str, refusal: Refusal) -> None:
        if model not in self._refused:
            log.warning("%s, because the hub's user may not read it: %s", words, refusal)
        self._refused[model] = asyncio.get_running_loop().time() + _REFUSED


class _Page:
    """The records and lines of a page, and what they are related to."""

    def __init__(self) -> None:
        self.records: list[Place] = []
        self.linked: dict[Place, str] = {}  # with the name, where it came with a relation

    def take(self, shape: Shape, record_id: int, values: Values) -> None:
        """One record or line, with its lines."""
        self.records.append((shape.model, record_id))
        for each in _linked(values):
            place = each.model, each.id
            self.linked[place] = self.linked.get(place) or each.name
        for line in shape.lines:
            for below in values[line.field] or ():
                self.take(line.shape, below["id"], below)


class _Telling:
    """Puts what records are called in the place of relations."""

    def __init__(self, called: Mapping[Place, _Called], external_ids: Mapping[Place, str]) -> None:
        self._called = called
        self._external_ids = external_ids

    def values(self, shape: Shape, values: Values) -> dict[str, Any]:
        """As they are told."""
        lines = {each.field: each.shape for each in shape.lines}
        found: dict[str, Any] = {}
        for name, value in values.items():
            if name in lines:
                found[name] = None if value is None else [self._line(lines[name], each) for each in value]
            elif isinstance(value, Linked):
                found[name] = self._related(value)
            elif name in shape.related:
                found[name] = value and [self._related(each) for each in value]
            else:
                found[name] = value
        if _DISTRIBUTION in values:
            found[_DISTRIBUTED] = [self._related(each) for each in _distributed(values)]
        return found

    def _line(self, shape: Shape, line: Values) -> dict[str, Any]:
        external_id = self._external_ids.get((shape.model, line["id"]), "")
        return {"id": line["id"], "external_id": external_id, **self.values(shape, line)}

    def _related(self, linked: Linked) -> dict[str, Any]:
        called = self._called[linked.model, linked.id]
        return {"id": linked.id, "name": called.name, "external_id": called.external_id, "code": called.code}


def _as_written(code: Any) -> str:
    """A code as people write it: the 21.0 of a tax is 21."""
    return f"{code:g}" if isinstance(code, float) else str(code or "")


def _linked(values: Values) -> Iterator[Linked]:
    for value in values.values():
        if isinstance(value, Linked):
            yield value
        elif isinstance(value, list):
            yield from (each for each in value if isinstance(each, Linked))
    yield from _distributed(values)


def _distributed(values: Values) -> list[Linked]:
    """The analytic accounts of a distribution: its keys are their ids, several with commas between."""
    shares = values.get(_DISTRIBUTION)
    if not isinstance(shares, Mapping):
        return []
    numbers = dict.fromkeys(number for key in shares for number in str(key).split(",") if number.isdecimal())
    return [Linked(int(number), _ACCOUNT) for number in numbers]

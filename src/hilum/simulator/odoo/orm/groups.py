"""Grouped sums: `read_group` of both versions and `formatted_read_group` of 19, with the aggregates reports need."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from hilum.simulator.odoo.errors import ValueFault
from hilum.simulator.odoo.orm.model import Model

AGGREGATES: dict[str, Callable[[list[Any]], Any]] = {
    "sum": sum,
    "min": lambda values: min(values, default=False),
    "max": lambda values: max(values, default=False),
    "avg": lambda values: sum(values) / len(values) if values else None,  # as SQL has it
    "count": len,
    "count_distinct": lambda values: len(set(values)),
}
MONTH = len("2026-01")
_RENAMED: Final = re.compile(r"(\w+):(\w+)\((\w+)\)")


def _key(model: Model, record_id: int, groupby: str) -> Any:
    """The group a record falls in: the value, or the month (`date:month`), or the day."""
    name, _, part = groupby.partition(":")
    if name not in model.fields:
        raise ValueFault(f"Invalid field {name!r} on {model.name!r}")
    value = model.value(record_id, name)
    if model.fields[name].kind in ("date", "datetime") and value:
        return value[:10] if part == "day" else value[:MONTH] + "-01"
    return value


def _groups(model: Model, domain: Sequence[Any], groupby: Sequence[str]) -> dict[tuple[Any, ...], list[int]]:
    found: dict[tuple[Any, ...], list[int]] = {}
    for record_id in model.find(domain):
        found.setdefault(tuple(_key(model, record_id, name) for name in groupby), []).append(record_id)
    return found if groupby else {(): [each for ids in found.values() for each in ids]}


def _shown(model: Model, groupby: str, value: Any) -> Any:
    field = model.fields[groupby.partition(":")[0]]
    if field.kind == "many2one" and value:
        return [value, model.env[field.comodel].title(value)]
    return False if value is None else value


def _aggregate(model: Model, ids: list[int], spec: str) -> Any:
    if spec == "__count":
        return len(ids)
    name, _, how = spec.partition(":")
    if name not in model.fields or (how or "sum") not in AGGREGATES:
        raise ValueFault(f"Invalid aggregate {spec!r} on {model.name!r}")
    return AGGREGATES[how or "sum"]([value for each in ids if (value := model.value(each, name)) is not None])


def formatted_read_group(
    model: Model,
    domain: Sequence[Any],
    groupby: Sequence[str] = (),
    aggregates: Sequence[str] = (),
    having: Sequence[Any] = (),
    offset: int = 0,
    limit: int | None = None,
    order: str | None = None,
) -> list[dict[str, Any]]:
    """19: a list of groups, each with its key, its aggregates by their full name and `__extra_domain`."""
    rows = []
    for key, ids in _groups(model, domain, groupby).items():
        row: dict[str, Any] = {name: _shown(model, name, value) for name, value in zip(groupby, key, strict=True)}
        row |= {spec: _aggregate(model, ids, spec) for spec in aggregates}
        row["__extra_domain"] = [[name, "=", value or False] for name, value in zip(groupby, key, strict=True)]
        rows.append(row)
    return rows[offset : None if limit is None else offset + limit]


def read_group(
    model: Model,
    domain: Sequence[Any],
    fields: Sequence[str],
    groupby: str | Sequence[str],
    offset: int = 0,
    limit: int | None = None,
    orderby: str | bool = False,
    lazy: bool = True,
) -> list[dict[str, Any]]:
    """The older form: aggregates by field name or as `name:sum(field)`, `<first group>_count`, `__domain`."""
    names = [groupby] if isinstance(groupby, str) else list(groupby)
    used = names[:1] if lazy else names
    rows = []
    for key, ids in _groups(model, domain, used).items():
        row: dict[str, Any] = {name: _shown(model, name, value) for name, value in zip(used, key, strict=True)}
        for spec in fields:
            name = spec.partition(":")[0]
            if name not in used and name != "__count":
                row[name] = _aggregate(model, ids, _RENAMED.sub(r"\3:\2", spec))
        row[f"{used[0].partition(':')[0]}_count" if lazy and used else "__count"] = len(ids)
        row["__domain"] = [[name, "=", value or False] for name, value in zip(used, key, strict=True)] + list(domain)
        rows.append(row)
    return rows[offset : None if limit is None else offset + limit]

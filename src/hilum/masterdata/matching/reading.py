"""Lists of records from CSV: `system,identifier` and then a column for each field that counts."""

from __future__ import annotations

import csv
from collections.abc import Iterable

from hilum.errors import SettingsError
from hilum.masterdata.crosswalk.editing import problem_with
from hilum.masterdata.matching.engine import Matcher, Record, Thresholds
from hilum.masterdata.matching.kinds import Kind
from hilum.settings import MatchingSettings

_FIXED = ("system", "identifier")


def read_records(kind: Kind, lines: Iterable[str], name: str) -> list[Record]:
    """The records of a file. Raises `SettingsError` that names file and line."""
    reader = csv.reader(lines)
    head = [each.strip().lstrip("\ufeff") for each in next(reader, [])]
    known = [each.name for each in kind.fields]
    if tuple(head[:2]) != _FIXED or not (fields := [each for each in head[2:] if each in known]):
        raise SettingsError(
            f"{name}: the head line must begin with system,identifier and go on with some of: {', '.join(known)}."
        )
    found: list[Record] = []
    seen: set[tuple[str, str]] = set()
    for row in reader:
        if not any(cell.strip() for cell in row):
            continue
        values = dict(zip(head, (cell.strip() for cell in row), strict=False))
        system, identifier = values["system"], values.get("identifier", "")
        words = problem_with(kind.object, system, identifier)
        if not words and (system, identifier) in seen:
            words = f"{identifier} of {system} is there twice."
        if words:
            raise SettingsError(f"{name}, line {reader.line_num}: {words}")
        seen.add((system, identifier))
        values = {field: values.get(field, "") for field in fields}
        found.append(Record(system=system, identifier=identifier, values=values))
    return found


def matcher_of(kind: Kind, settings: MatchingSettings | None) -> Matcher:
    """The matcher of a kind as `hilum.toml` wants it. Raises `SettingsError`."""
    one_to_one = settings is not None and settings.one_to_one
    return Matcher(kind, thresholds_of(kind, settings), one_to_one=one_to_one)


def thresholds_of(kind: Kind, settings: MatchingSettings | None) -> Thresholds:
    """The thresholds of `hilum.toml`, where it has some. Raises `SettingsError`."""
    if settings is None:
        return Thresholds(same=kind.same, ask=kind.ask)
    return Thresholds(same=settings.same or kind.same, ask=settings.ask or min(kind.ask, settings.same or kind.same))

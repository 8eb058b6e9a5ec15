"""What all packs share: business objects made with clear errors, lookups, defaults of flows, targets in Odoo."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError

from hilum.canonical import times
from hilum.canonical.base import Value
from hilum.connector import Target
from hilum.errors import Invalid, SettingsError, Unmapped
from hilum.flow import Lookup

Thing = TypeVar("Thing", bound=Value)


def make(kind: type[Thing], where: str, **members: Any) -> Thing:
    """A business object, or a part of one; None and empty members are left out, so that they count as not sent.

    Raises `Invalid` naming `where` (segment or row) and the first member that is wrong, never its value.
    """
    given = {name: value for name, value in members.items() if value not in (None, "")}
    try:
        return kind(**given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        member = ".".join(str(part) for part in first["loc"])
        raise Invalid(f"{member}: {first['msg']}", where=where) from None


def mapped(hub: Lookup, table: str, code: str, column: str | None = None) -> str:
    """What a lookup table says of a code. Raises `Unmapped` also where the whole table is missing.

    A missing table is a steward's work like a missing row, not a defect of the flow.
    """
    if table not in hub.tables:
        raise Unmapped(table, code)
    return hub.value(table, code, column)


def mapped_where_listed(hub: Lookup, table: str, code: str) -> str:
    """The code itself where the hub has no such table, else what the table says. Raises `Unmapped`.

    For code sets that many hospitals share between all systems, such as units of measure.
    """
    return mapped(hub, table, code) if code and table in hub.tables else code


YES = frozenset({"yes", "y", "true", "1"})
NO = frozenset({"no", "n", "false", "0"})


def yes_or_no(text: str, where: str) -> bool:
    """A cell that says yes or no (also true/false, 1/0). Raises `Invalid`."""
    word = text.strip().lower()
    if word not in YES | NO:
        raise Invalid("write yes or no", where=where)
    return word in YES


def decimal_in(row: Mapping[str, str], column: str, where: str) -> Decimal:
    """The exact number in a column. Raises `Invalid` naming row and column."""
    try:
        found = Decimal(row.get(column, "").strip())
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise Invalid("write a number with a dot before the decimals, for example 12.50", where=f"{where}, {column}")
    return found


def date_in(row: Mapping[str, str], column: str, where: str) -> date | None:
    """The ISO 8601 day in a column, or None where the cell is empty. Raises `Invalid` naming row and column."""
    text = row.get(column, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("write a date as 2026-03-31", where=f"{where}, {column}") from None


def moment_in(row: Mapping[str, str], column: str, where: str, zone: tzinfo) -> datetime | None:
    """The ISO 8601 time in a column, in `zone` where it has no offset; None where empty. Raises `Invalid`."""
    text = row.get(column, "").strip()
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(
            "write a time as 2026-03-31T14:05 or 2026-03-31T14:05+02:00", where=f"{where}, {column}"
        ) from None
    if found is None or found.tzinfo is not None:
        return found
    made = found.replace(tzinfo=zone)
    times.tell(found, made)
    return made


def zone_of(name: str) -> ZoneInfo:
    """The time zone in which a sender writes times without an offset. Raises `SettingsError`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise SettingsError(f"{name!r} is no time zone; use a name such as 'Europe/Brussels' or 'UTC'.") from None


def targets_in(odoo: str | None, operations: Sequence[Callable[[str], Target]], also: Sequence[Target]) -> list[Target]:
    """The targets that the operations make at the Odoo endpoint `odoo` (None: no Odoo), then the further ones."""
    return [*(operation(odoo) for operation in operations if odoo is not None), *also]

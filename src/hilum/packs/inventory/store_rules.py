"""What stores should have and what they will need, kept as facts: levels of several systems together, planned demand.

A level may be told by several flows, each a part of it: reordering rules of Odoo the quantities, a spreadsheet
lead times and what is critical. Of each part the latest word counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from hilum.canonical import PlannedDemand, ReorderRule
from hilum.errors import SettingsError
from hilum.message import Delivery
from hilum.packs.inventory.replenishment import Level
from hilum.postgres import Connection

Place = tuple[str, str]
"""Location and item."""

_PARTS: Final = ("reorder_at", "up_to", "pack", "lead_days", "daily_use", "critical")
_LATEST: Final = ", ".join(
    f"(array_agg({part} ORDER BY message_id DESC) FILTER (WHERE {part} IS NOT NULL))[1]" for part in _PARTS
)
_SELECT: Final = (
    f"SELECT location, item, min(unit), max(unit), {_LATEST} FROM reorder_rule WHERE active"
    " AND (%(places)s::boolean OR (location, item) IN (SELECT * FROM unnest(%(locations)s::text[], %(items)s::text[])))"
    " GROUP BY location, item ORDER BY location, item"
).encode()


async def note_rule(connection: Connection, rule: ReorderRule, delivery: Delivery) -> None:
    """Within a transaction: this flow says so now, unless a later message of it has said otherwise."""
    told = rule.model_dump(include={*_PARTS}) | {
        "location": rule.location, "item": rule.item, "flow": delivery.flow, "unit": rule.unit, "active": rule.active,
        "message_id": delivery.message_id,
    }  # fmt: skip
    columns = ", ".join(told)
    changed = ", ".join(f"{name} = excluded.{name}" for name in (*_PARTS, "unit", "active", "message_id"))
    await connection.execute(
        f"INSERT INTO reorder_rule AS r ({columns}) VALUES ({', '.join(f'%({name})s' for name in told)})"
        f" ON CONFLICT (location, item, flow) DO UPDATE SET {changed}, told_at = now()"
        " WHERE r.message_id <= excluded.message_id".encode(),
        told,
    )


async def note_demand(connection: Connection, demand: PlannedDemand, delivery: Delivery) -> None:
    """Within a transaction: so much is planned now, unless a later message has said otherwise."""
    await connection.execute(
        "INSERT INTO planned_demand AS p (number, location, item, quantity, unit, needed_at, message_id)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (number, location, item) DO UPDATE SET"
        " quantity = excluded.quantity, unit = excluded.unit, needed_at = excluded.needed_at,"
        " message_id = excluded.message_id WHERE p.message_id <= excluded.message_id",
        [demand.number, demand.location, demand.item, demand.quantity, demand.unit, demand.needed_at,
         delivery.message_id],
    )  # fmt: skip


async def levels_known(connection: Connection, places: Iterable[Place] | None = None) -> tuple[list[Level], list[str]]:
    """The levels of these places, none: of all; and in words what cannot be reckoned with."""
    wanted = None if places is None else list(places)
    locations, items = zip(*wanted, strict=True) if wanted else ((), ())
    cursor = await connection.execute(
        _SELECT, {"places": wanted is None, "locations": list(locations), "items": list(items)}
    )
    levels: list[Level] = []
    wrong: list[str] = []
    for row in await cursor.fetchall():
        try:
            levels.append(_level(row))
        except SettingsError as error:
            wrong.append(str(error))
    return levels, wrong


def _level(row: Sequence[Any]) -> Level:
    """Raises `SettingsError`. What nobody wants ordered, only watched, is never ordered: its levels are 0."""
    location, item, unit, other, reorder_at, up_to, pack, lead_days, daily_use, critical = row
    if unit != other:
        raise SettingsError(f"{location}, {item}: one flow tells it in {unit}, another in {other}.")
    return Level(
        location=location,
        item=item,
        unit=unit,
        reorder_at=reorder_at or Decimal(0),
        up_to=up_to if up_to is not None else reorder_at or Decimal(0),
        pack=pack or Decimal(1),
        lead_days=lead_days or 0,
        daily_use=daily_use or Decimal(0),
        minimum=critical or Decimal(0),
        watched_only=reorder_at is None,
    )


async def demands(connection: Connection, levels: Iterable[Level], begin: datetime) -> list[tuple[Place, Any]]:
    """What is planned for these places from then on: `(number, quantity, unit, needed_at)` of each."""
    places = [(level.location, level.item) for level in levels]
    locations, items = zip(*places, strict=True) if places else ((), ())
    cursor = await connection.execute(
        "SELECT location, item, number, quantity, unit, needed_at FROM planned_demand WHERE quantity > 0"
        " AND needed_at >= %s AND (location, item) IN (SELECT * FROM unnest(%s::text[], %s::text[]))"
        " ORDER BY needed_at, number",
        [begin, list(locations), list(items)],
    )
    return [((row[0], row[1]), row[2:]) for row in await cursor.fetchall()]

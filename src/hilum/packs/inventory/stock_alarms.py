"""Stock that is critical: known in the transaction that notes the use, told once for each fall, over when it rises.

    flow.deliver_to(stock_facts.keep())        # notes what happens; a fall below `critical` opens a case and an alarm
    alarm = inventory.alarms(to=[http.post("http.oncall")])

What must be there is the member `critical` of a `ReorderRule`. A store that was never counted has no alarm:
nobody knows what it has.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Final

from pydantic import Field

from hilum import cases
from hilum.canonical import StockAlarm
from hilum.canonical.catalogue import write
from hilum.canonical.conversions import plain, six_places
from hilum.connector import Condition, ConnectorSettings, Header, Misfit, Source, Target
from hilum.connectors.declaring import checked
from hilum.connectors.handing import Handed, Hands
from hilum.connectors.numbered_source import QueriedSource
from hilum.flow import Criticality, DataClass, Flow, Lookup, Owners, Slo
from hilum.packs.inventory.replenishment import Level, Stock
from hilum.packs.inventory.store_rules import Place, levels_known
from hilum.postgres import Connection

OWNERS: Final = Owners(business="Supply chain", technical="Integration")
PLACE: Final = "inventory.stock"
"""Where the cases are: the endpoint that keeps what happens to stock."""

_LOCK: Final = 0x48494C5554  # of the one that settles the cases at a time
_MOST: Final = 50  # stores that one case names


Known = Callable[[Connection, Iterable[Level]], Awaitable[tuple[list[Stock], list[str]]]]
"""What is known of each store's item that was counted; see `stock_facts.known`."""


async def look(connection: Connection, places: Collection[Place], known: Known, owners: Owners = OWNERS) -> None:
    """Within a transaction that noted something of these places: open and end alarms, and the case of each item.

    Who notes something of a place after this one waits for it, so that two small uses at once are one fall.
    """
    at = _columns(places)
    if not await _watched(connection, at):
        return
    levels, _ = await levels_known(connection, places)
    stocks, _ = await known(connection, levels)
    changed = False
    for stock in stocks:
        level = stock.level
        values = {"location": level.location, "item": level.item, "unit": level.unit, "critical": level.minimum,
                  "on_hand": six_places(stock.on_hand)}  # fmt: skip
        cursor = await connection.execute(_FELL if stock.short else _ROSE, values)
        changed = changed or cursor.rowcount > 0
    still = _columns([(level.location, level.item) for level in levels])
    cursor = await connection.execute(_UNWATCHED, at | {f"still_{name}": value for name, value in still.items()})
    if changed or cursor.rowcount:
        await _settle(connection, owners)


def _columns(places: Collection[Place]) -> dict[str, list[str]]:
    """In one order for all, so that nobody waits for somebody who waits for them."""
    ordered = sorted(set(places))
    return {"locations": [location for location, _ in ordered], "items": [item for _, item in ordered]}


async def _watched(connection: Connection, places: dict[str, list[str]]) -> bool:
    """Must something be there, or is an alarm open? Then nobody else looks at these places until this one has ended."""
    cursor = await connection.execute(_LOCKED, places)
    critical = any(row[0] for row in await cursor.fetchall())
    cursor = await connection.execute(_OPEN, places)
    return critical or await cursor.fetchone() is not None


_HERE: Final = "(location, item) IN (SELECT * FROM unnest(%(locations)s::text[], %(items)s::text[]))"
_LOCKED: Final = (
    f"SELECT critical IS NOT NULL FROM reorder_rule WHERE {_HERE} ORDER BY location, item, flow FOR UPDATE"
).encode()
_OPEN: Final = f"SELECT 1 FROM stock_alarm WHERE over_at IS NULL AND {_HERE} LIMIT 1".encode()
_UNWATCHED: Final = (
    f"UPDATE stock_alarm SET over_at = clock_timestamp(), rose_to = on_hand WHERE over_at IS NULL AND {_HERE}"
    " AND (location, item) NOT IN (SELECT * FROM unnest(%(still_locations)s::text[], %(still_items)s::text[]))"
).encode()
_FELL: Final = (
    "INSERT INTO stock_alarm (location, item, unit, critical, on_hand)"
    " VALUES (%(location)s, %(item)s, %(unit)s, %(critical)s, %(on_hand)s)"
    " ON CONFLICT (location, item) WHERE over_at IS NULL DO NOTHING"
)
_ROSE: Final = (
    "UPDATE stock_alarm SET over_at = clock_timestamp(), rose_to = %(on_hand)s"
    " WHERE location = %(location)s AND item = %(item)s AND over_at IS NULL"
)


async def _settle(connection: Connection, owners: Owners) -> None:
    """The cases are as the alarms are now: one for each item, with the stores that lack it."""
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    cursor = await connection.execute(
        "SELECT item, location, unit, critical, on_hand FROM stock_alarm WHERE over_at IS NULL ORDER BY item, location"
    )
    lacking: dict[str, list[Misfit]] = {}
    for item, location, unit, critical, on_hand in await cursor.fetchall():
        found = Misfit(
            what=f"{location}, {item}",
            expected=f"{plain(critical)} {unit}",
            found=f"{plain(on_hand)} {unit} when it fell",
            words=words_of(location, item, on_hand, critical, unit),
        )
        lacking.setdefault(item, []).append(found)
    conditions = [
        Condition(
            category="stock.critical",
            subject=item,
            title=f"{item} is critical in {', '.join(each.what.partition(', ')[0] for each in misfits[:3])}"
            f"{' and others' if len(misfits) > 3 else ''}",
            misfits=tuple(misfits[:_MOST]),
        )
        for item, misfits in lacking.items()
    ]
    await cases.settle(connection, PLACE, conditions, {}, owners=owners, reason="There is enough again.")


def words_of(location: str, item: str, on_hand: Decimal, critical: Decimal, unit: str) -> str:
    """`WARD-3 has 4 EA of GLV, less than the 10 that must be there.`"""
    return f"{location} has {plain(on_hand)} {unit} of {item}, less than the {plain(critical)} that must be there."


class StockAlarmsSettings(ConnectorSettings):
    """Settings of the alarms of stock."""

    poll: float = Field(
        default=0.5,
        gt=0,
        description="Seconds between two looks for new alarms",
        examples=[1],
        json_schema_extra={"unit": "s"},
    )


# The end of an alarm comes behind its beginning, which has the number before it.
_UNTOLD: Final = (
    "SELECT n, id, location, item, unit, critical, quantity, at FROM ("
    " SELECT id * 2 AS n, id, location, item, unit, critical, on_hand AS quantity, fell_at AS at FROM stock_alarm"
    " WHERE told_fell_at IS NULL UNION ALL"
    " SELECT id * 2 + 1, id, location, item, unit, critical, rose_to, over_at FROM stock_alarm"
    " WHERE over_at IS NOT NULL AND told_over_at IS NULL) AS untold"
    " WHERE n <> ALL(%(known)s) ORDER BY n LIMIT %(room)s"
)


class StockAlarms(QueriedSource):
    """Hands over each fall and each rise, once, whatever number of hubs."""

    Settings = StockAlarmsSettings
    kind: ClassVar[str] = "stock_alarms"
    needs: ClassVar[str] = "what stores have"
    own: ClassVar[str] = "a source inventory.StockAlarms"
    at_once: ClassVar[int] = 100
    untold: ClassVar[str] = _UNTOLD
    not_taken: ClassVar[str] = "alarm_not_taken"

    def __init__(self, **settings: Any) -> None:
        self.settings = checked(StockAlarmsSettings, self.kind, settings)
        super().__init__(self.settings.poll)

    @property
    def address(self) -> str:
        """There is one."""
        return "stock-alarms://"

    async def check(self) -> str:
        """What it reads."""
        return "takes falls of stock below what must be there, and their ends"

    def _handed(self, hands: Hands, row: Sequence[Any]) -> Handed:
        number, id, location, item, unit, critical, quantity, at = row
        over = bool(number % 2)
        told: datetime = at
        words = words_of(location, item, quantity, critical, unit)
        enough = f"{location} has enough of {item} again, or need not have so much of it any more."
        alarm = StockAlarm(
            alarm=str(id), location=location, item=item, on_hand=quantity, critical=critical, unit=unit, over=over,
            words=enough if over else words, at=told,
        )  # fmt: skip
        headers = {
            Header.PEER: "stock",
            Header.IDEMPOTENCY_KEY: f"stock alarm {alarm.business_key}",
            Header.ORDERING_KEY: f"{location}:{item}",
        }
        return Handed(hands, number, write(alarm), "application/json", headers)

    async def _taken(self, connection: Connection, done: Sequence[tuple[int, str]]) -> None:
        for column, rest in (("told_fell_at", 0), ("told_over_at", 1)):
            ids = [number // 2 for number, _ in done if number % 2 == rest]
            await connection.execute(f"UPDATE stock_alarm SET {column} = now() WHERE id = ANY(%s)".encode(), [ids])

    def _called(self, number: int) -> str:
        return f"{'end of ' if number % 2 else ''}alarm {number // 2}"


def alarms(
    *,
    to: Sequence[Target],
    source: Source | None = None,
    name: str = "inventory.alarms",
    owners: Owners = OWNERS,
) -> Flow:
    """The flow: each fall of stock below what must be there, and its end, goes to these targets as a `StockAlarm`."""
    flow = Flow(
        name,
        version="1.0",
        summary="Stores that have too little of what must be there are told of at once",
        owners=owners,
        data_class=DataClass.INTERNAL,
        criticality=Criticality.VITAL,
        slo=Slo(percent=99.5, within="30s"),
        retention="P1Y",
        source=source or StockAlarms(),
        format="object",
    )

    @flow.translate
    def told(alarm: StockAlarm, _: Lookup) -> StockAlarm:
        return alarm

    flow.deliver_to(*to)
    return flow

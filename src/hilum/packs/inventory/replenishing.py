"""Replenishment by calendar: each run looks at all stores, and asks for what they need as requisitions.

    process = replenishment_process(ReplenishmentRules(levels=lambda: levels_in(Path("levels.csv"))), owners=OWNERS)

What a run asks for is on order from the same transaction on, so the next run, or another one at the same time, does not
ask for it again; a run that is repeated after a crash asks for the very same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from psycopg.types.json import Jsonb
from pydantic import BaseModel, Field

from hilum.canonical import Requisition
from hilum.errors import Invalid
from hilum.flow import Owners
from hilum.formats import read_delimited
from hilum.packs.building import decimal_in
from hilum.packs.inventory.replenishment import Level, Need, Stock, requisitions_of
from hilum.packs.inventory.stock_facts import known, note_orders
from hilum.packs.inventory.store_rules import demands, levels_known
from hilum.packs.rows import Row, text_in
from hilum.postgres import Connection
from hilum.processes import Process, Run, States
from hilum.processes.periods import Period, duration

STATES: Final = States("replenishment", {"looking": ("asked", "enough"), "asked": (), "enough": ()})
_LOCK: Final = 0x48494C5553  # of the one run that looks at a time


class Due(BaseModel):
    """It is time to look. `run` names the look: the same name is the same look, and asks for nothing new."""

    run: str = Field(min_length=1, max_length=40)


def nobody_named(_: Need) -> str | None:
    """Whoever has agreed a price delivers it; where nobody has, the buyers say who."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplenishmentRules:
    """A hospital's own rules."""

    levels: Callable[[], Iterable[Level]] | None = None  # read anew at each run; none: those that were told
    ahead: Period = "P7D"  # what is planned for so long, and until goods come, is needed too
    supplier_of: Callable[[Need], str | None] = nobody_named
    department_of: Callable[[str], str] = lambda location: location  # who pays for a store
    channel: str = "inventory.requisitions"


def replenishment_process(
    rules: ReplenishmentRules, *, owners: Owners, name: str = "inventory.replenishment", version: str = "1.0"
) -> Process:
    """The process. It begins on `Due`, and sends `Requisition`s on its channel."""
    process = Process(
        name, version=version, summary="Stores are filled up to their levels", owners=owners, states=STATES
    )
    process.starts_on(Due, key=lambda due: due.run)

    @process.run
    async def replenish(run: Run, due: Due) -> str:
        at = await run.now()

        async def look(connection: Connection) -> dict[str, Any]:
            return await needed(connection, rules, due.run, at)

        found = await run.query("what is needed", look)
        for told in found["requisitions"]:
            requisition = Requisition.model_validate(told)
            await run.send(rules.channel, requisition, key=requisition.number)
        await run.move("asked" if found["requisitions"] else "enough")
        return "; ".join([f"{len(found['requisitions'])} requisitions", *found["wrong"]])

    return process


async def needed(connection: Connection, rules: ReplenishmentRules, run: str, at: datetime) -> dict[str, Any]:
    """Within a transaction: the `requisitions` of this run, noted as on order; and in words what is `wrong`."""
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    cursor = await connection.execute("SELECT requisitions FROM replenishment_run WHERE run = %s", [run])
    if before := await cursor.fetchone():
        return {"requisitions": before[0], "wrong": []}
    levels, unclear = await levels_known(connection) if rules.levels is None else ([*rules.levels()], [])
    stocks, wrong = await known(connection, levels)
    wrong = [*unclear, *wrong, *await _plan(connection, stocks, at, duration(rules.ahead))]
    needs = [need for stock in stocks if (need := stock.need()) is not None]
    made = requisitions_of(needs, run=run, supplier_of=rules.supplier_of, department_of=rules.department_of, at=at)
    for requisition in made:
        await note_orders(connection, requisition, at)
    told = [requisition.model_dump(mode="json") for requisition in made]
    await connection.execute("INSERT INTO replenishment_run (run, requisitions) VALUES (%s, %s)", [run, Jsonb(told)])
    return {"requisitions": told, "wrong": wrong}


async def _plan(connection: Connection, stocks: list[Stock], at: datetime, ahead: timedelta) -> list[str]:
    """What is planned until the next goods come is needed, too; in words what cannot be reckoned with.

    What is over is not planned any more: what was used of it, uses tell.
    """
    by_place = {(stock.level.location, stock.level.item): stock for stock in stocks}
    wrong = []
    for place, (number, quantity, unit, needed_at) in await demands(connection, [each.level for each in stocks], at):
        stock = by_place[place]
        if needed_at >= at + ahead + timedelta(days=stock.level.lead_days):
            continue
        try:
            stock.planned(number, quantity, unit)
        except Invalid as error:
            wrong.append(f"{number}: {error}")
    return wrong


def levels_in(path: Path) -> list[Level]:
    """The levels in a file: `location,item,reorder_at,up_to`, and where wanted `unit,pack,lead_days,daily_use,minimum`.

    Raises `Invalid` naming row and column, `SettingsError` where numbers do not go together.
    """
    return [_level(row, f"{path.name}, row {number}") for number, row in read_delimited(path.read_bytes())]


def _level(row: Row, where: str) -> Level:
    def number(column: str, otherwise: int) -> Decimal:
        return decimal_in(row, column, where) if row.get(column, "").strip() else Decimal(otherwise)

    return Level(
        location=text_in(row, "location", where),
        item=text_in(row, "item", where),
        unit=row.get("unit", "").strip() or "EA",
        reorder_at=decimal_in(row, "reorder_at", where),
        up_to=decimal_in(row, "up_to", where),
        pack=number("pack", 1),
        lead_days=int(number("lead_days", 0)),
        daily_use=number("daily_use", 0),
        minimum=number("minimum", 0),
    )

"""The register of implants: every use with its order, bill and charge, so that a recall is answered by one query."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from psycopg.rows import class_row

from hilum.canonical.conversions import plain
from hilum.journal.text import storable
from hilum.packs.implants.case import Case, Earlier, Of
from hilum.packs.implants.missing import Break
from hilum.packs.implants.rules import case_of_order
from hilum.packs.implants.uses import Use
from hilum.postgres import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Implant:
    """One use, and what there is of it."""

    name: str
    case_number: str
    item: str
    code: str
    device: str
    lot: str
    serial: str
    expires_on: date | None
    quantity: Decimal
    taken_back: Decimal
    unit: str
    account: str
    encounter: str
    facility: str
    location: str
    used_on: date
    whose: str
    supplier: str
    order_number: str
    bills: list[str]
    charge: str
    breaks: list[str]
    closed: bool
    noted_at: datetime

    @property
    def standing(self) -> str:
        """Where it is, in a word."""
        if self.quantity == self.taken_back:
            return "taken back"
        if self.breaks:
            return "break"
        return "closed" if self.closed else "open"


_COLUMNS: Final = (
    "name, case_number, item, code, device, lot, serial, expires_on, quantity, taken_back, unit, account, encounter,"
    " facility, location, used_on, whose, supplier, order_number, bills, charge, breaks, closed, noted_at"
)


async def used(
    connection: Connection,
    *,
    item: str = "",
    device: str = "",
    lot: str = "",
    serial: str = "",
    case: str = "",
    limit: int = 1000,
) -> list[Implant]:
    """Where implants of this kind went, the latest first: what is given must fit; lot or serial may be in either."""
    where, values = ["true"], {"item": item, "device": device, "lot": lot, "serial": serial, "case": case}
    for column, value in (("item", item), ("device", device), ("case_number", case)):
        if value:
            where.append(f"{column} = %({'case' if column == 'case_number' else column})s")
    if lot:
        where.append("lot = %(lot)s")
    if serial:
        where.append("(serial = %(serial)s OR lot = %(serial)s)")
    return await _read(connection, " AND ".join(where), values, limit)


async def broken(connection: Connection, *, limit: int = 1000) -> list[Implant]:
    """Uses of which something is missing, the oldest first."""
    return (await _read(connection, "NOT closed AND breaks <> '{}'", {}, limit))[::-1]


async def _read(connection: Connection, where: str, values: Mapping[str, Any], limit: int) -> list[Implant]:
    async with connection.cursor(row_factory=class_row(Implant)) as cursor:
        await cursor.execute(
            f"SELECT {_COLUMNS} FROM implant_use WHERE {where} ORDER BY used_on DESC, name LIMIT %(limit)s".encode(),
            {**values, "limit": limit},
        )
        return await cursor.fetchall()


async def earlier(connection: Connection, case: str, run: UUID) -> tuple[dict[str, Earlier], int]:
    """What other runs have closed of an operation, by transaction; and the number of the next order of it."""
    cursor = await connection.execute(
        "SELECT name, quantity, item, code, lot, order_number FROM implant_use WHERE case_number = %s AND run_id <> %s",
        [case, run],
    )
    rows = await cursor.fetchall()
    found = {
        row[0]: Earlier(
            quantity=row[1], called=f"{row[2] or row[3]}{f', lot {row[4]}' if row[4] else ''}", order=row[5]
        )
        for row in rows
    }
    orders = [int(row[5].rpartition("-B")[2]) for row in rows if case_of_order(row[5]) is not None]
    return found, max(orders, default=0) + 1


def rows_of(case: Case, breaks: Mapping[Of, Break]) -> list[dict[str, Any]]:
    """Each use as it is now."""
    return [_row(case, use, breaks) for use in case.uses.values()]


def _row(case: Case, use: Use, breaks: Mapping[Of, Break]) -> dict[str, Any]:
    told, label = use.told, use.told.device
    mine = {use.name, use.order, *(bill.business_key for bill in _bills(case, use.order))} - {""}
    price = use.buying()
    return {
        "name": use.name,
        "case_number": case.number,
        "item": use.known.item,
        "code": told.code,
        "device": label.device if label is not None else "",
        "lot": (label.lot if label is not None else "") or told.lot or "",
        "serial": label.serial if label is not None else "",
        "expires_on": label.expires_on.isoformat() if label is not None and label.expires_on else None,
        "quantity": plain(told.quantity),
        "taken_back": plain(told.quantity - use.left),
        "unit": told.unit,
        "account": told.account,
        "encounter": told.encounter or "",
        "facility": told.facility,
        "location": told.location,
        "used_on": told.used_on.isoformat(),
        "whose": use.known.whose,
        "supplier": price.supplier if price is not None else use.known.supplier,
        "order_number": use.order,
        "bills": [bill.number for bill in case.bills.settled if use.order and bill.order == use.order],
        "charge": use.name if use.charged else "",
        "breaks": [f"{each.team}: {each.title}" for (_, name), each in breaks.items() if name in mine],
        "closed": use.is_closed and case.is_settled(use.order),
    }


def _bills(case: Case, order: str) -> Collection[Any]:
    return [each.bill for each in case.bills.pending if order and each.bill.order == order]


async def note(connection: Connection, run: UUID, rows: Collection[Mapping[str, Any]]) -> None:
    """Within a transaction: this is how the uses are now. Noted again, it changes nothing."""
    for row in rows:
        values = {name: storable(value) if isinstance(value, str) else value for name, value in row.items()}
        columns = [*values, "run_id"]
        changed = ", ".join(f"{name} = EXCLUDED.{name}" for name in columns if name != "name")
        await connection.execute(
            f"INSERT INTO implant_use ({', '.join(columns)}) VALUES ({', '.join(f'%({name})s' for name in columns)})"
            f" ON CONFLICT (name) DO UPDATE SET {changed}, noted_at = now()".encode(),
            {**values, "run_id": run},
        )

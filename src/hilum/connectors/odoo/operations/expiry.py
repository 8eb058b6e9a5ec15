"""When lots expire. The module `product_expiry` brings the field, to lots and to the detailed lines of transfers.

Odoo hands the day of a detailed line on to the lot that it makes of it. A lot that is there already keeps its own day;
where it has none, the receipt gives it one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final

from hilum.canonical import ReceiptLine
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task
from hilum.errors import Rejected

EXPIRY: Final = "expiration_date"
NO_EXPIRY: Final = "This Odoo keeps no expiry of lots (module product_expiry); it was left out."
_SAME_DAY: Final = timedelta(days=1)  # Odoo keeps a time in UTC, and people enter days of their own zone


def noon(day: date) -> str:
    """The day as Odoo keeps it, a time: noon in UTC is the same day in nearly every time zone."""
    return datetime.combine(day, time(12)).strftime("%Y-%m-%d %H:%M:%S")


@dataclass(frozen=True, kw_only=True, slots=True)
class Expiries:
    """What is known of the lots of some receipts. The defaults: nothing is to be written."""

    kept: bool = False  # this Odoo keeps the expiry of lots
    lots: Mapping[tuple[int, str], Row] = field(default_factory=dict)  # (product, lot) → the lot that is there

    def values(self, line: ReceiptLine) -> dict[str, str]:
        """What a detailed line says of it."""
        return {EXPIRY: noon(line.expires_on)} if self.kept and line.expires_on else {}

    def undated(self, line: ReceiptLine, item: Row) -> int | None:
        """Odoo's id of the lot, where it is there and has no expiry yet, and this line has one."""
        lot = self.lots.get((item["id"], line.lot or ""))
        return lot["id"] if line.expires_on and lot is not None and not lot[EXPIRY] else None

    def tell(self, line: ReceiptLine, item: Row, task: Task) -> None:
        """Say of a tracked line where its expiry is not written."""
        if line.expires_on is None:
            return
        if not self.kept:
            task.remarks.append(NO_EXPIRY)
            return
        lot = self.lots.get((item["id"], line.lot or ""))
        there = str(lot[EXPIRY] or "") if lot is not None else ""
        if there and abs(datetime.fromisoformat(there) - datetime.combine(line.expires_on, time(12))) > _SAME_DAY:
            words = f"Lot {line.lot} expires on {there[:10]} in Odoo; that stays, and {line.expires_on} was left out."
            task.remarks.append(words)


async def expiries(session: Session, items: Mapping[str, Row | Rejected], lines: Iterable[ReceiptLine]) -> Expiries:
    """Of these lines: one call where one of them has an expiry and Odoo keeps it, else none."""
    wanted: set[tuple[int, str]] = set()
    for line in lines:
        item = items[line.item]
        if line.expires_on and line.lot and not isinstance(item, Rejected) and item["tracking"] != "none":
            wanted.add((item["id"], line.lot))
    if not wanted or EXPIRY not in await session.fields("stock.move.line"):
        return Expiries()
    products: Sequence[int] = sorted({product for product, _ in wanted})
    domain = [["product_id", "in", list(products)], ["name", "in", sorted({name for _, name in wanted})]]
    rows = await session.client.search_read("stock.lot", domain, ["product_id", "name", EXPIRY])
    return Expiries(kept=True, lots={(row["product_id"], row["name"]): row for row in rows})

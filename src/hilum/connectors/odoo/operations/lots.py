"""Lots and serial numbers of tracked items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.references import MISSING
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task
from hilum.errors import Rejected

Lots = Mapping[tuple[int, str], int]
"""(product, lot name) → Odoo's id of the lot"""


async def lots(
    session: Session, items: Mapping[str, Row | Rejected], named: Iterable[tuple[str, str | None]]
) -> dict[tuple[int, str], int]:
    """The lots of tracked items that Odoo has; `named` are pairs of item code and lot. One call, or none."""
    wanted: set[tuple[int, str]] = set()
    for code, lot in named:
        item = items[code]
        if lot and not isinstance(item, Rejected) and item["tracking"] != "none":
            wanted.add((item["id"], lot))
    if not wanted:
        return {}
    products: Sequence[int] = sorted({product for product, _ in wanted})
    names = sorted({name for _, name in wanted})
    domain = [["product_id", "in", list(products)], ["name", "in", names]]
    rows = await session.client.search_read("stock.lot", domain, ["product_id", "name"])
    return {(row["product_id"], row["name"]): row["id"] for row in rows}


def lot_of(code: str, item: Row, lot: str | None, known: Lots, task: Task) -> int | None:
    """Odoo's id of the lot; None for an item that is not tracked.

    Raises `Rejected` when a tracked item comes without a lot, or with one that Odoo does not know: making it up here
    would hide a scanning error, and spoil a recall.
    """
    if item["tracking"] == "none":
        if lot:
            task.remarks.append("Odoo does not track lots of this item; the lot was left out.")
        return None
    if not lot:
        raise Rejected(
            "odoo.lot_required", f"Odoo tracks lots of item {code}, and none was given. Complete it, then replay."
        )
    number = known.get((item["id"], lot))
    if number is None:
        raise Rejected(
            MISSING, f"Odoo does not know the lot {lot} of item {code}. Receive or create it there, then replay."
        )
    return number

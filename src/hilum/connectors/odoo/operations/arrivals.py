"""Which arrival of goods a receipt in Odoo is: by its mark, else by what came with it.

The mark is the order's number and the arrival's, `P00012 · GR-77`: in the source document of the receipt, where people
can change it, and in that of its moves, where they do not see it; hubs of before wrote it in the first place only. A
receipt that is done and that nothing names may be any arrival that brought the same: then a person decides, and nothing
is carried out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

from hilum.canonical import ReceiptLine
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import exact

ARRIVAL: Final = " · "
"""Between the order's number and the arrival's."""

_ROUNDED: Final = Decimal("0.01")  # a line's quantity may differ by this: Odoo keeps two decimals unless told otherwise

Came = Sequence[tuple[ReceiptLine, Row, int]]
"""Lines of an arrival, each with its product and unit in Odoo."""


def mark(order: Any, number: str) -> str:
    """The source document of the receipt of this arrival. `order`: the order's number in Odoo."""
    return f"{order}{ARRIVAL}{number}"


def unnamed(receipts: Iterable[Row], done: dict[int, set[str]], order: Any, number: str) -> list[Row]:
    """The receipts of an order that are done, and of which nothing says that they are another arrival than `number`.

    `done`: the source documents of the moves of each that are done. A number of an arrival has a digit; what has none
    is a remark that somebody wrote behind the order's.
    """
    prefix = mark(order, "")
    return [
        each
        for each in receipts
        if each["state"] == "done"
        and each["picking_type_code"] == "incoming"
        and not _named(done.get(each["id"], ()), prefix)
        and not _is_another(str(each["origin"] or ""), prefix, number)
    ]


def _named(origins: Collection[Any], prefix: str) -> bool:
    return any(str(each or "").startswith(prefix) for each in origins)


def _is_another(origin: str, prefix: str, number: str) -> bool:
    written = origin.removeprefix(prefix) if origin.startswith(prefix) else ""
    own = re.search(rf"(?<!\w){re.escape(number)}(?!\w)", written)
    return own is None and any(letter.isdigit() for letter in written)


async def brought(session: Session, receipt: int, came: Came) -> bool:
    """Has a receipt the quantities of this arrival, marked as come where Odoo has such a mark? One call."""
    names = session.client.dialect
    fields = ["product_id", "product_uom_id", names.move_line_quantity, *(["picked"] if names.has_picked else [])]
    left: defaultdict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for row in await session.client.search_read("stock.move.line", [["picking_id", "=", receipt]], fields):
        if row.get("picked", True):
            left[row["product_id"], row["product_uom_id"]] += exact(row[names.move_line_quantity])
    for line, item, unit in came:
        left[item["id"], unit] -= line.quantity
    return all(abs(quantity) <= _ROUNDED * len(came) for quantity in left.values())

"""Which arrival of goods a receipt in Odoo is: by its mark; where nothing names it, a person decides.

The mark is the order's number and the arrival's, `P00012 · GR-77`: in the source document of the receipt, where people
can change it, and in that of its moves, where they do not see it; hubs of before wrote it in the first place only. A
receipt that is done and that nothing names may be any arrival, and nothing is carried out while it may be this one. It
surely is another one only where it brought something else and is as it was when it was carried out: people may correct
quantities that are done, so other ones than the arrival's say nothing once somebody has changed them.
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
_SECONDS: Final = len("2026-01-31 00:00:00")  # of a time in Odoo's form

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
    return [
        each
        for each in receipts
        if each["state"] == "done"
        and each["picking_type_code"] == "incoming"
        and not any(_named(str(origin or ""), order, number) for origin in done.get(each["id"], ()))
        and not _is_another(_behind(str(each["origin"] or ""), order), number)
    ]


def _behind(origin: str, order: Any) -> str:
    """What stands behind the order's number in a source document: the order may have been called otherwise then."""
    prefix = mark(order, "")
    return origin.removeprefix(prefix) if origin.startswith(prefix) else origin.partition(ARRIVAL)[2]


def _named(origin: str, order: Any, number: str) -> bool:
    """Is it the mark of another arrival, as a hub wrote it on a move?"""
    return _behind(origin, order) not in ("", number)


def _is_another(written: str, number: str) -> bool:
    own = re.search(rf"(?<!\w){re.escape(number)}(?!\w)", written)
    return own is None and any(letter.isdigit() for letter in written)


async def doubt(session: Session, receipt: Row, done: Collection[str], order: Any, number: str, came: Came) -> str:
    """Why a receipt that is done and unnamed may be this arrival, in words; empty: it surely is not.

    `done`: the source documents of its moves. At most three calls.
    """
    if number in (_behind(str(origin or ""), order) for origin in (receipt["origin"], *done)):
        return "done with this number, behind that of another order"
    if await brought(session, receipt["id"], came):
        return "done with the same quantities"
    if await _changed(session, receipt):
        return "done, and what came with it was changed there afterwards"
    return ""


async def _changed(session: Session, receipt: Row) -> bool:
    """Was what came changed since the receipt was carried out, or is that not certain? Two calls.

    Odoo sets what a move asks for to what came, and notes when. Its detailed lines are not written after that unless
    somebody corrects them; a time of Odoo's is that of the beginning of a transaction, or a later one in it.
    """
    names, client = session.client.dialect, session.client
    domain = [["picking_id", "=", receipt["id"]]]
    fields = ["product_uom_qty", names.move_quantity, "date"]
    moves = await client.search_read("stock.move", [*domain, ["state", "=", "done"]], fields)
    lines = await client.search_read("stock.move.line", domain, ["write_date"])
    times = [receipt["date_done"], *(move["date"] for move in moves)]
    if not all(times) or any(exact(move["product_uom_qty"]) != exact(move[names.move_quantity]) for move in moves):
        return True
    return any(str(line["write_date"])[:_SECONDS] > min(times) for line in lines)


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

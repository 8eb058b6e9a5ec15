"""What was bought: the lines of a bill that is settled, held against the contracts; rebates accrue from these.

Only what matched or was accepted was bought: a bill that is refused, or still looked at, adds to no rebate.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID

from hilum.canonical import PurchaseOrder, SupplierBill
from hilum.masterdata import terms
from hilum.packs.contracts import Comparison, PacksOf
from hilum.packs.procurement.tolerances import no_category
from hilum.postgres import Connection


async def note_bought(
    connection: Connection,
    bill: SupplierBill,
    order: PurchaseOrder | None,
    *,
    on: date,
    holds_for: str | None,
    run_id: UUID,
    packs_of: PacksOf,
    category_of: Callable[[str], str] = no_category,
    facility: str = "",
) -> None:
    """Within a transaction: each line of goods, what it should cost on the day `on`, and by which contract.

    `holds_for`: the facility for which a contract must hold. `facility`, `category_of`: of the facts that are counted.
    """
    items = [line.item for line in bill.lines if line.item is not None]
    book = await terms.book_for(connection, bill.supplier, items)
    comparison = Comparison(prices=book, on=on, facility=holds_for, packs_of=packs_of)
    checks = comparison.bill(bill, agreement=order.agreement if order is not None else None, order=order)
    await terms.note(
        connection,
        [(check, None) for check in checks],
        followed=lambda _: True,
        run_id=lambda _: run_id,
        category=lambda check: category_of(check.item),
        facility=lambda _: facility or holds_for or "",
    )

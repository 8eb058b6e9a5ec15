"""A charge becomes a posted customer invoice of one line; with a negative quantity, a credit note.

The charge's number is the invoice's reference (`ref`), the encounter its source document (`invoice_origin`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from hilum.canonical import Charge
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.base import found
from hilum.connectors.odoo.operations.documents import Plan
from hilum.connectors.odoo.operations.ledger import Booking, LedgerOperation
from hilum.connectors.odoo.references import ACCOUNT, ITEM, MISSING
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task, cell
from hilum.errors import Rejected


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    accounts: Mapping[str, Row | Rejected]
    items: Mapping[str, Row | Rejected]


class PostCharge(LedgerOperation):
    """Charge → account.move, posted."""

    name: ClassVar[str] = "charge"
    accepts: ClassVar[tuple[type, ...]] = (Charge,)
    kind = "charge"
    side = "sale"
    called: ClassVar[Mapping[str, str]] = {
        **LedgerOperation.called,
        "partner_id": "patient account",
        "invoice_date": "service date",
    }

    async def look_up(self, session: Session, tasks: Sequence[Task]) -> _Known:
        """See `DocumentOperation.look_up`."""
        charges: list[Charge] = [task.thing for task in tasks]
        return _Known(
            accounts=await session.references.find(ACCOUNT, [charge.account for charge in charges]),
            items=await session.references.find(ITEM, [charge.item for charge in charges if charge.item]),
        )

    async def plan(self, session: Session, task: Task, known: _Known) -> Plan:
        """See `DocumentOperation.plan`."""
        charge: Charge = task.thing
        about = f"charge {charge.transaction}"
        partner = found(known.accounts[charge.account])["id"]
        product = _product(charge, known)
        wanted = {
            "partner_id": partner,
            "currency_id": found(await session.currency(charge.currency)),
            "move_type": "out_refund" if charge.quantity < 0 else "out_invoice",
            "invoice_date": charge.service_date.isoformat(),
        }
        line = {"product_id": product, "quantity": abs(charge.quantity), "price_unit": charge.unit_price}
        xml_id = session.xml_id("charge", charge.transaction)
        head = {
            "move_type": wanted["move_type"],
            "partner_id/.id": cell(partner),
            "currency_id/.id": cell(wanted["currency_id"]),
            "invoice_date": wanted["invoice_date"],
            "ref": charge.transaction,
            **({"invoice_origin": charge.encounter} if charge.encounter else {}),
        }
        cells = {
            "id": session.xml_id("chargeline", charge.transaction),
            **({"product_id/.id": cell(product)} if product else {}),
            "name": charge.description,
            "quantity": cell(line["quantity"]),
            "price_unit": cell(charge.unit_price),
        }
        lines = [{f"invoice_line_ids/{column}": text for column, text in cells.items()}]
        return Plan(
            task=task,
            xml_id=xml_id,
            reference=charge.transaction,
            about=about,
            records=[Record(task=task, xml_id=xml_id, head=head, lines=lines, about=about)],
            wanted=Booking(
                head=wanted,
                lines=[line],
                day=charge.service_date,
                may_move=session.settings.locked_periods == "move",
            ),
        )

    def words(self, plan: Plan, title: str) -> str:
        """See `LedgerOperation.words`."""
        charge: Charge = plan.task.thing
        return f"{'Credited' if charge.quantity < 0 else 'Invoiced'} to account {charge.account}: {title}."


def _product(charge: Charge, known: _Known) -> int | None:
    """The product of the line, or None when Odoo does not know the item: a description and a price are enough.

    Raises `Rejected` when several products have the code: which one would decide the revenue account.
    """
    if charge.item is None:
        return None
    item: Any = known.items[charge.item]
    if isinstance(item, Rejected):
        if item.category != MISSING:
            raise item
        return None
    return int(item["id"])

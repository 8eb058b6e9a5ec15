"""A charge becomes a posted customer invoice of one line; with a negative quantity, a credit note.

The charge's number is the invoice's reference (`ref`), the encounter its source document (`invoice_origin`). Before
posting, the draft is compared exactly with the charge: Odoo rounds prices to its own accuracy without a word, and
that must be seen by a person before money is booked. A posted document is never written into. Posting into a locked
period succeeds on another date: the date is compared and said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from hilum.canonical import Charge
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.base import Needs, found
from hilum.connectors.odoo.operations.documents import DocumentOperation, Plan, same_lines
from hilum.connectors.odoo.references import ACCOUNT, ITEM, MISSING
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task, cell
from hilum.errors import Rejected


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    accounts: Mapping[str, Row | Rejected]
    items: Mapping[str, Row | Rejected]


class PostCharge(DocumentOperation):
    """Charge → account.move, posted."""

    name: ClassVar[str] = "charge"
    accepts: ClassVar[tuple[type, ...]] = (Charge,)
    needs: ClassVar[Needs] = {
        "account.move": ("name", "state", "move_type", "partner_id", "invoice_date", "date", "currency_id", "ref"),
        "account.move.line": ("product_id", "quantity", "price_unit", "display_type"),
    }
    model = "account.move"
    kind = "charge"
    reference_field = "ref"
    fields = ("name", "state", "partner_id", "invoice_date", "date", "currency_id", "move_type")
    line_model = "account.move.line"
    line_parent = "move_id"
    line_fields = ("product_id", "quantity", "price_unit")
    line_domain = (("display_type", "=", "product"),)

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
            wanted={"head": wanted, "line": line},
        )

    def differences(self, plan: Plan) -> str:
        """See `DocumentOperation.differences`."""
        if plan.row.get("state") == "cancel":
            return "it was cancelled"
        names = {
            "partner_id": "patient account",
            "currency_id": "currency",
            "move_type": "invoice or credit note",
            "invoice_date": "service date",
        }
        parts = [words for name, words in names.items() if plan.row.get(name) != plan.wanted["head"][name]]
        if not same_lines([plan.wanted["line"]], plan.lines):
            parts.append("item, quantity or exact price (Odoo rounds to its decimal accuracy)")
        return ", ".join(parts)

    async def act(self, session: Session, plans: Sequence[Plan]) -> None:
        """See `DocumentOperation.act`. The answer of `action_post` is false, which means nothing."""
        numbers = [plan.number for plan in plans if plan.number is not None]
        await session.client.call("account.move", "action_post", numbers)

    def settle(self, plan: Plan) -> None:
        """See `DocumentOperation.settle`."""
        row = plan.row
        title = row.get("name") or plan.number
        if row.get("state") != "posted":
            words = f"The {plan.about} is in Odoo as {title} but was not posted; look at the invoice there."
            plan.task.fail(Rejected("odoo.not_done", words))
            return
        charge: Charge = plan.task.thing
        kind = "Credited" if charge.quantity < 0 else "Invoiced"
        words = f"{kind} to account {charge.account}: {title}."
        if row.get("date") and row["date"] != charge.service_date.isoformat():
            words += f" Odoo booked it on {row['date']}, because {charge.service_date.isoformat()} is locked."
        plan.task.deliver(f"account.move:{plan.number} {title}", words)


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

"""Bills of suppliers and invoices to customers, and the credit notes of both.

A bill is written by its own lines, also where it bills an order: Odoo's `action_create_invoice` makes a second, empty
bill in 19 when it is called again. Odoo takes the same supplier's number twice; the hub does not: a bill that somebody
has entered by hand already is a duplicate, and is held.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from hilum.canonical import CustomerInvoice, SupplierBill
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations import tax_rounding
from hilum.connectors.odoo.operations.base import Needs, found, joined
from hilum.connectors.odoo.operations.documents import Plan
from hilum.connectors.odoo.operations.invoicing import Found, Known, known, made_line
from hilum.connectors.odoo.operations.ledger import DUPLICATE, MOVE, Booking, LedgerOperation
from hilum.connectors.odoo.references import ACCOUNT, CUSTOMER, SUPPLIER
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.units import units_needed
from hilum.connectors.odoo.work import Task, cell, exact
from hilum.errors import Rejected

Thing = SupplierBill | CustomerInvoice
_LINES: Needs = joined(
    MOVE,
    {
        "account.move": ("invoice_line_ids", "invoice_date_due", "invoice_origin", "reversed_entry_id"),
        "account.move.line": ("product_uom_id", "tax_ids", "analytic_distribution"),
        "account.account": ("code",),
        "account.analytic.account": ("code",),
        "account.tax": ("amount", "amount_type", "type_tax_use", "price_include", "sequence"),
    },
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    parties: Found
    lines: Known


class InvoiceOperation(LedgerOperation):
    """A bill or an invoice, or its credit note → account.move."""

    needs: ClassVar[Needs] = _LINES

    def needed(self, names: Dialect) -> Needs:
        """See `Operation.needed`."""
        return joined(super().needed(names), units_needed(names))

    @abstractmethod
    async def parties(self, session: Session, things: Sequence[Any]) -> Found:
        """Who bills or pays, by code."""

    @abstractmethod
    def party(self, thing: Any) -> str:
        """The code in `parties`."""

    @abstractmethod
    def corrected(self, session: Session, thing: Any) -> str:
        """The external identifier of the document that a credit note is about."""

    async def look_up(self, session: Session, tasks: Sequence[Task]) -> _Known:
        """See `DocumentOperation.look_up`."""
        things = [task.thing for task in tasks]
        return _Known(parties=await self.parties(session, things), lines=await known(session, things, use=self.side))

    async def plan(self, session: Session, task: Task, known: _Known) -> Plan:
        """See `DocumentOperation.plan`."""
        thing: Thing = task.thing
        about = f"{'credit note' if thing.credit else self.name.replace('_', ' ')} {thing.number}"
        if not any(line.quantity * line.unit_price for line in thing.lines):
            raise Rejected("odoo.validation", f"The {about} has no amount.")
        wanted = {
            "partner_id": found(known.parties[self.party(thing)])["id"],
            "currency_id": found(await session.currency(thing.currency)),
            "move_type": f"{'in' if self.side == 'purchase' else 'out'}_{'refund' if thing.credit else 'invoice'}",
            "invoice_date": thing.billed_on.isoformat(),
        }
        xml_id = session.xml_id(self.kind, thing.business_key)
        head = {
            "move_type": wanted["move_type"],
            "partner_id/.id": cell(wanted["partner_id"]),
            "currency_id/.id": cell(wanted["currency_id"]),
            "invoice_date": wanted["invoice_date"],
            "ref": thing.number,
            **({"invoice_date_due": cell(due)} if (due := _due(thing)) else {}),
            **self.origin(thing),
            **await self._correction(session, task),
        }
        lines = []
        shapes: dict[tuple[str, ...], list[dict[str, str]]] = {}
        for line in thing.lines:
            made = await made_line(session, thing, line, known.lines)
            name = session.xml_id(f"{self.kind}line", f"{thing.business_key}/{line.number}")
            cells = {f"invoice_line_ids/{column}": text for column, text in {"id": name, **made.cells}.items()}
            lines.append(made.wanted)
            shapes.setdefault(tuple(cells), []).append(cells)
        return Plan(
            task=task,
            xml_id=xml_id,
            reference=thing.number,
            about=about,
            records=[Record(task=task, xml_id=xml_id, head=head, lines=some, about=about) for some in shapes.values()],
            wanted=Booking(
                head=wanted,
                lines=lines,
                day=thing.billed_on,
                total=thing.total,
                rounding=self.rounding(thing),
                may_move=session.settings.locked_periods == "move",
            ),
            act=thing.post,
        )

    def origin(self, thing: Any) -> dict[str, str]:
        """The column of the source document."""
        return {}

    def rounding(self, thing: Any) -> Decimal:
        """So many cents Odoo's total may be off by rounding of tax: a line with them is added. 0: none."""
        return Decimal(0)

    async def _correction(self, session: Session, task: Task) -> dict[str, str]:
        """The link of a credit note to what it is about. Odoo matches the two when the credit note is posted."""
        thing: Thing = task.thing
        if not thing.credit or thing.corrects is None:
            return {}
        target = await session.client.reference(self.corrected(session, thing))
        if target is None or target[1] is None:
            task.remarks.append("What it corrects did not come through the hub; the two are not linked in Odoo.")
            return {}
        return {"reversed_entry_id/.id": cell(target[1])}

    async def weigh(self, session: Session, plans: Sequence[Plan]) -> None:
        """See `DocumentOperation.weigh`: nothing in a locked period, and nothing that is there by hand already."""
        await super().weigh(session, plans)
        new = [plan for plan in plans if plan.number is None and plan.task.outcome is None]
        if not new:
            return
        domain = [
            ["ref", "in", [plan.reference for plan in new]],
            ["partner_id", "in", [plan.wanted.head["partner_id"] for plan in new]],
            ["state", "!=", "cancel"],
        ]
        rows = await session.client.search_read("account.move", domain, ["ref", "partner_id", "move_type", "name"])
        for plan in new:
            same = next((row for row in rows if _is_same(plan, row)), None)
            if same is not None:
                title = same["name"] or same["id"]
                words = f"Odoo has the {plan.about} already, as {title}: not from the hub. Cancel one of the two."
                await self.refuse(session, plan, Rejected(DUPLICATE, words))

    def words(self, plan: Plan, title: str) -> str:
        """See `LedgerOperation.words`."""
        return f"The {plan.about} is booked in Odoo: {title}."


def _is_same(plan: Plan, row: Row) -> bool:
    head = plan.wanted.head
    return bool(
        row["ref"] == plan.reference
        and row["partner_id"] == head["partner_id"]
        and row["move_type"] == head["move_type"]
    )


class PostBill(InvoiceOperation):
    """SupplierBill → account.move."""

    name: ClassVar[str] = "supplier_bill"
    accepts: ClassVar[tuple[type, ...]] = (SupplierBill,)
    needs: ClassVar[Needs] = joined(
        _LINES,
        {
            "account.move.line": ("purchase_line_id",),
            "res.partner": ("ref", "supplier_rank"),
            "purchase.order": ("name", "origin"),
            "purchase.order.line": ("order_id", "product_id"),
        },
    )
    kind = "bill"
    side = "purchase"
    line_fields = (*LedgerOperation.line_fields, "purchase_line_id")

    async def parties(self, session: Session, things: Sequence[SupplierBill]) -> Found:
        """See `InvoiceOperation.parties`."""
        return await session.references.find(SUPPLIER, [bill.supplier for bill in things])

    def party(self, thing: SupplierBill) -> str:
        """See `InvoiceOperation.party`."""
        return thing.supplier

    def corrected(self, session: Session, thing: SupplierBill) -> str:
        """See `InvoiceOperation.corrected`."""
        return session.xml_id(self.kind, f"{thing.supplier}:{thing.corrects}")

    def origin(self, thing: SupplierBill) -> dict[str, str]:
        """See `InvoiceOperation.origin`."""
        return {"invoice_origin": thing.order} if thing.order else {}

    def rounding(self, thing: SupplierBill) -> Decimal:
        """See `InvoiceOperation.rounding`."""
        return tax_rounding.between(thing)

    async def write(self, session: Session, plans: Sequence[Plan], tasks: Sequence[Task]) -> None:
        """See `DocumentOperation.write`. What is owed is what the bill says, also where Odoo rounds tax otherwise."""
        await super().write(session, plans, tasks)
        may = [plan for plan in plans if plan.wanted.rounding and plan.number and plan.task.outcome is None]
        await self._heads(session, may)
        records = [self._rounded(session, plan) for plan in may if abs(_off(plan)) == plan.wanted.rounding]
        if records:
            await session.loader(self.model, self.context(session)).load(records, tasks)

    def own_lines(self, plan: Plan) -> Sequence[Row]:
        """See `LedgerOperation.own_lines`: without the one that rounds."""
        rounding = [line for line in plan.lines if not line["product_id"] and line["quantity"] == 1
                    and 0 < abs(exact(line["price_unit"])) <= plan.wanted.rounding]  # fmt: skip
        if not rounding or len(plan.lines) <= len(plan.wanted.lines):
            return plan.lines
        return [line for line in plan.lines if line is not rounding[-1]]

    def _rounded(self, session: Session, plan: Plan) -> Record:
        line = {
            "id": session.xml_id(f"{self.kind}line", f"{plan.task.thing.business_key}/rounding"),
            "name": tax_rounding.WORDS, "quantity": "1", "price_unit": cell(_off(plan)),
        }  # fmt: skip
        cells = {f"invoice_line_ids/{column}": text for column, text in line.items()}
        return replace(plan.records[0], lines=[cells])


class PostInvoice(InvoiceOperation):
    """CustomerInvoice → account.move."""

    name: ClassVar[str] = "customer_invoice"
    accepts: ClassVar[tuple[type, ...]] = (CustomerInvoice,)
    needs: ClassVar[Needs] = joined(_LINES, {"res.partner": ("ref", "customer_rank")})
    kind = "invoice"
    side = "sale"

    async def parties(self, session: Session, things: Sequence[CustomerInvoice]) -> Found:
        """See `InvoiceOperation.parties`. Codes of companies and of accounts are two series."""
        companies = await session.references.find(CUSTOMER, [each.customer for each in things if each.customer])
        accounts = await session.references.find(ACCOUNT, [each.account for each in things if each.account])
        return {f"customer {code}": row for code, row in companies.items()} | {
            f"account {code}": row for code, row in accounts.items()
        }

    def party(self, thing: CustomerInvoice) -> str:
        """See `InvoiceOperation.party`."""
        return f"customer {thing.customer}" if thing.customer else f"account {thing.account}"

    def corrected(self, session: Session, thing: CustomerInvoice) -> str:
        """See `InvoiceOperation.corrected`."""
        return session.xml_id(self.kind, thing.corrects or "")

    def origin(self, thing: CustomerInvoice) -> dict[str, str]:
        """See `InvoiceOperation.origin`."""
        return {"invoice_origin": thing.encounter} if thing.encounter else {}


def _off(plan: Plan) -> Decimal:
    """What Odoo's total lacks; 0 where it is no draft that can be changed."""
    draft = plan.number is not None and plan.row.get("state") == "draft"
    return plan.wanted.total - exact(plan.row["amount_total"]) if draft else Decimal(0)


def _due(thing: Thing) -> date | None:
    """The day that it says, or that follows from its terms; none: Odoo's own rules decide."""
    return thing.due if isinstance(thing, SupplierBill) and thing.terms is not None else thing.due_on

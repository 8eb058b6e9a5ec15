"""Orders are cancelled and agreements ended: the state of a document that the hub has written, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from hilum.canonical import AgreementEnded, PurchaseOrderCancelled
from hilum.connectors.odoo.operations.base import Needs
from hilum.connectors.odoo.operations.documents import DocumentOperation, Plan
from hilum.connectors.odoo.references import MISSING
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task
from hilum.errors import Rejected


class EndDocument(DocumentOperation):
    """A document that the hub has written is cancelled or closed: nothing is written but its state."""

    kind: ClassVar[str]  # of the external identifier
    noun: ClassVar[str]
    line_fields = ()
    reference_field = "name"

    async def look_up(self, session: Session, tasks: Sequence[Task]) -> None:
        """See `DocumentOperation.look_up`. Nothing is referred to."""

    async def plan(self, session: Session, task: Task, known: Any) -> Plan:
        """See `DocumentOperation.plan`."""
        key = task.thing.business_key
        about = f"{self.noun} {key}"
        return Plan(task=task, xml_id=session.xml_id(self.kind, key), reference=key, about=about, records=[])

    async def find(self, session: Session, plans: Sequence[Plan]) -> None:
        """See `DocumentOperation.find`: by external identifier only, because one number too many would be undone."""
        for plan in plans:
            target = await session.client.reference(plan.xml_id)
            plan.number = target[1] if target is not None and target[0] == self.model else None

    async def write(self, session: Session, plans: Sequence[Plan], tasks: Sequence[Task]) -> None:
        """See `DocumentOperation.write`. What is not there cannot be ended."""
        for plan in plans:
            words = f"Odoo does not know the {plan.about}, so it cannot be ended there."
            plan.task.fail(Rejected(MISSING, f"{words} Send or replay it first, or discard this."))

    def differences(self, plan: Plan) -> str:
        """See `DocumentOperation.differences`."""
        return ""

    def to_update(self, plan: Plan) -> bool:
        """See `DocumentOperation.to_update`."""
        return False


class CancelOrder(EndDocument):
    """PurchaseOrderCancelled → purchase.order, cancelled with its open receipts."""

    name: ClassVar[str] = "purchase_order_cancel"
    accepts: ClassVar[tuple[type, ...]] = (PurchaseOrderCancelled,)
    needs: ClassVar[Needs] = {"purchase.order": ("name", "state"), "purchase.order.line": ("order_id",)}
    model = "purchase.order"
    fields = ("name", "state")
    line_model = "purchase.order.line"
    line_parent = "order_id"
    kind = "order"
    noun = "order"
    drafts = frozenset({"draft", "sent", "to approve", "purchase", "done"})

    async def act(self, session: Session, plans: Sequence[Plan]) -> None:
        """See `DocumentOperation.act`. Odoo refuses it for an order of which something has come or was billed."""
        await session.client.call(self.model, "button_cancel", [plan.number or 0 for plan in plans])

    def settle(self, plan: Plan) -> None:
        """See `DocumentOperation.settle`."""
        title = plan.row.get("name")
        if plan.row.get("state") == "cancel":
            plan.task.deliver(f"{self.model}:{plan.number} {title}", f"The {plan.about} is cancelled in Odoo: {title}.")
        else:
            text = f"The {plan.about} could not be cancelled in Odoo; look at {title} there."
            plan.task.fail(Rejected("odoo.not_done", text))


class EndAgreement(EndDocument):
    """AgreementEnded → purchase.requisition, closed or cancelled; its vendor prices go."""

    name: ClassVar[str] = "agreement_end"
    accepts: ClassVar[tuple[type, ...]] = (AgreementEnded,)
    needs: ClassVar[Needs] = {
        "purchase.requisition": ("name", "state"),
        "purchase.requisition.line": ("requisition_id",),
    }
    model = "purchase.requisition"
    fields = ("name", "state")
    line_model = "purchase.requisition.line"
    line_parent = "requisition_id"
    kind = "agreement"
    noun = "agreement"

    def is_draft(self, plan: Plan) -> bool:
        """See `DocumentOperation.is_draft`: it still waits to be ended."""
        return plan.row.get("state") not in ("done", "cancel", None)

    async def act(self, session: Session, plans: Sequence[Plan]) -> None:
        """See `DocumentOperation.act`. Odoo refuses to close one while an order of it is a draft."""
        for cancelled, method in ((True, "action_cancel"), (False, "action_done")):
            numbers = [plan.number or 0 for plan in plans if plan.task.thing.cancelled is cancelled]
            if numbers:
                await session.client.call(self.model, method, numbers)

    def settle(self, plan: Plan) -> None:
        """See `DocumentOperation.settle`."""
        title, state = plan.row.get("name"), plan.row.get("state")
        if state in ("done", "cancel"):
            words = f"The {plan.about} is {'closed' if state == 'done' else 'cancelled'} in Odoo: {title}."
            plan.task.deliver(f"{self.model}:{plan.number} {title}", words)
        else:
            plan.task.fail(Rejected("odoo.not_done", f"The {plan.about} could not be ended in Odoo; look at it there."))

"""A cost centre becomes an analytic account in Odoo; its code is the reference there.

Every analytic account belongs to a plan. A plan is not made here: each adds columns to Odoo's database, so an
accountant decides on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hilum.canonical import CostCentre
from hilum.connectors.odoo.operations.base import Needs, Upsert, found
from hilum.connectors.odoo.references import ANALYTIC_PLAN, CUSTOMER, MISSING
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task, cell
from hilum.errors import Rejected


class UpsertCostCentre(Upsert):
    """CostCentre → account.analytic.account."""

    name: ClassVar[str] = "cost_centre"
    accepts: ClassVar[tuple[type, ...]] = (CostCentre,)
    needs: ClassVar[Needs] = {
        "account.analytic.account": ("code", "name", "plan_id", "partner_id", "active"),
        "account.analytic.plan": ("name",),
    }
    model = "account.analytic.account"
    kind = "costcentre"
    noun = "cost centre"

    async def values(self, session: Session, thing: CostCentre, task: Task) -> Mapping[str, Any]:
        """See `Upsert.values`."""
        customers = await session.references.find(CUSTOMER, [thing.customer] if thing.customer else [])
        customer = found(customers[thing.customer])["id"] if thing.customer else None
        return {
            "code": thing.code,
            "name": thing.title,
            "plan_id/.id": cell(await _plan(session, thing)),
            "active": thing.active,
            "partner_id/.id": cell(customer),
        }


async def _plan(session: Session, thing: CostCentre) -> int:
    if thing.plan:
        plans = await session.references.find(ANALYTIC_PLAN, [thing.plan])
        return int(found(plans[thing.plan])["id"])
    rows = await session.client.search_read("account.analytic.plan", [], ["name"], limit=1, order="id")
    if not rows:
        raise Rejected(MISSING, "Odoo has no analytic plan. Create one there, then replay.")
    return int(rows[0]["id"])

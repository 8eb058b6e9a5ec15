"""Budgets out of Odoo. Its own community modules keep none; `account_budget_oca` (16 to 18) keeps lines of budgets.

    flow = procurement.budgets_in_odoo(to=[budgets.keep()])

A line is of one analytic account, the cost centre. Costs are negative there: what counts is how much, not the sign.
Where budgets are kept in the ledger instead, any flow that yields `Budget` tells them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Final

from hilum.canonical import Budget
from hilum.connector import Source, Target
from hilum.connectors import odoo as from_odoo
from hilum.connectors.odoo.references import COST_CENTRE
from hilum.flow import DataClass, Flow, Lookup, Owners, Pattern
from hilum.packs.building import make
from hilum.packs.odoo.conventions import Conventions
from hilum.packs.odoo.records import DELETED, Record, record_of
from hilum.packs.procurement.ordering import OWNERS

MODEL: Final = "crossovered.budget.lines"
FIELDS: Final = (
    *("analytic_account_id", "date_from", "date_to", "planned_amount", "practical_amount", "currency_id?"),
    "company_id?",
)


def budgets_in_odoo(
    endpoint: str = "odoo.main",
    *,
    to: Sequence[Target],
    source: Callable[..., Source] = from_odoo.Changes,
    name: str = "procurement.budgets_in_odoo",
    owners: Owners = OWNERS,
    conventions: Conventions | None = None,
    **feed: Any,
) -> Flow:
    """Each line of a budget becomes a `Budget`: what is planned, and what is booked of it.

    What is booked is computed by Odoo and moves no `write_date`: it is read again in turn (`verify`, `compare` of the
    source), within a minute for some hundred lines. A cost centre has one line for a period.
    """
    known = conventions or Conventions()
    flow = Flow(
        name,
        version="1.0",
        summary="Budgets that are kept in Odoo are known",
        owners=owners,
        pattern=Pattern.MASTER_DATA,
        data_class=DataClass.CONFIDENTIAL,
        source=source(endpoint=endpoint, models=[MODEL], fields={MODEL: FIELDS}, **{"begin": "all", **feed}),
        accepts_if=partial(_told, known),
    )

    @flow.translate
    def told(envelope: Mapping[str, Any], hub: Lookup) -> Budget:
        return budget_in(record_of(envelope), replace(known, hub=hub))

    flow.deliver_to(*to)
    return flow


def _told(odoo: Conventions, envelope: Any) -> bool | str:
    record = record_of(envelope)
    if record.kind == "deleted":
        return DELETED
    return record.reference("analytic_account_id") is not None or "It is of no analytic account."


def budget_in(record: Record, odoo: Conventions) -> Budget:
    """A line of a budget. Odoo names the last day that counts. Raises `Invalid`."""
    end = record.day("date_to")
    own = record.reference("currency_id") if record.given("currency_id") else None
    return make(
        Budget,
        record.where("planned_amount"),
        cost_centre=odoo.of(record, "analytic_account_id", COST_CENTRE),
        period_from=record.day("date_from"),
        period_to=end + timedelta(days=1) if end is not None else None,
        currency=own.code if own is not None else odoo.currency,
        amount=abs(record.number("planned_amount")),
        spent=abs(record.number("practical_amount")),
    )

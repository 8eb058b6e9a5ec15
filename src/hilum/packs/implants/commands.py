"""What follows from a use leaves the process as commands; this flow takes them to Odoo and where else they belong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from hilum.canonical import BY_NAME, BillMatch, BusinessObject, ConsignmentReplenishment, DocumentStatus
from hilum.connector import Target
from hilum.connectors import odoo as to_odoo
from hilum.errors import Invalid
from hilum.flow import Criticality, DataClass, Flow, Lookup, Owners, Slo
from hilum.packs.building import targets_in
from hilum.packs.implants.rules import CHANNEL
from hilum.processes import Commands

OWNERS = Owners(business="Theatre supplies", technical="Integration")

IN_ODOO: Final = (
    to_odoo.purchase_order,
    to_odoo.receipt,
    to_odoo.consignment,
    to_odoo.stock_consumption,
    to_odoo.supplier_return,
    to_odoo.charge,
    to_odoo.supplier_bill,
)


FOR_OTHERS: Final = (BillMatch, ConsignmentReplenishment, DocumentStatus)
"""What Odoo has no place for, and need not go anywhere."""


def commands(
    *,
    odoo: str | None = "odoo.main",
    channel: str = CHANNEL,
    name: str = "implants.commands",
    owners: Owners = OWNERS,
    also: Sequence[Target] = (),
    poll: float = 0.5,
) -> Flow:
    """Orders, receipts against use, moves of consigned stock, uses, returns, charges and bills go to Odoo.

    `also`: where else they go: orders to their suppliers (`PurchaseOrder`), what comparisons came to (`BillMatch`),
    what suppliers are told of bills that were refused (`DocumentStatus`), charges to a billing system.
    """
    flow = Flow(
        name,
        version="1.0",
        summary="Orders, stock, bills and charges of implants that were used go to Odoo",
        owners=owners,
        data_class=DataClass.PHI,
        criticality=Criticality.HIGH,
        slo=Slo(percent=99.5, within="1m"),
        retention="P7Y",
        source=Commands(channel, poll=poll),
        runbook="The case says what Odoo misses. Add it there, then replay: the rest of the operation follows.",
    )

    @flow.translate
    def command(parsed: dict[str, Any], _: Lookup) -> BusinessObject | None:
        kind = BY_NAME.get(str(parsed.get("type")))
        if kind is None:
            raise Invalid("this is no business object", where="type")
        thing = kind.model_validate(parsed["content"])
        goes = any(target.takes(thing) for target in flow.targets)
        return thing if goes or not isinstance(thing, FOR_OTHERS) else None

    flow.deliver_to(*targets_in(odoo, IN_ODOO, also))
    return flow

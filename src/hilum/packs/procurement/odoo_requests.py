"""Departments that ask in Odoo itself: requests for quotation, and templates, to a vendor that stands for requests.

    flow = procurement.asked_in_odoo(to=handle(requests))
    told = procurement.portal_status(to=[…], also=[procurement.told_in_odoo()])

A hospital keeps one vendor with the reference `REQUESTS`. A department writes a request for quotation to it, and marks
it as sent; who buys it really, at what price, and whether it may be bought, the process finds out. The request itself
is never confirmed. What becomes of it is noted there: who approved, the orders, what came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from hilum.canonical import DocumentStatus, Requisition, RequisitionLine, RequisitionWithdrawn
from hilum.connector import Outgoing, Source, Target
from hilum.connectors import odoo as from_odoo
from hilum.connectors.odoo.references import ORDER
from hilum.flow import DataClass, Flow, Lookup, Owners, Pattern
from hilum.packs.building import make
from hilum.packs.odoo.conventions import Conventions
from hilum.packs.odoo.records import DELETED, Record, record_of
from hilum.packs.procurement.ordering import OWNERS

VENDOR: Final = "REQUESTS"
"""The reference of the vendor that requests are addressed to."""

RFQ: Final = "purchase.order"
TEMPLATE: Final = "purchase.requisition"
FIELDS: Final = {
    RFQ: ("name", "state", "origin", "partner_id", "user_id?", "priority?", "date_planned?", "order_line.*"),
    TEMPLATE: ("name", "state", "origin?", "reference?", "vendor_id", "user_id?", "line_ids.*"),
}
_LINES: Final = {RFQ: ("order_line", "purchase.order.line"), TEMPLATE: ("line_ids", "purchase.requisition.line")}
_VENDOR_FIELD: Final = {RFQ: "partner_id", TEMPLATE: "vendor_id"}
ASKED: Final = {
    RFQ: frozenset({"sent", "to approve"}),
    TEMPLATE: frozenset({"confirmed", "in_progress", "ongoing", "open"}),
}
"""States in which a department has finished writing it."""


def of_department(department: str) -> str:
    """The place of delivery has the department's code."""
    return department


def asked_in_odoo(
    endpoint: str = "odoo.main",
    *,
    to: Sequence[Target],
    vendor: str = VENDOR,
    place_of: Callable[[str], str] = of_department,
    source: Callable[..., Source] = from_odoo.Changes,
    name: str = "procurement.asked_in_odoo",
    owners: Owners = OWNERS,
    conventions: Conventions | None = None,
    **feed: Any,
) -> Flow:
    """Requests in Odoo become `Requisition`s; one that is cancelled there, `RequisitionWithdrawn`.

    Its number is Odoo's, the department its source document (`origin`; of templates `reference`), who asks its buyer.
    A star makes it urgent. `place_of`: where a department's goods go. `source` and `feed` as in
    `hilum.packs.odoo.changed`.
    """
    known = conventions or Conventions()
    flow = Flow(
        name,
        version="1.0",
        summary="What departments ask for in Odoo goes the way of requisitions",
        owners=owners,
        pattern=Pattern.TRANSACTION,
        data_class=DataClass.INTERNAL,
        source=source(endpoint=endpoint, models=[RFQ, TEMPLATE], fields=FIELDS, **feed),
        accepts_if=partial(_told, vendor),
        runbook="The case names the field. Correct the request in Odoo: its next change is told.",
    )

    @flow.translate
    def told(envelope: Any, hub: Lookup) -> Requisition | RequisitionWithdrawn:
        record = record_of(envelope)
        if record.text("state") == "cancel":
            return RequisitionWithdrawn(number=record.text("name"), reason="cancelled in Odoo")
        return request_in(record, replace(known, hub=hub), place_of)

    flow.deliver_to(*to)
    return flow


_NUMBER: Final = re.compile(r"(P|BO|TE|PT)\d+")
"""Odoo's own numbers of requests and of templates."""


def is_of_odoo(number: str) -> bool:
    """Has Odoo given this number? As its sequences come; say otherwise where they were changed."""
    return _NUMBER.fullmatch(number) is not None


def told_in_odoo(endpoint: str = "odoo.main", *, of_odoo: Callable[[str], bool] = is_of_odoo) -> Target:
    """What becomes of requests that departments wrote in Odoo is noted there, for `also=` of `portal_status`.

    `of_odoo`: which numbers are Odoo's; of other requisitions nothing is noted.
    """
    note = from_odoo.status_note(endpoint)

    def encode(status: DocumentStatus) -> Outgoing | None:
        return note.encode(status) if of_odoo(status.document) else None

    return replace(note, encode=encode)


def _told(vendor: str, envelope: Any) -> bool | str:
    record = record_of(envelope)
    if record.kind == "deleted":
        return DELETED
    asked = record.reference(_VENDOR_FIELD[record.model])
    if asked is None or asked.code != vendor:
        return "It is no request of a department."
    state = record.text("state")
    return state == "cancel" or state in ASKED[record.model] or "The department still writes it."


def request_in(record: Record, odoo: Conventions, place_of: Callable[[str], str]) -> Requisition:
    """A request of a department. Raises `Invalid`, `Unmapped`."""
    member, model = _LINES[record.model]
    lines = [
        each for each in record.lines(model, member) if each.reference("product_id") and each.number("product_qty")
    ]
    who = record.reference("user_id") if record.given("user_id") else None
    department = record.text(*(each for each in ("origin", "reference") if record.given(each)))
    return make(
        Requisition,
        record.where(member),
        number=odoo.key(record, ORDER.kind, "name"),
        department=department,
        requested_by=who.name if who is not None else "",
        deliver_to=place_of(department),
        needed_by=record.day("date_planned") if record.given("date_planned") else None,
        urgent=record.given("priority") and record.text("priority") == "1",
        lines=tuple(_line(place, line, odoo) for place, line in enumerate(lines, 1)),
    )


def _line(number: int, line: Record, odoo: Conventions) -> RequisitionLine:
    return make(
        RequisitionLine,
        line.where("product_qty"),
        number=number,
        item=odoo.item(line, "product_id"),
        quantity=line.number("product_qty"),
        unit=odoo.unit(line, "product_uom_id", "product_uom"),
    )

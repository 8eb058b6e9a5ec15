"""Purchase orders and blanket agreements, as they are and as they end."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from hilum.canonical import (
    AgreementEnded,
    AgreementLine,
    BlanketAgreement,
    OrderLine,
    PurchaseOrder,
    PurchaseOrderCancelled,
)
from hilum.connectors.odoo.operations.purchase_order import BILL_ONLY, order_and_revision
from hilum.connectors.odoo.references import AGREEMENT, ORDER, SUPPLIER
from hilum.errors import Invalid
from hilum.packs.building import make
from hilum.packs.odoo.conventions import CHANGED, Conventions
from hilum.packs.odoo.records import Record, Reference

CONFIRMED: Final = frozenset({"purchase", "done"})
AGREED: Final = frozenset({"confirmed", "ongoing", "in_progress", "open"})  # 18 and 19 know only the first
ORDER_STATES: Final = CONFIRMED | {"draft", "sent", "to approve", "cancel"}
AGREEMENT_STATES: Final = AGREED | {"draft", "done", "cancel"}
"""All that Odoo 16 to 19 know. What a module of somebody's own adds means nothing to the hub, and is not guessed."""


def purchase_order(record: Record, odoo: Conventions) -> PurchaseOrder | None:
    """An order that is not cancelled and has lines: a draft is not confirmed."""
    state, lines = _state(record, ORDER_STATES), _lines(record)
    if state == "cancel" or not lines:
        return None
    number = order_number(record, odoo)
    ours = odoo.is_own(record.external_id, ORDER.kind)
    origin, told = record.text("origin"), record.text("partner_ref")
    bill_only = ours and (told == BILL_ONLY or told.startswith(f"{BILL_ONLY} "))
    return make(
        PurchaseOrder,
        record.where("order_line"),
        number=number,
        revision=order_and_revision(origin)[1] if ours else 0,
        supplier=odoo.of(record, "partner_id", SUPPLIER),
        agreement=odoo.of(record, "requisition_id", AGREEMENT) if record.given("requisition_id") else None,
        currency=odoo.needed(record, "currency_id"),
        requisition=(told.removeprefix(BILL_ONLY).strip() if bill_only else told) if ours else origin,
        ordered_at=record.moment("date_order"),
        confirm=state in CONFIRMED,
        bill_only=bill_only,
        lines=tuple(_order_line(n, line, odoo) for n, line in odoo.numbered(lines, "orderline", number)),
    )


def order_cancelled(record: Record, odoo: Conventions) -> PurchaseOrderCancelled | None:
    """A cancelled order."""
    if record.text("state") != "cancel":
        return None
    return make(
        PurchaseOrderCancelled,
        record.where("name"),
        number=order_number(record, odoo),
        supplier=odoo.of(record, "partner_id", SUPPLIER),
        ordered_at=record.moment("date_order"),
    )


def _state(record: Record, known: frozenset[str]) -> str:
    """Raises `Invalid` for a state that nobody has said the meaning of."""
    state = record.text("state")
    if state not in known:
        raise Invalid("the hub does not know what this state means", where=record.where("state"))
    return state


def order_number(record: Record, odoo: Conventions) -> str:
    """The hub's number of an order that it has made, else Odoo's (`P00012`). Raises `Invalid`."""
    return _number(record.external_id, record.text("name"), record.text("origin"), record.where("origin"), odoo)


def called_order(found: Reference, where: str, odoo: Conventions) -> str:
    """The same of an order that a record leads to. Odoo shows the vendor's reference behind its own number."""
    return _number(found.external_id, found.name.partition(" (")[0], found.code, where, odoo)


def _number(xml_id: str, name: str, origin: str, where: str, odoo: Conventions) -> str:
    if not odoo.is_own(xml_id, ORDER.kind):
        return name
    if key := odoo.own(xml_id, ORDER.kind):
        return key
    number = order_and_revision(origin)[0]
    if not odoo.proves(xml_id, ORDER.kind, number):
        raise Invalid(CHANGED, where=where)
    return number


def _lines(record: Record) -> list[Record]:
    """The lines that order something: no headings and notes, and none that was set to 0 by a later revision."""
    lines = record.lines("purchase.order.line", "order_line")
    return [line for line in lines if line.reference("product_id") is not None and line.number("product_qty")]


def _order_line(number: int, line: Record, odoo: Conventions) -> OrderLine:
    return make(
        OrderLine,
        line.where("product_qty"),
        number=number,
        item=odoo.item(line, "product_id"),
        quantity=line.number("product_qty"),
        unit=odoo.unit(line, "product_uom_id", "product_uom"),
        unit_price=line.number("price_unit"),
        needed_by=odoo.local_day(line, "date_planned"),
    )


def agreement(record: Record, odoo: Conventions) -> BlanketAgreement | None:
    """A blanket order that is a draft or counts; calls for tenders are none."""
    if not _is_blanket(record):
        return None
    state, lines = _state(record, AGREEMENT_STATES), record.lines("purchase.requisition.line", "line_ids")
    lines = [line for line in lines if line.number("product_qty") > 0 and line.number("price_unit") > 0]
    if state in ("done", "cancel") or not lines:
        return None
    number = _agreement_number(record, odoo)
    return make(
        BlanketAgreement,
        record.where("line_ids"),
        number=number,
        supplier=odoo.of(record, "vendor_id", SUPPLIER),
        currency=odoo.needed(record, "currency_id"),
        valid_from=record.day("date_start", "ordering_date"),
        valid_to=_day_after(_last_day(record, odoo)),
        confirm=state in AGREED,
        lines=tuple(_agreement_line(n, line, odoo) for n, line in odoo.numbered(lines, "agreementline", number)),
    )


def agreement_ended(record: Record, odoo: Conventions) -> AgreementEnded | None:
    """A blanket order that was closed or cancelled."""
    state = record.text("state")
    if not _is_blanket(record) or state not in ("done", "cancel"):
        return None
    number = _agreement_number(record, odoo)
    return make(AgreementEnded, record.where("name"), number=number, cancelled=state == "cancel")


def _is_blanket(record: Record) -> bool:
    """18 and 19 name the kind; before, a supplier is named only by what is agreed with one."""
    if record.given("requisition_type"):
        return record.text("requisition_type") == "blanket_order"
    return record.reference("vendor_id") is not None


def _agreement_number(record: Record, odoo: Conventions) -> str:
    return odoo.key(record, AGREEMENT.kind, "name", "reference", "origin")


def _last_day(record: Record, odoo: Conventions) -> date | None:
    """A day in 18 and 19, before that a time."""
    return odoo.local_day(record, "date_end") if "T" in record.text("date_end") else record.day("date_end")


def _day_after(day: date | None) -> date | None:
    """Odoo names the last day that counts, the hub the first one that does not."""
    return day + timedelta(days=1) if day is not None else None


def _agreement_line(number: int, line: Record, odoo: Conventions) -> AgreementLine:
    return make(
        AgreementLine,
        line.where("product_qty"),
        number=number,
        item=odoo.item(line, "product_id"),
        quantity=line.number("product_qty"),
        unit=odoo.unit(line, "product_uom_id"),
        unit_price=line.number("price_unit"),
    )

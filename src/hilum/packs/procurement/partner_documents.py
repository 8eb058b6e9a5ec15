"""Which document becomes which business object, by format; one table that the flows of all trading partners share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from hilum.canonical import (
    BusinessObject,
    ConsignmentReplenishment,
    Payment,
    PurchaseOrder,
    PurchaseOrderCancelled,
    SupplyConsumed,
)
from hilum.errors import Invalid
from hilum.flow import Lookup
from hilum.formats import cxml, edifact, x12
from hilum.formats.edifact.documents import Document, Line
from hilum.formats.en16931 import BillLine
from hilum.formats.x12 import documents
from hilum.formats.x12.documents.parts import Identified
from hilum.packs.building import mapped
from hilum.packs.procurement import (
    cxml_documents,
    e_bills,
    edifact_answers,
    edifact_documents,
    x12_bills,
    x12_changes,
    x12_orders,
    x12_prices,
    x12_shipping,
)
from hilum.packs.procurement.edifact_documents import ItemOf as EdifactItemOf
from hilum.packs.procurement.x12_items import ItemOf, items_as_sent, items_by_lookup
from hilum.partners import Profile, answers_document, status_update

_OWN = ("IN", "BP")  # data element 7143: our number


@dataclass(frozen=True, slots=True)
class Reading:
    """What a mapping is given besides the document."""

    profile: Profile
    hub: Lookup

    @property
    def zone(self) -> ZoneInfo:
        """Of days without a time."""
        return ZoneInfo(self.profile.zone)

    @property
    def x12(self) -> x12.Partner:
        """The partner in X12. Raises `Invalid`."""
        if self.profile.x12 is None:
            raise Invalid(f"the profile of {self.profile.key} has no section [x12]")
        return self.profile.x12

    def item(self) -> ItemOf:
        """How items are told in X12: with the qualifiers that the partner uses in its own way put right."""
        lookup = self.profile.items == "lookup"
        found = items_by_lookup(self.x12, self.hub) if lookup else items_as_sent(self.x12)
        means = self.profile.means
        if not means:
            return found

        def item_of(thing: Identified, where: str) -> str:
            return found(documents.AnsweredLine(ids=tuple((means.get(q, q), value) for q, value in thing.ids)), where)

        return item_of

    def edifact_item(self) -> EdifactItemOf:
        """How items are told in EDIFACT."""
        as_sent = edifact_documents.items_as_sent(*self.profile.item_types)
        if self.profile.items == "as_sent":
            return as_sent

        def item_of(line: Line) -> str:
            known = dict(reversed(line.ids))
            own = next((known[kind] for kind in _OWN if kind in known), "")
            return own or mapped(self.hub, "items", as_sent(line))

        return item_of

    def cxml_item(self, buyer: str, supplier: str, where: str) -> str:
        """How items are told in cXML."""
        found = cxml_documents.items_as_sent(buyer, supplier, where)
        return found if buyer or self.profile.items == "as_sent" else mapped(self.hub, "items", found)

    def e_bill_item(self, line: BillLine) -> str:
        """How items are told in UBL; empty where none is."""
        known = dict(line.ids)
        found = e_bills.items_as_sent(line)
        own = "buyer" in known or self.profile.items == "as_sent" or not found
        return found if own else mapped(self.hub, "items", found)


def from_x12(transaction: x12.TransactionSet, reading: Reading) -> Iterator[Any]:
    """The objects that a transaction set becomes, and what it settles. Raises `Invalid` for a set that is not known."""
    mapping = _FROM_X12.get(transaction.code)
    if mapping is None:
        raise Invalid(f"there is no mapping for transaction set {transaction.code}", where="ST-01")
    yield from mapping(transaction, reading)


def from_edifact(message: edifact.Message, reading: Reading) -> Iterator[Any]:
    """The objects that a message becomes, and what it settles. Raises `Invalid` for one that is not known."""
    mapping = _FROM_EDIFACT.get(message.type)
    if mapping is None:
        raise Invalid(f"there is no mapping for {message.type}", where="UNH-02")
    yield from mapping(edifact.read_document(message), reading)


def from_cxml(document: cxml.Document, reading: Reading) -> Iterator[Any]:
    """The objects that a document becomes, and what it settles. Raises `Invalid` for one that is not known."""
    profile = reading.profile
    match document.kind:
        case "ConfirmationRequest":
            confirmation = cxml.read_confirmation(document)
            yield cxml_documents.answer_from_cxml(confirmation, supplier=profile.supplier, item_of=reading.cxml_item)
            yield answers_document(profile.key, document.kind, confirmation.order)
        case "ShipNoticeRequest":
            notice = cxml.read_ship_notice(document)
            yield cxml_documents.ship_notice_from_cxml(notice, supplier=profile.supplier, item_of=reading.cxml_item)
        case "InvoiceDetailRequest":
            invoice = cxml.read_invoice(document)
            yield cxml_documents.bill_from_cxml(invoice, supplier=profile.supplier, item_of=reading.cxml_item)
        case "StatusUpdateRequest":
            yield status_update(profile.key, document)
        case _:
            raise Invalid(f"there is no mapping for {document.kind}", where="Request")


def _order(transaction: x12.TransactionSet, reading: Reading) -> Iterator[Any]:
    """Somebody orders for us: a portal, a purchasing service."""
    yield x12_orders.order_from_x12(
        documents.read_order(transaction), reading.x12, supplier=reading.profile.supplier, item_of=reading.item(),
        zone=reading.zone,
    )  # fmt: skip


def _used(transaction: x12.TransactionSet, reading: Reading) -> Iterator[Any]:
    """What a supplier handed over out of its own stock, at our places."""
    yield from x12_shipping.used_from_x12(
        documents.read_resale_report(transaction), reading.x12, item_of=reading.item(), zone=reading.zone
    )


_NOT_ENDED = "the supplier does not accept that the order is cancelled"
_NOT_CHANGED = "the supplier does not accept the change"
_NOT_SAID = "the supplier says no, and does not say whether to the order or to what has changed or ended it"


def _answer(transaction: x12.TransactionSet, reading: Reading) -> Iterator[Any]:
    """What becomes of an order; an answer to a cancellation, and a no to a change, are told by the register alone."""
    document = documents.read_answer(transaction)
    profile = reading.profile
    ended = x12_orders.answers_cancellation(document)
    refused = _NOT_ENDED if ended else _NOT_CHANGED
    if not document.change or not x12_orders.refuses(document):
        refused = ""
    if not ended and not refused:
        yield x12_orders.answer_from_x12(
            document, reading.x12, supplier=profile.supplier, item_of=reading.item(), zone=reading.zone
        )
    yield answers_document(profile.key, transaction.code, document.order, document.sequence, refused)


def _change(transaction: x12.TransactionSet, reading: Reading) -> Iterator[Any]:
    """The supplier, or a marketplace, changes a running order by itself: what it will do otherwise."""
    yield x12_changes.change_by_supplier(
        documents.read_change(transaction), reading.x12, supplier=reading.profile.supplier,
        item_of=reading.item(), zone=reading.zone,
    )  # fmt: skip


def _ship_notice(transaction: x12.TransactionSet, reading: Reading) -> Iterator[Any]:
    yield x12_shipping.ship_notice_from_x12(
        documents.read_ship_notice(transaction), reading.x12, supplier=reading.profile.supplier,
        item_of=reading.item(), zone=reading.zone,
    )  # fmt: skip


def _bill(transaction: x12.TransactionSet, reading: Reading) -> Iterator[Any]:
    yield x12_bills.bill_from_x12(
        documents.read_invoice(transaction), reading.x12, supplier=reading.profile.supplier, item_of=reading.item()
    )


def _prices(transaction: x12.TransactionSet, reading: Reading) -> Iterator[Any]:
    yield from x12_prices.prices_from_x12(
        documents.read_catalogue(transaction), reading.x12, supplier=reading.profile.supplier, item_of=reading.item()
    )


def _contracts(transaction: x12.TransactionSet, reading: Reading) -> Iterator[Any]:
    yield from x12_prices.contracts_from_x12(
        documents.read_authorisation(transaction), reading.x12, supplier=reading.profile.supplier,
        item_of=reading.item(),
    )  # fmt: skip


_FROM_X12: Mapping[str, Callable[[x12.TransactionSet, Reading], Iterator[Any]]] = MappingProxyType(
    {
        "810": _bill,
        "832": _prices,
        "845": _contracts,
        "850": _order,
        "855": _answer,
        "856": _ship_notice,
        "860": _change,
        "865": _answer,
        "867": _used,
    }
)


def _edifact_answer(document: Document, reading: Reading) -> Iterator[Any]:
    """As `_answer`: who answers a change of ours names its number."""
    profile = reading.profile
    change = edifact_answers.change_answered(document)
    ended = edifact_answers.is_cancellation(change)
    refused = ""
    if edifact_answers.refuses(document):
        refused = _NOT_ENDED if ended else _NOT_CHANGED if change else _NOT_SAID
    if not ended and (not refused or not change):
        yield edifact_answers.answer_from_edifact(
            document, supplier=profile.supplier, item_of=reading.edifact_item(), zone=reading.zone
        )
    order = change.rpartition("/")[0] if ended else document.order
    yield answers_document(profile.key, document.type, order, change, refused)


def _edifact_order(document: Document, reading: Reading) -> Iterator[Any]:
    yield edifact_documents.order_from_edifact(
        document, supplier=reading.profile.supplier, item_of=reading.edifact_item(), zone=reading.zone
    )


def _edifact_change(document: Document, reading: Reading) -> Iterator[Any]:
    """The supplier changes a running order by itself: what it will do otherwise, as its answer would say it."""
    yield edifact_answers.answer_from_edifact(
        document, supplier=reading.profile.supplier, item_of=reading.edifact_item(), zone=reading.zone
    )


def _edifact_ship_notice(document: Document, reading: Reading) -> Iterator[Any]:
    yield edifact_answers.ship_notice_from_edifact(
        document, supplier=reading.profile.supplier, item_of=reading.edifact_item(), zone=reading.zone
    )


def _edifact_bill(document: Document, reading: Reading) -> Iterator[Any]:
    yield edifact_documents.bill_from_edifact(
        document, supplier=reading.profile.supplier, item_of=reading.edifact_item()
    )


_FROM_EDIFACT: Mapping[str, Callable[[Document, Reading], Iterator[Any]]] = MappingProxyType(
    {
        "DESADV": _edifact_ship_notice,
        "INVOIC": _edifact_bill,
        "ORDCHG": _edifact_change,
        "ORDERS": _edifact_order,
        "ORDRSP": _edifact_answer,
    }
)


def draft_for(profile: Profile, thing: BusinessObject, *, today: date) -> Any:
    """The document that an object becomes for a partner, in its format. Raises `Invalid` where there is none."""
    writer = _WRITERS.get((profile.format, type(thing)))
    if writer is None:
        raise Invalid(f"there is no document for a {thing.name} in {profile.format}", where=f"partner {profile.key}")
    return writer(profile, thing, today)


def _ordered_on(profile: Profile, at: datetime | None, today: date) -> date:
    return profile.local(at).date() if at is not None else today


def _order_as_x12(profile: Profile, order: PurchaseOrder, today: date) -> x12.Draft:
    assert profile.x12 is not None  # noqa: S101 - the profile sees to it
    made = x12_orders.order_to_x12(order, profile.x12, ordered_on=_ordered_on(profile, order.ordered_at, today))
    return documents.draft_order(made) if isinstance(made, documents.Order) else documents.draft_change(made)


def _order_as_cxml(profile: Profile, order: PurchaseOrder, today: date) -> Any:
    assert profile.cxml is not None  # noqa: S101 - the profile sees to it
    now = datetime(today.year, today.month, today.day, tzinfo=ZoneInfo(profile.zone))
    return cxml.order_request(cxml_documents.order_to_cxml(order, profile.cxml, now=now))


def _cancelled_as_x12(profile: Profile, cancelled: PurchaseOrderCancelled, today: date) -> x12.Draft:
    on = _ordered_on(profile, cancelled.ordered_at, today)
    return documents.draft_change(x12_changes.cancellation_to_x12(cancelled, ordered_on=on))


def _cancelled_as_edifact(profile: Profile, cancelled: PurchaseOrderCancelled, today: date) -> edifact.Draft:
    assert profile.edifact is not None  # noqa: S101 - the profile sees to it
    return edifact_answers.cancellation_to_edifact(cancelled, profile.edifact, today=today)


def _cancelled_as_cxml(profile: Profile, cancelled: PurchaseOrderCancelled, today: date) -> Any:
    assert profile.cxml is not None  # noqa: S101 - the profile sees to it
    now = datetime(today.year, today.month, today.day, tzinfo=ZoneInfo(profile.zone))
    return cxml.order_request(cxml_documents.cancellation_to_cxml(cancelled, profile.cxml, now=now))


def _payment_as_x12(profile: Profile, payment: Payment, _: date) -> x12.Draft:
    assert profile.x12 is not None  # noqa: S101 - the profile sees to it
    return documents.draft_remittance(x12_bills.payment_to_x12(payment, profile.x12))


def _order_as_edifact(profile: Profile, order: PurchaseOrder, today: date) -> edifact.Draft:
    assert profile.edifact is not None  # noqa: S101 - the profile sees to it
    on = _ordered_on(profile, order.ordered_at, today)
    return edifact_answers.order_to_edifact(order, profile.edifact, ordered_on=on)


def _replenishment_as_x12(profile: Profile, asked: ConsignmentReplenishment, today: date) -> x12.Draft:
    """An 867: a supplier that keeps consigned stock fills up what is reported as used."""
    assert profile.x12 is not None  # noqa: S101 - the profile sees to it
    used = [
        SupplyConsumed(
            transaction=f"{asked.number}:{line.number}", item=line.item, quantity=line.quantity, unit=line.unit,
            location=asked.location, lot=line.used_lot,
            used_at=datetime.combine(line.used_on, time()) if line.used_on is not None else None,
        )
        for line in asked.lines
    ]  # fmt: skip
    made = x12_shipping.used_to_x12(used, profile.x12, number=asked.number, reported_on=today)
    return documents.draft_resale_report(made)


_WRITERS: Mapping[tuple[str, type], Callable[[Profile, Any, date], Any]] = MappingProxyType(
    {
        ("x12", PurchaseOrder): _order_as_x12,
        ("x12", PurchaseOrderCancelled): _cancelled_as_x12,
        ("x12", ConsignmentReplenishment): _replenishment_as_x12,
        ("x12", Payment): _payment_as_x12,
        ("edifact", PurchaseOrder): _order_as_edifact,
        ("edifact", PurchaseOrderCancelled): _cancelled_as_edifact,
        ("cxml", PurchaseOrder): _order_as_cxml,
        ("cxml", PurchaseOrderCancelled): _cancelled_as_cxml,
    }
)

"""AP automation: bills that a product has read come by webhook or REST, results go back by REST, its approvals count.

    readings = payables.from_ap(source=http.Listener(port=8098, path="/ap", hmac_secret=…, …), to=[*handle(clear), …])
    results = payables.results(system="AP", to=[http.post("http.ap")])

What a product posts differs: `told_by_ap` reads the form below; for another one write a translation of your own to
`BillReading` and `BillApproval`, on `fields_of`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from hilum.canonical import BillApproval, BillReading, BusinessObject, Document, ReadBill, SupplierBill
from hilum.connector import Source, Target
from hilum.errors import Invalid
from hilum.flow import Criticality, DataClass, Flow, Lookup, Owners, Pattern
from hilum.packs.building import make
from hilum.packs.payables.readers import BillResult
from hilum.packs.payables.reading import fields_of
from hilum.processes import Commands

OWNERS: Final = Owners(business="Payables", technical="Integration")
Told = Callable[[Any, Lookup], BusinessObject | None]
"""What a webhook of the product says; none: nothing that counts here."""

_READ: Final = frozenset({"invoice.extracted", "invoice.corrected"})
_DECIDED: Final = {"invoice.approved": True, "invoice.rejected": False}


def told_by_ap(system: str) -> Told:
    """The translation of webhooks, and of what a REST poll finds, of a product that the hub calls `system`.

    `{"id", "type": "invoice.extracted", "invoice": {"id", "fields": {"number": {"value", "confidence"}, "lines": […]},
    "document": {"url", "sha256", "size", "media_type"}}}`, and `{"type": "invoice.approved" | "invoice.rejected",
    "invoice": {"id", "reference", "order"}, "by", "comment", "at"}`, where `reference` is the `bill` of a result.
    Other types change nothing. Raises `Invalid`.
    """

    def told(parsed: Any, _: Lookup) -> BusinessObject | None:
        said = _object(parsed, "the webhook")
        kind = str(said.get("type", "invoice.extracted" if "fields" in said else ""))
        invoice = _object(said.get("invoice", said), "invoice")
        if kind in _READ:
            return _reading(system, invoice)
        return _approval(system, said, invoice, approved=_DECIDED[kind]) if kind in _DECIDED else None

    return told


def _reading(system: str, invoice: Mapping[str, Any]) -> BillReading:
    number = str(invoice.get("id", ""))
    return make(
        BillReading,
        "invoice",
        system=system,
        number=number,
        fields=tuple(fields_of(_object(invoice.get("fields"), "invoice.fields"))),
        document=_document(f"{system}:{number}", invoice.get("document")),
    )


def _document(number: str, told: Any) -> Document | None:
    if told is None:
        return None
    said = _object(told, "invoice.document")
    return make(
        Document,
        "invoice.document",
        number=number,
        title=f"Bill {number}",
        document_type="invoice",
        media_type=said.get("media_type", "application/pdf"),
        place=str(said.get("url", "")) or number,
        size=said.get("size"),
        sha256=said.get("sha256"),
    )


def _approval(system: str, said: Mapping[str, Any], invoice: Mapping[str, Any], *, approved: bool) -> BillApproval:
    return make(
        BillApproval,
        "invoice",
        system=system,
        bill=invoice.get("reference"),
        order=invoice.get("order"),
        approved=approved,
        by=said.get("by"),
        words=str(said.get("comment") or "")[:2000],
        decided_at=said.get("at"),
    )


def _object(told: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(told, Mapping):
        raise Invalid("a JSON object is expected", where=where)
    return told


def event_key(parsed: Any) -> str:
    """What makes a webhook the same when it is sent twice; empty: its content."""
    return str(parsed.get("id", "")) if isinstance(parsed, Mapping) and "type" in parsed else ""


def invoice_key(parsed: Any) -> str:
    """What a webhook is about: those of one invoice stay in order."""
    if not isinstance(parsed, Mapping):
        return ""
    invoice = parsed.get("invoice", parsed)
    return str(invoice.get("id", "")) if isinstance(invoice, Mapping) else ""


def from_ap(
    *,
    source: Source,
    to: Sequence[Target],
    system: str = "AP",
    told: Told | None = None,
    name: str = "payables.from_ap",
    owners: Owners = OWNERS,
) -> Flow:
    """Webhooks of an AP product, or what a poll of its REST interface finds → `BillReading`, `BillApproval`.

    `to`: `handle` of the process of readings and of the processes that match, so that its approvals reach these.
    """
    flow = Flow(
        name,
        version="1.0",
        summary=f"Bills that {system} has read, and what its people approve, come to be matched",
        owners=owners,
        pattern=Pattern.TRANSACTION,
        data_class=DataClass.CONFIDENTIAL,
        criticality=Criticality.HIGH,
        source=source,
        order_by=invoice_key,
        dedup_by=event_key,
        runbook="A webhook that cannot be read: look at the form in the guide; the product may have changed it.",
    )
    reads = told or told_by_ap(system)

    @flow.translate
    def read(parsed: Any, hub: Lookup) -> Iterator[BusinessObject]:
        found = reads(parsed, hub)
        if found is not None:
            yield found

    flow.deliver_to(*to)
    return flow


def read_bills(
    *,
    to: Sequence[Target],
    tell: Sequence[Target] = (),
    channel: str = "payables.read",
    name: str = "payables.read_bills",
    owners: Owners = OWNERS,
) -> Flow:
    """What readings come to: `to` is `handle` of the processes that match the bills, `tell` that of the one that tells.

    That one hears here which bills were read; a `SupplierBill` it takes for one that is posted.
    """
    flow = Flow(
        name,
        version="1.0",
        summary="Bills that were read from paper, and are clear, come to be matched",
        owners=owners,
        pattern=Pattern.TRANSACTION,
        data_class=DataClass.CONFIDENTIAL,
        source=Commands(channel),
    )

    @flow.translate
    def clear(parsed: dict[str, Any], _: Lookup) -> SupplierBill | ReadBill:
        kind = SupplierBill if parsed["type"] == SupplierBill.name else ReadBill
        return kind.model_validate(parsed["content"])

    flow.deliver_to(*to, *(each for each in tell if each.accepts == (ReadBill,)))
    return flow


def results(
    *,
    to: Sequence[Target],
    system: str | None = None,
    channel: str = "payables.results",
    name: str = "payables.results",
    owners: Owners = OWNERS,
) -> Flow:
    """Match results, exceptions, what was posted or refused → the REST interface of the product, as JSON.

    `system`: whose readings `to` hears of; none: all, also those of PDFs in folders and mails, which no product knows.
    `{"system", "number", "status": "matched" | "exception" | "posted" | "refused", "bill", "order", "round", "words",
    "findings": [{"cause", "line", "amount", "words"}]}`.
    """
    flow = Flow(
        name,
        version="1.0",
        summary="The AP product hears what becomes of the bills that it has read",
        owners=owners,
        pattern=Pattern.TRANSACTION,
        data_class=DataClass.CONFIDENTIAL,
        source=Commands(channel),
        order_by=lambda parsed: parsed["content"]["number"],
        identify_by=[lambda parsed: parsed["content"]["number"]],
    )

    @flow.translate
    def told(parsed: dict[str, Any], _: Lookup) -> Iterator[BillResult]:
        result = BillResult.model_validate(parsed["content"])
        if system is None or result.system == system:
            yield result

    flow.deliver_to(*to)
    return flow


def papers(
    *,
    odoo: str = "odoo.main",
    channel: str = "payables.documents",
    name: str = "payables.papers",
    owners: Owners = OWNERS,
    to: Sequence[Target] = (),
) -> Flow:
    """Papers of posted bills → attachments in Odoo, after their bills: order these by their business key too."""
    from hilum.connectors import odoo as to_odoo

    flow = Flow(
        name,
        version="1.0",
        summary="The papers of posted bills are filed with them",
        owners=owners,
        pattern=Pattern.TRANSACTION,
        data_class=DataClass.CONFIDENTIAL,
        source=Commands(channel),
        order_by=lambda parsed: parsed["content"]["belongs_to"]["key"],
    )

    @flow.translate
    def filed(parsed: dict[str, Any], _: Lookup) -> Document:
        return Document.model_validate(parsed["content"])

    flow.deliver_to(to_odoo.document(odoo), *to)
    return flow

"""What suppliers write in XML: cXML; UBL as Peppol wants it, for bills of those that else write EDIFACT. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Final

from lxml import etree

from hilum.formats import cxml, ubl_writing
from hilum.formats.cxml import Identity
from hilum.formats.ubl_writing import Draft, DraftLine, TaxCategory, TradeParty
from hilum.simulator.month.documents import OURS, EdifactWriter, Told, Writer, X12Writer
from hilum.simulator.month.truth import CURRENCY, Answer, Bill, Language, Line, Month, Notice, Story, Vendor, cents


def writer_for(month: Month, vendor: Vendor) -> Writer:
    """In the format of the supplier."""
    return _WRITERS[vendor.speaks](month, vendor)


class CxmlWriter(Writer):
    """cXML 1.2, in files. That a document has come is said by a StatusUpdateRequest."""

    ending: ClassVar[str] = "xml"

    def orders_in(self, data: bytes) -> list[str]:
        """See `Writer.orders_in`."""
        return [order for order, kind, _ in self._order(data) if kind == "new"]

    def changes_in(self, data: bytes) -> Sequence[Told]:
        """See `Writer.changes_in`."""
        return [Told(order, version, kind == "delete") for order, kind, version in self._order(data) if kind != "new"]

    def agree(self, story: Story, told: Told, at: datetime) -> bytes | None:
        """See `Writer.agree`. Of an order that is not wanted any more nothing is confirmed."""
        if told.cancelled:
            return None
        self.number += 1
        return self._sent(_confirmation(told.order, f"{told.order}-A{told.number}", "accept", at), at)

    def acknowledge(self, data: bytes, at: datetime) -> bytes | None:
        """See `Writer.acknowledge`."""
        self.number += 1
        root = etree.Element("StatusUpdateRequest")
        etree.SubElement(root, "DocumentReference", payloadID=cxml.read(data).payload_id)
        etree.SubElement(root, "Status", code="200", text="OK")
        return self._sent(root, at)

    def answer(self, story: Story, paper: Answer, at: datetime) -> bytes:
        """See `Writer.answer`."""
        other = dict(paper.substitutes)
        root = _confirmation(story.order, f"{story.order}-A", "detail", at)
        on = self.delivered(story, paper).isoformat()
        for line in paper.lines:
            item = etree.SubElement(root, "ConfirmationItem", lineNumber=str(line.number), quantity=str(line.quantity))
            _text(item, "UnitOfMeasure", line.unit)
            changed = line.number in other or line not in story.wanted
            status = etree.SubElement(
                item, "ConfirmationStatus", quantity=str(line.quantity), deliveryDate=on,
                type="detail" if changed else "allDetail",
            )  # fmt: skip
            _text(status, "UnitOfMeasure", line.unit)
            if line.number in other:
                self._instead(status, line, other[line.number])
            else:
                _money(status, "UnitPrice", line.price)
        return self._sent(root, at)

    @staticmethod
    def _instead(status: etree._Element, line: Line, other: str) -> None:
        item = etree.SubElement(status, "ItemIn", quantity=str(line.quantity))
        _ids(item, other)
        detail = etree.SubElement(item, "ItemDetail")
        _money(detail, "UnitPrice", line.price)
        _text(detail, "Description", other)
        _text(detail, "UnitOfMeasure", line.unit)

    def notice(self, story: Story, paper: Notice, at: datetime) -> bytes:
        """See `Writer.notice`."""
        root, now = etree.Element("ShipNoticeRequest"), at.isoformat()
        facts = {"shipmentID": paper.number, "operation": "new", "noticeDate": now, "shipmentDate": now}
        etree.SubElement(root, "ShipNoticeHeader", facts)
        portion = etree.SubElement(root, "ShipNoticePortion")
        etree.SubElement(portion, "OrderReference", orderID=story.order)
        for place, line in enumerate(paper.lines, 1):
            facts = {"quantity": str(line.quantity), "lineNumber": str(line.number), "shipNoticeLineNumber": str(place)}
            item = etree.SubElement(portion, "ShipNoticeItem", facts)
            _ids(item, line.item)
            _text(item, "UnitOfMeasure", line.unit)
        return self._sent(root, at)

    def bill(self, story: Story, paper: Bill, at: datetime) -> bytes:
        """See `Writer.bill`. What a credit memo gives back is told below zero."""
        sign, percent = -1 if paper.credit else 1, self.vendor.tax
        root = etree.Element("InvoiceDetailRequest")
        facts = {"invoiceID": paper.number, "purpose": "creditMemo" if paper.credit else "standard",
                 "operation": "new", "invoiceDate": at.isoformat()}  # fmt: skip
        header = etree.SubElement(root, "InvoiceDetailRequestHeader", facts)
        etree.SubElement(header, "InvoiceDetailHeaderIndicator")
        etree.SubElement(header, "InvoiceDetailLineIndicator", isTaxInLine="yes")
        if paper.corrects:
            etree.SubElement(header, "InvoiceIDInfo", invoiceID=paper.corrects)
        etree.SubElement(header, "PaymentTerm", payInNumberofDays=str(self.vendor.terms))
        order = etree.SubElement(root, "InvoiceDetailOrder")
        info = etree.SubElement(order, "InvoiceDetailOrderInfo")
        etree.SubElement(info, "OrderReference", orderID=story.order)
        goods = Decimal(0)
        for place, line in enumerate(paper.lines, 1):
            amount = sign * cents(line.quantity * line.price)
            goods += amount
            _invoiced(etree.SubElement(order, "InvoiceDetailItem", invoiceLineNumber=str(place),
                                       quantity=str(sign * line.quantity)), line, amount, percent)  # fmt: skip
        summary = etree.SubElement(root, "InvoiceDetailSummary")
        _money(summary, "SubtotalAmount", goods)
        _text(_money(summary, "Tax", sign * paper.tax(percent)), "Description", "VAT")
        names = ("ShippingAmount", "SpecialHandlingAmount")
        for name, extra in zip(names, paper.extras, strict=False):
            _money(summary, name, extra.amount)
        _money(summary, "NetAmount", sign * paper.with_tax(percent))
        return self._sent(root, at)

    @staticmethod
    def _order(data: bytes) -> Sequence[tuple[str, str, str]]:
        """Number, type and version of the order in a document; nothing where it is something else."""
        document = cxml.read(data)
        if document.kind != "OrderRequest":
            return []
        header = document.body.need("OrderRequestHeader")
        return [(header.attribute("orderID"), header.attribute("type"), header.attribute("orderVersion"))]

    def _sent(self, body: etree._Element, at: datetime) -> bytes:
        return cxml.addressed(
            cxml.request(body, test=False), sender=Identity("NetworkId", self.vendor.code),
            receiver=Identity("NetworkId", OURS), secret="", user_agent="Supplier",
            payload_id=f"{self.number}.{self.vendor.key}@suppliers", at=at,
        )  # fmt: skip


class PeppolWriter(EdifactWriter):
    """EDIFACT, and UBL for bills."""

    def bill(self, story: Story, paper: Bill, at: datetime) -> bytes:
        """See `Writer.bill`."""
        percent = self.vendor.tax
        tax = TaxCategory(code="S" if percent else "Z", percent=percent)
        lines = [
            DraftLine(id=str(place), quantity=line.quantity, unit=line.unit, price=line.price, name=line.item,
                      item=line.item, tax=tax, order_line=str(line.number))
            for place, line in enumerate(paper.lines, 1)
        ]  # fmt: skip
        lines += [
            DraftLine(id=str(place), quantity=Decimal(1), unit="EA", price=each.amount, name=each.words, tax=tax)
            for place, each in enumerate(paper.extras, len(lines) + 1)
        ]
        return ubl_writing.write(Draft(
            number=paper.number, credit=paper.credit, issued_on=at.date(), due_on=self.due(paper), currency=CURRENCY,
            seller=_party(self.vendor.title, self.vendor.code), buyer=_party("Three hospitals", OURS),
            order=story.order, corrects=paper.corrects, lines=lines, total=paper.with_tax(percent),
        ))  # fmt: skip

    def bill_by_edifact(self, story: Story, paper: Bill, at: datetime) -> bytes:
        """The same bill, the other way."""
        self.number += 1
        return super().bill(story, paper, at)


_WRITERS: Final[dict[Language, type[Writer]]] = {
    "x12": X12Writer, "edifact": EdifactWriter, "cxml": CxmlWriter, "peppol": PeppolWriter,
}  # fmt: skip


def _party(name: str, code: str) -> TradeParty:
    return TradeParty(name=name, endpoint=("9925", code), country="BE", tax_id=f"BE{code}")


def _confirmation(order: str, number: str, type: str, at: datetime) -> etree._Element:
    root = etree.Element("ConfirmationRequest")
    facts = {"confirmID": number, "operation": "new", "type": type, "noticeDate": at.isoformat()}
    etree.SubElement(root, "ConfirmationHeader", facts)
    etree.SubElement(root, "OrderReference", orderID=order)
    return root


def _invoiced(item: etree._Element, line: Line, amount: Decimal, percent: Decimal) -> None:
    _text(item, "UnitOfMeasure", line.unit)
    _money(item, "UnitPrice", line.price)
    reference = etree.SubElement(item, "InvoiceDetailItemReference", lineNumber=str(line.number))
    _ids(reference, line.item)
    _text(reference, "Description", line.item)
    _money(item, "SubtotalAmount", amount)
    tax = _money(item, "Tax", cents(amount * percent / 100))
    _text(tax, "Description", "VAT")
    _money(etree.SubElement(tax, "TaxDetail", category="vat", percentageRate=str(percent)), "TaxAmount",
           cents(amount * percent / 100))  # fmt: skip


def _ids(parent: etree._Element, item: str) -> None:
    ids = etree.SubElement(parent, "ItemID")
    _text(ids, "SupplierPartID", item)
    _text(ids, "BuyerPartID", item)


def _text(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, name).text = text


def _money(parent: etree._Element, name: str, amount: Decimal) -> etree._Element:
    element = etree.SubElement(parent, name)
    etree.SubElement(element, "Money", currency=CURRENCY).text = f"{amount:f}"
    return element

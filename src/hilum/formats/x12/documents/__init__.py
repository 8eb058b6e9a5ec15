"""Typed transaction sets of the supply chain: what people mean by an order, an answer, a ship notice, an invoice.

    order = documents.read_order(transaction)           # 850
    order.lines[0].quantity, order.lines[0].id("VN")
    x12.build(partner, [documents.draft_order(order)], numbers=…, at=…)

Each module has the frozen class, `read_…` from a transaction set, and `draft_…` back: what one writes the other reads
as the same. Values keep the sender's codes; their names are in `codes`. What a class does not hold is read by path.
Readers raise `Invalid` that names segment, element and reason; they do not check what `x12.check` checks.
"""

from hilum.formats.x12.documents.answers import AnsweredLine, LineAnswer, OrderAnswer, draft_answer, read_answer
from hilum.formats.x12.documents.codes import (
    AnswerType,
    ChangeCode,
    ContractState,
    Dates,
    Entity,
    ItemId,
    LineStatus,
    Purpose,
    References,
)
from hilum.formats.x12.documents.invoices import Allowance, Invoice, InvoicedLine, draft_invoice, read_invoice
from hilum.formats.x12.documents.orders import (
    ChangedLine,
    Order,
    OrderChange,
    OrderedLine,
    draft_change,
    draft_order,
    read_change,
    read_order,
)
from hilum.formats.x12.documents.parts import NamedParty, Reference
from hilum.formats.x12.documents.payments import (
    Deduction,
    PaidDocument,
    RemittanceAdvice,
    draft_remittance,
    read_remittance,
)
from hilum.formats.x12.documents.prices import (
    AuthorisedContract,
    AuthorisedPrice,
    Catalogue,
    CatalogueLine,
    Price,
    PriceAuthorisation,
    draft_authorisation,
    draft_catalogue,
    read_authorisation,
    read_catalogue,
)
from hilum.formats.x12.documents.shipping import ShipNotice, ShippedItem, draft_ship_notice, read_ship_notice
from hilum.formats.x12.documents.usage import ReportedItem, ResaleReport, draft_resale_report, read_resale_report

__all__ = [
    "Allowance",
    "AnswerType",
    "AnsweredLine",
    "AuthorisedContract",
    "AuthorisedPrice",
    "Catalogue",
    "CatalogueLine",
    "ChangeCode",
    "ChangedLine",
    "ContractState",
    "Dates",
    "Deduction",
    "Entity",
    "Invoice",
    "InvoicedLine",
    "ItemId",
    "LineAnswer",
    "LineStatus",
    "NamedParty",
    "Order",
    "OrderAnswer",
    "OrderChange",
    "OrderedLine",
    "PaidDocument",
    "Price",
    "PriceAuthorisation",
    "Purpose",
    "Reference",
    "References",
    "RemittanceAdvice",
    "ReportedItem",
    "ResaleReport",
    "ShipNotice",
    "ShippedItem",
    "draft_answer",
    "draft_authorisation",
    "draft_catalogue",
    "draft_change",
    "draft_invoice",
    "draft_order",
    "draft_remittance",
    "draft_resale_report",
    "draft_ship_notice",
    "read_answer",
    "read_authorisation",
    "read_catalogue",
    "read_change",
    "read_invoice",
    "read_order",
    "read_remittance",
    "read_resale_report",
    "read_ship_notice",
]

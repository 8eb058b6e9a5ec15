"""cXML 1.2: the documents that networks of purchasing exchange by HTTPS: orders out, answers, ship notices, bills in.

    document = cxml.read(data)                      # its secret is in `document.secret`, and in no repr
    document.kind                                   # ConfirmationRequest, ShipNoticeRequest, InvoiceDetailRequest …
    cxml.read_confirmation(document).items
    cxml.request(cxml.order_request(order), test=False)     # without a header: that is put on while it is sent

A DTD that a document names is not fetched, one that it declares is refused.
"""

from hilum.formats.cxml.confirmations import Confirmation, ConfirmedItem, ConfirmedPart, read_confirmation
from hilum.formats.cxml.envelope import (
    Document,
    Identity,
    Status,
    addressed,
    answer_to,
    parse,
    read,
    read_response,
    request,
)
from hilum.formats.cxml.invoices import Invoice, InvoicedItem, read_invoice
from hilum.formats.cxml.orders import Address, Order, OrderedItem, order_request
from hilum.formats.cxml.shipping import ShipNotice, ShippedItem, read_ship_notice

__all__ = [
    "Address", "Confirmation", "ConfirmedItem", "ConfirmedPart", "Document", "Identity", "Invoice", "InvoicedItem",
    "Order", "OrderedItem", "ShipNotice", "ShippedItem", "Status", "addressed", "answer_to", "order_request", "parse",
    "read", "read_confirmation", "read_invoice", "read_response", "read_ship_notice", "request",
]  # fmt: skip

"""Records of Odoo about what happens: orders, moves of stock, bills, money, work; one visible table. Data."""

from __future__ import annotations

from typing import Final

from hilum import canonical
from hilum.packs.odoo import books, buying, invoices, stock, upkeep
from hilum.packs.odoo.captured import OF_TRADE, Captured

_TRANSFER: Final = (
    *("name", "state", "origin", "picking_type_code", "location_id", "location_dest_id", "date_done"),
    *("purchase_id?", "owner_id?", "move_ids.*", "move_ids.origin", "move_ids.move_line_ids.*"),
)
_ENTRY: Final = (
    *("name", "ref", "state", "move_type", "date", "invoice_date", "invoice_date_due", "partner_id", "journal_id"),
    *("currency_id", "amount_total", "invoice_origin", "narration", "reversed_entry_id", "line_ids.*"),
    *("statement_line_id?", "payment_id?", "origin_payment_id?", "commercial_partner_id?"),
)
_AGREEMENT: Final = (
    *("name", "reference?", "origin?", "state", "vendor_id", "requisition_type?", "currency_id"),
    *("date_start?", "ordering_date?", "date_end", "line_ids.*"),
)
_ORDER: Final = (
    *("name", "state", "origin", "partner_id", "partner_ref", "currency_id", "date_order", "requisition_id?"),
    "order_line.*",
)
_MOVED_AT: Final = "Odoo notes when the transfer was booked"
_NO_PLACE: Final = "the hub does not write it into Odoo, which has no field of its own for it"
_AT_LAST: Final = "what was ordered at last is told by the order"
_OF_THE_BANK: Final = "is in what the bank says it is for, where it says it"
_INVOICE_FILLED: Final = {
    "due_on": "the day of the payment term, else that of the bill",
    "total": "the sum with tax",
    "lines.description": "the name of the item",
    "lines.account": "the account of the item's category or of the journal",
    "lines.tax_percent": "the tax of the item",
}

DOCUMENTS: Final[tuple[Captured, ...]] = (
    Captured(
        object=canonical.BlanketAgreement,
        model="purchase.requisition",
        read=buying.agreement,
        key="the number (`name`)",
        fields=_AGREEMENT,
        filled={"currency": "that of the company"},
    ),
    Captured(
        object=canonical.AgreementEnded,
        model="purchase.requisition",
        read=buying.agreement_ended,
        key="the number of the agreement",
        fields=_AGREEMENT,
        lost={"reason": _NO_PLACE},
    ),
    Captured(
        object=canonical.PurchaseOrder,
        model="purchase.order",
        read=buying.purchase_order,
        key="the hub's number, else Odoo's (`P00012`)",
        fields=_ORDER,
        lost={
            "deliver_to": "Odoo keeps the warehouse in which the place is, not the place",
            "lines.numbers": OF_TRADE,
        },
        filled={
            "currency": "that of the supplier or the company",
            "ordered_at": "when it was written",
            "requisition": "the source document of an order that people have made in Odoo",
            "lines.unit_price": "the vendor price of the item",
            "lines.needed_by": "the day that the lead time gives",
        },
    ),
    Captured(
        object=canonical.PurchaseOrderCancelled,
        model="purchase.order",
        read=buying.order_cancelled,
        key="the number of the order",
        fields=_ORDER,
        lost={
            "reason": _NO_PLACE,
            "revision": _AT_LAST,
            "currency": _AT_LAST,
            "lines": _AT_LAST,
            "ordered_at": "it is that of the order, which is not written again",
        },
        filled={"supplier": "that of the order"},
    ),
    Captured(
        object=canonical.GoodsReceipt,
        model="stock.picking",
        read=stock.receipt,
        key="the number of the arrival, else Odoo's (`WH/IN/00012`)",
        fields=_TRANSFER,
        lost={
            "delivery_note": _NO_PLACE,
            "received_at": _MOVED_AT,
            "final": "Odoo only shows that it waits for nothing more",
            "lines.device": OF_TRADE,
        },
        filled={
            "received_at": _MOVED_AT,
            "lines.order_line": "the line of the order that the goods were booked on",
            "lines.expires_on": "the expiry that Odoo has of the lot",
        },
    ),
    Captured(
        object=canonical.SupplierReturn,
        model="stock.picking",
        read=stock.supplier_return,
        key="the hub's number, else Odoo's (`WH/OUT/00012`)",
        fields=_TRANSFER,
        lost={"reason": _NO_PLACE, "returned_at": _MOVED_AT},
        filled={"returned_at": _MOVED_AT, "location": "where they were received"},
    ),
    Captured(
        object=canonical.StockTransfer,
        model="stock.picking",
        read=stock.stock_transfer,
        key="the hub's number, else Odoo's (`WH/INT/00012`)",
        fields=_TRANSFER,
        lost={"moved_at": _MOVED_AT},
        filled={"moved_at": _MOVED_AT},
    ),
    Captured(
        object=canonical.SupplyConsumed,
        model="stock.picking",
        read=stock.supply_consumed,
        key="the hub's transaction; Odoo makes none by itself",
        fields=_TRANSFER,
        lost={
            "device": OF_TRADE,
            "account": "stays out of Odoo's stock",
            "encounter": "stays out of Odoo's stock",
            "used_at": _MOVED_AT,
            "facility": _NO_PLACE,
            "currency": _NO_PLACE,
        },
        filled={"used_at": _MOVED_AT},
    ),
    Captured(
        object=canonical.ConsignmentMoved,
        model="stock.picking",
        read=stock.consignment_moved,
        key="the hub's number of the move; Odoo makes none by itself",
        fields=_TRANSFER,
        lost={"reason": _NO_PLACE, "moved_at": _MOVED_AT},
        filled={"moved_at": _MOVED_AT},
    ),
    Captured(
        object=canonical.StockLevel,
        model="stock.quant",
        read=stock.stock_level,
        key="made of Odoo's id and the time, item and location (and lot)",
        fields=(
            *("product_id", "location_id", "lot_id", "quantity", "product_uom_id", "owner_id?", "package_id?"),
            "warehouse_id?",
        ),
        lost={
            "count": "a quantity in Odoo does not say by which count it came about",
            "counted_at": "when the quantity was last changed",
        },
    ),
    Captured(
        object=canonical.SupplierBill,
        model="account.move",
        read=invoices.supplier_bill,
        key="supplier and the bill reference (`ref`), else Odoo's number",
        fields=_ENTRY,
        lost={"lines.numbers": OF_TRADE, "terms": "Odoo keeps the day when it is due"},
        filled={**_INVOICE_FILLED, "lines.order_line": "the line of the order with that item"},
    ),
    Captured(
        object=canonical.CustomerInvoice,
        model="account.move",
        read=invoices.customer_invoice,
        key="the hub's number, else Odoo's (`INV/2026/00012`)",
        fields=_ENTRY,
        lost={"lines.numbers": OF_TRADE, "lines.order_line": "an invoice bills no purchase order"},
        filled=_INVOICE_FILLED,
    ),
    Captured(
        object=canonical.Charge,
        model="account.move",
        read=invoices.charge,
        key="the hub's transaction; Odoo makes none by itself",
        fields=_ENTRY,
        lost={"payer": "stays out of Odoo", "department": _NO_PLACE, "facility": _NO_PLACE},
    ),
    Captured(
        object=canonical.JournalEntry,
        model="account.move",
        read=books.journal_entry,
        key="the hub's voucher, else Odoo's number (`MISC/2026/01/0012`)",
        fields=_ENTRY,
        filled={"currency": "that of the company", "lines.description": "the words of the entry"},
    ),
    Captured(
        object=canonical.LedgerReversal,
        model="account.move",
        read=books.ledger_reversal,
        key="what is reversed",
        fields=_ENTRY,
    ),
    Captured(
        object=canonical.Payment,
        model="account.payment",
        read=books.payment,
        key="the payment reference, else Odoo's number",
        fields=(
            *("name", "state", "payment_type", "partner_type", "partner_id", "amount", "currency_id", "date"),
            *("journal_id", "payment_reference", "memo?", "ref?", "invoice_ids?"),
        ),
        lost={"words": "the memo names the documents"},
        filled={"journal": "the first bank journal"},
    ),
    Captured(
        object=canonical.BankTransaction,
        model="account.bank.statement.line",
        read=books.bank_transaction,
        key="the journal and the bank's reference, else Odoo's number",
        fields=(
            *("name?", "ref", "journal_id", "date", "amount", "currency_id?", "payment_ref", "partner_name"),
            "account_number",
        ),
        lost={
            **dict.fromkeys(("bank_reference", "end_to_end_id", "return_reason"), _OF_THE_BANK),
            "notified": "only what a statement tells is booked",
        },
    ),
    Captured(
        object=canonical.WorkOrder,
        model="maintenance.request",
        read=upkeep.work_order,
        key="the hub's identifier, else Odoo's id (`odoo-12`)",
        fields=(
            *("name", "equipment_id", "maintenance_type", "maintenance_team_id", "priority", "schedule_date"),
            *("description", "stage_id", "done"),
        ),
        filled={"team": "the first team"},
    ),
    Captured(
        object=canonical.Lead,
        model="crm.lead",
        read=upkeep.lead,
        key="the hub's identifier, else Odoo's id (`odoo-12`)",
        fields=(
            *("name", "partner_name", "contact_name", "email_from", "phone", "expected_revenue", "description"),
            "active",
        ),
    ),
    Captured(
        object=canonical.ServiceCase,
        model="project.task",
        read=upkeep.service_case,
        key="the hub's identifier, else Odoo's id (`odoo-12`)",
        fields=("name", "project_id", "priority", "date_deadline", "state?", "active"),
        lost={
            "status": "of solved, closed, open and new ones Odoo keeps that they are done or not",
            "due_at": "Odoo 16 keeps the day only",
            "requester": _NO_PLACE,
            "category": _NO_PLACE,
            "opened_at": _NO_PLACE,
            "about": _NO_PLACE,
        },
    ),
)
"""Of one model several may be: an entry is one of five."""

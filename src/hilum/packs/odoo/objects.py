"""Which records of Odoo become which business objects: one visible table, with what Odoo does not keep and why.

Everything that the Odoo destination writes is read back here, as far as Odoo keeps it; a test writes each object into
Odoo, captures it, and compares. What cannot be captured at all is in `NOT_CAPTURED`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hilum import canonical
from hilum.canonical import BusinessObject
from hilum.packs.odoo import books, buying, catalogue, invoices, parties, places, stock, upkeep
from hilum.packs.odoo.captured import Captured
from hilum.packs.odoo.conventions import Conventions
from hilum.packs.odoo.records import Record

_CONTACT: Final = (
    *("name", "ref", "is_company", "active", "vat", "company_registry", "email", "phone"),
    *("street", "city", "zip", "state_id", "country_id", "supplier_rank", "customer_rank"),
    *("purchase_warn?", "purchase_warn_msg?", "sale_warn?", "sale_warn_msg?"),
    *("bank_ids.acc_number", "bank_ids.bank_id", "bank_ids.currency_id"),
)
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
_OF_TRADE: Final = "a number of trade: the hub's crosswalk has it, and it is not written into Odoo"
_UNLISTED_BANK: Final = "a bank that Odoo does not list is left out when it is written"
_OF_THE_BANK: Final = "is in what the bank says it is for, where it says it"
_INVOICE_FILLED: Final = {
    "due_on": "the day of the payment term, else that of the bill",
    "total": "the sum with tax",
    "lines.description": "the name of the item",
    "lines.account": "the account of the item's category or of the journal",
    "lines.tax_percent": "the tax of the item",
}

CAPTURED: Final[tuple[Captured, ...]] = (
    Captured(
        object=canonical.Supplier,
        model="res.partner",
        read=parties.supplier,
        key="the reference (`ref`)",
        fields=_CONTACT,
        lost={"gln": _OF_TRADE, "bank_accounts.bic": _UNLISTED_BANK},
        filled={"bank_accounts": "none, where none were sent"},
    ),
    Captured(
        object=canonical.Customer,
        model="res.partner",
        read=parties.customer,
        key="the reference (`ref`)",
        fields=_CONTACT,
        lost={"gln": _OF_TRADE, "bank_accounts.bic": _UNLISTED_BANK},
        filled={"bank_accounts": "none, where none were sent"},
    ),
    Captured(
        object=canonical.PatientAccount,
        model="res.partner",
        read=parties.patient_account,
        key="the hub's identifier; Odoo makes none by itself",
        fields=_CONTACT,
        lost={
            "person": "Odoo keeps one name: all of it comes back as the family name",
            "patient_id": "stays out of Odoo",
            "payer": "stays out of Odoo",
            "facility": "stays out of Odoo",
            "cleared": "a deletion is done, not kept",
        },
    ),
    Captured(
        object=canonical.Unit,
        model="uom.uom",
        read=catalogue.unit,
        key="the code of UN/ECE, or what the lookup table `odoo_units` says",
        fields=("name", "active"),
    ),
    Captured(
        object=canonical.Warehouse,
        model="stock.warehouse",
        read=places.warehouse,
        key="the short name (`code`)",
        fields=("name", "code", "active"),
        lost={"gln": _OF_TRADE},
    ),
    Captured(
        object=canonical.Location,
        model="stock.location",
        read=places.location,
        key="the barcode, else the path",
        fields=("name", "barcode", "complete_name", "usage", "location_id", "warehouse_id?", "active"),
        lost={"facility": "Odoo knows the warehouse: its short name comes back", "gln": _OF_TRADE},
        filled={"facility": "the short name of the warehouse", "parent": "the place that it was put under"},
    ),
    Captured(
        object=canonical.ItemCategory,
        model="product.category",
        read=catalogue.item_category,
        key="the path (`Goods / Implants`)",
        fields=("name", "complete_name", "parent_id"),
    ),
    Captured(
        object=canonical.Item,
        model="product.product",
        read=catalogue.item,
        key="the internal reference (`default_code`)",
        fields=(
            *("default_code", "name", "barcode", "tracking", "uom_id", "uom_po_id?", "categ_id", "active"),
            *("type", "detailed_type?", "is_storable?", "standard_price", "list_price", "currency_id?"),
            *("packaging_ids?.name", "packaging_ids?.qty", "packaging_ids?.barcode"),
            *("product_uom_ids?.uom_id", "product_uom_ids?.barcode"),
        ),
        lost={
            "supplier": "it is told by the vendor price, which is an object of its own",
            "category": "where it was written by its name or path, the code of the category comes back",
            "purchase_unit": "from 19 on each vendor price has its own",
            "device": _OF_TRADE,
            "unspsc": _OF_TRADE,
            "manufacturer": _OF_TRADE,
            "manufacturer_item": _OF_TRADE,
        },
        filled={
            "barcode": "the GTIN of one piece, as it is scanned",
            "category": "Odoo's default category",
            "packings": "the piece, where its barcode is a GTIN",
            "price": "1 of the company's currency, Odoo's default",
        },
    ),
    Captured(
        object=canonical.Lot,
        model="stock.lot",
        read=catalogue.item_lot,
        key="item and lot",
        fields=("name", "product_id", "expiration_date?"),
    ),
    Captured(
        object=canonical.SupplierPrice,
        model="product.supplierinfo",
        read=catalogue.supplier_price,
        key="item and supplier, quantity step, first day",
        fields=(
            *("partner_id", "product_id", "product_tmpl_id", "price", "currency_id", "min_qty", "delay"),
            *("date_start", "date_end", "product_code", "product_name", "product_uom_id?"),
            "purchase_requisition_line_id?",
        ),
        lost={"numbers": _OF_TRADE, "unit": "before 19 a price is for the unit in which the item is bought"},
        filled={"lead_days": "1, Odoo's default", "unit": "from 19 on the unit of the item"},
    ),
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
            "lines.numbers": _OF_TRADE,
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
            "lines.device": _OF_TRADE,
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
            "device": _OF_TRADE,
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
        lost={"lines.numbers": _OF_TRADE, "terms": "Odoo keeps the day when it is due"},
        filled={**_INVOICE_FILLED, "lines.order_line": "the line of the order with that item"},
    ),
    Captured(
        object=canonical.CustomerInvoice,
        model="account.move",
        read=invoices.customer_invoice,
        key="the hub's number, else Odoo's (`INV/2026/00012`)",
        fields=_ENTRY,
        lost={"lines.numbers": _OF_TRADE, "lines.order_line": "an invoice bills no purchase order"},
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
        object=canonical.CostCentre,
        model="account.analytic.account",
        read=books.analytic_account,
        key="the reference (`code`)",
        fields=("code", "name", "plan_id", "partner_id", "active"),
        filled={"plan": "Odoo's first plan"},
    ),
    Captured(
        object=canonical.LedgerAccount,
        model="account.account",
        read=books.ledger_account,
        key="the code",
        fields=("code", "name", "account_type", "reconcile", "currency_id", "deprecated?", "active?"),
        lost={"company": "that of the hub's user, whose chart it is", "parent": "Odoo groups accounts by their codes"},
    ),
    Captured(
        object=canonical.Department,
        model="hr.department",
        read=upkeep.department,
        key="the hub's identifier, else the name",
        fields=("name", "parent_id", "active"),
    ),
    Captured(
        object=canonical.Employee,
        model="hr.employee",
        read=upkeep.employee,
        key="the hub's identifier, else Odoo's id (`odoo-12`)",
        fields=(
            *("name", "work_email", "work_phone", "job_title", "department_id", "parent_id", "barcode?", "active"),
        ),
    ),
    Captured(
        object=canonical.Asset,
        model="maintenance.equipment",
        read=upkeep.asset,
        key="the hub's identifier, else the serial number",
        fields=(
            *("name", "serial_no", "model", "category_id", "partner_id", "location?", "location_id?", "cost"),
            *("effective_date", "warranty_date", "scrap_date", "active"),
        ),
        filled={"in_use_since": "the day on which it was made in Odoo"},
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
"""Of one model several may be: a contact is a supplier and a customer, an entry is one of five."""

NOT_CAPTURED: Final[Mapping[type[BusinessObject], str]] = {
    canonical.Encounter: "Odoo's community modules have no place for a stay; invoices and charges carry its number.",
    canonical.OrderAcknowledgement: "what it changed is told by the order; the note in its chatter is for people.",
    canonical.Document: "an attachment names its record by a number only, and its content is no field of a feed.",
}
"""What the Odoo destination takes and no record of Odoo tells of, with the reason."""


def objects_in(record: Record, odoo: Conventions, lines: Sequence[Captured] = CAPTURED) -> list[Any]:
    """The business objects that a captured record tells of. Raises `Invalid`, `Unmapped`."""
    made = (each.read(record, odoo) for each in lines if each.model == record.model)
    return [thing for thing in made if thing is not None]

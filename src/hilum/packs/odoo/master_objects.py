"""Records of Odoo that stand: who, what and where; one visible table. Data."""

from __future__ import annotations

from typing import Final

from hilum import canonical
from hilum.packs.odoo import books, catalogue, parties, places, upkeep
from hilum.packs.odoo.captured import OF_TRADE, Captured

_CONTACT: Final = (
    *("name", "ref", "is_company", "active", "vat", "company_registry", "email", "phone"),
    *("street", "city", "zip", "state_id", "country_id", "supplier_rank", "customer_rank"),
    *("purchase_warn?", "purchase_warn_msg?", "sale_warn?", "sale_warn_msg?"),
    *("bank_ids.acc_number", "bank_ids.bank_id", "bank_ids.currency_id"),
)
_UNLISTED_BANK: Final = "a bank that Odoo does not list is left out when it is written"

MASTER: Final[tuple[Captured, ...]] = (
    Captured(
        object=canonical.Supplier,
        model="res.partner",
        read=parties.supplier,
        key="the reference (`ref`)",
        fields=_CONTACT,
        lost={"gln": OF_TRADE, "bank_accounts.bic": _UNLISTED_BANK},
        filled={"bank_accounts": "none, where none were sent"},
    ),
    Captured(
        object=canonical.Customer,
        model="res.partner",
        read=parties.customer,
        key="the reference (`ref`)",
        fields=_CONTACT,
        lost={"gln": OF_TRADE, "bank_accounts.bic": _UNLISTED_BANK},
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
        lost={"gln": OF_TRADE},
    ),
    Captured(
        object=canonical.Location,
        model="stock.location",
        read=places.location,
        key="the barcode, else the path",
        fields=("name", "barcode", "complete_name", "usage", "location_id", "warehouse_id?", "active"),
        lost={"facility": "Odoo knows the warehouse: its short name comes back", "gln": OF_TRADE},
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
            "device": OF_TRADE,
            "unspsc": OF_TRADE,
            "manufacturer": OF_TRADE,
            "manufacturer_item": OF_TRADE,
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
        lost={"numbers": OF_TRADE, "unit": "before 19 a price is for the unit in which the item is bought"},
        filled={"lead_days": "1, Odoo's default", "unit": "from 19 on the unit of the item"},
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
)
"""Of one model several may be: a contact is a supplier and a customer."""

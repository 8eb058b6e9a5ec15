"""What a new sandbox holds: one company in euro, a small chart of accounts, one warehouse, units, groups, modules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hilum.simulator.odoo.orm.access import ADMINISTRATOR_GROUPS, GROUP_LABELS
from hilum.simulator.odoo.orm.record import Env

MODULES = (
    "base",
    "contacts",
    "mail",
    "uom",
    "product",
    "account",
    "analytic",
    "stock",
    "purchase",
    "purchase_stock",
    "purchase_requisition",
    "sale",
    "sale_stock",
    "maintenance",
    "hr",
    "crm",
    "project",
    "product_expiry",
)
NOT_INSTALLED = ("mrp", "point_of_sale", "hr_expense", "hilum_outbox", "account_budget_oca")

# xml id → code, name, type, reconciles
ACCOUNTS: Mapping[str, tuple[str, str, str, bool]] = {
    "receivable": ("121000", "Account Receivable", "asset_receivable", True),
    "stock_valuation": ("110100", "Stock Valuation", "asset_current", False),
    "bank": ("101401", "Bank", "asset_cash", False),
    "suspense": ("101402", "Bank Suspense Account", "asset_current", False),
    "fixed_asset": ("151000", "Fixed Assets", "asset_fixed", False),
    "payable": ("211000", "Account Payable", "liability_payable", True),
    "stock_in": ("230300", "Goods Received Not Invoiced", "liability_current", True),
    "tax_received": ("251000", "Tax Received", "liability_current", False),
    "tax_paid": ("131000", "Tax Paid", "asset_current", False),
    "capital": ("301000", "Capital", "equity", False),
    "income": ("400000", "Product Sales", "income", False),
    "patient_income": ("400100", "Patient Services", "income", False),
    "cost_of_goods": ("500000", "Cost of Goods Sold", "expense_direct_cost", False),
    "expense": ("600000", "Expenses", "expense", False),
    "salary": ("630000", "Salary Expenses", "expense", False),
    "adjustment": ("610000", "Contractual Adjustments", "expense", False),
}

# xml id → code, name, type, default account
JOURNALS: Mapping[str, tuple[str, str, str, str]] = {
    "sale": ("INV", "Customer Invoices", "sale", "income"),
    "purchase": ("BILL", "Vendor Bills", "purchase", "expense"),
    "general": ("MISC", "Miscellaneous Operations", "general", "expense"),
    "bank": ("BNK1", "Bank", "bank", "bank"),
}

COUNTRIES = (
    ("be", "Belgium", 32),
    ("de", "Germany", 49),
    ("fr", "France", 33),
    ("gb", "United Kingdom", 44),
    ("nl", "Netherlands", 31),
    ("us", "United States", 1),
)

# xml id → name, usage, parent
LOCATIONS: Mapping[str, tuple[str, str, str]] = {
    "stock_location_locations": ("Physical Locations", "view", ""),
    "stock_location_locations_virtual": ("Virtual Locations", "view", ""),
    "stock_location_suppliers": ("Vendors", "supplier", ""),
    "stock_location_customers": ("Customers", "customer", ""),
    "stock_location_inter_company": ("Inter-company transit", "transit", "stock_location_locations"),
    "location_inventory": ("Inventory adjustment", "inventory", "stock_location_locations_virtual"),
    "stock_location_scrapped": ("Scrap", "inventory", "stock_location_locations_virtual"),
    "location_production": ("Production", "production", "stock_location_locations_virtual"),
    "warehouse0_view": ("WH", "view", ""),
    "stock_location_stock": ("Stock", "internal", "warehouse0_view"),
    "stock_location_shelf_1": ("Shelf 1", "internal", "stock_location_stock"),
    "stock_location_theatre": ("Theatre", "internal", "stock_location_stock"),
}


def plant(env: Env) -> None:
    """Create everything; the steps follow what points to what."""
    _modules(env)
    _people(env)
    _chatter(env)
    _units(env)
    _ledger(env)
    _analytic(env)
    _warehouse(env)
    _maintenance(env)
    _agreements(env)


def add(env: Env, xid: str, model: str, values: Mapping[str, Any]) -> int:
    """A record with its external id."""
    record = env[model].create(values)
    name(env, xid, model, record.id)
    return record.id


def name(env: Env, xid: str, model: str, record_id: int) -> None:
    """An external id for a record."""
    module, _, rest = xid.partition(".")
    env["ir.model.data"].create({"module": module, "name": rest, "model": model, "res_id": record_id})


def _modules(env: Env) -> None:
    for module in (*MODULES, *NOT_INSTALLED):
        state = "installed" if module in MODULES else "uninstalled"
        version = f"{env.version}.1.0" if module in MODULES else False
        add(
            env,
            f"base.module_{module}",
            "ir.module.module",
            {"name": module, "shortdesc": module.replace("_", " ").title(), "state": state, "latest_version": version},
        )
    for group, label in GROUP_LABELS.items():
        add(env, group, "res.groups", {"name": label.rpartition("/")[2].strip(), "full_name": group})
    for model in env.registry.models.values():
        kept = env["ir.model"].create({"name": model.label, "model": model.name, "modules": model.module})
        for column, field in env.registry.fields[model.name].items():
            env["ir.model.fields"].create(
                {
                    "name": column,
                    "field_description": field.label,
                    "model": model.name,
                    "model_id": kept.id,
                    "ttype": field.kind,
                    "relation": field.comodel,
                    "required": field.required,
                    "readonly": field.readonly,
                    "store": field.stored,
                }
            )


def _people(env: Env) -> None:
    for code, label, phone in COUNTRIES:
        values = {"name": label, "code": code.upper() if code != "gb" else "GB", "phone_code": phone}
        add(env, f"base.{code if code != 'gb' else 'uk'}", "res.country", values)
    euro = add(env, "base.EUR", "res.currency", {"name": "EUR", "symbol": "€"})
    add(env, "base.USD", "res.currency", {"name": "USD", "symbol": "$", "rate": 1.1})
    country = env.ref("base.be")
    partner = add(
        env,
        "base.main_partner",
        "res.partner",
        {"name": "Sandbox Hospital", "is_company": True, "country_id": country, "company_id": False},
    )
    add(
        env,
        "base.main_company",
        "res.company",
        {"name": "Sandbox Hospital", "partner_id": partner, "currency_id": euro, "country_id": country},
    )
    robot = env["res.users"].create({"login": "__system__", "name": "OdooBot", "active": False})
    name(env, "base.user_root", "res.users", robot.id)
    admin = env["res.users"].create({"login": "admin", "name": "Administrator", "email": "admin@sandbox.example"})
    groups = [env.ref(group) for group in sorted(ADMINISTRATOR_GROUPS)]
    env["res.users"].write(admin.id, {"group_ids" if env.since(19) else "groups_id": [(6, 0, groups)]})
    name(env, "base.user_admin", "res.users", admin.id)


def _chatter(env: Env) -> None:
    for xid, label, internal in (("mt_comment", "Discussions", False), ("mt_note", "Note", True)):
        add(env, f"mail.{xid}", "mail.message.subtype", {"name": label, "internal": internal})


def _units(env: Env) -> None:
    if env.since(19):
        piece = add(env, "uom.product_uom_unit", "uom.uom", {"name": "Units", "relative_factor": 1.0})
        weight = add(env, "uom.product_uom_kgm", "uom.uom", {"name": "kg", "relative_factor": 1.0})
        volume = add(env, "uom.product_uom_litre", "uom.uom", {"name": "L", "relative_factor": 1.0})
        for xid, label, factor, base in (
            ("product_uom_dozen", "Dozens", 12.0, piece),
            ("product_uom_pack_6", "Pack of 6", 6.0, piece),
            ("product_uom_gram", "g", 0.001, weight),
            ("product_uom_millilitre", "ml", 0.001, volume),
        ):
            values = {"name": label, "relative_factor": factor, "relative_uom_id": base}
            add(env, f"uom.{xid}", "uom.uom", values)
    else:
        for xid, label, units in (
            (
                "product_uom_categ_unit",
                "Unit",
                (("unit", "Units", 1.0), ("dozen", "Dozens", 1 / 12), ("pack_6", "Pack of 6", 1 / 6)),
            ),
            ("product_uom_categ_kgm", "Weight", (("kgm", "kg", 1.0), ("gram", "g", 1000.0))),
            ("product_uom_categ_vol", "Volume", (("litre", "L", 1.0), ("millilitre", "ml", 1000.0))),
        ):
            category = add(env, f"uom.{xid}", "uom.category", {"name": label})
            for suffix, unit, factor in units:
                kind = "reference" if factor == 1 else "bigger" if factor < 1 else "smaller"
                values = {"name": unit, "category_id": category, "factor": factor, "uom_type": kind}
                add(env, f"uom.product_uom_{suffix}", "uom.uom", values)
    goods = add(env, "product.product_category_goods", "product.category", {"name": "Goods"})
    add(env, "product.product_category_services", "product.category", {"name": "Services"})
    for xid, label in (("consumables", "Consumables"), ("implants", "Implants"), ("medicines", "Medicines")):
        add(env, f"product.product_category_{xid}", "product.category", {"name": label, "parent_id": goods})


def _ledger(env: Env) -> None:
    for xid, (code, label, kind, reconcile) in ACCOUNTS.items():
        values = {"code": code, "name": label, "account_type": kind, "reconcile": reconcile}
        add(env, f"account.1_{xid}", "account.account", values)
    for xid, (code, label, kind, account) in JOURNALS.items():
        values = {"code": code, "name": label, "type": kind, "default_account_id": env.ref(f"account.1_{account}")}
        add(env, f"account.1_{xid}_journal", "account.journal", values)
    for use, account in (("sale", "tax_received"), ("purchase", "tax_paid")):
        for percent in (0, 21):
            values = {"name": f"{percent}%", "amount": percent, "type_tax_use": use}
            values |= {"account_id": env.ref(f"account.1_{account}")}
            add(env, f"account.1_{use}_tax_{percent}", "account.tax", values)


def _analytic(env: Env) -> None:
    add(env, "analytic.analytic_plan_departments", "account.analytic.plan", {"name": "Departments"})


def _warehouse(env: Env) -> None:
    for xid, (label, usage, parent) in LOCATIONS.items():
        values = {"name": label, "usage": usage, "location_id": env.ref(f"stock.{parent}") if parent else False}
        add(env, f"stock.{xid}", "stock.location", values)
    warehouse = add(
        env,
        "stock.warehouse0",
        "stock.warehouse",
        {
            "name": "Main Warehouse",
            "code": "WH",
            "view_location_id": env.ref("stock.warehouse0_view"),
            "lot_stock_id": env.ref("stock.stock_location_stock"),
        },
    )
    stock = env.ref("stock.stock_location_stock")
    ends = {
        "incoming": (env.ref("stock.stock_location_suppliers"), stock),
        "outgoing": (stock, env.ref("stock.stock_location_customers")),
        "internal": (stock, stock),
    }
    for code, label, prefix, column in (
        ("incoming", "Receipts", "WH/IN/", "in_type_id"),
        ("outgoing", "Delivery Orders", "WH/OUT/", "out_type_id"),
        ("internal", "Internal Transfers", "WH/INT/", "int_type_id"),
    ):
        kind = add(
            env,
            f"stock.picking_type_{column.partition('_')[0]}",
            "stock.picking.type",
            {
                "name": label,
                "code": code,
                "sequence_code": prefix,
                "warehouse_id": warehouse,
                "default_location_src_id": ends[code][0],
                "default_location_dest_id": ends[code][1],
            },
        )
        env["stock.warehouse"].write(warehouse, {column: kind})


def _agreements(env: Env) -> None:
    if not env.since(18):
        values = {"name": "Blanket Order", "sequence": 3, "quantity_copy": "none"}
        add(env, "purchase_requisition.type_single", "purchase.requisition.type", values)


def _maintenance(env: Env) -> None:
    for number, (label, done) in enumerate(
        (("New Request", False), ("In Progress", False), ("Repaired", True), ("Scrap", True))
    ):
        add(env, f"maintenance.stage_{number}", "maintenance.stage", {"name": label, "sequence": number, "done": done})
    add(env, "maintenance.equipment_biomedical", "maintenance.equipment.category", {"name": "Biomedical"})
    add(env, "maintenance.equipment_team_maintenance", "maintenance.team", {"name": "Internal Maintenance"})

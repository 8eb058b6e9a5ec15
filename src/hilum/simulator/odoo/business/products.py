"""Categories, products, their packings and vendor prices.

A `product.product` (variant) delegates to its `product.template`: name, type, unit and list price live in the
template, code, barcode and cost in the variant. Each template has one variant unless a client adds more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from hilum.simulator.odoo.business.base import company, company_currency
from hilum.simulator.odoo.business.units import unit
from hilum.simulator.odoo.errors import ValidationError
from hilum.simulator.odoo.orm.access import PRODUCTS, rights
from hilum.simulator.odoo.orm.fields import (
    Columns,
    Field,
    boolean,
    char,
    choice,
    date,
    decimal,
    html,
    integer,
    many2many,
    many2one,
    one2many,
    text,
)
from hilum.simulator.odoo.orm.model import Model, Values
from hilum.simulator.odoo.orm.record import Env, Record

TYPES = (("consu", "Goods"), ("service", "Service"), ("combo", "Combo"))
OLD_TYPES = (("consu", "Consumable"), ("service", "Service"), ("product", "Storable Product"))  # until 17
TRACKING = (("serial", "By Unique Serial Number"), ("lot", "By Lots"), ("none", "By Quantity"))


class Category(Model):
    """A product category."""

    name = "product.category"
    label = "Product Category"
    module = "product"
    rights = rights(change=PRODUCTS)
    columns: ClassVar[Columns] = {
        "name": char("Name", required=True, index=True),
        "parent_id": many2one("product.category", "Parent Category", ondelete="cascade"),
        "child_id": one2many("product.category", "parent_id", "Child Categories"),
        "complete_name": char("Complete Name", compute=lambda category: category.model.title(category.id)),
    }

    def title(self, record_id: int) -> str:
        """The path: `Goods / Consumables`."""
        row = self.table.get(record_id, {})
        parent = row.get("parent_id")
        return f"{self.title(parent)} / {row['name']}" if parent else str(row.get("name") or "")


def category(env: Env) -> int:
    """The default category."""
    return env.ref("product.product_category_goods")


_SHARED: Columns = {
    "name": char("Name", required=True, index=True),
    "type": (
        choice("Type", OLD_TYPES, required=True, default="consu", until=17),
        choice("Product Type", TYPES, required=True, default="consu", since=18),
    ),
    "detailed_type": choice("Product Type", OLD_TYPES, required=True, default="consu", until=17),
    "is_storable": boolean("Track Inventory", since=18),
    "tracking": choice("Tracking", TRACKING, required=True, default="none"),
    "categ_id": many2one("product.category", "Product Category", default=category),
    "uom_id": many2one("uom.uom", "Unit", required=True, default=unit),
    "uom_po_id": many2one("uom.uom", "Purchase Unit", until=18),
    "uom_ids": many2many("uom.uom", "Packagings", since=19),
    "list_price": decimal("Sales Price", default=1.0, digits=2),
    "sale_ok": boolean("Sales", default=True),
    "purchase_ok": boolean("Purchase", default=True),
    "description": html("Description"),
    "description_purchase": text("Purchase Description"),
    "description_sale": text("Sales Description"),
    "company_id": many2one("res.company", "Company"),
    "invoice_policy": choice(
        "Invoicing Policy", (("order", "Ordered quantities"), ("delivery", "Delivered quantities")), default="order"
    ),
    "purchase_method": choice(
        "Control Policy",
        (("purchase", "On ordered quantities"), ("receive", "On received quantities")),
        default="receive",
    ),
    "taxes_id": many2many("account.tax", "Sales Taxes"),
    "supplier_taxes_id": many2many("account.tax", "Purchase Taxes"),
}
_BARCODE_TAKEN = 'Barcode(s) already assigned:\n\n- Barcode "{value}" already assigned'
_VARIANT_ONLY = ("default_code", "barcode", "standard_price")


def _of_variant(name: str) -> Callable[[Record], Any]:
    """A template shows its variant's value while it has exactly one."""

    def read(template: Record) -> Any:
        variants = _variants(template)
        return variants[0][name] if len(variants) == 1 else None

    return read


def _variants(template: Record) -> list[Record]:
    ids = template.env.store.find("product.product", ("product_tmpl_id",), (template.id,))
    return template.env.records("product.product", ids)


class Template(Model):
    """What variants of a product share."""

    name = "product.template"
    label = "Product"
    module = "product"
    rights = rights(change=PRODUCTS)
    columns: ClassVar[Columns] = {
        **_SHARED,
        "active": boolean("Active", default=True),
        "default_code": char("Internal Reference", compute=_of_variant("default_code")),
        "barcode": char("Barcode", compute=_of_variant("barcode")),
        "standard_price": decimal("Cost", compute=_of_variant("standard_price")),
        "product_variant_ids": one2many("product.product", "product_tmpl_id", "Products"),
        "product_variant_id": many2one(
            "product.product", "Product", compute=lambda t: next((each.id for each in _variants(t)), None)
        ),
        "product_variant_count": integer("# Product Variants", compute=lambda t: len(_variants(t))),
        "seller_ids": one2many("product.supplierinfo", "product_tmpl_id", "Vendors"),
        "qty_available": decimal(
            "Quantity On Hand", compute=lambda t: sum(each["qty_available"] for each in _variants(t))
        ),
    }

    def before_create(self, values: dict[str, Any]) -> dict[str, Any]:
        """Until 17 the type follows the detailed one, unless only the type is given."""
        if values.get("detailed_type", "consu") != "consu":
            values["type"] = values["detailed_type"]
        return values

    def before_write(self, record: Record, values: dict[str, Any]) -> dict[str, Any]:
        """Until 17 the type follows the detailed one."""
        if "detailed_type" in values:
            values["type"] = values["detailed_type"]
        return values

    def after_create(self, record: Record, given: Values) -> None:
        """Make the variant, unless one is being made together with the template."""
        if not self.env.context.get("create_product_product", True):
            return
        own = {name: given[name] for name in _VARIANT_ONLY if name in given}
        self.env["product.product"].create({"product_tmpl_id": record.id, **own})

    def after_write(self, record: Record, given: Values) -> None:
        """Hand code, barcode and cost on to the only variant; a price moves the variant's `write_date` too."""
        variants = _variants(record)
        own = {name: given[name] for name in _VARIANT_ONLY if name in given}
        if own and len(variants) == 1:
            variants[0].model.write(variants[0].id, own)
        elif "list_price" in given:
            for variant in variants:
                variant.set()
        if "active" in given:
            for variant in variants:
                variant.set(active=bool(given["active"]))


def is_stocked(product: Record) -> bool:
    """Is stock kept of it? Until 17 the type says so."""
    return bool(product["is_storable"]) if product.env.since(18) else product["type"] == "product"


def _delegated(name: str, fields: Field | tuple[Field, ...]) -> tuple[Field, ...]:
    return tuple(_pointing(name, field) for field in (fields if isinstance(fields, tuple) else (fields,)))


def _pointing(name: str, field: Field) -> Field:
    return Field(
        kind=field.kind,
        label=field.label,
        comodel=field.comodel,
        selection=field.selection,
        required=field.required,
        since=field.since,
        until=field.until,
        related=f"product_tmpl_id.{name}",
    )


def _on_hand(product: Record) -> float:
    store = product.env.store
    total = 0.0
    for quant in store.find("stock.quant", ("product_id",), (product.id,)):
        row = store.tables["stock.quant"][quant]
        if store.tables["stock.location"][row["location_id"]]["usage"] in ("internal", "transit"):
            total += row["quantity"]
    return round(total, 6)


class Product(Model):
    """A product that can be ordered and stocked. `default_code` is not unique, `barcode` is."""

    name = "product.product"
    label = "Product Variant"
    module = "product"
    order = "default_code, id"
    rights = rights(change=PRODUCTS)
    columns: ClassVar[Columns] = {
        **{name: _delegated(name, field) for name, field in _SHARED.items()},
        "product_tmpl_id": many2one("product.template", "Product Template", required=True, ondelete="cascade"),
        "active": boolean("Active", default=True),
        "default_code": char("Internal Reference", index=True),
        "barcode": char("Barcode", unique=_BARCODE_TAKEN),
        "standard_price": decimal("Cost"),
        "lst_price": decimal("Sales Price", related="product_tmpl_id.list_price"),
        "seller_ids": one2many("product.supplierinfo", "product_id", "Vendors"),
        "packaging_ids": one2many("product.packaging", "product_id", "Product Packages", until=18),
        "product_uom_ids": one2many("product.uom", "product_id", "Unit Barcode", since=19),
        "qty_available": decimal("Quantity On Hand", compute=_on_hand),
        "free_qty": decimal("Free To Use Quantity", compute=_on_hand),
        "virtual_available": decimal("Forecasted Quantity", compute=_on_hand),
    }

    def title(self, record_id: int) -> str:
        """`[code] name`."""
        row = self.table.get(record_id)
        if row is None:
            return f"{self.name},{record_id}"
        name = self.env.store.tables["product.template"][row["product_tmpl_id"]]["name"]
        return f"[{row['default_code']}] {name}" if row.get("default_code") else str(name)

    def before_create(self, values: dict[str, Any]) -> dict[str, Any]:
        """Make the template where none is given."""
        if not values.get("product_tmpl_id"):
            shared = {name: values.pop(name) for name in list(values) if name in _SHARED}
            if "lst_price" in values:
                shared["list_price"] = values.pop("lst_price")
            templates = self.env.with_context(create_product_product=False)["product.template"]
            values["product_tmpl_id"] = templates.create({**shared, "active": values.get("active", True)}).id
        return values

    def after_write(self, record: Record, given: Values) -> None:
        """A new code or barcode moves the template's `write_date` too; a new cost does not."""
        template = record.the("product_tmpl_id")
        if "default_code" in given or "barcode" in given:
            template.set()
        if "active" in given and len(_variants(template)) == 1:
            template.set(active=bool(given["active"]))


_PACKED_TWICE = "A barcode can only be assigned to one packaging."


class Packaging(Model):
    """Until 18: a level of packing that holds so many of a product's unit."""

    name = "product.packaging"
    label = "Product Packaging"
    module = "product"
    until = 18
    rights = rights(change=PRODUCTS)
    columns: ClassVar[Columns] = {
        "name": char("Product Packaging", required=True),
        "product_id": many2one("product.product", "Product", required=True, ondelete="cascade"),
        "qty": decimal("Contained Quantity", default=1.0),
        "barcode": char("Barcode", unique=_PACKED_TWICE),
        "company_id": many2one("res.company", "Company"),
    }


class ProductUnit(Model):
    """Since 19: a unit of a product with a barcode. The product must have the unit among its packagings."""

    name = "product.uom"
    label = "Link between products and their UoMs"
    module = "product"
    since = 19
    rights = rights(change=PRODUCTS)
    columns: ClassVar[Columns] = {
        "uom_id": many2one("uom.uom", "Unit", required=True, ondelete="cascade"),
        "product_id": many2one("product.product", "Product", required=True, ondelete="cascade"),
        "barcode": char("Barcode", required=True, unique=_BARCODE_TAKEN),
        "company_id": many2one("res.company", "Company", default=company),
    }

    def after_create(self, record: Record, given: Values) -> None:
        """Refuse a unit that the product does not have."""
        self._check(record)

    def after_write(self, record: Record, given: Values) -> None:
        """Refuse a unit that the product does not have."""
        self._check(record)

    def _check(self, record: Record) -> None:
        if record["uom_id"] not in record.the("product_id")["uom_ids"]:
            raise ValidationError("The unit of measure is not valid for this product")


class SupplierInfo(Model):
    """A vendor price. Duplicates are accepted; a new one does not move the product's `write_date`."""

    name = "product.supplierinfo"
    label = "Supplier Pricelist"
    module = "product"
    order = "sequence, min_qty desc, price, id"
    rights = rights(change=PRODUCTS)
    columns: ClassVar[Columns] = {
        "partner_id": many2one("res.partner", "Vendor", required=True, ondelete="cascade"),
        "product_tmpl_id": many2one("product.template", "Product Template", ondelete="cascade"),
        "product_id": many2one("product.product", "Product Variant"),
        "product_name": char("Vendor Product Name"),
        "product_code": char("Vendor Product Code", index=True),
        "sequence": integer("Sequence", default=1),
        "product_uom_id": many2one("uom.uom", "Unit", since=19),
        "min_qty": decimal("Quantity"),
        "price": decimal("Unit Price"),
        "discount": decimal("Discount (%)", since=17),
        "currency_id": many2one("res.currency", "Currency", required=True, default=company_currency),
        "date_start": date("Start Date"),
        "date_end": date("End Date"),
        "delay": integer("Delivery Lead Time", default=1),
        "company_id": many2one("res.company", "Company", default=company),
        "purchase_requisition_line_id": many2one("purchase.requisition.line", "Agreement Line"),
    }

    def title(self, record_id: int) -> str:
        """The vendor's name."""
        return self.env["res.partner"].title(self.table[record_id]["partner_id"])

    def after_create(self, record: Record, given: Values) -> None:
        """Fill the template from the variant; in 19 also the only variant from the template."""
        product = record.one("product_id")
        if product is not None and not record["product_tmpl_id"]:
            record.set(product_tmpl_id=product["product_tmpl_id"])
        template = record.one("product_tmpl_id")
        if template is None or not self.env.since(19):
            return
        variants = _variants(template)
        filled: dict[str, Any] = {}
        if product is None and len(variants) == 1:
            filled["product_id"] = variants[0].id
        if not record["product_uom_id"]:
            filled["product_uom_id"] = template["uom_id"]
        if filled:
            record.set(**filled)


def vendor_price(product: Record, vendor: int, quantity: float, day: str) -> Record | None:
    """The vendor's price row that applies to a quantity on a day, None if there is none."""
    prices = product.env["product.supplierinfo"]
    for row in prices.search([["product_tmpl_id", "=", product["product_tmpl_id"]], ["partner_id", "=", vendor]]):
        fits = row["product_id"] in (None, product.id) and quantity >= row["min_qty"]
        if fits and (row["date_start"] or "") <= day <= (row["date_end"] or "9999-12-31"):
            return row
    return None

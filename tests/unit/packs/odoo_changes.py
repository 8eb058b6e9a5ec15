"""Changes as the capture of Odoo gives them, made by hand, and what the pack makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hilum.canonical import (
    BusinessObject,
)
from hilum.packs import odoo

EUR = {"id": 125, "name": "EUR", "external_id": "base.EUR", "code": "EUR"}
EACH = {"id": 1, "name": "Units", "external_id": "uom.product_uom_unit", "code": ""}
VENDOR = {"id": 82, "name": "Gloves Ltd", "external_id": "hilum.supplier_V1", "code": "V1"}
GLOVE = {"id": 5, "name": "[G-1] Glove", "external_id": "hilum.item_G-1", "code": "G-1"}


def envelope(model: str, xml_id: str = "", /, **values: Any) -> dict[str, Any]:
    return {
        "model": model,
        "id": 12,
        "kind": "changed",
        "external_id": xml_id,
        "write_date": "2026-11-21T10:00:00Z",
        "values": values,
    }


def told(change: Mapping[str, Any], **conventions: Any) -> list[BusinessObject]:
    return odoo.objects_in(odoo.record_of(change), odoo.Conventions(**conventions))


def line(number: int, xml_id: str = "", **values: Any) -> dict[str, Any]:
    made = {"id": number, "external_id": xml_id, "product_id": GLOVE, "product_qty": 12.0, "price_unit": 3.4}
    return made | {"product_uom_id": EACH, "date_planned": "2026-12-01T12:00:00Z", **values}


def order(xml_id: str = "hilum.order_PO-7", **values: Any) -> dict[str, Any]:
    made = {
        "name": "P00012",
        "state": "purchase",
        "origin": "PO-7",
        "partner_id": VENDOR,
        "partner_ref": None,
        "currency_id": EUR,
        "date_order": "2026-11-20T08:00:00Z",
        "order_line": [line(31)],
    }
    return envelope("purchase.order", xml_id, **made | values)


def contact(xml_id: str = "", **values: Any) -> dict[str, Any]:
    empty = dict.fromkeys(
        ["ref", "vat", "company_registry", "email", "phone", "street", "city", "zip", "state_id", "country_id"]
    )
    made = {"name": "Gloves Ltd", "is_company": True, "active": True, "supplier_rank": 0, "customer_rank": 0}
    return envelope("res.partner", xml_id, **empty | made | values)

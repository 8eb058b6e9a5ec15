"""Which lines belong to which document of Odoo, and what people or standards call a related record. Tables. Pure.

Fields carry the names of all versions; of each, those are read that the version at hand has (`product_uom` until 18,
`product_uom_id` from 19 on).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from hilum.errors import SettingsError

ALL: Final = "*"
"""In a list of fields: those that are read by default."""
IF_THERE: Final = "?"
"""Behind a field: it is read where this Odoo has it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lines:
    """Lines that are told with their document."""

    field: str  # of the document, or of the line above
    model: str
    document: str  # field of the line that names the document
    fields: tuple[str, ...]
    lines: tuple[Lines, ...] = ()  # of each line


_ORDERED: Final = (
    *("sequence", "display_type", "name", "product_id", "price_unit", "discount"),
    *("price_subtotal", "price_tax", "price_total"),
)
_PICKED: Final = ("quantity", "quantity_done", "qty_done", "picked", "location_id", "location_dest_id")

DOCUMENTS: Final[Mapping[str, tuple[Lines, ...]]] = {
    "purchase.order": (
        Lines(
            field="order_line",
            model="purchase.order.line",
            document="order_id",
            fields=(
                *(*_ORDERED, "product_qty", "product_uom", "product_uom_id", "taxes_id", "tax_ids"),
                *("date_planned", "qty_received", "qty_invoiced", "analytic_distribution"),
            ),
        ),
    ),
    "sale.order": (
        Lines(
            field="order_line",
            model="sale.order.line",
            document="order_id",
            fields=(
                *(*_ORDERED, "product_uom_qty", "product_uom", "product_uom_id", "tax_id", "tax_ids"),
                *("qty_delivered", "qty_invoiced", "analytic_distribution"),
            ),
        ),
    ),
    "purchase.requisition": (
        Lines(
            field="line_ids",
            model="purchase.requisition.line",
            document="requisition_id",
            fields=("product_id", "product_qty", "product_uom_id", "price_unit", "qty_ordered", "schedule_date"),
        ),
    ),
    "stock.picking": (
        Lines(
            field="move_ids",
            model="stock.move",
            document="picking_id",
            fields=(
                *("sequence", "product_id", "product_uom_qty", "product_uom", "state", "date", "price_unit", *_PICKED),
                *("purchase_line_id", "sale_line_id", "origin_returned_move_id", "to_refund"),
            ),
            lines=(
                Lines(
                    field="move_line_ids",
                    model="stock.move.line",
                    document="picking_id",
                    fields=("lot_id", "lot_name", "expiration_date", "product_uom_id", "owner_id", *_PICKED),
                ),
            ),
        ),
    ),
    "account.move": (
        Lines(
            field="line_ids",
            model="account.move.line",
            document="move_id",
            fields=(
                *("sequence", "display_type", "name", "account_id", "partner_id", "product_id", "product_uom_id"),
                *("quantity", "price_unit", "discount", "tax_ids", "tax_line_id", "price_subtotal", "price_total"),
                *("debit", "credit", "balance", "amount_currency", "currency_id", "date_maturity"),
                *("purchase_line_id", "sale_line_ids", "analytic_distribution"),
            ),
        ),
    ),
}
"""The documents whose lines are told with them, by default."""

DISPLAYED: Final = "display_name"
"""A code that is what Odoo shows everywhere: it needs no reading."""

CODES: Final[Mapping[str, str]] = {
    "account.account": "code",
    "account.analytic.account": "code",
    "account.journal": "code",
    "account.move": "ref",
    "account.tax": "amount",
    "maintenance.equipment": "serial_no",
    "product.product": "default_code",
    "product.template": "default_code",
    "purchase.order": "origin",
    "res.bank": "bic",
    "res.country": "code",
    "res.country.state": "code",
    "res.currency": DISPLAYED,
    "res.partner": "ref",
    "stock.location": "barcode",
    "stock.lot": "name",
    "stock.warehouse": "code",
}
"""By model: the field that says what people or standards call a record. Others have no code."""


CODES_BESIDE: Final[Mapping[str, Mapping[str, str]]] = {"product.uom": {"uom.uom": "factor"}}
"""By model of lines: what of records that are related to these lines' document or to them is told as code.

A packing of 19 is a unit with a barcode: how many pieces are in it, only the factors of the units say.
"""


def wishes(model: str, names: Iterable[str]) -> dict[str, list[str]]:
    """The fields that are asked for, each with what is asked for of its lines. Raises `SettingsError`.

    `["name", "order_line.price_unit"]` is `{"name": [], "order_line": ["price_unit"]}`.
    """
    found: dict[str, list[str]] = {}
    for name in names:
        head, dot, rest = name.partition(".")
        if not head or (dot and not rest):
            raise SettingsError(f"fields of {model}: `{name}` is no name of a field")
        wanted = found.setdefault(head, [])
        if dot:
            wanted.append(rest)
        elif head != ALL:
            wanted.append("")
    return found


def read_fields(model: str, names: Iterable[str]) -> dict[str, set[str]]:
    """By model: the fields that are named here, of the model and of lines whose model the table of documents knows.

    Lines that are read by default are there with no field: that they may be read is all that is needed.
    """
    return _read_fields(model, list(names) or [ALL], DOCUMENTS.get(model, ()))


def _read_fields(model: str, names: Iterable[str], lines: Iterable[Lines]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {model: set()}
    wanted = wishes(model, names)
    for line in lines:
        if line.field in wanted or ALL in wanted:
            named = [each or ALL for each in wanted.get(line.field, ())] or [ALL]
            for line_model, fields in _read_fields(line.model, named, line.lines).items():
                found.setdefault(line_model, set()).update(fields)
    found[model].update(name for name in wanted if name != ALL and not name.endswith(IF_THERE))
    return found

"""The page at `/` for people: what is in the sandbox now, read-only, refreshing itself every three seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from aiohttp import web

from hilum.simulator.odoo.orm.record import Env, Record
from hilum.simulator.odoo.web.common import ENGINE

ROWS = 15  # the newest records of each list
REFRESH = 3  # seconds
Column = tuple[str, Callable[[Record], Any]]

STYLE = """
:root { color-scheme: light dark; --line: #d8dde3; --soft: #66707c; --head: #714b67; --back: #f6f7f9; --card: #fff;
  --text: #1d2430 }
@media (prefers-color-scheme: dark) { :root { --line: #333b46; --soft: #9aa5b1; --head: #c9a3bf; --back: #14181d;
  --card: #1c2128; --text: #e6e9ee } }
* { box-sizing: border-box }
body { margin: 0; font: 14px/1.45 system-ui, sans-serif; background: var(--back); color: var(--text) }
header { padding: 18px 24px; border-bottom: 1px solid var(--line); background: var(--card) }
h1 { margin: 0; font-size: 20px; color: var(--head) }
header p { margin: 2px 0 0; color: var(--soft) }
main { display: grid; gap: 16px; padding: 16px 24px; grid-template-columns: repeat(auto-fit, minmax(430px, 1fr)) }
section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; overflow-x: auto }
h2 { margin: 0; padding: 10px 14px; font-size: 15px; border-bottom: 1px solid var(--line) }
h2 small { color: var(--soft); font-weight: normal }
table { width: 100%; border-collapse: collapse }
th, td { text-align: left; padding: 5px 14px; white-space: nowrap }
th { color: var(--soft); font-weight: 500; font-size: 12px }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
tr + tr td { border-top: 1px solid var(--line) }
.empty { padding: 14px; color: var(--soft) }
"""


@dataclass(frozen=True, slots=True)
class Listing:
    """One list of the page."""

    title: str
    model: str
    domain: Sequence[Any]
    columns: Sequence[Column]


def _title(field: str) -> Callable[[Record], Any]:
    def read(record: Record) -> Any:
        target = record.one(field)
        return target.model.title(target.id) if target else ""

    return read


def _value(field: str) -> Callable[[Record], Any]:
    return lambda record: record[field]


def _label(field: str) -> Callable[[Record], Any]:
    def read(record: Record) -> Any:
        value = record[field]
        return dict(record.model.fields[field].selection).get(value, value)

    return read


LISTINGS = (
    Listing(
        "Purchase orders",
        "purchase.order",
        [],
        (
            ("Order", _value("name")),
            ("Vendor", _title("partner_id")),
            ("Vendor reference", _value("partner_ref")),
            ("Total", _value("amount_total")),
            ("State", _label("state")),
        ),
    ),
    Listing(
        "Products",
        "product.product",
        [],
        (
            ("Code", _value("default_code")),
            ("Product", _value("name")),
            ("On hand", _value("qty_available")),
            ("Unit", _title("uom_id")),
        ),
    ),
    Listing(
        "Customer invoices",
        "account.move",
        [["move_type", "in", ["out_invoice", "out_refund"]]],
        (
            ("Number", lambda move: move["name"] or "Draft"),
            ("Customer", _title("partner_id")),
            ("Reference", _value("ref")),
            ("Total", _value("amount_total")),
            ("Payment", _label("payment_state")),
        ),
    ),
    Listing(
        "Vendor bills",
        "account.move",
        [["move_type", "in", ["in_invoice", "in_refund"]]],
        (
            ("Number", lambda move: move["name"] or "Draft"),
            ("Vendor", _title("partner_id")),
            ("Reference", _value("ref")),
            ("Total", _value("amount_total")),
            ("Payment", _label("payment_state")),
        ),
    ),
    Listing(
        "Stock moves",
        "stock.move",
        [],
        (
            ("Product", _title("product_id")),
            ("Quantity", _value("quantity")),
            ("From", _title("location_id")),
            ("To", _title("location_dest_id")),
            ("Document", _value("reference")),
            ("State", _label("state")),
        ),
    ),
    Listing(
        "Contacts",
        "res.partner",
        [],
        (
            ("Name", lambda partner: partner.model.title(partner.id)),
            ("Reference", _value("ref")),
            ("City", _value("city")),
            ("Changed", lambda partner: partner["write_date"][:19]),
        ),
    ),
)


async def handle(request: web.Request) -> web.Response:
    """The page."""
    engine = request.app[ENGINE]
    env = engine.env()
    number = engine.registry.version
    body = "".join(_listing(env, listing) for listing in LISTINGS)
    return web.Response(
        text=f"<!doctype html>\n<html lang=en><head><meta charset=utf-8><meta http-equiv=refresh content={REFRESH}>"
        f"<meta name=viewport content='width=device-width'><title>Sandbox Odoo (simulated)</title>"
        f"<style>{STYLE}</style></head><body><header><h1>Sandbox Odoo (simulated)</h1>"
        f"<p>This is not Odoo. It behaves like an Odoo {escape(number)} server, database "
        f"{escape(engine.database)}, to try flows against. Read-only; refreshes every {REFRESH} seconds.</p></header>"
        f"<main>{body}</main></body></html>",
        content_type="text/html",
    )


def _listing(env: Env, listing: Listing) -> str:
    model = env[listing.model]
    newest = sorted(model.find(listing.domain), reverse=True)
    heading = f"<section><h2>{escape(listing.title)} <small>{len(newest)}</small></h2>"
    if not newest:
        return f"{heading}<p class=empty>Nothing yet.</p></section>"
    head = "".join(_heading(name, read(env.record(listing.model, newest[0]))) for name, read in listing.columns)
    rows = "".join(_row(listing, record) for record in env.records(listing.model, newest[:ROWS]))
    return f"{heading}<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></section>"


def _heading(name: str, sample: Any) -> str:
    side = " class=number" if isinstance(sample, float) else ""
    return f"<th{side}>{escape(name)}</th>"


def _row(listing: Listing, record: Record) -> str:
    return "<tr>" + "".join(_cell(read(record)) for _name, read in listing.columns) + "</tr>"


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"<td class=number>{value:,.2f}</td>"
    return f"<td>{escape(str(value or ''))}</td>"

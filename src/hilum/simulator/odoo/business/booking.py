"""How an entry is completed, checked, numbered and posted."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from hilum.simulator.odoo.business import matching
from hilum.simulator.odoo.business.amounts import CENTS, tax_amount, taxed
from hilum.simulator.odoo.business.meta import next_number
from hilum.simulator.odoo.errors import UserError
from hilum.simulator.odoo.orm.fields import rounded
from hilum.simulator.odoo.orm.record import Env, Record

# +1 where the product lines are debited
SIGNS: Mapping[str, int] = {
    "in_invoice": 1,
    "out_refund": 1,
    "in_receipt": 1,
    "out_invoice": -1,
    "in_refund": -1,
    "out_receipt": -1,
}
MADE = ("tax", "payment_term")  # the lines that the server makes


def is_invoice(entry: Record) -> bool:
    """True for all but plain entries."""
    return entry["move_type"] in SIGNS


def is_purchase(entry: Record) -> bool:
    """True for bills and their refunds."""
    return str(entry["move_type"]).startswith("in_")


def draft_title(row: Mapping[str, Any]) -> str:
    """What an entry without a number is called."""
    words = {"entry": "Draft Entry", "in_invoice": "Draft Bill", "out_invoice": "Draft Invoice"}
    title = words.get(str(row.get("move_type")), "Draft Credit Note")
    return f"{title} ({row['ref']})" if row.get("ref") else title


def default_journal(env: Env, move_type: str) -> int | bool:
    """The first journal of the kind that the type needs."""
    kind = "general" if move_type == "entry" else "purchase" if move_type.startswith("in_") else "sale"
    found = env["account.journal"].find([["type", "=", kind]], limit=1)
    return found[0] if found else False


def invoice_lines(entry: Record) -> list[int]:
    """The lines a client wrote: neither tax nor due lines. Empty for plain entries."""
    if not is_invoice(entry):
        return []
    return [line.id for line in entry.many("line_ids") if line["display_type"] not in MADE]


def line_defaults(entry: Record, values: dict[str, Any]) -> dict[str, Any]:
    """What a new line takes from its product and its journal."""
    if not is_invoice(entry):
        account = entry.env.record("account.account", values["account_id"]) if values.get("account_id") else None
        due = account is not None and account["account_type"] in ("asset_receivable", "liability_payable")
        return {**values, "display_type": "payment_term"} if due else values
    if values.get("display_type", "product") != "product":
        return values
    product = entry.env.record("product.product", values["product_id"]) if values.get("product_id") else None
    buys = is_purchase(entry)
    if product is not None:
        if not values.get("name"):
            values["name"] = product.model.title(product.id)
        values.setdefault("price_unit", product["standard_price" if buys else "lst_price"])
        values.setdefault("product_uom_id", product["uom_id"])
        taxes = product["supplier_taxes_id" if buys else "taxes_id"] or []
        values.setdefault("tax_ids", [(6, 0, list(taxes))])
    if not values.get("account_id"):
        values["account_id"] = entry.the("journal_id")["default_account_id"]
    return values


def keep_sides(line: Record, given: Mapping[str, Any]) -> None:
    """Debit and credit give the balance, or the balance gives them."""
    if "balance" in given and "debit" not in given and "credit" not in given:
        balance = line["balance"]
        line.set(debit=max(balance, 0.0), credit=max(-balance, 0.0), amount_currency=balance)
    elif "debit" in given or "credit" in given:
        balance = rounded(line["debit"] - line["credit"], CENTS)
        values = {"balance": balance}
        if "amount_currency" not in given:
            values["amount_currency"] = balance
        line.set(**values)


def build(entry: Record) -> None:
    """Make the tax and due lines of an invoice and its sums; check the balance of a plain entry."""
    if is_invoice(entry):
        _build_invoice(entry)
    else:
        lines = entry.many("line_ids")
        if abs(sum(line["balance"] for line in lines)) >= 0.005:
            raise UserError(_unbalanced(entry, lines))
        total = rounded(sum(line["debit"] for line in lines), CENTS)
        entry.set(amount_total=total, amount_untaxed=total)


def _unbalanced(entry: Record, lines: list[Record]) -> str:
    if entry.env.since(19):
        return "The entry is not balanced."
    debit, credit = (sum(line[side] for line in lines) for side in ("debit", "credit"))
    return (
        f"An error has occurred.\n\nThe move ({entry.model.title(entry.id)}) is not balanced.\n"
        f"The total of debits equals {debit:.2f} and the total of credits equals {credit:.2f}.\n"
    )


def _build_invoice(entry: Record) -> None:
    env = entry.env.with_context(building=True)
    lines = env["account.move.line"]
    rate = entry.the("currency_id")["rate"] / env.record("res.company", entry["company_id"]).the("currency_id")["rate"]
    sign = SIGNS[entry["move_type"]]
    for line in entry.many("line_ids"):
        if line["display_type"] in MADE:
            env.store.delete("account.move.line", line.id)
    untaxed = 0.0
    taxes: dict[int, float] = {}
    for line in entry.many("line_ids"):
        if line["display_type"] == "product":
            untaxed += _price(line, sign, rate, taxes)
    for tax_id, amount in taxes.items():
        tax = env.record("account.tax", tax_id)
        account = tax["account_id"] or entry.the("journal_id")["default_account_id"]
        values = {"name": tax["name"], "account_id": account, "tax_line_id": tax_id, "display_type": "tax"}
        lines.create({**values, **_sides(sign * amount, rate), "move_id": entry.id})
    tax_total = rounded(sum(taxes.values()), CENTS)
    total = rounded(untaxed + tax_total, CENTS)
    balance = -sum(line["balance"] for line in entry.many("line_ids"))
    due = {"name": entry["payment_reference"] or "", "display_type": "payment_term", "account_id": _due_account(entry)}
    sides = {"balance": balance, "debit": max(balance, 0.0), "credit": max(-balance, 0.0)}
    dates = {"date_maturity": entry["invoice_date_due"] or entry["invoice_date"] or False}
    lines.create({**due, **sides, **dates, "amount_currency": -sign * total, "move_id": entry.id})
    entry.set(
        amount_untaxed=rounded(untaxed, CENTS),
        amount_tax=tax_total,
        amount_total=total,
        amount_total_signed=-balance if is_purchase(entry) else balance,
        amount_residual=total,
    )


def _price(line: Record, sign: int, rate: float, taxes: dict[int, float]) -> float:
    """Price one line, add its taxes up by tax, answer its untaxed amount in the invoice's currency."""
    applied = line.many("tax_ids")
    untaxed, tax = taxed(line["quantity"], line["price_unit"], line["discount"], applied)
    for each in applied:
        taxes[each.id] = taxes.get(each.id, 0.0) + tax_amount(each, untaxed, line["quantity"])
    sides = {name: value for name, value in _sides(sign * untaxed, rate).items() if name != "currency_id"}
    line.set(price_subtotal=untaxed, price_total=rounded(untaxed + tax, CENTS), **sides)
    return untaxed


def _sides(amount: float, rate: float) -> dict[str, float]:
    balance = rounded(amount / rate, CENTS)
    return {
        "amount_currency": rounded(amount, CENTS),
        "balance": balance,
        "debit": max(balance, 0.0),
        "credit": max(-balance, 0.0),
    }


def _due_account(entry: Record) -> int:
    partner = entry.one("partner_id")
    side = "payable" if is_purchase(entry) else "receivable"
    own = partner[f"property_account_{side}_id"] if partner else None
    return int(own or entry.env.ref(f"account.1_{side}"))


def post(entry: Record) -> None:
    """Post one draft. Raises UserError with Odoo's reasons."""
    if entry["state"] != "draft":
        raise UserError(
            f"The entry {entry['name'] or draft_title(entry.model.table[entry.id])} (id {entry.id}) must be in draft."
        )
    if is_invoice(entry):
        _check_invoice(entry)
    if not entry["line_ids"] or (is_invoice(entry) and not entry["invoice_line_ids"]):
        raise UserError("You need to add a line before posting.")
    leave_locked_period(entry)
    entry.set(state="posted", posted_before=True)
    give_number(entry)
    matching.open_lines(entry)
    if is_invoice(entry):
        entry.set(invoice_date_due=entry["invoice_date_due"] or entry["invoice_date"])
        if not entry["amount_total"]:
            entry.set(payment_state="paid")
        _tell_orders(entry)
    matching.match_reversal(entry)


def _check_invoice(entry: Record) -> None:
    if not entry["partner_id"]:
        who = "Vendor" if is_purchase(entry) else "Customer"
        raise UserError(f"The field '{who}' is required, please complete it to validate the document.")
    if entry["amount_total"] < 0:
        raise UserError("You cannot validate an invoice with a negative total amount.")
    if not entry["invoice_date"]:
        if is_purchase(entry):
            raise UserError("The Bill/Refund date is required to validate this document.")
        entry.set(invoice_date=entry.env.today, date=entry.env.today)


def leave_locked_period(entry: Record) -> None:
    """A date on or before the lock date moves silently: to the end of the first open month, or today if earlier."""
    lock = _lock(entry)
    if not lock or entry["date"] > lock:
        return
    first = date.fromisoformat(lock) + timedelta(days=1)
    month_end = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    entry.set(date=max(first, min(month_end, date.fromisoformat(entry.env.today))).isoformat())


def _lock(entry: Record) -> str:
    """The last locked day for such an entry; empty: none. Since 18 journals of sales and purchases have own locks."""
    company = entry.env.record("res.company", entry["company_id"])
    kind = entry.the("journal_id")["type"]
    names = ["fiscalyear_lock_date", "period_lock_date", "hard_lock_date", f"{kind}_lock_date"]
    return max((company[name] or "" for name in names if name in company.model.fields), default="")


def _tell_orders(entry: Record) -> None:
    """Posting a bill leaves the order's `write_date` alone (measured); only the partner's rank moves."""
    partner = entry.the("partner_id")
    rank = "supplier_rank" if is_purchase(entry) else "customer_rank"
    entry.env.store.update("res.partner", partner.id, {rank: partner[rank] + 1})


def give_number(entry: Record) -> None:
    """The next number of the journal: `BILL/2026/11/0001`, `INV/2026/00001`, with R before it for refunds."""
    if entry["name"]:
        return
    journal = entry.the("journal_id")
    refund = "R" if str(entry["move_type"]).endswith("_refund") else ""
    yearly = journal["type"] in ("sale", "bank", "cash")
    period = entry["date"][:4] if yearly else entry["date"][:7].replace("-", "/")
    prefix = f"{refund}{journal['code']}/{period}/"
    entry.set(name=next_number(entry.env, prefix, prefix, 5 if yearly else 4))

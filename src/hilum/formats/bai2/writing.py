"""Writing BAI2, for a simulated bank and for tests."""

from __future__ import annotations

from datetime import UTC, datetime

from hilum.canonical.base import Money
from hilum.canonical.currencies import in_minor_units
from hilum.errors import Invalid
from hilum.formats.banking import Balance, BalanceKind, Entry, Report, Statement
from hilum.formats.iso20022.texts import latin

_BALANCES = {
    BalanceKind.OPENING: "010",
    BalanceKind.CLOSING: "015",
    BalanceKind.OPENING_AVAILABLE: "040",
    BalanceKind.CLOSING_AVAILABLE: "045",
}


def write(report: Report, *, sender: str, receiver: str) -> bytes:
    """A file with a group for each statement. Raises `Invalid` where one has no day, or another code of an entry."""
    at = report.created_at or datetime.now(UTC)
    lines = [f"01,{sender},{receiver},{at:%y%m%d,%H%M},{report.number},,,2/"]
    total = 0
    for statement in report.statements:
        made, amount = _group(statement, sender, receiver)
        lines += made
        total += amount
    lines.append(f"99,{total},{len(report.statements)},{len(lines) + 1}/")
    return ("\r\n".join(lines) + "\r\n").encode("ascii")


def _group(statement: Statement, sender: str, receiver: str) -> tuple[list[str], int]:
    if statement.to_day is None:
        raise Invalid("the statement has no day", where=statement.where)
    balances = [(_BALANCES[each.kind], each) for each in statement.balances if each.kind in _BALANCES]
    amounts = [_minor(each) for _, each in balances]
    told = ",".join(f"{code},{amount},," for (code, _), amount in zip(balances, amounts, strict=True))
    lines = [f"03,{statement.account},{statement.currency},{told}/"]
    for entry in statement.entries:
        made, amount = _entry(entry)
        lines += made
        amounts.append(amount)
    total = sum(amounts)
    lines.append(f"49,{total},{len(lines) + 1}/")
    head = f"02,{receiver},{statement.bank or sender},1,{statement.to_day:%y%m%d},,{statement.currency},2/"
    return [head, *lines, f"98,{total},1,{len(lines) + 2}/"], total


def _minor(thing: Balance | Entry) -> int:
    return in_minor_units(Money(amount=thing.amount, currency=thing.currency))


def _entry(entry: Entry) -> tuple[list[str], int]:
    if len(entry.code) != 3 or not entry.code.isdigit():
        raise Invalid("BAI2 needs a type of three digits", where=entry.where)
    amount = abs(_minor(entry))
    value = f"V,{entry.value_on:%y%m%d}," if entry.value_on else ""
    refs = f"{latin(entry.reference).replace(',', '.')},{latin(entry.customer_reference).replace(',', '.')}"
    detail = entry.details[0] if entry.details else None
    lines = [f"16,{entry.code},{amount},{value},{refs},{latin(entry.words)}/"]
    if detail is None:
        return lines, amount
    name, account, bank = ("DBNM", "DACT", "DABA") if entry.amount >= 0 else ("CRNM", "CACT", "CABA")
    told = {
        "EREF": detail.end_to_end_id,
        "REMI": detail.remittance.words,
        name: detail.party.name,
        account: detail.party.account,
        bank: detail.party.bank,
    }
    return lines + [f"88,{key}: {latin(text)}/" for key, text in told.items() if text], amount

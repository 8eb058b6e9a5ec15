"""Writing MT940, for a simulated bank and for tests: plain SWIFT with the German subfields of :86:."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from hilum.errors import Invalid
from hilum.formats.banking import Balance, Detail, Entry, Statement
from hilum.formats.iso20022.texts import latin

_WIDTH = 65  # characters of a line of :86:
_CELL = 27  # characters of a subfield of the purpose
_CELLS = (*range(20, 30), *range(60, 64))


def write(statements: Iterable[Statement]) -> bytes:
    """The statements of a file. Raises `Invalid` where a statement lacks what MT940 needs, or a text has no room."""
    return "".join(_statement(statement) for statement in statements).encode("ascii")


def _statement(statement: Statement) -> str:
    opening, closing = statement.opening, statement.closing
    if opening is None or closing is None:
        raise Invalid("MT940 needs an opening and a closing balance", where=statement.where)
    number = f"{statement.number}/{statement.page}" if statement.page else statement.number
    lines = [f":20:{latin(statement.number)[:16]}", f":25:{statement.account}", f":28C:{number}"]
    lines.append(f":60{'M' if opening.intermediate else 'F'}:{_balance(opening)}")
    for entry in statement.booked:
        lines += _entry(entry)
    lines.append(f":62{'M' if closing.intermediate else 'F'}:{_balance(closing)}")
    return "\r\n".join([*lines, "-", ""])


def _balance(balance: Balance) -> str:
    if balance.day is None:
        raise Invalid("the balance has no day", where=balance.code)
    return f"{'C' if balance.amount >= 0 else 'D'}{_day(balance.day)}{balance.currency}{_amount(balance.amount)}"


def _day(day: date) -> str:
    return f"{day:%y%m%d}"


def _amount(amount: Decimal) -> str:
    text = f"{abs(amount):f}".replace(".", ",")
    return text if "," in text else text + ","


def _entry(entry: Entry) -> list[str]:
    if entry.value_on is None or entry.booked_on is None:
        raise Invalid("the entry has no value date or no booking date", where=entry.where)
    mark = ("RD" if entry.amount >= 0 else "RC") if entry.reversal else ("C" if entry.amount >= 0 else "D")
    code, _, transaction = (entry.code or "NMSC").partition("-")
    if len(code) != 4:
        code, transaction = "NMSC", ""
    reference = f"//{latin(entry.reference)[:16]}" if entry.reference else ""
    customer = latin(entry.customer_reference)[:16] or "NONREF"
    head = f":61:{_day(entry.value_on)}{entry.booked_on:%m%d}{mark}{_amount(entry.amount)}{code}{customer}{reference}"
    detail = next(iter(entry.details), Detail())
    return [head, *_wrapped(f":86:{_purpose(entry, detail, transaction or '051')}")]


def _purpose(entry: Entry, detail: Detail, code: str) -> str:
    """The keys of SEPA in subfields of 27 characters; name and account of the other side."""
    keys = {"EREF": detail.end_to_end_id, "KREF": detail.message_id, "MREF": detail.mandate_id}
    use = "".join(f"{key}+{latin(text)} " for key, text in keys.items() if text)
    use += "SVWZ+" + _plain(detail.remittance.words or entry.words)
    cells = [use[at : at + _CELL] for at in range(0, len(use), _CELL)]
    if len(cells) > len(_CELLS):
        raise Invalid(f"what the payment is for has no room in {len(_CELLS)} subfields", where=entry.where)
    told = "".join(f"?{number:02d}{cell}" for number, cell in zip(_CELLS, cells, strict=False))
    name = _plain(detail.party.name)
    parts = {"30": detail.party.bank, "31": detail.party.account, "32": name[:_CELL], "33": name[_CELL : 2 * _CELL]}
    return f"{code}?00BOOKING{told}" + "".join(f"?{number}{text}" for number, text in parts.items() if text)


def _plain(text: str) -> str:
    """Without the mark of subfields and the sign of keys, which would be read as such."""
    return latin(text).replace("?", ".").replace("+", " ")


def _wrapped(text: str) -> list[str]:
    """Lines of 65 characters; none begins with a colon or a dash, which would be read as a field or the end."""
    lines = []
    while text:
        end = min(_WIDTH, len(text))
        while end > 1 and text[end : end + 1] in (":", "-"):
            end -= 1
        lines.append(text[:end])
        text = text[end:]
    return lines

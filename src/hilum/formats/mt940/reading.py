"""From the fields of MT940 and MT942 to statements."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from hilum.errors import Invalid
from hilum.formats.banking import (
    Balance,
    BalanceKind,
    Detail,
    Entry,
    EntryStatus,
    Problem,
    Report,
    Statement,
    StatementKind,
)
from hilum.formats.mt940.fields import SIZE_LIMIT, Field, amount_of, balance_of, entry_of, messages
from hilum.formats.mt940.purposes import NOTHING, Purpose, from_ns, purpose_of

_BALANCES = {
    "60F": BalanceKind.OPENING,
    "60M": BalanceKind.OPENING,
    "62F": BalanceKind.CLOSING,
    "62M": BalanceKind.CLOSING,
    "64": BalanceKind.CLOSING_AVAILABLE,
    "65": BalanceKind.FORWARD_AVAILABLE,
}


def read(data: bytes) -> Report:
    """The statements of a file. Raises `Invalid` with line and field where one is none.

    Bytes are UTF-8, else Windows-1252. A message without balances but with :34F: or :13D: is an interim report (MT942).
    """
    if len(data) > SIZE_LIMIT:
        raise Invalid(f"the file has more than {SIZE_LIMIT} bytes")
    found = messages(_text(data))
    if not found:
        raise Invalid("there is no statement in the file; one begins with :20:", where="line 1")
    statements = tuple(_statement(fields) for fields in found)
    return Report(number=found[0][0].text.strip(), statements=statements)


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _statement(fields: Sequence[Field]) -> Statement:
    head = fields[0]
    told = {field.tag: field for field in reversed(fields)}
    interim = not told.keys() & {"60F", "60M"} and bool(told.keys() & {"34F", "13", "13D"})
    account = told.get("25") or told.get("25P")
    if account is None or not account.text.strip():
        raise Invalid("the account (:25:) is missing", where=head.where)
    if not interim:
        _needs_balances(told, head)
    number, _, page = (told.get("28C") or told.get("28") or head).text.partition("/")
    balances = _balances(fields)
    entries, words = _entries(fields, _currency(told, balances))
    days = [balance.day for balance in balances if balance.kind in (BalanceKind.OPENING, BalanceKind.CLOSING)]
    known = sorted(day for day in (days or [entry.booked_on for entry in entries]) if day is not None)
    return Statement(
        kind=StatementKind.REPORT if interim else StatementKind.STATEMENT,
        where=head.where,
        account=account.lines[0].strip(),
        currency=_currency(told, balances),
        number=number.strip(),
        page=page.strip(),
        from_day=known[0] if known else None,
        to_day=known[-1] if known else None,
        balances=balances,
        entries=entries,
        words=words,
        claims=tuple(_totals(fields, entries)),
    )


def _needs_balances(told: Mapping[str, Field], head: Field) -> None:
    for what, either in (("opening balance (:60F:)", {"60F", "60M"}), ("closing balance (:62F:)", {"62F", "62M"})):
        if not told.keys() & either:
            raise Invalid(f"the {what} of the statement is missing", where=head.where)


def _currency(told: Mapping[str, Field], balances: Sequence[Balance]) -> str:
    floor = told["34F"].text.strip()[:3] if "34F" in told else ""
    return next((balance.currency for balance in balances if balance.currency), floor)


def _balances(fields: Sequence[Field]) -> tuple[Balance, ...]:
    found: list[Balance] = []
    for field in fields:
        if field.tag in _BALANCES:
            amount, currency, day = balance_of(field)
            # Some banks leave the currency out of the second and later ones.
            currency = currency or next((each.currency for each in found), "")
            if not currency:
                raise Invalid("the balance has no currency", where=field.where)
            kind, page = _BALANCES[field.tag], field.tag.endswith("M")
            found.append(
                Balance(kind=kind, code=field.tag, amount=amount, currency=currency, day=day, intermediate=page)
            )
    return tuple(found)


def _entries(fields: Sequence[Field], currency: str) -> tuple[tuple[Entry, ...], str]:
    """The entries, and what :86: behind the closing balance says of the statement."""
    found: list[Entry] = []
    words = ""
    closed = False
    for index, field in enumerate(fields):
        if field.tag == "61":
            if closed:
                raise Invalid("an entry stands behind the closing balance", where=field.where)
            found.append(_entry(field, fields[index + 1 : index + 3], len(found) + 1, currency))
        elif field.tag in ("62F", "62M"):
            closed = True
        elif field.tag == "86" and closed:
            words = " ".join(line.strip() for line in field.lines)
    return tuple(found), words


def _entry(field: Field, behind: Sequence[Field], position: int, currency: str) -> Entry:
    line = entry_of(field)
    purpose = _purpose(behind)
    detail = purpose.detail if purpose is not None else Detail()
    reference = "" if line.bank_reference in NOTHING else line.bank_reference
    customer = "" if line.customer_reference in NOTHING else line.customer_reference
    told = purpose.words if purpose is not None else ""
    return Entry(
        position=position,
        where=field.where,
        amount=line.amount,
        currency=currency,
        status=EntryStatus.PENDING if line.expected else EntryStatus.BOOKED,
        reversal=line.reversal,
        booked_on=line.booked_on,
        value_on=line.value_on,
        reference=reference,
        customer_reference=customer,
        code="-".join(part for part in (line.code, purpose.code if purpose is not None else "") if part),
        words=told or line.words,
        details=(replace(detail, amount=line.amount, currency=currency),),
    )


def _purpose(behind: Sequence[Field]) -> Purpose | None:
    """The :86: or :NS: that follows."""
    for field in behind:
        if field.tag == "86":
            return purpose_of(field.lines)
        if field.tag == "NS":
            return from_ns(field.lines)
        break
    return None


def _totals(fields: Sequence[Field], entries: Sequence[Entry]) -> list[Problem]:
    """:90D: and :90C: of MT942, number and sum of debits and credits."""
    found = []
    for field in fields:
        if field.tag not in ("90D", "90C"):
            continue
        told = re.fullmatch(r"(\d{1,5})([A-Z]{3})(\d{1,15}(?:,\d*)?)", field.text.strip(), re.ASCII)
        if told is None:
            raise Invalid("the total is written as 3EUR1234,56", where=field.where)
        sign = 1 if field.tag == "90C" else -1
        amounts = [entry.amount for entry in entries if entry.amount * sign > 0]
        if (int(told[1]), amount_of(told[3])) != (len(amounts), abs(sum(amounts, Decimal(0)))):
            found.append(Problem(where=field.where, words="number and sum are not those of the entries"))
    return found

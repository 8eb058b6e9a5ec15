"""From the records of BAI2 to statements: one for each account."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal

from hilum.errors import Invalid
from hilum.formats.bai2.records import Record, count_of, day_of, integer, money, records, skip_funds
from hilum.formats.banking import (
    Balance,
    BalanceKind,
    Detail,
    Entry,
    EntryStatus,
    Party,
    Problem,
    Remittance,
    Report,
    Statement,
    StatementKind,
)

_BALANCES = {
    "010": BalanceKind.OPENING,
    "015": BalanceKind.CLOSING,
    "030": BalanceKind.INTERIM,
    "040": BalanceKind.OPENING_AVAILABLE,
    "045": BalanceKind.CLOSING_AVAILABLE,
}

# Keys that banks write before texts in continuations.
_END_TO_END, _TEXT, _DEBTOR, _CREDITOR = "EREF:", "REMI:", ("DBNM:", "DACT:", "DABA:"), ("CRNM:", "CACT:", "CABA:")


@dataclass(slots=True)
class _Account:
    record: Record
    currency: str
    entries: list[Entry] = field(default_factory=list)
    balances: tuple[Balance, ...] = ()
    total: int = 0  # as record 49 has it: all amounts of 03 and 16 with the signs they are written with
    lines: int = 0


@dataclass(slots=True)
class _Group:
    record: Record
    day: date | None
    currency: str
    same_day: bool
    bank: str
    statements: list[Statement] = field(default_factory=list)
    total: int = 0
    lines: int = 0


class _Reader:
    """Takes the records in their order."""

    def __init__(self) -> None:
        self.head: Record | None = None
        self.group: _Group | None = None
        self.account: _Account | None = None
        self.statements: list[Statement] = []
        self.claims: list[Problem] = []
        self.groups = 0
        self.total = 0
        self.lines = 0
        self.ended = False

    def take(self, record: Record) -> None:
        """One record. Raises `Invalid` where it may not stand here."""
        if self.ended:
            raise Invalid("a record stands behind the end of the file (99)", where=record.where)
        if (self.head is None) != (record.code == "01"):
            words = "the file begins with record 01" if self.head is None else "record 99 of the file before is missing"
            raise Invalid(words, where=record.where)
        self.lines += record.lines
        {
            "01": self._file,
            "02": self._group,
            "03": self._account,
            "16": self._entry,
            "49": self._account_end,
            "98": self._group_end,
            "99": self._end,
        }[record.code](record)

    def _file(self, record: Record) -> None:
        self.head = record

    def _group(self, record: Record) -> None:
        if self.group is not None:
            raise Invalid("record 98 of the group before is missing", where=record.where)
        values = _padded(record, 7)
        # As-of-date modifier: 1 and 2 are of the previous day, 3 and 4 of the same day.
        self.group = _Group(
            record, day_of(values[3], record.where), values[5] or "USD", values[6] in ("3", "4"), values[1]
        )
        self.group.lines = record.lines

    def _account(self, record: Record) -> None:
        group = self._in_group(record)
        if self.account is not None:
            raise Invalid("record 49 of the account before is missing", where=record.where)
        values = record.fields()
        if not values[0]:
            raise Invalid("the number of the account is missing", where=record.where)
        currency = (values[1] if len(values) > 1 else "") or group.currency
        account = self.account = _Account(record, currency)
        account.lines = record.lines
        account.balances = tuple(self._summaries(account, values[2:], group.day))

    def _summaries(self, account: _Account, values: list[str], day: date | None) -> Iterator[Balance]:
        """Type, amount, number of items, funds type; again and again."""
        at, where = 0, account.record.where
        while at < len(values):
            code = values[at]
            text = values[at + 1] if at + 1 < len(values) else ""
            if not code and not text:
                at += 1
                continue
            amount = integer(text, where)
            account.total += amount
            at, _ = skip_funds(values, at + 3, where)
            if text:
                kind = _BALANCES.get(code, BalanceKind.OTHER)
                told = money(amount, account.currency)
                yield Balance(kind=kind, code=code, amount=told, currency=account.currency, day=day)

    def _entry(self, record: Record) -> None:
        group, account = self._in_group(record), self.account
        if account is None:
            raise Invalid("an entry stands outside of an account", where=record.where)
        account.lines += record.lines
        entry, amount = entry_of(record, account.currency, group.day, len(account.entries) + 1)
        account.total += amount
        account.entries.append(entry)

    def _account_end(self, record: Record) -> None:
        group, account = self._in_group(record), self.account
        if account is None:
            raise Invalid("an end of an account stands outside of one", where=record.where)
        account.lines += record.lines
        values = _padded(record, 2)
        total = integer(values[0], record.where)
        claims = _compared(record, total, account.total, values[1], account.lines)
        group.statements.append(_statement(group, account, claims))
        group.total += total
        group.lines += account.lines
        self.account = None

    def _group_end(self, record: Record) -> None:
        group = self._in_group(record)
        if self.account is not None:
            raise Invalid("record 49 of the account is missing", where=record.where)
        group.lines += record.lines
        values = _padded(record, 3)
        total = integer(values[0], record.where)
        self.claims += _compared(record, total, group.total, values[2], group.lines)
        self.claims += _counted(record, values[1], len(group.statements), "accounts")
        self.statements += group.statements
        self.groups += 1
        self.total += total
        self.group = None

    def _end(self, record: Record) -> None:
        if self.group is not None:
            raise Invalid("record 98 of the group is missing", where=record.where)
        values = _padded(record, 3)
        self.claims += _compared(record, integer(values[0], record.where), self.total, values[2], self.lines)
        self.claims += _counted(record, values[1], self.groups, "groups")
        self.ended = True

    def _in_group(self, record: Record) -> _Group:
        if self.group is None:
            raise Invalid("the record stands outside of a group", where=record.where)
        return self.group


def read(data: bytes) -> Report:
    """The accounts of a file. Raises `Invalid` with line and record where it is no BAI2, or is cut off.

    Control totals that do not agree are in `problems()`.
    """
    reader = _Reader()
    for record in records(data):
        reader.take(record)
    if reader.head is None:
        raise Invalid("there is no record in the file", where="line 1")
    if not reader.ended:
        raise Invalid("the file is cut off: its end, record 99, is missing", where=reader.head.where)
    values = _padded(reader.head, 5)
    return Report(
        number=values[4],
        created_at=_moment(values[2], values[3], reader.head.where),
        statements=tuple(reader.statements),
        claims=tuple(reader.claims),
    )


def entry_of(record: Record, currency: str, day: date | None, position: int) -> tuple[Entry, int]:
    """A record 16 as an entry, and its amount as it is written, in minor units. Raises `Invalid`."""
    # The line ends of continuations are kept within texts: a mark stands before each.
    values = ",".join([record.parts[0], *("\n" + part for part in record.parts[1:])]).split(",")
    plain = [value.strip() for value in values]
    if len(plain) < 2 or len(plain[0]) != 3 or not plain[0].isdigit():
        raise Invalid("the type of the entry is not three digits", where=record.where)
    minor = integer(plain[1], record.where)
    at, value_on = skip_funds(plain, 2, record.where)
    references = [*plain[at : at + 2], "", ""]
    text = ",".join(values[at + 2 :]).replace(",\n", "\n").strip()
    sign = _sign(int(plain[0]))
    amount = money(minor * (sign or 1), currency)
    entry = Entry(
        position=position,
        where=record.where,
        amount=amount,
        currency=currency,
        status=EntryStatus.BOOKED if sign else EntryStatus.INFORMATION,
        booked_on=day,
        value_on=value_on or day,
        reference=references[0],
        customer_reference=references[1],
        code=plain[0],
        words=" ".join(text.split()),
        details=(_detail(text.split("\n"), amount, currency),),
    )
    return entry, minor


def _sign(code: int) -> int:
    """1 of credits, -1 of debits, 0 of what moves no money; 700 to 799, loans, say neither: they are information."""
    if 100 <= code <= 399 or 920 <= code <= 959:
        return 1
    if 400 <= code <= 699 or 960 <= code <= 999:
        return -1
    return 0


def _detail(lines: Sequence[str], amount: Decimal, currency: str) -> Detail:
    told = {key + ":": text.strip() for line in lines for key, mark, text in [line.strip().partition(":")] if mark}
    name, account, bank = _DEBTOR if amount >= 0 else _CREDITOR
    free = tuple(line.strip() for line in lines if line.strip())
    return Detail(
        amount=amount,
        currency=currency,
        end_to_end_id=told.get(_END_TO_END, ""),
        party=Party(name=told.get(name, ""), account=told.get(account, ""), bank=told.get(bank, "")),
        remittance=Remittance(texts=(told[_TEXT],) if told.get(_TEXT) else free),
    )


def _statement(group: _Group, account: _Account, claims: list[Problem]) -> Statement:
    return Statement(
        kind=StatementKind.REPORT if group.same_day else StatementKind.STATEMENT,
        where=account.record.where,
        account=account.record.fields()[0],
        currency=account.currency,
        number=f"{group.day:%Y%m%d}" if group.day else "",
        bank=group.bank,
        from_day=group.day,
        to_day=group.day,
        balances=account.balances,
        entries=tuple(account.entries),
        claims=tuple(claims),
    )


def _padded(record: Record, length: int) -> list[str]:
    values = record.fields()
    return values + [""] * (length - len(values))


def _compared(record: Record, told: int, found: int, lines: str, counted: int) -> list[Problem]:
    problems = []
    if told != found:
        problems.append(Problem(where=record.where, words="the control total is not the sum of what is before it"))
    return problems + _counted(record, lines, counted, "records")


def _counted(record: Record, told: str, counted: int, what: str) -> list[Problem]:
    if not told or count_of(told, record.where) == counted:
        return []
    return [Problem(where=record.where, words=f"another number of {what}; there are {counted}")]


def _moment(day: str, clock: str, where: str) -> datetime | None:
    found = day_of(day, where)
    if found is None:
        return None
    if clock == "2400" or not clock:
        return datetime.combine(found, time(23, 59) if clock else time())
    hour, minute = count_of(clock[:2], where), count_of(clock[2:4], where)
    if hour > 23 and minute == 99:  # 9999 is the end of the day
        return datetime.combine(found, time(23, 59))
    if hour > 23 or minute > 59:
        raise Invalid("the time is none of the clock; it is written HHMM", where=where)
    return datetime.combine(found, time(hour, minute))

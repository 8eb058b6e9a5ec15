"""The fields of SWIFT statement messages: which line belongs to which field, balances, entries (:61:)."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from hilum.errors import Invalid

SIZE_LIMIT = 64 * 1024 * 1024  # bytes

# Those of MT940 and MT942; a line of :86: may begin like a field, as ":26:37" of a time does.
TAGS = frozenset(
    {
        *("20", "21", "25", "25P", "28", "28C", "34F", "13", "13D", "60F", "60M"),
        *("61", "62F", "62M", "64", "65", "86", "90C", "90D", "NS"),
    }
)

_TAG = re.compile(r":(\d{2}[A-Z]?|NS):")
_BALANCE = re.compile(r"([CD])(\d{6})([A-Z]{3})?(\d{1,24}(?:,\d{0,6})?)", re.ASCII)
_ENTRY = re.compile(
    r"(?P<value>\d{6})(?P<entry>\d{4}|    )?(?P<mark>E?R?[CD])(?P<funds>[A-Z])?(?P<amount>\d{1,24}(?:,\d{0,6})?)"
    r"(?P<code>[A-Z][A-Z0-9]{3})(?P<rest>.*)",
    re.ASCII,
)


@dataclass(slots=True)
class Field:
    """A field with its lines."""

    tag: str
    line: int  # of the file, from 1
    lines: list[str]

    @property
    def where(self) -> str:
        """`line 12, :61:`"""
        return f"line {self.line}, :{self.tag}:"

    @property
    def text(self) -> str:
        """The content, lines after each other without their ends: lines are broken at 65 characters, also in words."""
        return "".join(self.lines)


def messages(text: str) -> list[list[Field]]:
    """The messages of a file, each with its fields. Raises `Invalid` where a field stands outside of any message.

    SWIFT blocks, headers of banks and what else stands before :20: of a message is passed over.
    """
    found: list[list[Field]] = []
    open_message = False
    for number, raw in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        line = raw.strip("\x00\x01\x03\x1a").removeprefix("{4:")
        tag = _TAG.match(line)
        if tag is not None and tag[1] in TAGS:
            if tag[1] == "20":
                found.append([])
                open_message = True
            elif not open_message:
                raise Invalid("a field stands outside of any statement; :20: is missing", where=f"line {number}")
            found[-1].append(Field(tag[1], number, [line[tag.end() :]]))
        elif line.startswith("-") and open_message and _ends(line):
            open_message = False
        elif open_message and line.strip():
            found[-1][-1].lines.append(line)
    return found


def _ends(line: str) -> bool:
    """`-`, `-}` or `-XXX`: the end of a message; a line of text that begins with a dash is none."""
    return re.fullmatch(r"-(?:XXX|\}.*)?\s*", line) is not None


def day_of(text: str, where: str) -> date:
    """YYMMDD; years from 80 on are of the last century, as SWIFT has it. Raises `Invalid`.

    In months of 30 days, as interest is counted by, there is a 29 and 30 February: it is the last day of the month.
    """
    year, month, day = int(text[:2]), int(text[2:4]), int(text[4:6])
    year += 1900 if year > 79 else 2000
    if month == 2 and day in (29, 30):
        day = monthrange(year, month)[1]
    try:
        return date(year, month, day)
    except ValueError:
        raise Invalid("the date is none of the calendar; it is written YYMMDD", where=where) from None


def amount_of(text: str) -> Decimal:
    """Digits with a decimal comma, behind which there may be nothing."""
    return Decimal(text.replace(",", ".").rstrip("."))


def balance_of(field: Field) -> tuple[Decimal, str, date]:
    """Amount with sign, currency (empty: some banks leave it out) and day. Raises `Invalid`."""
    found = _BALANCE.fullmatch(field.text.strip())
    if found is None:
        raise Invalid("a balance is written as C260331EUR1234,56", where=field.where)
    amount = amount_of(found[4])
    return (amount if found[1] == "C" else -amount), found[3] or "", day_of(found[2], field.where)


@dataclass(frozen=True, slots=True)
class Line61:
    """What a :61: says."""

    value_on: date
    booked_on: date
    amount: Decimal  # with sign
    reversal: bool
    expected: bool
    code: str
    customer_reference: str
    bank_reference: str
    words: str


def entry_of(field: Field) -> Line61:
    """The content of a :61:. Raises `Invalid`."""
    found = _ENTRY.fullmatch(field.lines[0].strip())
    if found is None:
        raise Invalid("an entry is written as 2603310331C1234,56NTRFREFERENCE//BANKREFERENCE", where=field.where)
    value_on = day_of(found["value"], field.where)
    mark = found["mark"]
    # A reversed credit takes money away.
    credit = mark.endswith("C") != ("R" in mark)
    amount = amount_of(found["amount"])
    customer, _, bank = found["rest"].partition("//")
    return Line61(
        value_on=value_on,
        booked_on=_booked_on(value_on, (found["entry"] or "").strip(), field.where),
        amount=amount if credit else -amount,
        reversal="R" in mark,
        expected=mark.startswith("E"),
        code=found["code"],
        customer_reference=customer.strip(),
        bank_reference=bank.strip(),
        words=" ".join(line.strip() for line in field.lines[1:]),
    )


def _booked_on(value_on: date, text: str, where: str) -> date:
    """The entry date has no year: it is the one nearest to the value date."""
    if not text:
        return value_on
    found = []
    for year in (value_on.year - 1, value_on.year, value_on.year + 1):
        try:
            found.append(date(year, int(text[:2]), int(text[2:])))
        except ValueError:  # 29 February is not in every year
            continue
    if not found:
        raise Invalid("the entry date is none of the calendar; it is written MMDD", where=where)
    return min(found, key=lambda day: abs(day - value_on))

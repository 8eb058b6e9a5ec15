"""What is compared of two rows, and how far they may be apart. Pure, and exact.

Field("amount", within=Decimal("0.02"), summed=True)
Field("lines.quantity", percent=Decimal(1))
Field("due_on", days=2)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from hilum.canonical import Money
from hilum.canonical.conversions import plain
from hilum.canonical.currencies import invoiced
from hilum.canonical.units import Pack, factor
from hilum.errors import Invalid, SettingsError
from hilum.reconcile.rows import Measure, Value

Rates = Callable[[str, str, date | None], Decimal | None]
"""What one of the first currency is in the second on that day; none: nobody says."""

PacksOf = Callable[[str], Sequence[Pack]]
"""The packs of an item, by its code."""

LINES: Final = "lines."
_LINE: Final = re.compile(r"(\d+)\.(.+)", re.DOTALL)


def no_rates(source: str, target: str, on: date | None) -> Decimal | None:
    """Amounts in different currencies are not comparable."""
    return None


def no_packs(item: str) -> Sequence[Pack]:
    """Only units that convert by themselves do."""
    return ()


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that both sides say.

    Of `within` and `percent` (of what this side says) the one that allows more counts. `within` is in the currency or
    unit of this side; plain numbers have none. `days` is for days. Texts are equal or not.
    """

    name: str  # `amount`; `lines.quantity`: of each line
    label: str = ""  # for people; empty: the name
    within: Decimal = Decimal(0)
    percent: Decimal = Decimal(0)
    days: int = 0
    summed: bool = False  # the report says what it comes to on each side

    def __post_init__(self) -> None:
        """Raises `SettingsError` for a tolerance below nothing."""
        if not self.name or self.within < 0 or self.percent < 0 or self.days < 0:
            raise SettingsError(f"the field {self.name or '?'}: a tolerance is 0 or more, and a field has a name")

    @property
    def words(self) -> str:
        """The name for people."""
        return self.label or self.name.removeprefix(LINES).replace("_", " ")

    def allows(self, here: Fraction, there: Fraction) -> bool:
        """Are these two near enough?"""
        return abs(here - there) <= max(Fraction(self.within), abs(here) * Fraction(self.percent) / 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """One field that differs, as people read it."""

    field: str  # `amount`; of a line `3.quantity`
    label: str  # `line 3, quantity`
    here: str
    there: str
    why: str = ""  # why the two cannot be compared; empty: they can, and differ


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardstick:
    """What is compared, and what turns currencies and units into each other."""

    fields: Sequence[Field]
    rates: Rates = no_rates
    packs_of: PacksOf = no_packs
    _by_name: dict[str, Field] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """Raises `SettingsError` where a field is named twice, or there is none."""
        for each in self.fields:
            if each.name in self._by_name:
                raise SettingsError(f"the field {each.name} is there twice")
            self._by_name[each.name] = each
        if not self.fields:
            raise SettingsError("a comparison needs fields")

    def apart(self, here: Mapping[str, Value], there: Mapping[str, Value], on: date | None = None) -> list[Apart]:
        """The fields that differ, in the order in which they were declared, lines behind."""
        found = []
        for name in sorted(here.keys() | there.keys(), key=self._place):
            known, line = self._of(name)
            if known is None:
                continue
            words = f"line {line}, {known.words}" if line else known.words
            one, other = here.get(name), there.get(name)
            if one is None or other is None:
                if line and self._lone(line, here, there):
                    found.append(Apart(field=name, label=words, here=shown(one), there=shown(other)))
                continue
            why = self._compared(known, one, other, on)
            if why is not None:
                found.append(Apart(field=name, label=words, here=shown(one), there=shown(other), why=why))
        return found

    def _of(self, name: str) -> tuple[Field | None, int]:
        """The field that a value belongs to, and the line (0: none)."""
        line = _LINE.fullmatch(name)
        if line is None:
            return self._by_name.get(name), 0
        return self._by_name.get(f"{LINES}{line[2]}"), int(line[1])

    def _place(self, name: str) -> tuple[int, int, str]:
        known, line = self._of(name)
        return line, list(self._by_name).index(known.name) if known is not None else -1, name

    def _lone(self, line: int, *sides: Mapping[str, Value]) -> bool:
        """Does one side not have that line at all, where the other one has? A side without any line says nothing."""
        lines = [{found[1] for name, value in side.items() if value is not None and (found := _LINE.fullmatch(name))}
                 for side in sides]  # fmt: skip
        return all(lines) and (str(line) in lines[0]) != (str(line) in lines[1])

    def _compared(self, known: Field, here: Value, there: Value, on: date | None) -> str | None:
        """None: near enough; empty: they differ; else why they cannot be compared."""
        match here, there:
            case Money(), Money():
                return self._money(known, here, there, on)
            case Measure(), Measure():
                return self._measures(known, here, there)
            case Decimal(), Decimal():
                return None if known.allows(Fraction(here), Fraction(there)) else ""
            case date(), date():
                return None if abs((here - there).days) <= known.days else ""
            case str(), str():
                return None if here == there else ""
        return "not comparable: the two sides say it in different ways"

    def _money(self, known: Field, here: Money, there: Money, on: date | None) -> str | None:
        amount = Fraction(there.amount)
        if here.currency != there.currency:
            rate = self.rates(there.currency, here.currency, on)
            if rate is None:
                return f"not comparable: nobody says what {there.currency} are in {here.currency}"
            amount = Fraction(invoiced(amount * Fraction(rate), here.currency))
        return None if known.allows(Fraction(here.amount), amount) else ""

    def _measures(self, known: Field, here: Measure, there: Measure) -> str | None:
        quantity = Fraction(there.quantity)
        if here.unit != there.unit:
            try:
                quantity *= factor(there.unit, here.unit, packs=self.packs_of(here.item or there.item))[0]
            except Invalid:
                return f"not comparable: nothing leads from {there.unit} to {here.unit}"
        return None if known.allows(Fraction(here.quantity), quantity) else ""


def shown(value: Value) -> str:
    """A value for people: `1 204.00 EUR`, `12 BX`, `2026-03-01`; a dash where a side says nothing."""
    match value:
        case None:
            return "—"
        case Money():
            return f"{grouped(value.amount)} {value.currency}"
        case Measure():
            return f"{plain(value.quantity)} {value.unit}{f' {value.item}' if value.item else ''}"
        case Decimal():
            return plain(value)
        case date():
            return value.isoformat()
    return value


def grouped(amount: Decimal) -> str:
    """With two digits behind the point, more where there are more, and thin spaces between thousands."""
    return (f"{amount:,.2f}" if amount == round(amount, 2) else f"{Decimal(plain(amount)):,}").replace(",", "\u2009")

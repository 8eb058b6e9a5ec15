"""Figures and the documents behind them as people and spreadsheets read them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

from hilum.canonical.conversions import plain
from hilum.facts.kinds import COMMON
from hilum.observe.indicators.catalogue import INDICATORS, Indicator, Measure
from hilum.observe.indicators.reading import Figure
from hilum.observe.indicators.stored import Contribution

# A cell that begins so is a formula to a spreadsheet (OWASP, CSV injection); a quote before it makes it text.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "min"))


def value_words(figure: Figure) -> str:
    """`91.2 %`, `3.4 d`, `1204.50 EUR`; a dash where there is nothing to divide by."""
    value = figure.value
    if value is None:
        return "—"
    match INDICATORS[figure.indicator].measure:
        case Measure.SHARE:
            return f"{value * 100:.1f} %"
        case Measure.DURATION:
            return span_words(value)
    return f"{amount_words(value)} {figure.currency}"


def amount_words(amount: Decimal) -> str:
    """To two digits, with thin spaces between the thousands: `1 204.50`."""
    return f"{amount:,.2f}".replace(",", "\u2009")


def span_words(seconds: Decimal) -> str:
    """`3.4 d`, `2.0 h`, `12.5 min`, `8 s`."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def parts_words(figure: Figure) -> str:
    """What stands above and below the line: `120.40 of 980.00 EUR`, `11 of 12`, `12`."""
    indicator = INDICATORS[figure.indicator]
    if indicator.measure is Measure.DURATION:
        return plain(figure.denominator)
    if indicator.of_money:
        return f"{amount_words(figure.numerator)} of {amount_words(figure.denominator)} {figure.currency}"
    return f"{plain(figure.numerator)} of {plain(figure.denominator)}"


def lines(indicator: Indicator, behind: Iterable[Contribution]) -> list[dict[str, Any]]:
    """The documents behind a figure as rows: what each adds, and what its fact says."""
    return [_line(indicator, each) for each in behind]


def _line(indicator: Indicator, each: Contribution) -> dict[str, Any]:
    fact = each.counted.fact
    said = fact.model_dump()
    own = {name: said[name] for name in said if name not in COMMON}
    return {
        "day": each.counted.day, "document": fact.document, "line": fact.line, "facility": fact.facility,
        "supplier": fact.supplier, "category": fact.category, "currency": fact.currency,
        "numerator": each.part.numerator, "denominator": each.part.denominator, "at": fact.at, **own,
        "run_id": fact.run_id, "message_id": fact.message_id,
    }  # fmt: skip


def figure_row(figure: Figure, by: Sequence[str]) -> dict[str, Any]:
    """A figure as a row."""
    return {
        "indicator": figure.indicator, **dict(zip(by, figure.of, strict=True)), "currency": figure.currency,
        "value": figure.value, "numerator": figure.numerator, "denominator": figure.denominator, "facts": figure.facts,
    }  # fmt: skip


def to_csv(rows: Sequence[dict[str, Any]]) -> str:
    """As a file (RFC 4180); times are ISO 8601, lists are joined by semicolons. No rows make an empty text."""
    out = io.StringIO()
    if rows:
        writer = csv.writer(out)
        writer.writerow(list(rows[0]))
        writer.writerows([_cell(value) for value in row.values()] for row in rows)
    return out.getvalue()


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case Decimal():
            return f"{value:f}"
        case tuple():
            return "; ".join(map(str, value))
        case str() if value.startswith(_FORMULA):
            return f"'{value}"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)

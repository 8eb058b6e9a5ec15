"""Reference page of the indicators: definitions from their catalogue, tables of facts from their kinds."""

from __future__ import annotations

from docs_text import code, doc, plain, table

from hilum.facts import KINDS
from hilum.formats.parquet import DECIMAL, ColumnType
from hilum.observe.indicators import INDICATORS, Indicator, Measure
from hilum.observe.indicators.tables import columns

_MEASURES = {
    Measure.SHARE: "a share, in percent",
    Measure.DURATION: "the mean time",
    Measure.MONEY: "an amount",
}
_TYPES: dict[ColumnType, str] = {
    "text": "string",
    "number": "int64",
    "flag": "bool",
    "decimal": f"decimal128({DECIMAL[0]}, {DECIMAL[1]})",
    "moment": "timestamp[us, UTC]",
    "day": "date32",
    "texts": "list<string>",
}


def indicators_page() -> str:
    """Every indicator, and every table of facts with its columns."""
    parts = ["# Indicators\n\n"]
    parts.append(
        "What each indicator of the business is: what stands above and below the line, what counts, and which "
    )
    parts.append("day it belongs to. How to look at them: [Read the indicators](../howto/indicators.md).\n\n")
    parts.append("Days are those of the hub's time zone (`[hub] zone`). A day is closed `[indicators] ")
    parts.append("closes_after_hours` after its end; what comes later corrects it. Figures are told apart by day, ")
    parts.append("facility, supplier and category, amounts by currency too: money is never added over currencies.\n")
    parts += [_indicator(each) for each in INDICATORS.values()]
    parts.append("\n## Tables of facts\n\nEach is a Parquet file for each closed day and version ")
    parts.append("([how](../howto/indicators.md#fact-tables)). A column is never retyped or dropped without a higher ")
    parts.append("version of the schema, which stands in the name of the file and in its head.\n")
    for name, kind in KINDS.items():
        parts.append(f"\n### {name}\n\n{doc(kind)} Schema version {kind.schema_version}.\n\n")
        rows = [[code(each.name), code(_TYPES[each.type]), plain(each.meaning)] for each in columns(kind)]
        parts.append(table(["column", "type", "meaning"], rows))
    return "".join(parts)


def _indicator(each: Indicator) -> str:
    good = {True: "more is better", False: "less is better", None: "neither more nor less is better"}[each.high_is_good]
    rows = [
        ["asks", each.question],
        ["value", f"{_MEASURES[each.measure]}; {good}"],
        ["numerator", each.numerator],
        ["denominator", each.denominator],
        ["counts", each.counts],
        ["day", each.day],
        ["facts", f"[{each.kind}](#{each.kind})"],
    ]
    return f"\n## {each.title}\n\n{code(each.name)}\n\n{table(['', ''], rows)}"

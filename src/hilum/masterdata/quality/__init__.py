"""Data quality: rules by object, a score for each source, facility and rule, the trend, and what is to be put right.

`rules` are data in `quality.toml`, `meter` counts what passes translation, `unique` compares records with each other,
`reading` answers stewards.
"""

from hilum.masterdata.quality.meter import Meter
from hilum.masterdata.quality.reading import (
    EVERYTHING,
    About,
    By,
    Day,
    Finding,
    Score,
    forget,
    scores,
    to_do,
    trend,
    work_list,
)
from hilum.masterdata.quality.rules import FILE, NAMES, Rule, load_rules, need_tables, tables_of

__all__ = [
    "EVERYTHING",
    "FILE",
    "NAMES",
    "About",
    "By",
    "Day",
    "Finding",
    "Meter",
    "Rule",
    "Score",
    "forget",
    "load_rules",
    "need_tables",
    "scores",
    "tables_of",
    "to_do",
    "trend",
    "work_list",
]

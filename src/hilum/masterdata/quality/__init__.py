"""Data quality: rules by object, a score for each source and facility, the trend, and what is to be put right.

`rules` are data in `quality.toml`, `meter` counts what passes translation, `reading` answers stewards.
"""

from hilum.masterdata.quality.meter import Meter
from hilum.masterdata.quality.reading import Day, Finding, Score, scores, trend, work_list
from hilum.masterdata.quality.rules import CHECKS, FILE, Rule, load_rules, need_tables, tables_of

__all__ = [
    "CHECKS",
    "FILE",
    "Day",
    "Finding",
    "Meter",
    "Rule",
    "Score",
    "load_rules",
    "need_tables",
    "scores",
    "tables_of",
    "trend",
    "work_list",
]

"""Data quality: rules by object, a score for each source and facility, the trend, and what is to be put right.

`rules` are data in `quality.toml`, `meter` counts what passes translation, `reading` answers stewards.
"""

from hilum.masterdata.quality.meter import Meter
from hilum.masterdata.quality.reading import Day, Finding, Score, scores, trend, work_list
from hilum.masterdata.quality.rules import CHECKS, Rule, load_rules

__all__ = ["CHECKS", "Day", "Finding", "Meter", "Rule", "Score", "load_rules", "scores", "trend", "work_list"]

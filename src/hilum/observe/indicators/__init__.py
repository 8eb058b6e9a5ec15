"""Indicators of the business: what facts come to by day, facility, supplier and category, down to the documents."""

from hilum.observe.indicators.catalogue import INDICATORS, Indicator, Measure, Part
from hilum.observe.indicators.counting import Calendar, count
from hilum.observe.indicators.keeping import Keeper, calendar_of
from hilum.observe.indicators.reading import (
    APART,
    About,
    By,
    Figure,
    choices,
    documents,
    figures,
    first_open_day,
    latest_documents,
)
from hilum.observe.indicators.stored import Contribution, Counted

__all__ = [
    "APART",
    "INDICATORS",
    "About",
    "By",
    "Calendar",
    "Contribution",
    "Counted",
    "Figure",
    "Indicator",
    "Keeper",
    "Measure",
    "Part",
    "calendar_of",
    "choices",
    "count",
    "documents",
    "figures",
    "first_open_day",
    "latest_documents",
]

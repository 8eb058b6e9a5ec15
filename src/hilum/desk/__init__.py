"""The exception desk: one inbox over cases and what processes ask of people, with clocks, money and next moves."""

from __future__ import annotations

from hilum.desk.entries import CASE, SORTS, TASK, Entry, Filter, Found, find, teams
from hilum.desk.figures import Figure, figures, measure
from hilum.desk.moves import Choice, Move, choice_of, label_of, moves_of_case, moves_of_task

__all__ = [
    "CASE",
    "SORTS",
    "TASK",
    "Choice",
    "Entry",
    "Figure",
    "Filter",
    "Found",
    "Move",
    "choice_of",
    "figures",
    "find",
    "label_of",
    "measure",
    "moves_of_case",
    "moves_of_task",
    "teams",
]

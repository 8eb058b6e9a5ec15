"""Matching: which records of two lists are one thing, with a score for each pair, and a queue of those to ask about.

`kinds` says what counts for suppliers, items, patient accounts and employees, `engine` compares, `clusters` decides
what the scores come to, `reading` takes lists from CSV, `review` keeps the questions and their answers, `values` what
they are about.
"""

from hilum.masterdata.matching.engine import Evidence, Matcher, Pair, Record, Thresholds, Verdict
from hilum.masterdata.matching.kinds import KINDS, Kind, kind_of
from hilum.masterdata.matching.reading import matcher_of, read_records, thresholds_of
from hilum.masterdata.matching.review import Filed, Question, counts, decide, file, question, questions
from hilum.masterdata.matching.values import Values, forget, read

__all__ = [
    "KINDS",
    "Evidence",
    "Filed",
    "Kind",
    "Matcher",
    "Pair",
    "Question",
    "Record",
    "Thresholds",
    "Values",
    "Verdict",
    "counts",
    "decide",
    "file",
    "forget",
    "kind_of",
    "matcher_of",
    "question",
    "questions",
    "read",
    "read_records",
    "thresholds_of",
]

"""Matching: which records of two lists are one thing, with a score for each pair, and a queue of those to ask about.

`kinds` says what counts for suppliers, items, patient accounts and employees, `engine` compares, `clusters` decides
what the scores come to, `reading` takes lists from CSV, `review` keeps the questions and their answers, `values` what
they are about. What flows bring is matched when it arrives: `objects` reads it, `known` remembers what it is compared
with, `weighing` decides, `asking` keeps what a person is asked.
"""

from hilum.masterdata.matching.asking import Arrival, Like, answer, arrival, arrivals, likes
from hilum.masterdata.matching.asking import counts as arrivals_waiting
from hilum.masterdata.matching.engine import Evidence, Matcher, Pair, Record, Thresholds, Verdict
from hilum.masterdata.matching.kinds import KINDS, Kind, kind_of
from hilum.masterdata.matching.objects import kind_for, values_of
from hilum.masterdata.matching.reading import matcher_of, read_records, thresholds_of
from hilum.masterdata.matching.review import Filed, Question, counts, decide, file, question, questions
from hilum.masterdata.matching.values import Values, declare, forget, read
from hilum.masterdata.matching.weighing import Candidate, Weighed, weigh

__all__ = [
    "KINDS",
    "Arrival",
    "Candidate",
    "Evidence",
    "Filed",
    "Kind",
    "Like",
    "Matcher",
    "Pair",
    "Question",
    "Record",
    "Thresholds",
    "Values",
    "Verdict",
    "Weighed",
    "answer",
    "arrival",
    "arrivals",
    "arrivals_waiting",
    "counts",
    "decide",
    "declare",
    "file",
    "forget",
    "kind_for",
    "kind_of",
    "likes",
    "matcher_of",
    "question",
    "questions",
    "read",
    "read_records",
    "thresholds_of",
    "values_of",
    "weigh",
]

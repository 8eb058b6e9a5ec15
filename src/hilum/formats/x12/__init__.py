"""X12: the files of orders, invoices, claims and their answers that companies in North America send each other.

    from hilum.formats import x12

    for interchange in x12.interchanges(data):          # several in one file; chunks are taken too
        for group in interchange.groups:
            verdict = x12.judge(group, partner)         # what is wrong with it, set by set
            for order in group.sets:
                order["BEG-03"]                         # read by path; "" where absent
                for line in x12.loops(order, x12.structures()["850"]).within("PO1"):
                    line.head["04"], line.head.decimal("04")

    x12.answer(interchange, partner, at=now).answer     # its 997, an interchange to be sent
    x12.build(partner, [draft], numbers=x12.Numbers(17, 17), at=now).encode()

A transaction set is opened when it is first read, and given back byte for byte. Delimiters are in `delimiters`, path
grammar in `paths`, which segments may stand where in `structures`, elements in `dictionary`. Typed purchase orders,
invoices and the others are in `hilum.formats.x12.documents`.
"""

from hilum.formats.x12.acknowledgement import (
    Form,
    acknowledge,
    acknowledge_interchange,
    answered_at,
    read_acknowledgement,
    read_interchange_acknowledgement,
)
from hilum.formats.x12.answering import Answered, answer
from hilum.formats.x12.building import (
    FUNCTIONAL_IDS,
    Draft,
    Numbers,
    build,
    groups_of,
    stamp,
)
from hilum.formats.x12.checking import check
from hilum.formats.x12.delimiters import ABSENT, STANDARD, Delimiters
from hilum.formats.x12.interchange import (
    Collector,
    Group,
    Interchange,
    envelope_problems,
    interchanges,
    parse,
    read,
    transaction_sets,
)
from hilum.formats.x12.judging import (
    GroupVerdict,
    InterchangeVerdict,
    SetVerdict,
    Verdict,
    judge,
    judge_interchange,
    judge_set,
    rejects,
)
from hilum.formats.x12.loops import Loop, loops, place
from hilum.formats.x12.partners import Partner, Party
from hilum.formats.x12.paths import Field, field
from hilum.formats.x12.problems import Problem
from hilum.formats.x12.scanning import Kind, Piece, Scanner
from hilum.formats.x12.segment import Encoded, Free, Segment, Value
from hilum.formats.x12.structures import Structure, structure_of, structures
from hilum.formats.x12.transaction import Envelope, TransactionSet
from hilum.formats.x12.words import INTERCHANGE_WORDS

__all__ = [
    "ABSENT",
    "FUNCTIONAL_IDS",
    "INTERCHANGE_WORDS",
    "STANDARD",
    "Answered",
    "Collector",
    "Delimiters",
    "Draft",
    "Encoded",
    "Envelope",
    "Field",
    "Form",
    "Free",
    "Group",
    "GroupVerdict",
    "Interchange",
    "InterchangeVerdict",
    "Kind",
    "Loop",
    "Numbers",
    "Partner",
    "Party",
    "Piece",
    "Problem",
    "Scanner",
    "Segment",
    "SetVerdict",
    "Structure",
    "TransactionSet",
    "Value",
    "Verdict",
    "acknowledge",
    "acknowledge_interchange",
    "answer",
    "answered_at",
    "build",
    "check",
    "envelope_problems",
    "field",
    "groups_of",
    "interchanges",
    "judge",
    "judge_interchange",
    "judge_set",
    "loops",
    "parse",
    "place",
    "read",
    "read_acknowledgement",
    "read_interchange_acknowledgement",
    "rejects",
    "stamp",
    "structure_of",
    "structures",
    "transaction_sets",
]

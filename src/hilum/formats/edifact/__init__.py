"""EDIFACT: the files of orders, answers, ship notices and invoices that companies outside of North America send.

    from hilum.formats import edifact

    for interchange in edifact.interchanges(data):      # several in one file; chunks are taken too
        for message in interchange.messages:
            message["BGM-02"]                           # read by path; "" where absent
            edifact.read_document(message).lines        # ORDERS, ORDRSP, DESADV, INVOIC

    edifact.answer(interchange, partner, reference="7", at=now)     # its CONTRL, an interchange to be sent
    edifact.build(partner, [edifact.Draft("ORDERS:D:96A:UN", rows)], reference="17", at=now).encode()

What was read is given back byte for byte. Path grammar is in `paths`, delimiters and character sets in `delimiters`.
"""

from hilum.formats.edifact.building import Draft, Partner, Party, build, stamp
from hilum.formats.edifact.control import (
    ACKNOWLEDGED,
    RECEIVED,
    REJECTED,
    MessageVerdict,
    Verdict,
    answer,
    draft,
    judge,
    read_answer,
)
from hilum.formats.edifact.delimiters import STANDARD, Delimiters
from hilum.formats.edifact.documents import Document, Line
from hilum.formats.edifact.documents import read as read_document
from hilum.formats.edifact.interchange import (
    Collector,
    Group,
    Interchange,
    interchanges,
    message_problems,
    messages,
    parse,
    read,
)
from hilum.formats.edifact.message import Envelope, Message
from hilum.formats.edifact.paths import Field, field
from hilum.formats.edifact.problems import ERROR_WORDS, Code, Problem
from hilum.formats.edifact.scanning import Kind, Piece, Scanner
from hilum.formats.edifact.segment import Segment, Value

__all__ = [
    "ACKNOWLEDGED", "ERROR_WORDS", "RECEIVED", "REJECTED", "STANDARD", "Code", "Collector", "Delimiters", "Document",
    "Draft", "Envelope", "Field", "Group", "Interchange", "Kind", "Line", "Message", "MessageVerdict", "Partner",
    "Party", "Piece", "Problem", "Scanner", "Segment", "Value", "Verdict", "answer", "build", "draft", "field",
    "interchanges", "judge", "message_problems", "messages", "parse", "read", "read_answer", "read_document", "stamp",
]  # fmt: skip

"""HL7 v2: the pipe-delimited messages in which clinical systems tell each other of admissions, orders and charges.

    from hilum.formats import hl7v2 as hl7

    message = hl7.parse(data)               # lazy; warnings in message.warnings, Invalid says where it is broken
    message["PID-3.1"]                      # the decoded value; "" where absent
    for ft1 in message.segments("FT1"):
        ft1["7.1"], ft1.decimal("10"), ft1.timestamp("4")
    hl7.acknowledge(message, "AA").encode()

Reading rules are in `Readable`, path grammar in `paths`, escape sequences in `escapes`, character sets in `charsets`.
"""

from hilum.formats.hl7v2.acknowledgement import (
    CODES,
    Acknowledgement,
    Code,
    ErrorDetail,
    acknowledge,
    acknowledge_unreadable,
    read_acknowledgement,
)
from hilum.formats.hl7v2.batch import split
from hilum.formats.hl7v2.building import build, new_control_id
from hilum.formats.hl7v2.delimiters import STANDARD, Delimiters
from hilum.formats.hl7v2.escapes import escape, unescape
from hilum.formats.hl7v2.message import Message, parse
from hilum.formats.hl7v2.paths import Field, field
from hilum.formats.hl7v2.reducing import masked, without
from hilum.formats.hl7v2.segment import Repetition, Segment
from hilum.formats.hl7v2.writing import NULL, Encoded, Value

__all__ = [
    "CODES",
    "NULL",
    "STANDARD",
    "Acknowledgement",
    "Code",
    "Delimiters",
    "Encoded",
    "ErrorDetail",
    "Field",
    "Message",
    "Repetition",
    "Segment",
    "Value",
    "acknowledge",
    "acknowledge_unreadable",
    "build",
    "escape",
    "field",
    "masked",
    "new_control_id",
    "parse",
    "read_acknowledgement",
    "split",
    "unescape",
    "without",
]

"""ISO 20022: the XML messages by which companies order payments and banks tell what became of them.

    from hilum.formats import iso20022

    found = iso20022.read(data)             # by its namespace: Report, Initiation or StatusReport
    found.statements[0].entries             # camt.052, .053, .054: amounts with sign, references, details
    found.of("EndToEnd-1", "Run-1").words   # pain.002: "rejected: the account number is wrong (AC01)"
    iso20022.write_initiation(orders)       # pain.001, as banks take it

All versions are read; namespaces of national variants too. XML is taken without document type, entities and network,
with bounds on size and depth. What is read of accounts is in `hilum.formats.banking`, as for MT940 and BAI2.
"""

from __future__ import annotations

from hilum.errors import Invalid
from hilum.formats.banking import Report
from hilum.formats.iso20022.answers_writing import write_statements, write_status
from hilum.formats.iso20022.codes import RETURNS, Standing, reason_words
from hilum.formats.iso20022.document import DEPTH_LIMIT, SIZE_LIMIT, Document, read_document
from hilum.formats.iso20022.initiation import Initiation, PaymentRun, Transfer, read_initiation
from hilum.formats.iso20022.initiation_writing import VERSIONS, write_initiation
from hilum.formats.iso20022.statements import PARTS, read_statements
from hilum.formats.iso20022.status import Reason, Status, StatusReport, read_status
from hilum.formats.iso20022.texts import latin

Read = Report | Initiation | StatusReport


def read(data: bytes) -> Read:
    """What the message says, by its kind. Raises `Invalid` with the element where it is not what it should be."""
    document = read_document(data)
    if document.kind in PARTS:
        return read_statements(document)
    if document.kind == "pain.001":
        return read_initiation(document)
    if document.kind == "pain.002":
        return read_status(document)
    words = f"{document.kind} is not read here, but camt.052, camt.053, camt.054, pain.001 and pain.002"
    raise Invalid(words, where=document.body.where)


__all__ = [
    "DEPTH_LIMIT",
    "RETURNS",
    "SIZE_LIMIT",
    "VERSIONS",
    "Document",
    "Initiation",
    "PaymentRun",
    "Read",
    "Reason",
    "Standing",
    "Status",
    "StatusReport",
    "Transfer",
    "latin",
    "read",
    "read_document",
    "read_initiation",
    "read_statements",
    "read_status",
    "reason_words",
    "write_initiation",
    "write_statements",
    "write_status",
]

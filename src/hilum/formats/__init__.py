"""Formats: from the bytes that systems send to structures that a flow can read, and back. No I/O.

`FORMATS` is the whole choice: the name a flow gives, and what makes of a body what the flow's function receives.
`hilum.formats.spreadsheets`, `hilum.formats.parquet` and `hilum.formats.pdf` load large libraries, so they are imported
by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from hilum import canonical
from hilum.formats import bai2, cii, cxml, edifact, fhir, hl7v2, iso20022, mt940, ubl, x12
from hilum.formats.delimited import read_delimited, read_delimited_stream, write_delimited
from hilum.formats.fixed_width import read_fixed, write_fixed
from hilum.formats.plain import read_json, read_row, read_text
from hilum.formats.xml_tree import read_tree, write_tree

FORMATS: Mapping[str, Callable[[bytes], Any]] = MappingProxyType(
    {
        "hl7v2": hl7v2.parse,  # hl7v2.Message
        "x12": x12.read,  # x12.TransactionSet: one, in its envelope, as the file source hands it over
        "x12-interchange": x12.parse,  # x12.Interchange: a whole one, for who answers it
        "iso20022": iso20022.read,  # banking.Report (camt), iso20022.Initiation (pain.001) or .StatusReport (pain.002)
        "mt940": mt940.read,  # banking.Report, also of MT942
        "bai2": bai2.read,  # banking.Report
        "edifact": edifact.read,  # edifact.Message: one, in its envelope, as the file source hands it over
        "edifact-interchange": edifact.parse,  # edifact.Interchange: a whole one, for who answers it
        "fhir": fhir.read,  # fhir.Resource: a resource of FHIR R4 in JSON, or a Bundle of them
        "cxml": cxml.read,  # cxml.Document
        "ubl": ubl.read,  # en16931.Bill
        "cii": cii.read,  # en16931.Bill: XRechnung, Factur-X and ZUGFeRD without their PDF
        "json": read_json,  # dict, list, str, int, float, bool or None
        "row": read_row,  # dict[str, str]: one row of a delimited file, as the file source hands it over
        "object": canonical.read,  # a business object, as another hub forwards it
        "xml": read_tree,  # lxml's element, the root of the document
        "text": read_text,  # str
        "bytes": bytes,  # the body itself
    }
)

__all__ = [
    "FORMATS",
    "bai2",
    "cii",
    "cxml",
    "edifact",
    "fhir",
    "hl7v2",
    "iso20022",
    "mt940",
    "read_delimited",
    "read_delimited_stream",
    "read_fixed",
    "read_json",
    "read_row",
    "read_text",
    "read_tree",
    "ubl",
    "write_delimited",
    "write_fixed",
    "write_tree",
    "x12",
]

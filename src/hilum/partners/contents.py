"""What is in an interchange that is sent: the documents in it, by the words and numbers that people know."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hilum.errors import Invalid
from hilum.formats import cxml, edifact, x12
from hilum.formats.x12.building import ACKNOWLEDGEMENTS
from hilum.formats.xml_nodes import XmlNode
from hilum.partners.register import Content

_NUMBERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "810": "BIG-02", "820": "TRN-02", "830": "BFR-02", "832": "BCT-02", "845": "PAD-01", "850": "BEG-03",
        "855": "BAK-03", "856": "BSN-02", "860": "BCH-03", "865": "BCA-03", "867": "BPT-02",
    }
)  # fmt: skip
"""Transaction set → where the number is that people know it by."""


def of_x12(interchange: x12.Interchange) -> list[Content]:
    """The transaction sets that a partner answers: all but answers."""
    return [
        Content(
            code=each.code,
            number=each.control_number,
            document=_number_in(each),
            functional_id=group.functional_id,
            group=place,
        )
        for place, group in enumerate(interchange.groups)
        if group.functional_id != ACKNOWLEDGEMENTS
        for each in group.sets
    ]


def of_edifact(interchange: edifact.Interchange) -> list[Content]:
    """The messages that a partner answers: all but CONTRL."""
    return [
        Content(code=each.type, number=each.reference, document=each["BGM-02"] or each["BGM-01.4"])
        for each in interchange.messages
        if each.type != "CONTRL"
    ]


def of_cxml(body: bytes) -> list[Content]:
    """The request. Raises `Invalid`."""
    found = cxml.parse(body).need("Request").children()
    return [Content(code=each.name, number="1", document=_ordered(each)) for each in found]


def _ordered(request: XmlNode) -> str:
    header = request.first("OrderRequestHeader")
    return header.attribute("orderID") if header is not None else ""


def _number_in(each: x12.TransactionSet) -> str:
    try:
        return each[_NUMBERS[each.code]] if each.code in _NUMBERS else ""
    except Invalid:
        return ""

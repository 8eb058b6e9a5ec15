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

_CHANGES: Final[Mapping[str, str]] = MappingProxyType({"860": "BCH-05"})
"""Transaction set → where the number of a change is."""


def of_x12(interchange: x12.Interchange) -> list[Content]:
    """The transaction sets that a partner answers: all but answers."""
    return [
        Content(
            code=each.code,
            number=each.control_number,
            document=_number_in(each, _NUMBERS),
            change=_number_in(each, _CHANGES),
            functional_id=group.functional_id,
            group=place,
        )
        for place, group in enumerate(interchange.groups)
        if group.functional_id != ACKNOWLEDGEMENTS
        for each in group.sets
    ]


def of_edifact(interchange: edifact.Interchange) -> list[Content]:
    """The messages that a partner answers: all but CONTRL."""
    return [_message(each) for each in interchange.messages if each.type != "CONTRL"]


def _message(each: edifact.Message) -> Content:
    """An ORDCHG has a number of its own, and is about the order that it names."""
    number = each["BGM-02"] or each["BGM-01.4"]
    order = next((rff["01.2"] for rff in each if rff.name == "RFF" and rff["01"] == "ON"), "")
    if each.type != "ORDCHG" or not order:
        return Content(code=each.type, number=each.reference, document=number)
    return Content(code=each.type, number=each.reference, document=order, change=number)


def of_cxml(body: bytes) -> list[Content]:
    """The request. Raises `Invalid`."""
    found = cxml.parse(body).need("Request").children()
    return [_request(each) for each in found]


def _request(request: XmlNode) -> Content:
    header = request.first("OrderRequestHeader")
    if header is None:
        return Content(code=request.name, number="1")
    return Content(
        code=request.name, number="1", document=header.attribute("orderID"), change=header.attribute("orderVersion")
    )


def _number_in(each: x12.TransactionSet, places: Mapping[str, str]) -> str:
    try:
        return each[places[each.code]] if each.code in places else ""
    except Invalid:
        return ""

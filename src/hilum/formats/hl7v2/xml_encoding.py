"""The XML encoding of HL7 v2 (v2.xml, "HL7 Version 2: XML Encoding Syntax", Release 2), turned into ER7.

Elements are told by the number at the end of their names, so `<CX.4>`, `<PID.3.4>` and any namespace are the same.
Elements around segments (`<OMD_O03.PATIENT>`) are groups and leave no trace, as in ER7. No entity is expanded and no
DTD is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lxml import etree

from hilum.errors import Invalid
from hilum.formats.hl7v2.delimiters import STANDARD, Delimiters, read_delimiters
from hilum.formats.hl7v2.escapes import escape
from hilum.formats.hl7v2.reading import HEADERS
from hilum.formats.hl7v2.segment import is_segment_name
from hilum.formats.xml_tree import read_with_dtd

# No segment of the standard has as many; without a bound one short element could ask for gigabytes of separators.
HIGHEST_NUMBER = 999


def read_xml(data: bytes) -> str:
    """The message as ER7 text, segments divided by CR. Raises `Invalid` with the element in `where`."""
    root = read_with_dtd(data.strip(b" \t\r\n\x0b\x1c"))
    segments = list(_segments(root))
    if not segments or _name(segments[0]) != "MSH":
        raise Invalid("the first segment of the XML message is not MSH", where="MSH")
    if sum(_name(segment) == "MSH" for segment in segments) > 1:
        raise Invalid("there are several messages in one XML document", where="MSH[2]")
    delimiters = _delimiters(segments[0])
    return "\r".join(_segment(segment, delimiters) for segment in segments)


def _segments(parent: etree._Element) -> Iterator[etree._Element]:
    """The segments in their order, through all groups; depth is bounded by the parser."""
    for child in parent:
        if is_segment_name(_name(child)):
            yield child
        else:
            yield from _segments(child)


def _name(element: etree._Element) -> str:
    tag = element.tag
    if not isinstance(tag, str):
        raise Invalid("entities are not expanded; write the text itself", where=f"line {element.sourceline}")
    return tag.rpartition("}")[2]


def _number(element: etree._Element, where: str) -> int:
    """The number at the end of an element's name: 3 for `PID.3`; 0 where there is none."""
    last = _name(element).rpartition(".")[2]
    if not (last.isascii() and last.isdigit()):
        return 0
    if not 0 < int(last[:9]) <= HIGHEST_NUMBER:
        raise Invalid(f"an element's number is not between 1 and {HIGHEST_NUMBER}", where=where)
    return int(last)


def _delimiters(header: etree._Element) -> Delimiters:
    texts = {_name(field): (field.text or "").strip() for field in header}
    announced = (texts.get("MSH.1") or STANDARD.field) + (texts.get("MSH.2") or STANDARD.encoding_characters)
    return read_delimiters(announced)[0].completed()


def _segment(segment: etree._Element, delimiters: Delimiters) -> str:
    name = _name(segment)
    fields: dict[int, list[str]] = {}
    for element in segment:
        number = _number(element, name)
        if number == 0:
            raise Invalid("an element within a segment has no field number", where=name)
        if name in HEADERS and number <= 2:
            continue
        fields.setdefault(number, []).extend(_repetitions(element, delimiters, f"{name}-{number}"))
    texts = [delimiters.repetition.join(fields.get(n, [])) for n in range(1, max(fields, default=0) + 1)]
    if name in HEADERS:
        texts[:2] = [delimiters.encoding_characters]
    return delimiters.field.join([name, *texts])


def _repetitions(field: etree._Element, delimiters: Delimiters, where: str) -> Sequence[str]:
    """A field element is one repetition; data type elements without a number (`<QIP>`) are one each."""
    parts = _parts(field)
    wrapped = [part for part in parts if _number(part, where) == 0]
    if not wrapped:
        return [_divided(field, (delimiters.component, delimiters.subcomponent), delimiters, where)]
    if len(wrapped) < len(parts):
        raise Invalid("elements with and without a number are mixed", where=where)
    return [_divided(part, (delimiters.component, delimiters.subcomponent), delimiters, where) for part in wrapped]


def _parts(element: etree._Element) -> list[etree._Element]:
    return [child for child in element if _name(child) != "escape"]


def _divided(element: etree._Element, levels: Sequence[str], delimiters: Delimiters, where: str) -> str:
    parts = _parts(element)
    if not parts:
        return _text(element, delimiters)
    if not levels:
        raise Invalid("elements are nested deeper than subcomponents", where=where)
    texts: dict[int, str] = {}
    for part in parts:
        number = _number(part, where)
        if number == 0 or number in texts:
            raise Invalid("an element has no number of its own", where=where)
        texts[number] = _divided(part, levels[1:], delimiters, where)
    return levels[0].join(texts.get(n, "") for n in range(1, max(texts) + 1))


def _text(element: etree._Element, delimiters: Delimiters) -> str:
    """The text of a leaf as ER7; `<escape V=".br"/>` within it is an escape sequence. White space alone is nothing."""
    pieces = [_plain(element.text, delimiters)]
    for child in element:
        pieces.append(f"{delimiters.escape}{child.get('V') or ''}{delimiters.escape}")
        pieces.append(_plain(child.tail, delimiters))
    text = "".join(pieces)
    return text if text.strip() else ""


def _plain(text: str | None, delimiters: Delimiters) -> str:
    if not text or not text.strip():
        return ""
    return text if text == '""' else escape(text, delimiters)

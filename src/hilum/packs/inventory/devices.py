"""A medical device that was used: its label (UDI) in a charge message, which item it is, its lot or serial number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from hilum.canonical import DeviceLabel, read_label
from hilum.canonical.udi import is_udi
from hilum.errors import Invalid, Unmapped
from hilum.flow import Lookup
from hilum.formats import hl7v2 as hl7

GROUP: Final = ("PRT", "OBX", "PR1")
"""Segments behind an FT1 that may carry the label of what was used."""

UDI_LOINC: Final = "74711-3"
"""OBX-3: unique device identifier (LOINC)."""


def label_in(group: Sequence[hl7.Segment]) -> DeviceLabel | None:
    """What the label says: PRT-10 (HL7 v2.7 on), an OBX with LOINC 74711-3, FT1-7 or PR1-3 where the code is a label.

    Raises `Invalid`, also for two labels of one line: each device is a line of its own.
    """
    found = dict.fromkeys(_labels(group))
    if len({label for label, _ in found}) > 1:
        raise Invalid("the line has labels of several devices; each needs a line of its own", where=str(group[0]))
    for text, where in found:
        try:
            return read_label(text)
        except Invalid as error:
            raise Invalid(f"the device label (UDI) cannot be read: {error}", where=where) from None
    return None


def _labels(group: Sequence[hl7.Segment]) -> Iterator[tuple[str, str]]:
    for segment in group:
        match segment.name:
            case "PRT" if segment["10.1"]:
                yield segment["10.1"], f"{segment}-10"
            case "OBX" if segment["3.1"] == UDI_LOINC and segment["5"]:
                yield segment["5"], f"{segment}-5"
            case "PR1" if is_udi(segment["3.1"]):
                yield segment["3.1"], f"{segment}-3"
            case "FT1" if is_udi(segment["7.1"]):
                yield segment["7.1"], f"{segment}-7"


def code_of(hub: Lookup, code: str, label: DeviceLabel | None, where: str) -> str:
    """The row of the table `items` that says what was used: the code that was sent, else what its label names.

    Raises `Invalid` where the two are known to be different items, `Unmapped` where nobody knows the device.
    """
    if label is None:
        return code
    system, number = label.known_as
    if not code:
        item = hub.item(number, by=system)
        return number if _listed(hub, number) else item
    try:
        item = hub.item(number, by=system)
    except Unmapped:
        return code  # nobody has numbered the device yet; the code says what it is
    if _listed(hub, code) and hub.item(code) != item:
        raise Invalid("its code and its device label (UDI) name different items", where=where)
    return code


def _listed(hub: Lookup, code: str) -> bool:
    return "items" in hub.tables and code in hub.codes("items")


def lot_of(label: DeviceLabel | None, facts: Mapping[str, str]) -> str:
    """What the stock of it is kept by: as the column `tracking` says (lot, serial), else serial number before lot."""
    if label is None:
        return ""
    tracked = facts.get("tracking", "").strip().lower()
    return {"lot": label.lot, "serial": label.serial, "none": ""}.get(tracked, label.tracked_as)

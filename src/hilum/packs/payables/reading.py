"""From what a machine has read to a bill: which fields are doubtful, and the bill that the others make. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError

from hilum.canonical import BillReading, Document, ReadField, SupplierBill
from hilum.canonical.papers import RecordKey
from hilum.cases.side_by_side import SideBySide, member
from hilum.errors import Invalid
from hilum.processes.periods import Period

HEAD: Final = ("number", "supplier", "order", "corrects", "currency", "billed_on", "due_on", "total", "credit")
LINE: Final = ("item", "description", "quantity", "unit", "unit_price", "tax_percent", "order_line")
"""Fields that become a bill; others of a reading are for its reader only."""

_NEEDED: Final = ("number", "supplier", "currency", "billed_on", "total")
_TRUE: Final = frozenset({"true", "yes", "1", "381"})


def nobody_posts_drafts(_: SupplierBill) -> bool:
    """Every bill is booked at once, when it has matched."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRules:
    """A hospital's own rules about bills that machines read."""

    confidence: Decimal = Decimal("0.9")  # a field below it is asked
    confidence_of: Mapping[str, Decimal] = field(
        default_factory=lambda: MappingProxyType({"lines.description": Decimal(0)})
    )  # of single fields, `lines.quantity` for all lines; 0: never asked
    desk: str = "Payables"
    decide_within: Period = "P2D"
    wait_for_document: Period = "PT1H"  # how long a reading waits for its paper, before the desk is asked
    linger: Period = "P30D"  # how long the AP product is told of a bill after it was posted or refused
    give_up: Period = "P365D"  # how long nothing at all may be heard of a bill, before nobody waits for its posting
    post: Callable[[SupplierBill], bool] = nobody_posts_drafts
    bills: str = "payables.read"  # the channel of bills that are clear, and what is to be filed with them
    documents: str = "payables.documents"  # of papers to file in the ledger
    results: str = "payables.results"  # of what the AP product is told

    def least(self, name: str) -> Decimal:
        """Below this a field is asked."""
        head, _, rest = name.partition(".")
        general = f"{head}.{rest.partition('.')[2]}" if rest else name
        return self.confidence_of.get(general, self.confidence)


def doubts(reading: BillReading, rules: ReadingRules) -> list[str]:
    """What somebody must look at, in words; nothing: it is clear."""
    if reading.bill is not None:
        return []
    known = {each.field for each in reading.fields if each.value.strip()}
    found = [f"{_title(name)} was not found" for name in _NEEDED if name not in known]
    if not any(_is_line(each.field) for each in reading.fields) and "total" in known:
        found.append("no line was found")
    return found + [
        f"{_title(each.field)} is perhaps “{each.value[:80]}” ({round(each.confidence * 100)} %)"
        for each in reading.fields
        if _counts(each.field) and each.confidence < rules.least(each.field)
    ]


def beside_reading(reading: BillReading, paper: Document | None, rules: ReadingRules) -> SideBySide:
    """What was read, field by field | how sure the reader is | what the hub needs; what is doubtful stands out."""
    known = {each.field: each for each in reading.fields}
    members = []
    for name in [*dict.fromkeys([*_NEEDED, *known])]:
        each = known.get(name)
        needed = "needed for a bill" if name in _NEEDED else "" if _counts(name) else "for its reader only"
        if each is None or not each.value.strip():
            members.append(member(_title(name), "", "not found", needed, marked=(1,) if name in _NEEDED else ()))
            continue
        least = rules.least(name)
        doubtful = _counts(name) and each.confidence < least
        asked = f"sure is {round(least * 100)} % or more" if doubtful else needed
        members.append(
            member(_title(name), each.value, f"{round(each.confidence * 100)} %", asked,
                   marked=(0, 1) if doubtful else ())
        )  # fmt: skip
    shown = paper or reading.document
    where = f"{shown.title}, {shown.media_type}: {shown.place}" if shown is not None else "none came"
    members.append(member("Paper", where, "", ""))
    return SideBySide(documents=(f"Read by {reading.system}", "How sure", "The hub"), members=tuple(members))


def bill_of(reading: BillReading, corrections: Mapping[str, str], rules: ReadingRules) -> SupplierBill:
    """The bill, with what somebody corrected. Raises `Invalid` naming the first field that makes none."""
    if reading.bill is not None:
        return reading.bill.model_copy(update={"post": rules.post(reading.bill)})
    told = {each.field: each.value.strip() for each in reading.fields} | dict(corrections)
    unknown = [name for name in corrections if not _counts(name)]
    if unknown:
        raise Invalid(f"a bill has no field {unknown[0]}", where="corrections")
    head: dict[str, Any] = {name: told[name] for name in HEAD if told.get(name)}
    head["credit"] = told.get("credit", "").lower() in _TRUE
    lines: dict[int, dict[str, Any]] = {}
    for name, value in told.items():
        if _is_line(name) and _counts(name) and value:
            _, place, member = name.split(".")
            lines.setdefault(int(place), {})[member] = value
    head["lines"] = [{"number": place, **lines[place]} for place in sorted(lines)]
    try:
        bill = SupplierBill.model_validate(head)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        raise Invalid(first["msg"], where=".".join(str(part) for part in first["loc"])) from None
    return bill.model_copy(update={"post": rules.post(bill)})


def filed(document: Document | None, bill: SupplierBill) -> Document | None:
    """The paper, as it is filed with the bill."""
    if document is None:
        return None
    belongs = RecordKey(object=SupplierBill.name, key=bill.business_key)
    about = (bill.business_key, *((bill.order,) if bill.order else ()))
    return document.model_copy(update={"belongs_to": belongs, "about": about})


def fields_of(told: Mapping[str, Any], confidence: Mapping[str, Decimal] | None = None) -> list[ReadField]:
    """Fields of a flat mapping with `lines` as a list of mappings; empty ones are left out."""
    sure = confidence or {}
    found: list[ReadField] = []
    for name, value in told.items():
        if name == "lines":
            continue
        found += _field(name, value, sure)
    for place, line in enumerate(_lines(told), 1):
        for name, value in line.items():
            found += _field(f"lines.{place}.{name}", value, sure)
    return found


def _lines(told: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    lines = told.get("lines") or ()
    if not isinstance(lines, list | tuple) or not all(isinstance(each, Mapping) for each in lines):
        raise Invalid("lines is a list of objects", where="lines")
    return lines


def _field(name: str, value: Any, sure: Mapping[str, Decimal]) -> list[ReadField]:
    """A value, or one with its confidence: `{"value": "12", "confidence": 0.6}`."""
    least = sure.get(name, Decimal(1))
    if isinstance(value, Mapping):
        least, value = value.get("confidence", least), value.get("value")
    if value is None or value == "":
        return []
    try:
        return [ReadField.model_validate({"field": name, "value": str(value), "confidence": str(least)})]
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        raise Invalid(first["msg"], where=name[:80]) from None


def _is_line(name: str) -> bool:
    return name.startswith("lines.")


def _counts(name: str) -> bool:
    """Does a bill have it?"""
    parts = name.split(".")
    if parts[0] == "lines":
        return (
            len(parts) == len(("lines", 1, "item")) and parts[1].isascii() and parts[1].isdigit() and parts[2] in LINE
        )
    return name in HEAD


def _title(name: str) -> str:
    """`quantity of line 2`."""
    if not _is_line(name):
        return name.replace("_", " ")
    _, place, member = name.split(".")
    return f"{member.replace('_', ' ')} of line {place}"

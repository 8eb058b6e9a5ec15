"""Typed reading of ORDERS, ORDCHG, ORDRSP, DESADV, INVOIC (directories D93A to D10B): heads and lines, codes as sent.

Segments before the first line belong to the head, those behind UNS+S to the summary; those after a LIN, until the
next, to that line. DESADV: a line is in the package that the CPS before it describes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from hilum.errors import Invalid
from hilum.formats.edifact.message import Message
from hilum.formats.edifact.segment import Segment


@dataclass(frozen=True, slots=True)
class Party:
    """A company or place (NAD): its role (data element 3035: BY, SU, DP, IV …), id and name."""

    role: str
    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Price:
    """A price (PRI): what kind (5125: AAA net, AAB gross, INV billed), for how many units."""

    kind: str
    amount: Decimal
    basis: Decimal = Decimal(1)

    @property
    def of_one(self) -> Decimal:
        """The price of one unit."""
        return self.amount / self.basis


@dataclass(frozen=True, slots=True)
class Charge:
    """An allowance (A) or charge (C) that is told as an amount (ALC with MOA)."""

    kind: str
    amount: Decimal
    words: str = ""


class Part:
    """The segments of a document's head and summary, or of one line. Raises `Invalid` where a value cannot be read."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = segments

    def _first(self, name: str, path: str, *qualifiers: str) -> Segment | None:
        """The segment with the first of these qualifiers that there is."""
        found = {each[path]: each for each in reversed(self.segments) if each.name == name}
        return next((found[each] for each in qualifiers if each in found), None)

    def date(self, *qualifiers: str) -> date | None:
        """A day (DTM) by its qualifier (2005), the first that there is."""
        found = self._first("DTM", "01", *qualifiers)
        return found.date("01") if found is not None else None

    def reference(self, *qualifiers: str) -> str:
        """A reference (RFF) by its qualifier (1153); empty where there is none."""
        found = self._first("RFF", "01", *qualifiers)
        return found["01.2"] if found is not None else ""

    def amount(self, *qualifiers: str) -> Decimal | None:
        """An amount of money (MOA) by its qualifier (5025). Not those of ALC."""
        own = Part([each for each in self.segments if each not in self._charged()])
        found = own._first("MOA", "01", *qualifiers)
        return found.decimal("01.2") if found is not None else None

    def quantity(self, *qualifiers: str) -> tuple[Decimal | None, str]:
        """A quantity (QTY) by its qualifier (6063), and its unit as it was sent."""
        found = self._first("QTY", "01", *qualifiers)
        return (found.decimal("01.2"), found["01.3"]) if found is not None else (None, "")

    def tax_percent(self) -> Decimal | None:
        """The rate of value added tax (TAX+7+VAT)."""
        found = [each for each in self.segments if each.name == "TAX" and each["01"] == "7" and each["05.4"]]
        if len({each.decimal("05.4") for each in found}) > 1:
            raise Invalid("there are several rates of tax, and lines do not say theirs", where=found[1].where("05"))
        return found[0].decimal("05.4") if found else None

    def _charged(self) -> set[Segment]:
        found, inside = set(), False
        for each in self.segments:
            inside = each.name in ("ALC", "MOA", "PCD", "QTY", "RNG", "RTE", "ALI") and (inside or each.name == "ALC")
            if inside:
                found.add(each)
        return found

    @property
    def charges(self) -> Sequence[Charge]:
        """Allowances and charges with their amounts (MOA 8, 23, 204)."""
        found, head = [], None
        for each in self.segments:
            if each.name == "ALC":
                head = each
            elif head is not None and each.name == "MOA" and each["01"] in ("8", "23", "204"):
                amount = each.decimal("01.2")
                if head["01"] not in ("A", "C") or amount is None:
                    raise Invalid("an allowance (A) or charge (C) with an amount is expected", where=head.where("01"))
                found.append(Charge(head["01"], amount, head["05.4"]))
                head = None
        return found


_OTHER_ITEMS = frozenset({"2", "3", "4"})  # 4347: a potential substitute, what it is substituted by, or for
_SUBSTITUTED_BY = "3"


def _filled(pairs: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    return [(kind, value) for kind, value in pairs if value]


class Line(Part):
    """One line: LIN and what follows it."""

    def __init__(self, segments: Sequence[Segment], place: int, packed: Sequence[Segment] = ()) -> None:
        super().__init__(segments)
        self.place = place  # in the document, from 1
        self.head = segments[0]
        self.packed = packed  # DESADV: the segments of its package, from CPS on

    @property
    def where(self) -> str:
        """`LIN[2] (segment 14)`."""
        return f"{self.head} (segment {self.head.position})"

    @property
    def number(self) -> str:
        """As the sender counts; may be empty."""
        return self.head["01"]

    @property
    def action(self) -> str:
        """What is answered or wanted of it (data element 1229): 5 accepted, 3 changed, 7 not accepted …"""
        return self.head["02"]

    @property
    def ids(self) -> Sequence[tuple[str, str]]:
        """Identifiers of the item with type (7143: EN, SRV a GTIN; SA the supplier's; IN, BP the buyer's)."""
        return _filled([(self.head["03.2"], self.head["03.1"]), *self._more_ids(lambda use: use not in _OTHER_ITEMS)])

    @property
    def substitutes(self) -> Sequence[tuple[str, str]]:
        """Identifiers of the item that comes in its place (PIA+3), with type."""
        return _filled(self._more_ids(lambda use: use == _SUBSTITUTED_BY))

    def _more_ids(self, wanted: Callable[[str], bool]) -> list[tuple[str, str]]:
        """Those of PIA, by what it says it is for (4347)."""
        return [
            (each[f"{number:02d}.2"], each[f"{number:02d}.1"])
            for each in self.segments
            if each.name == "PIA" and wanted(each["01"])
            for number in range(2, 7)
        ]

    @property
    def package(self) -> str:
        """The number of the package that it is in (GIN+BJ, an SSCC); empty: not told."""
        return next((each["02.1"] for each in self.packed if each.name == "GIN" and each["01"] == "BJ"), "")

    @property
    def lots(self) -> Sequence[str]:
        """Batch numbers (GIN+BX, RFF+BT), and where there is none serial numbers (GIN+BN)."""
        found = [each["02.1"] for each in self.segments if each.name == "GIN" and each["01"] == "BX"]
        found += [each["01.2"] for each in self.segments if each.name == "RFF" and each["01"] == "BT"]
        if not found:
            found = [each["02.1"] for each in self.segments if each.name == "GIN" and each["01"] == "BN"]
        return list(dict.fromkeys(filter(None, found)))

    @property
    def order_line(self) -> str:
        """The line of the order that it is about (RFF+ON with a line, RFF+LI); empty: not told."""
        found = self._first("RFF", "01", "ON")
        return (found["01.3"] if found is not None else "") or self.reference("LI")

    @property
    def description(self) -> str:
        """The words of IMD."""
        parts = [each["03.4"] + each["03.5"] for each in self.segments if each.name == "IMD"]
        return " ".join(each for each in parts if each)

    def price(self, *kinds: str) -> Price | None:
        """The first of these kinds that there is. Raises `Invalid`."""
        found = self._first("PRI", "01", *kinds)
        amount = found.decimal("01.2") if found is not None else None
        if found is None or amount is None:
            return None
        basis = found.decimal("01.5")
        if basis is not None and basis <= 0:
            raise Invalid("a price is for more than 0 units", where=found.where("01.5"))
        return Price(found["01"], amount, basis or Decimal(1))


@dataclass(frozen=True, slots=True)
class Document:
    """What these have in common."""

    type: str  # ORDERS, ORDCHG, ORDRSP, DESADV, INVOIC
    number: str  # BGM-02
    code: str  # BGM-01 (1001): 220 an order, 230 its change, 231 an answer, 351 a ship notice, 380 a bill, 381 a credit
    function: str  # BGM-03 (1225): 9 original, 1 cancellation, 5 replacement, 7 duplicate; of ORDRSP 4, 27, 29
    currency: str
    parties: tuple[Party, ...]
    head: Part
    summary: Part  # behind UNS+S
    lines: tuple[Line, ...]

    @property
    def issued_on(self) -> date | None:
        """The day of the document (DTM 137; of an invoice 3, of an order 4). Raises `Invalid`."""
        return self.head.date("137", "3", "4")

    @property
    def order(self) -> str:
        """The order that it is about (RFF ON)."""
        return self.head.reference("ON")

    @property
    def total(self) -> Decimal | None:
        """What is to be paid (MOA 77, 39 or 128)."""
        return self.summary.amount("77", "39", "128")

    @property
    def tax_percent(self) -> Decimal | None:
        """The one rate for lines that tell none. Raises `Invalid` where there are several."""
        found = self.head.tax_percent()
        return found if found is not None else self.summary.tax_percent()

    @property
    def charges(self) -> Sequence[Charge]:
        """Allowances and charges of the whole. The summary adds up others, so it counts only where it is alone."""
        if self.head.charges or any(line.charges for line in self.lines):
            return self.head.charges
        return self.summary.charges

    def party(self, *roles: str) -> str:
        """The id of the party in the first of these roles that there is; empty where none."""
        found = {each.role: each.id for each in reversed(self.parties)}
        return next((found[each] for each in roles if each in found), "")


_TYPES = ("ORDERS", "ORDCHG", "ORDRSP", "DESADV", "INVOIC")


def read(message: Message, *types: str) -> Document:
    """The document that the message is; with `types` one of these only. Raises `Invalid`."""
    wanted = types or _TYPES
    if message.type not in wanted:
        raise Invalid(f"this message is none of {', '.join(wanted)}", where="UNH-02")
    bgm = message.segment("BGM")
    # D93A has the number as an element, D97A and later as the first component of one
    number = bgm["02"] or bgm["01.4"]
    if not number:
        raise Invalid("the document has no number", where=bgm.where("02"))
    head, summary, lines = _parts(message)
    currencies = [each["01.2"] for each in head if each.name == "CUX"]
    return Document(
        type=message.type,
        number=number,
        code=bgm["01"],
        function=bgm["03"],
        currency=currencies[0] if currencies else "",
        parties=tuple(_party(each) for each in head if each.name == "NAD"),
        head=Part(_own(head)),
        summary=Part(summary),
        lines=tuple(Line(each, place, packed) for place, (each, packed) in enumerate(lines, 1)),
    )


def _party(nad: Segment) -> Party:
    return Party(nad["01"], nad["02"], nad["04"] or nad["03"])


def _own(head: Sequence[Segment]) -> Sequence[Segment]:
    """Of the head, without the references and days of parties and of references."""
    found: list[Segment] = []
    inside = ""
    for each in head:
        if each.name in ("NAD", "RFF", "UNS", "CUX", "PAT"):
            inside = each.name
        if each.name == "DTM" and inside == "RFF":
            continue  # the day of what is referred to
        if each.name == "RFF" and found and _in_party(found):
            inside = "NAD"
            continue  # of the party
        found.append(each)
    return found


def _in_party(before: Sequence[Segment]) -> bool:
    return before[-1].name in ("NAD", "LOC", "FII", "CTA", "COM")


def _parts(message: Message) -> tuple[list[Segment], list[Segment], list[tuple[list[Segment], list[Segment]]]]:
    head: list[Segment] = []
    summary: list[Segment] = []
    lines: list[tuple[list[Segment], list[Segment]]] = []
    into, packed = head, list[Segment]()
    for each in message:
        if each.name == "LIN":
            into = []
            lines.append((into, packed))
        elif each.name == "UNS" and each["01"] == "S":
            into = summary
        elif each.name == "CPS":
            into = packed = []
        into.append(each)
    return head, summary, lines

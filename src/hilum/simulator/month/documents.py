"""What suppliers write: 855, 856, 810, 865, or ORDRSP, DESADV, INVOIC, in interchanges of their own. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar

from hilum.formats import edifact, x12
from hilum.formats.edifact.segment import Value
from hilum.formats.x12 import documents
from hilum.formats.x12.building import Numbers
from hilum.formats.x12.documents import AnswerType, Dates, LineStatus, Purpose
from hilum.simulator.month.truth import CURRENCY, Answer, Bill, Line, Month, Notice, Paper, Story, Vendor

OURS = "HOSPITALS"
"""What the hospitals' purchasing is called in envelopes."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the hospitals' purchasing has made of an order that they had sent."""

    order: str
    number: str  # of the change
    cancelled: bool


class Writer(ABC):
    """One supplier's translator. `number` counts its interchanges."""

    ending: ClassVar[str] = "edi"  # of its files

    def __init__(self, month: Month, vendor: Vendor) -> None:
        self.month = month
        self.vendor = vendor
        self.number = 0

    def write(self, story: Story, paper: Paper) -> bytes:
        """An interchange with that paper."""
        self.number += 1
        at = self.month.at(paper.day)
        match paper:
            case Answer():
                return self.answer(story, paper, at)
            case Notice():
                return self.notice(story, paper, at)
            case Bill():
                return self.bill(story, paper, at)

    @abstractmethod
    def orders_in(self, data: bytes) -> list[str]:
        """The numbers of the orders in what came from the hospitals."""

    @abstractmethod
    def changes_in(self, data: bytes) -> Sequence[Told]:
        """The changes in what came from the hospitals."""

    @abstractmethod
    def agree(self, story: Story, told: Told, at: datetime) -> bytes | None:
        """That the change is accepted; none: nothing is said of that one."""

    @abstractmethod
    def acknowledge(self, data: bytes, at: datetime) -> bytes | None:
        """The 997 or CONTRL for what came; none: it is none that is acknowledged."""

    @abstractmethod
    def answer(self, story: Story, paper: Answer, at: datetime) -> bytes:
        """What the supplier says of an order."""

    @abstractmethod
    def notice(self, story: Story, paper: Notice, at: datetime) -> bytes:
        """What is on its way."""

    @abstractmethod
    def bill(self, story: Story, paper: Bill, at: datetime) -> bytes:
        """A bill or a credit note."""

    def delivered(self, story: Story, paper: Answer) -> date:
        """On which day the goods come, as the answer says it."""
        return self.month.on(story.needed + paper.later if paper.later else story.day + 2)

    def due(self, paper: Bill) -> date:
        """By when a bill is to be paid."""
        return self.month.on(paper.day) + timedelta(days=self.vendor.terms)


class X12Writer(Writer):
    """X12 005010."""

    @property
    def partner(self) -> x12.Partner:
        """The hospitals, as the supplier knows them."""
        ours, theirs = x12.Party(id=self.vendor.code), x12.Party(id=OURS)
        return x12.Partner(name="Hospitals", ours=ours, theirs=theirs, currency=CURRENCY)

    def orders_in(self, data: bytes) -> list[str]:
        """See `Writer.orders_in`."""
        return [each["BEG-03"] for each in x12.parse(data).sets if each.code == "850"]

    def changes_in(self, data: bytes) -> Sequence[Told]:
        """See `Writer.changes_in`."""
        found = [documents.read_change(each) for each in x12.parse(data).sets if each.code == "860"]
        return [Told(each.number, each.sequence, each.purpose == Purpose.CANCELLATION) for each in found]

    def agree(self, story: Story, told: Told, at: datetime) -> bytes | None:
        """See `Writer.agree`: an 865."""
        self.number += 1
        return self._built(documents.draft_answer(documents.OrderAnswer(
            order=told.order,
            ordered_on=self.month.on(story.day),
            change=True,
            purpose=Purpose.CANCELLATION if told.cancelled else Purpose.ORIGINAL,
            type=AnswerType.ACCEPTED,
            number=f"{told.order}-A{told.number}",
            sequence=told.number,
            acknowledged_on=at.date(),
        )), at)  # fmt: skip

    def acknowledge(self, data: bytes, at: datetime) -> bytes | None:
        """See `Writer.acknowledge`."""
        numbers = Numbers(self.number + 1, self.number + 1)
        made = x12.answer(x12.parse(data), self.partner, at=at, numbers=numbers).answer
        self.number += made is not None
        return made.encode() if made is not None else None

    def answer(self, story: Story, paper: Answer, at: datetime) -> bytes:
        """See `Writer.answer`."""
        other = dict(paper.substitutes)
        return self._built(documents.draft_answer(documents.OrderAnswer(
            order=story.order,
            ordered_on=self.month.on(story.day),
            type=AnswerType.WITHOUT_CHANGES if paper.lines == story.wanted else AnswerType.WITH_CHANGES,
            number=f"{story.order}-A",
            acknowledged_on=at.date(),
            currency=CURRENCY,
            lines=tuple(self._answered(line, other.get(line.number, ""), self.delivered(story, paper))
                        for line in paper.lines),
        )), at)  # fmt: skip

    def _answered(self, line: Line, other: str, on: date) -> documents.AnsweredLine:
        return documents.AnsweredLine(
            number=str(line.number), quantity=line.quantity, unit=line.unit, price=line.price,
            ids=(("IN", line.item),),
            answers=(documents.LineAnswer(
                status=LineStatus.SUBSTITUTED if other else LineStatus.ACCEPTED,
                quantity=line.quantity, unit=line.unit, date_qualifier=Dates.SCHEDULED_DELIVERY, date=on,
                ids=(("IN", other),) if other else (),
            ),),
        )  # fmt: skip

    def notice(self, story: Story, paper: Notice, at: datetime) -> bytes:
        """See `Writer.notice`."""
        return self._built(documents.draft_ship_notice(documents.ShipNotice(
            number=paper.number,
            made_on=at.date(),
            made_at=at.time(),
            structure="0004",
            shipped_on=at.date(),
            items=tuple(documents.ShippedItem(order=story.order, line=str(line.number), ids=(("IN", line.item),),
                                              quantity=line.quantity, unit=line.unit) for line in paper.lines),
        )), at)  # fmt: skip

    def bill(self, story: Story, paper: Bill, at: datetime) -> bytes:
        """See `Writer.bill`."""
        corrected = (documents.Reference(qualifier="IV", id=paper.corrects),) if paper.corrects else ()
        return self._built(documents.draft_invoice(documents.Invoice(
            number=paper.number,
            invoiced_on=at.date(),
            order=story.order,
            type="CR" if paper.credit else "",
            currency=CURRENCY,
            references=corrected,
            due_on=self.due(paper),
            total=paper.with_tax(self.vendor.tax),
            lines=tuple(self._billed(line) for line in paper.lines),
            allowances=tuple(documents.Allowance(kind="C", code="D240", amount=each.amount, words=each.words)
                             for each in paper.extras),
        )), at)  # fmt: skip

    def _billed(self, line: Line) -> documents.InvoicedLine:
        return documents.InvoicedLine(
            number=str(line.number), quantity=line.quantity, unit=line.unit, price=line.price,
            ids=(("IN", line.item),),
            references=(documents.Reference(qualifier="LI", id=str(line.number)),),
            allowances=(documents.Allowance(kind="T", code="TX", percent=self.vendor.tax),),
        )  # fmt: skip

    def _built(self, draft: x12.Draft, at: datetime) -> bytes:
        numbers = Numbers(self.number, self.number)
        return x12.build(self.partner, [draft], numbers=numbers, at=at).encode()


Row = tuple[Value, ...]


class EdifactWriter(Writer):
    """EDIFACT D.96A."""

    @property
    def partner(self) -> edifact.Partner:
        """The hospitals, as the supplier knows them."""
        ours, theirs = edifact.Party(id=self.vendor.code), edifact.Party(id=OURS)
        return edifact.Partner(name="Hospitals", ours=ours, theirs=theirs)

    def orders_in(self, data: bytes) -> list[str]:
        """See `Writer.orders_in`."""
        found = edifact.parse(data).messages
        return [edifact.read_document(each).number for each in found if each.type == "ORDERS"]

    def changes_in(self, data: bytes) -> Sequence[Told]:
        """See `Writer.changes_in`."""
        found = [edifact.read_document(each) for each in edifact.parse(data).messages if each.type == "ORDCHG"]
        return [Told(each.order, each.number, each.function == "1") for each in found]

    def agree(self, story: Story, told: Told, at: datetime) -> bytes | None:
        """See `Writer.agree`: an ORDRSP that names the change."""
        self.number += 1
        rows = self._head("231", f"{told.number}-A", story, at, "29")
        return self._built("ORDRSP:D:96A:UN", [*rows, ("RFF", ["PP", told.number]), ("UNS", "S")], at)

    def acknowledge(self, data: bytes, at: datetime) -> bytes | None:
        """See `Writer.acknowledge`."""
        read = edifact.parse(data)
        made = edifact.answer(read, self.partner, reference=f"C{read.control_reference}", at=at)
        return made.encode() if made is not None else None

    def answer(self, story: Story, paper: Answer, at: datetime) -> bytes:
        """See `Writer.answer`."""
        other = dict(paper.substitutes)
        rows = self._head("231", f"{story.order}-A", story, at, "29" if paper.lines == story.wanted else "4")
        for line in paper.lines:
            changed = line.number in other or line not in story.wanted
            rows += [("LIN", line.number, "3" if changed else "5"), ("PIA", "1", [line.item, "IN"])]
            if line.number in other:
                rows.append(("PIA", "3", [other[line.number], "IN"]))
            rows += [
                ("QTY", ["21", line.quantity, line.unit]),
                ("DTM", ["67", _day(self.delivered(story, paper)), "102"]),
                ("PRI", ["AAA", line.price]),
            ]
        return self._built("ORDRSP:D:96A:UN", rows, at)

    def notice(self, story: Story, paper: Notice, at: datetime) -> bytes:
        """See `Writer.notice`."""
        rows: list[Row] = [("BGM", "351", paper.number, "9"), ("DTM", ["11", _day(at.date()), "102"]), ("CPS", "1")]
        for line in paper.lines:
            rows += [
                ("LIN", line.number), ("PIA", "1", [line.item, "IN"]), ("QTY", ["12", line.quantity, line.unit]),
                ("RFF", ["ON", story.order, line.number]),
            ]  # fmt: skip
        return self._built("DESADV:D:96A:UN", rows, at)

    def bill(self, story: Story, paper: Bill, at: datetime) -> bytes:
        """See `Writer.bill`."""
        rows = self._head("381" if paper.credit else "380", paper.number, story, at, "9")
        if paper.corrects:
            rows.append(("RFF", ["IV", paper.corrects]))
        rows.append(("DTM", ["13", _day(self.due(paper)), "102"]))
        for each in paper.extras:
            rows += [("ALC", "C", None, None, None, [None, None, None, each.words]), ("MOA", ["8", each.amount])]
        for line in paper.lines:
            rows += [
                ("LIN", line.number), ("PIA", "1", [line.item, "IN"]), ("QTY", ["47", line.quantity, line.unit]),
                ("PRI", ["AAA", line.price]), ("TAX", "7", "VAT", None, None, [None, None, None, self.vendor.tax]),
            ]  # fmt: skip
        rows += [("UNS", "S"), ("MOA", ["77", paper.with_tax(self.vendor.tax)])]
        return self._built("INVOIC:D:96A:UN", rows, at)

    def _head(self, code: str, number: str, story: Story, at: datetime, function: str) -> list[Row]:
        return [
            ("BGM", code, number, function), ("DTM", ["137", _day(at.date()), "102"]), ("RFF", ["ON", story.order]),
            ("CUX", ["2", CURRENCY, "4"]),
        ]  # fmt: skip

    def _built(self, type: str, rows: list[Row], at: datetime) -> bytes:
        draft = edifact.Draft(type, rows)
        return edifact.build(self.partner, [draft], reference=str(self.number), at=at).encode()


def _day(day: date) -> str:
    return day.strftime("%Y%m%d")

"""pain.002, what a bank says of payment orders, by payment and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from hilum.formats.iso20022.codes import STATUSES, Standing, reason_words, standing_of
from hilum.formats.iso20022.document import Document, Node

Level = Literal["message", "run", "payment"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Why."""

    code: str
    additional: tuple[str, ...] = field(default=(), repr=False)  # in the words of the bank

    @property
    def words(self) -> str:
        """The code in words, then those of the bank."""
        return ": ".join(part for part in (reason_words(self.code), " ".join(self.additional)) if part)


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """What the bank says of a message, a payment run or a payment."""

    level: Level
    number: str  # original MsgId, PmtInfId or EndToEndId
    run: str = ""  # of a payment: original PmtInfId
    instruction_id: str = ""
    code: str = ""  # empty: the bank says nothing at this level
    reasons: tuple[Reason, ...] = ()
    where: str = ""  # place in the message, for errors

    @property
    def standing(self) -> Standing:
        """What the code means."""
        return standing_of(self.code)

    @property
    def words(self) -> str:
        """`rejected: the account number is wrong (AC01)`."""
        told = STATUSES.get(self.code, (Standing.UNKNOWN, self.code))[1] or "the bank says nothing of it"
        return ": ".join((told, *("; ".join(reason.words for reason in self.reasons),) * bool(self.reasons)))


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusReport:
    """An answer to one file of orders."""

    number: str
    created_at: datetime | None  # without offset: in the bank's time
    original: str  # MsgId of the orders
    original_kind: str  # `pain.001.001.09`
    statuses: tuple[Status, ...]  # the message first, then each run with its payments

    def of(self, end_to_end_id: str, run: str) -> Status | None:
        """What holds for a payment of that run: what is said of it itself, else of its run, else of the message.

        None: nothing is said of any. `PART` of a run or message says nothing of one payment.
        """
        wanted = (("payment", end_to_end_id), ("run", run), ("message", self.original))
        for level, number in wanted:
            for status in self.statuses:
                same = status.level == level and status.number == number and (level != "payment" or status.run == run)
                if same and status.code and status.standing is not Standing.PARTLY:
                    return status
        return None

    def problems(self) -> Sequence[object]:
        """A status report has no totals that must agree."""
        return ()


def read_status(document: Document) -> StatusReport:
    """The answer. Raises `Invalid` naming the element."""
    body = document.body
    header, group = body.need("GrpHdr"), body.need("OrgnlGrpInfAndSts")
    original = group.text("OrgnlMsgId")
    found = [_status(group, "message", original, "GrpSts", group.where)]
    for place, run in enumerate(body.each("OrgnlPmtInfAndSts"), 1):
        number, path = run.text("OrgnlPmtInfId"), f"{run.name}[{place}]"
        found.append(_status(run, "run", number, "PmtInfSts", run.at(body.name, place)))
        found += [_payment(each, number, each.at(path, at)) for at, each in enumerate(run.each("TxInfAndSts"), 1)]
    # Version 2 has no runs: each payment names its own.
    for at, each in enumerate(body.each("TxInfAndSts"), 1):
        found.append(_payment(each, each.text("OrgnlPmtInfId"), each.at(body.name, at)))
    return StatusReport(
        number=header.text("MsgId"),
        created_at=header.moment("CreDtTm"),
        original=original,
        original_kind=group.text("OrgnlMsgNmId"),
        statuses=tuple(found),
    )


def _payment(node: Node, run: str, where: str) -> Status:
    return _status(node, "payment", node.text("OrgnlEndToEndId"), "TxSts", where, run)


def _status(node: Node, level: Level, number: str, code: str, where: str, run: str = "") -> Status:
    return Status(
        level=level,
        number=number,
        run=run,
        instruction_id=node.text("OrgnlInstrId"),
        code=node.text(code),
        reasons=tuple(
            Reason(code=each.text("Rsn/Cd", "Rsn/Prtry"), additional=each.texts("AddtlInf"))
            for name in ("StsRsnInf", "OrgnlStsRsnInf")
            for each in node.each(name)
        ),
        where=where,
    )

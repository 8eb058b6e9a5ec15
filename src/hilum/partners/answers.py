"""What a partner's 997, 999, TA1 or CONTRL says of what was sent, in one form for the register.

A document that answers another (855, ORDRSP, ConfirmationRequest) shows too that the first arrived.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from hilum.errors import Invalid
from hilum.formats import cxml, edifact, x12

State = Literal["accepted", "with_errors", "rejected"]
"""What became of a document at the partner."""


class SettledPart(BaseModel):
    """One transaction set or message that an answer names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: str  # ST02, UNH-01
    state: State
    words: str = ""  # what is wrong, by place and kind; never a value


class Settled(BaseModel):
    """What an answer settles. Empty members narrow nothing down."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    partner: str  # key of the profile
    by: str  # 997, 999, TA1, CONTRL; or the document that answers: 855, ORDRSP
    interchange: str = ""  # control number that is answered
    functional_id: str = ""
    group: str = ""
    parts: tuple[SettledPart, ...] = ()
    others: State | None = None  # of what the answer covers and does not name; none: nothing is said of it
    words: str = ""  # about others
    document: str = ""  # number of the business document that is answered; then nothing else is named
    change: str = ""  # of an answer to a document: the number of the change that it answers (BCH05, BGM-02)

    @property
    def business_key(self) -> str:
        """What it answers."""
        what = f"{self.document}/{self.change}" if self.change else self.document
        return f"{self.partner}:{self.by}:{what or f'{self.interchange}/{self.functional_id}{self.group}'}"


_STATES: dict[x12.Verdict, State] = {x12.Verdict.ACCEPTED: "accepted", x12.Verdict.WITH_ERRORS: "with_errors"}
_MOST_WORDS = 5


def answered(partner: str, thing: x12.TransactionSet | edifact.Message) -> list[Settled]:
    """What this answer settles; nothing where it is none, or only says that something was received.

    Raises `Invalid` where it is an answer that cannot be read.
    """
    if isinstance(thing, edifact.Message):
        return [_of_contrl(partner, edifact.read_answer(thing))] if thing.type == "CONTRL" else []
    if thing.code == "TA1":
        return _of_ta1(partner, x12.read_interchange_acknowledgement(thing))
    if thing.code in ("997", "999"):
        return [_of_group(partner, thing.code, x12.read_acknowledgement(thing))]
    return []


def answers_document(partner: str, by: str, document: str, change: str = "", refused: str = "") -> Settled:
    """A document that answers another one, or one of its changes. Raises `Invalid` where it does not say which.

    `refused`: why the partner does not take the change, in words; empty: it does, or says so line by line. Where the
    answer names no change it is to the last one that was sent, if there is one.
    """
    if not document:
        raise Invalid("the answer does not say which document it answers")
    return Settled(
        partner=partner, by=by, document=document, change=change, others="rejected" if refused else "accepted",
        words=refused,
    )  # fmt: skip


def status_update(partner: str, document: cxml.Document) -> Settled:
    """What a StatusUpdateRequest of cXML says of a document that was sent. Raises `Invalid`."""
    reference = document.body.need("DocumentReference").attribute("payloadID")
    status = document.body.need("Status")
    number = reference.partition(".")[0]
    if not number.isdigit():
        raise Invalid("this is no document of ours (payloadID)", where=document.body.where)
    state: State = "accepted" if status.attribute("code").startswith("2") else "rejected"
    words = f"status {status.attribute('code')}" if state == "rejected" else ""
    return Settled(partner=partner, by="StatusUpdate", interchange=number, others=state, words=words)


def _of_group(partner: str, by: str, verdict: x12.GroupVerdict) -> Settled:
    parts = tuple(
        SettledPart(number=each.control_number, state=_state(each.verdict), words=_words(each.problems))
        for each in verdict.sets
    )
    # of a group that is accepted in part only the rejected must be named (X12.20)
    others = "accepted" if verdict.verdict is x12.Verdict.PARTIALLY else _state(verdict.verdict)
    return Settled(
        partner=partner,
        by=by,
        functional_id=verdict.functional_id,
        group=verdict.control_number,
        parts=parts,
        others=others,
        words=_words(verdict.problems),
    )


def _of_ta1(partner: str, verdict: x12.InterchangeVerdict) -> list[Settled]:
    words = "" if verdict.note == "000" else x12.INTERCHANGE_WORDS.get(verdict.note, f"note {verdict.note}")
    state: State = "accepted" if verdict.accepted else "rejected"
    return [Settled(partner=partner, by="TA1", interchange=verdict.control_number, others=state, words=words)]


def _of_contrl(partner: str, verdict: edifact.Verdict) -> Settled:
    parts = tuple(
        SettledPart(
            number=each.reference,
            state="accepted" if each.accepted else "rejected",
            words=_error(each),
        )
        for each in verdict.messages
        if each.reference
    )
    others: State = "rejected" if verdict.action == edifact.REJECTED else "accepted"
    whole = any(not each.reference and not each.accepted for each in verdict.messages)
    return Settled(
        partner=partner,
        by="CONTRL" if verdict.action != edifact.RECEIVED else "CONTRL received",
        interchange=verdict.reference,
        parts=parts,
        others="rejected" if whole else others,
        words=_error(verdict),
    )


def _state(verdict: x12.Verdict) -> State:
    return _STATES.get(verdict, "rejected")


def _error(verdict: edifact.Verdict | edifact.MessageVerdict) -> str:
    """What is wrong and where, by a CONTRL: `UNT-01: the count is not what was received`; empty: nothing."""
    if not verdict.error:
        return ""
    place = verdict.segment + (f"-{verdict.element:02d}" if verdict.segment and verdict.element else "")
    words = edifact.ERROR_WORDS.get(verdict.error, f"error {verdict.error}")
    return f"{place}: {words}" if place else words


def _words(problems: tuple[x12.Problem, ...]) -> str:
    told = "; ".join(map(str, problems[:_MOST_WORDS]))
    return f"{told}; and {len(problems) - _MOST_WORDS} more" if len(problems) > _MOST_WORDS else told

"""From an error to a case that a person can act on: what is wrong, what to do next, and who can do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hilum.errors import (
    Down,
    Invalid,
    NotAccepted,
    NotOwner,
    Refused,
    Rejected,
    SettingsError,
    TryAgain,
    Unmapped,
    Unsure,
    trail,
)
from hilum.flow import Flow
from hilum.journal.payloads import Damaged

BUSINESS, TECHNICAL = "business", "technical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a case says."""

    category: str
    kind: str  # business or technical: decides which of the flow's owners it goes to
    title: str
    words: str
    next_step: str
    detail: str = ""

    def owner(self, flow: Flow | None) -> str:
        """The team that can act."""
        if flow is None:
            return "Integration"
        return flow.owners.business if self.kind == BUSINESS else flow.owners.technical


def classify(error: BaseException, *, destination: str = "") -> Finding:
    """What a case should say of this error. Every error has an answer; an unknown one is a defect of the flow."""
    if isinstance(error, Unmapped):
        return Finding(
            category=error.category,
            kind=BUSINESS,
            title=f"The code '{error.code}' is not known in the table '{error.table}'",
            words=str(error),
            next_step=f"Add the code '{error.code}' to the table '{error.table}', then replay.",
        )
    if isinstance(error, Rejected):
        return _rejected(error, destination)
    for kind, make in _BY_KIND.items():
        if isinstance(error, kind):
            return make(error, destination)
    return _defect(error)


def reused(first: str) -> Finding:
    """A sender used an identifier again for another content."""
    return Finding(
        category="identifier_reused",
        kind=TECHNICAL,
        title="The sender used a message identifier again for a different message",
        words=f"An earlier message, {first}, has the same identifier but other content. Both are kept.",
        next_step="Compare the two. If this one is a message of its own, replay it; if it is a repetition, discard it.",
    )


def _rejected(error: Rejected, destination: str) -> Finding:
    technical = error.category.endswith((".defect", ".access", ".protocol"))
    return Finding(
        category=error.category,
        kind=TECHNICAL if technical else BUSINESS,
        title=f"{destination or 'The receiver'} refuses it",
        words=str(error),
        next_step="Correct the data where it belongs (here or in the receiving system), then replay; or discard it.",
    )


def _invalid(error: BaseException, _: str) -> Finding:
    where = getattr(error, "where", None) or ""
    return Finding(
        category="invalid",
        kind=BUSINESS,
        title=f"The message cannot be read{f' at {where}' if where else ''}",
        words=str(error),
        next_step="Ask the sender to correct and resend it, or edit it here and resubmit.",
    )


def _not_accepted(error: BaseException, _: str) -> Finding:
    return Finding(
        category="not_accepted",
        kind=TECHNICAL,
        title="No flow takes this message",
        words=str(error),
        next_step="Add or correct the flow that it is for, have it sent again, and discard it here. A replay gives it "
        "to the flow that it is shown under.",
    )


def _not_owner(error: BaseException, _: str) -> Finding:
    return Finding(
        category="not_owner",
        kind=BUSINESS,
        title="The sender may not change this",
        words=str(error),
        next_step="Make the change in the system that owns it, then discard this one.",
    )


def _refused(error: BaseException, _: str) -> Finding:
    return Finding(
        category="refused",
        kind=BUSINESS,
        title="A rule forbids it",
        words=str(error),
        next_step="Decide whether the rule or the message is wrong; then replay or discard.",
    )


def _unsure(error: BaseException, destination: str) -> Finding:
    return Finding(
        category="unsure",
        kind=TECHNICAL,
        title=f"It is not known whether {destination or 'the receiver'} has it",
        words=str(error),
        next_step="Look whether it arrived. If not, replay; if it did, discard it here.",
    )


def _exhausted(error: BaseException, destination: str) -> Finding:
    return Finding(
        category="retries_exhausted",
        kind=TECHNICAL,
        title=f"{destination or 'The receiver'} did not take it in all attempts",
        words=str(error),
        next_step="Find out what is wrong with the receiver, then replay.",
    )


def _settings(error: BaseException, _: str) -> Finding:
    return Finding(
        category="settings",
        kind=TECHNICAL,
        title="The flow is not set up as it needs",
        words=str(error),
        next_step="Correct the set-up of the flow, then replay.",
    )


def _damaged(error: BaseException, _: str) -> Finding:
    return Finding(
        category="payload_damaged",
        kind=TECHNICAL,
        title="The stored payload is damaged",
        words=f"The payload of this message cannot be read: {error}.",
        next_step="Find out who changed the database. Ask the sender to send it again, then discard this one.",
    )


def _defect(error: BaseException) -> Finding:
    """Only the kind of error and places are told: see `trail`."""
    kind, *places = trail(error).splitlines()
    at = f" at {places[0].partition(' in ')[0]}" if places else ""
    return Finding(
        category="defect",
        kind=TECHNICAL,
        title="The flow has a defect",
        words=f"{kind}{at}.",
        next_step="Correct the flow, then replay.",
        detail="\n".join(places),
    )


_BY_KIND: Mapping[type[BaseException], Callable[[BaseException, str], Finding]] = {
    Invalid: _invalid,
    NotAccepted: _not_accepted,
    NotOwner: _not_owner,
    Refused: _refused,
    Unsure: _unsure,
    TryAgain: _exhausted,
    Down: _exhausted,
    SettingsError: _settings,
    Damaged: _damaged,
}

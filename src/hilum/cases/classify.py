"""From an error to a case that a person can act on: what is wrong, what to do next, and who can do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from hilum.cases.categories import BUSINESS, described
from hilum.cases.causes import cause_of, exactly
from hilum.errors import (
    Ambiguous,
    Down,
    Endless,
    Invalid,
    NotAccepted,
    NotOwner,
    Refused,
    Rejected,
    SettingsError,
    Stop,
    TryAgain,
    Undecided,
    Unmapped,
    Unsure,
    trail,
)
from hilum.flow import Flow, Owners
from hilum.journal.payloads import Damaged

ARRIVAL: Final = "arrival {number}"
"""The cause of cases that wait for an answer about the same arrival."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a case says."""

    category: str
    title: str
    words: str
    advice: str = ""  # what to do next; empty: as its category says
    detail: str = ""
    cause: str = ""  # what makes cases alike; empty: the words, without what is incidental

    @property
    def kind(self) -> str:
        """Business or technical: decides which of the flow's owners it goes to."""
        return described(self.category).kind

    @property
    def next_step(self) -> str:
        """What to do next."""
        return self.advice or described(self.category).next_step

    @property
    def alike(self) -> str:
        """The cause, as cases are compared by it."""
        return exactly(self.cause) if self.cause else cause_of(self.words)

    def owner(self, flow: Flow | None) -> str:
        """The team that can act."""
        return owners(flow, self.kind)[0]


def owners(flow: Flow | None, kind: str) -> tuple[str, str]:
    """The team that gets a case of this kind, and the flow's other one."""
    return owners_by(flow.owners if flow is not None else None, kind)


def owners_by(declared: Owners | None, kind: str) -> tuple[str, str]:
    """As `owners`, of anything that has owners."""
    if declared is None:
        return "Integration", ""
    both = (declared.business, declared.technical)
    return both if kind == BUSINESS else (both[1], both[0])


def classify(error: BaseException, *, destination: str = "") -> Finding:
    """What a case should say of this error. Every error has an answer; an unknown one is a defect of the flow."""
    for kind, make in _BY_KIND.items():
        if isinstance(error, kind):
            return make(error, destination)
    return _defect(error)


def reused(first: str) -> Finding:
    """A sender used an identifier again for another content."""
    return Finding(
        category="identifier_reused",
        title="The sender used a message identifier again for a different message",
        words=f"An earlier message, {first}, has the same identifier but other content. Both are kept.",
    )


def _unmapped(error: BaseException, _: str) -> Finding:
    table, code = getattr(error, "table", ""), getattr(error, "code", "")
    return Finding(
        category="unmapped",
        title=f"The code '{code}' is not known in the table '{table}'",
        words=str(error),
        advice=f"Add the code '{code}' to the table '{table}', then replay.",
        cause=f"{table}: {code}",
    )


def _rejected(error: BaseException, destination: str) -> Finding:
    category = getattr(error, "category", "")
    return Finding(category=category, title=f"{destination or 'The receiver'} refuses it", words=str(error))


def _stop(error: BaseException, _: str) -> Finding:
    category = described(getattr(error, "category", "stopped"))
    return Finding(category=category.key, title=category.title, words=str(error))


def _invalid(error: BaseException, _: str) -> Finding:
    where = getattr(error, "where", None) or ""
    title = f"The message cannot be read{f' at {where}' if where else ''}"
    return Finding(category="invalid", title=title, words=str(error))


def _not_accepted(error: BaseException, _: str) -> Finding:
    return Finding(category="not_accepted", title="No flow takes this message", words=str(error))


def _not_owner(error: BaseException, _: str) -> Finding:
    return Finding(category="not_owner", title="The sender may not change this", words=str(error))


def _undecided(error: BaseException, _: str) -> Finding:
    return Finding(category="undecided", title="A steward decides whether this change counts", words=str(error))


def _ambiguous(error: BaseException, _: str) -> Finding:
    number = getattr(error, "arrival", 0)
    return Finding(
        category="ambiguous",
        title="Is it known already, or new?",
        words=str(error),
        cause=ARRIVAL.format(number=number) if number else "",
    )


def _refused(error: BaseException, _: str) -> Finding:
    return Finding(category="refused", title="A rule forbids it", words=str(error))


def _unsure(error: BaseException, destination: str) -> Finding:
    title = f"It is not known whether {destination or 'the receiver'} has it"
    return Finding(category="unsure", title=title, words=str(error))


def _exhausted(error: BaseException, destination: str) -> Finding:
    title = f"{destination or 'The receiver'} did not take it in all attempts"
    return Finding(category="retries_exhausted", title=title, words=str(error))


def _settings(error: BaseException, _: str) -> Finding:
    return Finding(category="settings", title="The flow is not set up as it needs", words=str(error))


def _damaged(error: BaseException, _: str) -> Finding:
    words = f"The payload of this message cannot be read: {error}."
    return Finding(category="payload_damaged", title="The stored payload is damaged", words=words)


def _endless(error: BaseException, _: str) -> Finding:
    return Finding(category="endless", title="The flow does not end with this message", words=str(error))


def _defect(error: BaseException) -> Finding:
    """Only the kind of error and places are told: see `trail`."""
    kind, *places = trail(error).splitlines()
    at = f" at {places[0].partition(' in ')[0]}" if places else ""
    detail = "\n".join(places)
    return Finding(category="defect", title="The flow has a defect", words=f"{kind}{at}.", detail=detail)


# The first that fits counts: the general ones stand last.
_BY_KIND: Mapping[type[BaseException], Callable[[BaseException, str], Finding]] = {
    Unmapped: _unmapped,
    Rejected: _rejected,
    Invalid: _invalid,
    NotAccepted: _not_accepted,
    NotOwner: _not_owner,
    Undecided: _undecided,
    Ambiguous: _ambiguous,
    Refused: _refused,
    Endless: _endless,
    Unsure: _unsure,
    TryAgain: _exhausted,
    Down: _exhausted,
    SettingsError: _settings,
    Damaged: _damaged,
    Stop: _stop,
}

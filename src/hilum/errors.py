"""Every error of Hilum, named by what the hub does next.

    HilumError
    ├── Failure                 what a destination may answer for a delivery (raised, or returned as its outcome)
    │   ├── TryAgain            surely nothing was done: wait and repeat, within the flow's limit
    │   ├── Unsure              it may have been done: repeat if the destination deduplicates, else check, else hold
    │   ├── Rejected            this one never will: hold it, open a case for the business owner
    │   └── Down                nothing at this endpoint will, now: open its breaker, use up no attempt
    ├── Stop                    what reading or translating may raise: hold the message, open a case
    │   ├── Invalid             the payload breaks its format or its contract
    │   ├── Unmapped            a code has no row in a lookup table
    │   ├── NotOwner            the sender does not own what it wants to change
    │   ├── Undecided           whether this change counts is for a steward to decide
    │   ├── Ambiguous           it may be something that is known already: a steward says which, or that it is new
    │   ├── Refused             a policy forbids it
    │   └── Endless             its translation did not end and took the process with it
    ├── Busy                    intake is past its high-water mark: the sender is asked to come again
    ├── NotAccepted             no flow takes this kind of message: the sender is told so
    ├── LeaseLost               another worker holds the lane now: drop the work in hand, commit nothing
    ├── DatabaseUnavailable     the journal cannot be reached or cannot write: acknowledge nothing, try again
    │   └── KeyUnavailable      a key that payloads need is not to be had: acknowledge nothing, try again
    └── SettingsError           the set-up is wrong: say where and what to do, do not start

Texts are for people and never contain a payload or a secret.
"""

from __future__ import annotations

import traceback


class HilumError(Exception):
    """Base of all errors that Hilum raises on purpose."""


class Failure(HilumError):
    """A delivery was not made. The subclass says what the hub does next."""


class TryAgain(Failure):
    """Surely nothing was done. The hub waits and repeats.

    `after` is the least number of seconds to wait, where the receiver said so (for example `Retry-After`).
    """

    def __init__(self, words: str, *, after: float | None = None) -> None:
        super().__init__(words)
        self.after = after


class Unsure(Failure):
    """The answer was lost after sending: it may or may not have been done.

    `checked`: the receiver was asked afterwards and could not tell, so only a person can.
    """

    def __init__(self, words: str, *, checked: bool = False) -> None:
        super().__init__(words)
        self.checked = checked


class Rejected(Failure):
    """The receiver refuses this one and always will.

    `category` is a stable key such as `odoo.validation` (docs and statistics use it); the text is for the
    business owner.
    """

    def __init__(self, category: str, words: str) -> None:
        super().__init__(words)
        self.category = category


class Down(Failure):
    """The endpoint as a whole does not work now (refused login, no connection, maintenance)."""

    def __init__(self, words: str, *, after: float | None = None) -> None:
        super().__init__(words)
        self.after = after


class Stop(HilumError):
    """The message cannot go on and is held with a case. `category` is the stable key of the case."""

    category = "stopped"


class Invalid(Stop):
    """The payload breaks its format or its contract. `where` names segment, field, row or path."""

    category = "invalid"

    def __init__(self, words: str, *, where: str | None = None) -> None:
        super().__init__(f"{where}: {words}" if where else words)
        self.where = where


class Unmapped(Stop):
    """A code has no row in a lookup table; a steward adds it and replays. `where` names the field that has the code."""

    category = "unmapped"

    def __init__(self, table: str, code: str, *, where: str = "") -> None:
        words = f"The lookup table '{table}' has no row for the code '{code}'."
        super().__init__(f"{where}: {words}" if where else words)
        self.table = table
        self.code = code


class NotOwner(Stop):
    """The sender is not the system of record for what it wants to change."""

    category = "not_owner"


class Undecided(Stop):
    """Whether this change counts is for a steward to decide: let it through, or discard it."""

    category = "undecided"


class Ambiguous(Stop):
    """What arrived may be something that is known already; a steward says which, or that it is new.

    `arrival` is the number of the question.
    """

    category = "ambiguous"

    def __init__(self, words: str, *, arrival: int = 0) -> None:
        super().__init__(words)
        self.arrival = arrival


class Refused(Stop):
    """A policy forbids it."""

    category = "refused"


class Endless(Stop):
    """An earlier translation of this message did not end; the process that was at it ended itself."""

    category = "endless"

    def __init__(self, words: str = "The flow was still at this message when a translation's time was over.") -> None:
        super().__init__(words)


class Busy(HilumError):
    """Intake is past its high-water mark. Sources answer busy in their protocol's way."""

    def __init__(self, words: str = "The hub is busy; send again later.", *, after: float = 5.0) -> None:
        super().__init__(words)
        self.after = after


class NotAccepted(HilumError):
    """No flow takes this kind of message from this source."""


class LeaseLost(HilumError):
    """Another worker holds the lane now."""


class DatabaseUnavailable(HilumError):
    """The journal cannot be reached, or cannot write (disk full, read only)."""


class KeyUnavailable(DatabaseUnavailable):
    """A master key that payloads need is not known to this process, or its vault does not answer."""


class SettingsError(HilumError):
    """The set-up is wrong. The text says where and what to do."""


def trail(error: BaseException, *, frames: int = 12) -> str:
    """Where a foreign error comes from: its kind, then file, line and function of the last frames.

    Never its text: texts of foreign errors may quote a payload or a secret (a failed conversion shows the value, a
    database shows the row), so logs and cases get this instead of a traceback.
    """
    found = traceback.extract_tb(error.__traceback__)[-frames:]
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} in {frame.name}" for frame in reversed(found)]
    return "\n".join([type(error).__name__, *places])

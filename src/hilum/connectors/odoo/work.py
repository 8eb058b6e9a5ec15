"""The deliveries of one batch while an operation works on them, and the order that must not be broken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hilum.connectors.encoding import without_payload
from hilum.connectors.odoo.faults import MEANING, Refusal
from hilum.errors import Failure, Rejected, TryAgain
from hilum.message import Delivered, Delivery, Outcome

BEHIND = "Waits: an earlier delivery of the same ordering key was not made."


@dataclass(eq=False, slots=True)
class Task:
    """One delivery, the object in it, and its outcome once there is one."""

    delivery: Delivery
    thing: Any = field(repr=False)
    stage: int = 0  # stages run one after the other; see `Odoo.deliver`
    outcome: Outcome | None = None
    remarks: list[str] = field(default_factory=list)  # what a person should know of a delivery that succeeds

    @property
    def key(self) -> str:
        """The ordering key; empty: in order with nothing."""
        return self.delivery.key

    def deliver(self, reference: str, words: str) -> None:
        """It is in Odoo as `reference` (`model:id name`)."""
        self.outcome = Delivered(reference=reference, words=" ".join([words, *self.remarks]))

    def fail(self, failure: Failure, about: str = "") -> None:
        """It is not, for this reason. `about` says of which document; Odoo's own words are freed of the payload."""
        if isinstance(failure, Refusal):
            words = without_payload(failure.message, self.delivery.body)
            meaning = MEANING.get(failure.category, MEANING["odoo.defect"])
            text = f"{about}: {meaning}" if about else meaning
            self.outcome = Rejected(failure.category, f"{text} Odoo says: {words}" if words else text)
        elif isinstance(failure, Outcome):
            self.outcome = failure
        else:
            raise TypeError(f"{type(failure).__name__} is no outcome")


def still_open(tasks: Iterable[Task]) -> list[Task]:
    """The tasks without an outcome, in order.

    A task behind a failed one of the same ordering key gets `TryAgain` and is not among them: it must not overtake.
    """
    failed: set[str] = set()
    ready = []
    for task in tasks:
        if task.outcome is None:
            if task.key in failed:
                task.outcome = TryAgain(BEHIND)
            else:
                ready.append(task)
        if task.key and isinstance(task.outcome, Failure):
            failed.add(task.key)
    return ready


def cell(value: Any) -> str:
    """One value as a text for `load`, which takes no booleans. Decimals keep every digit; times are UTC."""
    match value:
        case bool():
            return "1" if value else "0"
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        case date():
            return value.isoformat()
        case None:
            return ""
        case _:
            return str(value)


def exact(value: Any) -> Decimal:
    """A number that Odoo answered, as the decimal that it shows (0.1 is 0.1, not its binary neighbour)."""
    return Decimal(str(value or 0))

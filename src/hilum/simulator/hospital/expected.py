"""What Odoo must hold once everything that was sent has arrived: the yardstick of tests and of the demo."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from hilum.simulator.hospital.events import Event, Flaw, Order, Person, Use

if TYPE_CHECKING:
    from hilum.simulator.hospital.hospital import Hospital

HELD = frozenset({Flaw.UNMAPPED, Flaw.MALFORMED})


class Expected:
    """The ledger of a run. Only events that were really sent (or acknowledged) are to be added to it.

    Duplicates count once, held and refused events not at all. After a steward added `hospital.missing_rows()` and the
    held messages were replayed, `unmapped_arrived` adds what they lead to.
    """

    def __init__(self, hospital: Hospital) -> None:
        self.stock: dict[tuple[str, str], Decimal] = hospital.opening()  # (item, store) → on hand
        self.charges: dict[str, Use] = {}  # by transaction: one posted invoice (or credit note) each
        self.orders: dict[str, Order] = {}  # by number
        self.accounts: dict[str, Person | None] = {}  # None: known from a charge only
        self.held: dict[str, Event] = {}  # by control id
        self.refused: list[Event] = []
        self._seen: set[str] = set()

    def watch(self, events: Iterable[Event]) -> Iterator[Event]:
        """Pass the events on, adding each as it goes by."""
        for event in events:
            self.add(event)
            yield event

    def add(self, event: Event) -> None:
        """One event was sent. The same control id a second time adds nothing."""
        if event.control_id in self._seen:
            return
        self._seen.add(event.control_id)
        if event.flaw is Flaw.UNREADABLE:
            self.refused.append(event)
        elif event.flaw in HELD:
            self.held[event.control_id] = event
        else:
            self._apply(event)

    def unmapped_arrived(self) -> None:
        """The missing rows are there and the held messages were replayed."""
        for control_id, event in list(self.held.items()):
            if event.flaw is Flaw.UNMAPPED:
                del self.held[control_id]
                self._apply(event)

    def charged(self, account: str) -> Decimal:
        """What the account was charged in all, each line rounded to cents as an invoice does."""
        lines = (use for use in self.charges.values() if use.account == account)
        return sum((round(use.quantity * use.price, 2) for use in lines), Decimal(0))

    def _apply(self, event: Event) -> None:
        for use in event.uses:
            self.charges[use.transaction] = use
            if use.store:
                self.stock[use.item, use.store] -= use.quantity
            self.accounts.setdefault(use.account, None)
        for order in event.orders:
            self.orders[order.number] = order
        if event.person is not None:
            self.accounts[event.person.account] = event.person

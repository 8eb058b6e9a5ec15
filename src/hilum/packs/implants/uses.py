"""One use of an implant: what it should come to, and what was sent of it. Pure.

Whatever comes, in any order: what should be, less what was sent, is what is sent next. So a use that is taken back is
credited, given back and ordered no more by the same lines that charged, bought and ordered it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from hilum.canonical import (
    BusinessObject,
    Charge,
    ConsignmentMoved,
    ImplantUsed,
    OrderLine,
    ReceiptLine,
    ReturnLine,
    SupplyConsumed,
)
from hilum.canonical.conversions import plain, to_decimal
from hilum.packs.implants.knowing import Known, Question
from hilum.packs.inventory.implant_lines import CONSIGNED, OWN

NONE = Decimal(0)


@dataclass(frozen=True, slots=True)
class Price:
    """From whom it is bought, and for how much one."""

    supplier: str
    unit_price: Decimal
    currency: str
    contract: str = ""


@dataclass(slots=True)
class Use:
    """One use. `name` is its transaction; a corrected one has its revision behind it."""

    name: str
    told: ImplantUsed
    known: Known = field(default_factory=Known)
    backs: dict[str, Decimal] = field(default_factory=dict)  # by transaction: so much was taken back
    item: str = ""  # as a person said
    whose: str = ""  # as a person said
    price: Price | None = None  # as a person said
    amount: Decimal | None = None  # charged for all of it, as a person said
    amount_currency: str = ""
    cleared: bool = False  # a person said: use it though it is expired or recalled
    stopped: bool = False  # a person said: neither order nor charge it
    order: str = ""
    line: int = 0
    bought_at: Price | None = None  # as it was ordered
    charged_at: tuple[Decimal, str] | None = None  # for one, as it was charged
    moved: Decimal = NONE  # consigned stock that left the shelf
    charged: Decimal = NONE
    ordered: Decimal = NONE
    booked: Decimal = NONE  # received against the use, and used
    waived: bool = False  # a person said: no bill is waited for
    sent: dict[str, int] = field(default_factory=dict)  # how often each kind of thing was sent

    # What should be

    @property
    def left(self) -> Decimal:
        """What was used and not taken back."""
        return self.told.quantity - sum(self.backs.values())

    @property
    def is_own(self) -> bool:
        """Was it the hospital's already? Then nothing is bought."""
        return self.known.whose == OWN

    @property
    def is_identified(self) -> bool:
        """Is it known which item it is, and whose it was?"""
        return bool(self.known.item and self.known.whose)

    def hazards(self) -> list[str]:
        """Why it should not have been used, in words."""
        found = list(self.known.recalls)
        expires = self.told.device.expires_on if self.told.device is not None else None
        if expires is not None and expires < self.told.used_on:
            found.insert(0, f"expired on {expires}, used on {self.told.used_on}")
        return found

    @property
    def is_clear(self) -> bool:
        """May it be ordered and charged?"""
        return self.is_identified and not self.stopped and (self.cleared or not self.hazards())

    def buying(self) -> Price | None:
        """As it was ordered; else what a person said, else the contract; none: nobody knows."""
        known = self.known
        if self.bought_at is not None or self.price is not None:
            return self.bought_at or self.price
        if known.unit_price is None or not known.supplier:
            return None
        return Price(known.supplier, known.unit_price, known.currency, known.contract)

    def charging(self) -> tuple[Decimal, str] | None:
        """For one, with its currency: as charged, as a person said, as the sender said, as the list says."""
        if self.charged_at is not None:
            return self.charged_at
        if self.amount is not None:
            return self._each(self.amount), self.amount_currency
        if self.told.amount is not None:
            return self._each(self.told.amount.amount), self.told.amount.currency
        if self.known.charge is not None and self.known.charge_currency:
            return self.known.charge, self.known.charge_currency
        return None

    def _each(self, amount: Decimal) -> Decimal:
        return to_decimal(Fraction(amount) / Fraction(self.told.quantity), 6)[0]

    @property
    def to_order(self) -> Decimal:
        """So much is to be on an order."""
        return self.left if self.is_clear and not self.is_own and self.buying() is not None else NONE

    @property
    def is_closed(self) -> bool:
        """Is everything sent that should be? The bill is its order's."""
        if self.stopped:
            return self.ordered == self.charged == NONE
        if not self.left:
            return self.ordered == self.charged == self.moved == NONE
        return self.is_clear and self.charged == self.left and (self.is_own or self.ordered == self.left)

    def called(self) -> str:
        """For people: `HIP-36, lot A-2`, never whose operation it was."""
        device = self.told.device
        name = self.known.item or self.told.code or (device.device if device is not None else "")
        lot = self.told.lot or (device.tracked_as if device is not None else "")
        return f"{name}{f', lot {lot}' if lot else ''}"

    def question(self) -> Question:
        """What is looked up of it."""
        supplier = self.price.supplier if self.price is not None else ""
        return Question(name=self.name, used=self.told, item=self.item, whose=self.whose, supplier=supplier)

    # What is sent

    def charge(self) -> Iterator[BusinessObject]:
        """The charge, or the credit, that makes the account right."""
        price = self.charging()
        target = self.left if self.is_clear and price is not None else NONE
        if price is None or target == self.charged:
            return
        missing, told = target - self.charged, self.told
        self.charged, self.charged_at = target, price
        yield Charge(
            transaction=self._next("charge", "c"),
            account=told.account,
            item=self.known.item or None,
            description=self.known.title or self.called(),
            quantity=missing,
            unit_price=price[0],
            currency=price[1],
            service_date=told.used_on,
            encounter=told.encounter,
            payer=told.payer,
            department=told.department,
            facility=told.facility,
        )

    def leave_shelf(self) -> Iterator[BusinessObject]:
        """Consigned stock leaves the shelf as soon as it is known whose it was, whatever else is open."""
        if self.moved < self.left:
            yield from self._shelf()

    def back_to_shelf(self) -> Iterator[BusinessObject]:
        """What is taken back is the supplier's again once the hospital has returned it: Odoo has a serial once."""
        if self.moved > self.left:
            yield from self._shelf()

    def _shelf(self) -> Iterator[BusinessObject]:
        supplier = self._owner()
        if self.known.whose != CONSIGNED or not self.known.item or not supplier:
            return
        missing, self.moved = self.left - self.moved, self.left
        yield ConsignmentMoved(
            number=self._next("move", "m"),
            supplier=supplier,
            location=self.told.location,
            item=self.known.item,
            quantity=-missing,
            unit=self.told.unit,
            lot=self.told.lot,
            moved_at=self.told.used_at,
            reason=f"used: {self.told.case}" if missing > 0 else f"taken back: {self.told.case}",
        )

    def _owner(self) -> str:
        """Who owned it: the one that it is bought from."""
        price = self.buying()
        return price.supplier if price is not None else self.known.supplier

    def use(self, place: str) -> Iterator[BusinessObject]:
        """What was used leaves the stock, once it is the hospital's own; what is taken back comes into it."""
        target = self.ordered if not self.is_own else (self.left if self.is_clear else NONE)
        missing = target - self.booked
        if not missing:
            return
        told, self.booked = self.told, target
        yield SupplyConsumed(
            transaction=self._next("use", "u"),
            item=self.known.item,
            quantity=missing,
            unit=told.unit,
            location=told.location if self.is_own else place,
            account=told.account,
            encounter=told.encounter,
            used_at=told.used_at,
            lot=told.lot,
            device=told.device,
            facility=told.facility,
        )

    def order_line(self) -> OrderLine:
        """As it stands on its order."""
        price = self.buying()
        return OrderLine(
            number=self.line,
            item=self.known.item,
            quantity=self.ordered,
            unit=self.told.unit,
            unit_price=price.unit_price if price is not None else None,
        )

    def received(self, quantity: Decimal) -> ReceiptLine:
        """What a receipt of its order says of it."""
        device = self.told.device
        return ReceiptLine(
            item=self.known.item,
            quantity=quantity,
            unit=self.told.unit,
            order_line=self.line,
            lot=self.told.lot,
            expires_on=device.expires_on if device is not None else None,
            device=device,
        )

    def returned(self, quantity: Decimal) -> ReturnLine:
        """What a return to the supplier says of it."""
        return ReturnLine(
            number=self.line, item=self.known.item, quantity=quantity, unit=self.told.unit, lot=self.told.lot
        )

    def words(self) -> str:
        """For people: `1 EA of HIP-36, lot A-2`."""
        return f"{plain(self.left)} {self.told.unit} of {self.called()}"

    def _next(self, kind: str, mark: str) -> str:
        """The number of the next thing of a kind: the first has the name of the use, each is another one."""
        self.sent[kind] = self.sent.get(kind, 0) + 1
        return self.name if self.sent[kind] == 1 and kind != "move" else f"{self.name}:{mark}{self.sent[kind]}"

"""Money that comes by a payment gateway: each payment, refund and chargeback, and the sums that reach the bank."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from hilum.canonical.base import Amount, BusinessObject, Code, Currency, Kind, Moment, Text, Value


class GatewayMove(StrEnum):
    """What moved at the gateway."""

    PAYMENT = "payment"
    REFUND = "refund"  # we give back
    CHARGEBACK = "chargeback"  # the payer's bank takes back
    CHARGEBACK_WON = "chargeback won"  # and we have it again
    FEE = "fee"  # of the gateway, beside those of single payments
    ADJUSTMENT = "adjustment"  # whatever else, with its sign

    @property
    def sign(self) -> int:
        """1: more is held for us; -1: less."""
        return -1 if self in (GatewayMove.REFUND, GatewayMove.CHARGEBACK, GatewayMove.FEE) else 1


class GatewayTransaction(BusinessObject):
    """Money moved at a gateway: it holds more or less for us."""

    name: ClassVar[str] = "hilum.gateway.transaction"
    kind: ClassVar[Kind] = Kind.EVENT

    gateway: Code
    number: Code  # the gateway's own
    move: GatewayMove
    amount: Amount  # of which the move says the sign; an adjustment has its own
    fee: Amount = Decimal(0)  # what the gateway keeps of it
    currency: Currency
    moved_at: Moment
    of: Code | None = None  # the payment that a refund or chargeback is about
    customer: Code | None = None  # who paid: one of these two, as far as somebody knows
    account: Code | None = None
    documents: tuple[Code, ...] = ()  # invoices that it pays
    words: Text = ""

    @model_validator(mode="after")
    def _has_a_sign(self) -> GatewayTransaction:
        if self.move is not GatewayMove.ADJUSTMENT and self.amount <= 0:
            raise ValueError("the amount must be above 0: what moved says its sign")
        if self.customer is not None and self.account is not None:
            raise ValueError("at most one of customer and account may be given")
        return self

    @property
    def net(self) -> Decimal:
        """So much more is held for us."""
        return self.move.sign * self.amount - self.fee

    @property
    def business_key(self) -> str:
        """Gateway and number."""
        return f"{self.gateway}:{self.number}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Number, payment, who paid, what for."""
        found = (self.business_key, self.number, self.of, self.customer, self.account, *self.documents)
        return tuple(dict.fromkeys(x for x in found if x))


class SettledMove(Value):
    """One move within a settlement."""

    number: Code
    move: GatewayMove
    amount: Amount
    fee: Amount = Decimal(0)

    @property
    def net(self) -> Decimal:
        """So much of the settlement is of it."""
        return self.move.sign * self.amount - self.fee


class GatewaySettlement(BusinessObject):
    """A gateway pays out what it holds for us: one sum on the bank's statement. Its moves come to it exactly."""

    name: ClassVar[str] = "hilum.gateway.settlement"

    gateway: Code
    number: Code  # of the payout
    amount: Amount  # what reaches the bank; negative: what the gateway takes from it
    currency: Currency
    paid_on: date
    reference: Text = ""  # what the statement of the bank says of it; empty: its number
    moves: Annotated[tuple[SettledMove, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _adds_up(self) -> GatewaySettlement:
        if sum((each.net for each in self.moves), Decimal(0)) != self.amount:
            raise ValueError("the moves do not come to the amount")
        if len({each.number for each in self.moves}) != len(self.moves):
            raise ValueError("a move is named twice")
        return self

    @property
    def fees(self) -> Decimal:
        """What the gateway has kept, in all."""
        of_its_own = (each.amount for each in self.moves if each.move is GatewayMove.FEE)
        return sum((each.fee for each in self.moves), Decimal(0)) + sum(of_its_own, Decimal(0))

    @property
    def business_key(self) -> str:
        """Gateway and number."""
        return f"{self.gateway}:{self.number}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Key, number, reference, moves."""
        found = (self.business_key, self.number, self.reference, *(each.number for each in self.moves))
        return tuple(dict.fromkeys(x for x in found if x))

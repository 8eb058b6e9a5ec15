"""A simulated payment gateway: it takes payments, gives back, is charged back, pays out, and posts signed webhooks.

    async with Gateway(webhook="http://127.0.0.1:8099/cards", secret="…", troubles=GatewayTroubles(lost=0.1)) as cards:
        paid = cards.pay(Decimal("120.00"), customer="C-1", documents=["INV-1"])
        cards.refund(paid, Decimal("30.00"))
        payout = cards.pay_out(date(2026, 3, 14))      # what the bank's statement will show
        await cards.post_all()                         # the webhooks of all that
        cards.report()                                 # its settlement file, which says the same

Fees are 1.4 % and a fixed part, to the cent. `held` is what the gateway still has for us.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, Self

import aiohttp
import orjson

from hilum.errors import SettingsError
from hilum.formats import write_delimited
from hilum.simulator.ap_product import signed

RATE: Final = Decimal("0.014")
FIXED: Final = Decimal("0.10")
CHARGEBACK_FEE: Final = Decimal("15.00")
REPORT: Final = ("payout", "paid_on", "paid_out", "reference", "currency", "id", "type", "amount", "fee", "at", "of",
                 "customer", "account", "documents")  # fmt: skip
"""Columns of its settlement files."""

_IN_FILES: Final = {
    "payment.succeeded": "payment", "refund.succeeded": "refund", "chargeback.opened": "chargeback",
    "chargeback.won": "chargeback won", "fee.charged": "fee",
}  # fmt: skip
_BEGINS: Final = datetime(2026, 3, 12, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayTroubles:
    """What goes wrong with webhooks; how often, from 0 to 1."""

    doubled: float = 0  # posted a second time, with the same id
    lost: float = 0  # of a payment, refund or chargeback: never posted
    forged: float = 0  # before it one with a wrong signature is posted
    shuffled: bool = False  # all of a `post_all` are posted in any order


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """A sum that reaches the bank."""

    id: str
    amount: Decimal
    day: date
    reference: str
    fees: Decimal


@dataclass
class Gateway:
    """One gateway. `webhook`: where it posts to."""

    webhook: str
    secret: str = field(repr=False)
    name: str = "CARDS"
    currency: str = "EUR"
    troubles: GatewayTroubles = field(default_factory=GatewayTroubles)
    seed: int = 1
    answers: Counter[int] = field(default_factory=Counter)  # of the hub, by status

    def __post_init__(self) -> None:
        """Nothing has moved."""
        self._drawn = random.Random(self.seed)  # noqa: S311 — made-up payments, no secrets
        self._moves: list[dict[str, Any]] = []  # not paid out yet
        self._events: list[dict[str, Any]] = []  # not posted yet
        self._payers: dict[str, dict[str, Any]] = {}
        self._said: dict[str, dict[str, str]] = {}  # of each move: what a settlement file has beside it
        self._paid_out: list[dict[str, str]] = []  # rows of settlement files
        self._count = 0
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Ready to post."""
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        if self._session is not None:
            await self._session.close()

    @property
    def held(self) -> Decimal:
        """What it has for us."""
        return sum((_net(each) for each in self._moves), Decimal(0))

    def pay(self, amount: Decimal, *, customer: str = "", account: str = "", documents: Sequence[str] = ()) -> str:
        """Somebody pays; the number of the payment."""
        fee = (amount * RATE + FIXED).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
        payer = {"customer": customer} if customer else {"account": account}
        return self._move("pay", "payment.succeeded", amount, fee=fee, payer=payer, documents=[*documents])

    def refund(self, payment: str, amount: Decimal) -> str:
        """We give back."""
        return self._move("re", "refund.succeeded", amount, of=payment, payer=self._payers[payment])

    def charge_back(self, payment: str, amount: Decimal) -> str:
        """The payer's bank takes back, and the gateway wants a fee for it."""
        return self._move(
            "cb", "chargeback.opened", amount, fee=CHARGEBACK_FEE, of=payment, payer=self._payers[payment]
        )

    def win(self, payment: str, amount: Decimal) -> str:
        """The chargeback was not right."""
        return self._move("cw", "chargeback.won", amount, of=payment, payer=self._payers[payment])

    def charge_fee(self, amount: Decimal) -> str:
        """A fee beside those of payments."""
        return self._move("fee", "fee.charged", amount)

    def pay_out(self, day: date) -> Payout:
        """All that it has goes to the bank."""
        moves, self._moves = self._moves, []
        self._count += 1
        id = f"po_{self.seed}{self._count}"
        amount = sum((_net(each) for each in moves), Decimal(0))
        reference = f"{self.name} {id.upper()}"
        data = {"id": id, "amount": str(amount), "currency": self.currency, "paid_on": day.isoformat(),
                "reference": reference, "moves": moves}  # fmt: skip
        self._event("payout.paid", data)
        head = {"payout": id, "paid_on": day.isoformat(), "paid_out": str(amount), "reference": reference}
        self._paid_out += [{**head, **self._said[x["id"]], **x, "type": _IN_FILES[x["type"]]} for x in moves]
        fees = sum(
            (
                Decimal(each["fee"]) + (Decimal(each["amount"]) if each["type"] == "fee.charged" else 0)
                for each in moves
            ),
            Decimal(0),
        )
        return Payout(id=id, amount=amount, day=day, reference=reference, fees=fees)

    def report(self) -> bytes:
        """The settlement file of all payouts since the last one: CSV, a row for each move."""
        rows, self._paid_out = self._paid_out, []
        return write_delimited(rows, REPORT, for_people=False)

    async def post_all(self) -> None:
        """The webhooks of all that has happened since."""
        events, self._events = self._events, []
        if self.troubles.shuffled:
            self._drawn.shuffle(events)
        for each in events:
            is_payout = each["type"] == "payout.paid"
            if not is_payout and self._drawn.random() < self.troubles.lost:
                continue
            if self._drawn.random() < self.troubles.forged:
                await self._post(each | {"id": f"forged-{each['id']}"}, self.secret[::-1] + "?")
            await self._post(each)
            if self._drawn.random() < self.troubles.doubled:
                await self._post(each)

    def _move(
        self, kind: str, type: str, amount: Decimal, *, fee: Decimal = Decimal(0), of: str = "",
        payer: dict[str, Any] | None = None, documents: Sequence[str] = (),
    ) -> str:  # fmt: skip
        self._count += 1
        id = f"{kind}_{self.seed}{self._count}"
        self._payers[id] = payer or {}
        self._moves.append({"id": id, "type": type, "amount": str(amount), "fee": str(fee)})
        data = {"id": id, "amount": str(amount), "fee": str(fee), "currency": self.currency, **self._payers[id],
                "documents": [*documents], **({"of": of} if of else {})}  # fmt: skip
        at = self._event(type, data)
        said = {"currency": self.currency, "at": at, "of": of, "documents": " ".join(documents)}
        self._said[id] = {**said, **self._payers[id]}
        return id

    def _event(self, type: str, data: dict[str, Any]) -> str:
        at = (_BEGINS + timedelta(minutes=self._count)).isoformat()
        self._events.append({"id": f"evt_{self.seed}{self._count}", "type": type, "at": at, "data": data})
        return at

    async def _post(self, body: dict[str, Any], secret: str = "") -> None:
        if self._session is None:
            raise SettingsError("The gateway is not open: say `async with`.")
        async with self._session.post(self.webhook, data=(sent := orjson.dumps(body)),
                                      headers=signed(sent, secret or self.secret)) as answer:  # fmt: skip
            self.answers[answer.status] += 1


def _net(move: dict[str, Any]) -> Decimal:
    sign = -1 if move["type"] in ("refund.succeeded", "chargeback.opened", "fee.charged") else 1
    return sign * Decimal(move["amount"]) - Decimal(move["fee"])

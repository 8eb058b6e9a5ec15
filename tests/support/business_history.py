"""A made-up history of a hospital group: plain rows, the facts that are noted of them, and what they come to.

What they come to is calculated here from the rows alone, with arithmetic of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hilum.canonical import Contract
from hilum.facts import (
    Acknowledgement,
    Approval,
    BilledPrice,
    BillLine,
    Fact,
    FirstDelivery,
    MatchedBill,
    Onboarding,
    OrderLine,
    PaidOut,
)

ZONE = "Europe/Brussels"
FIRST = date(2026, 3, 1)
DAYS = 12
FACILITIES = ("NORTH", "SOUTH", "")
SUPPLIERS = ("V1", "V2", "V3")
CATEGORIES = ("gloves", "implants", "")
STEPS = ((Decimal(1000), Decimal(1)), (Decimal(3000), Decimal("2.5")))
"""From so much bought on, so many percent of all of it."""

CONTRACT = Contract.model_validate(
    {
        "number": "C-1",
        "title": "Gloves",
        "supplier": "V1",
        "currency": "EUR",
        "valid_from": FIRST + timedelta(days=2),
        "valid_to": FIRST + timedelta(days=9),
        "prices": [{"item": "GLV", "unit": "BX", "tiers": [{"unit_price": "38"}]}],
        "rebates": [{"from_amount": str(start), "percent": str(percent)} for start, percent in STEPS],
    }
)

Sums = dict[tuple[Any, ...], tuple[Decimal, Decimal]]
"""Day, facility, supplier, category, currency → numerator and denominator."""


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


@dataclass(slots=True)
class History:
    """What happened, by table; a row has its place and its values."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, seed: int, size: int = 60) -> History:
        """Another one for each seed."""
        random, made = Random(seed), cls()
        for number in range(size):
            made._one(random, number)
        return made

    def _one(self, random: Random, number: int) -> None:
        at = datetime.combine(FIRST, datetime.min.time(), UTC) + timedelta(
            days=random.randrange(DAYS), hours=random.choice([0, 9, 22, 23]), minutes=random.randrange(60)
        )
        place = {
            "facility": random.choice(FACILITIES), "supplier": random.choice(SUPPLIERS),
            "category": random.choice(CATEGORIES), "currency": random.choice(["EUR", "EUR", "USD"]), "at": at,
        }  # fmt: skip
        amounts = [cents(Decimal(random.randrange(1, 90_000)) / 100) for _ in range(3)]
        self.rows["order"].append(
            {**place, "number": f"PO-{number}", "amounts": amounts, "agreed": [random.random() < 0.6 for _ in amounts],
             "cancelled": random.random() < 0.1}
        )  # fmt: skip
        self.rows["bill"].append(
            {**place, "number": f"B-{number}", "amounts": amounts,
             "dear": [cents(Decimal(random.randrange(0, 900)) / 100) for _ in amounts],
             "outcome": random.choice(["matched", "matched", "accepted", "refused"]), "contract": random.random() < 0.7}
        )  # fmt: skip
        since = at - timedelta(microseconds=random.randrange(1, 10**12))
        self.rows["registration"].append(
            {**place, "number": f"REG-{number}", "since": since, "outcome": random.choice(["active", "refused"])}
        )
        self.rows["requisition"].append({**place, "number": f"REQ-{number}", "since": since})
        self.rows["answer"].append({**place, "number": f"PO-{number}", "since": since})
        self.rows["delivery"].append(
            {**place, "number": f"PO-{number}", "came": [random.choice([0, 5, 10]) for _ in range(3)]}
        )
        self.rows["payment"].append({**place, "number": f"H2-{number}", "amount": sum(amounts)})

    # What is noted of it

    def facts(self) -> list[Fact]:
        return [
            *(fact for row in self.rows["order"] for fact in order_lines(row)),
            *(fact for row in self.rows["bill"] for fact in bill_facts(row)),
            *(Onboarding(document=r["number"], outcome=r["outcome"], registered_at=r["since"], **_place(r, "supplier"))
              for r in self.rows["registration"]),
            *(Approval(document=r["number"], outcome="approved", asked_at=r["since"], rule="all", people=1,
                       urgent=False, **_place(r)) for r in self.rows["requisition"]),
            *(Acknowledgement(document=r["number"], ordered_at=r["since"], differs=False, **_place(r))
              for r in self.rows["answer"]),
            *(FirstDelivery(document=r["number"], line=n + 1, item="GLV", unit="BX", ordered=Decimal(10),
                            came=Decimal(came), **_place(r))
              for r in self.rows["delivery"] for n, came in enumerate(r["came"])),
            *(PaidOut(document=r["number"], payment_run="RUN-1", state="booked", amount=r["amount"], booked=r["amount"],
                      returned=Decimal(0), reopened=Decimal(0), bills=2, **_place(r) | {"on": _day(r)})
              for r in self.rows["payment"]),
        ]  # fmt: skip

    # What it comes to

    def sums(self) -> dict[str, Sums]:
        return {
            "off-contract-spend": _added(
                (row, a if not agreed else Decimal(0), a) for row in self.rows["order"] if not row["cancelled"]
                for a, agreed in zip(row["amounts"], row["agreed"], strict=True)
            ),
            "price-mismatch": _added(
                (row, dear, amount) for row in self.rows["bill"]
                for amount, dear in zip(row["amounts"], row["dear"], strict=True)
            ),
            "match-rate": _added(
                (_plain(r), Decimal(r["outcome"] == "matched"), Decimal(1)) for r in self.rows["bill"]
            ),
            "onboarding-time": _added(
                ({**_plain(r), "facility": "", "category": ""}, _seconds(r), Decimal(1))
                for r in self.rows["registration"] if r["outcome"] == "active"
            ),
            "approval-cycle-time": _added((_plain(r), _seconds(r), Decimal(1)) for r in self.rows["requisition"]),
            "acknowledgement-time": _added((_plain(r), _seconds(r), Decimal(1)) for r in self.rows["answer"]),
            "fill-rate": _added(
                (_plain(r), Decimal(came >= 10), Decimal(1)) for r in self.rows["delivery"] for came in r["came"]
            ),
        }  # fmt: skip

    def accrued(self, until: date) -> tuple[Decimal, Decimal]:
        """Of the contract until the end of a day: what is owed, and what was bought."""
        bought = sum(
            (amount for row in self.rows["bill"] if _rebated(row) and _day(row) <= until for amount in row["amounts"]),
            Decimal(0),
        )
        percent = max((percent for start, percent in STEPS if bought >= start), default=Decimal(0))
        return cents(bought * percent / 100), bought


def order_lines(row: dict[str, Any], *, revision: int = 0) -> list[Fact]:
    return [
        OrderLine(document=row["number"], line=n + 1, revision=revision, item="GLV", quantity=Decimal(1), unit="BX",
                  amount=amount, basis="contract" if agreed else "list", contract="C-1" if agreed else "",
                  cancelled=row["cancelled"], **_place(row))
        for n, (amount, agreed) in enumerate(zip(row["amounts"], row["agreed"], strict=True))
    ]  # fmt: skip


def bill_facts(row: dict[str, Any]) -> list[Fact]:
    made: list[Fact] = [
        MatchedBill(document=row["number"], outcome=row["outcome"], first_time=False, amount=sum(row["amounts"]),
                    came_at=row["at"], causes=("price",), **_place(row))
    ]  # fmt: skip
    for n, (amount, dear) in enumerate(zip(row["amounts"], row["dear"], strict=True)):
        place = {"document": row["number"], "line": n + 1, "item": "GLV", **_place(row)}
        made.append(BilledPrice(order="PO", amount=amount, should_be=amount - dear, too_much=dear, **place))
        contract = "C-1" if row["contract"] else ""
        checked = {"on": _day(row), "followed": False}
        made.append(BillLine(quantity=Decimal(1), unit="BX", amount=amount, contract=contract, **place | checked))
    return made


def _place(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: row[name] for name in (names or ("facility", "supplier", "category", "currency"))} | {"at": row["at"]}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "currency": ""}


def _rebated(row: dict[str, Any]) -> bool:
    valid = CONTRACT.valid_from <= _day(row) < (CONTRACT.valid_to or date.max)
    return bool(row["contract"] and row["supplier"] == "V1" and row["currency"] == "EUR" and valid)


def _day(row: dict[str, Any]) -> date:
    day: date = row["at"].astimezone(ZoneInfo(ZONE)).date()
    return day


def _seconds(row: dict[str, Any]) -> Decimal:
    took: timedelta = row["at"] - row["since"]
    return Decimal(took.days * 86400 + took.seconds) + Decimal(took.microseconds) / 10**6


def _added(parts: Iterable[tuple[dict[str, Any], Decimal, Decimal]]) -> Sums:
    sums: Sums = {}
    for row, numerator, denominator in parts:
        at = (_day(row), row["facility"], row["supplier"], row["category"], row["currency"])
        was = sums.get(at, (Decimal(0), Decimal(0)))
        sums[at] = (was[0] + numerator, was[1] + denominator)
    return sums

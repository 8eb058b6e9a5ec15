"""A simulated theatre that uses implants, and the suppliers that bill them: operations that were made up.

    theatre = Theatre(seed=1, operations=20, troubles=Troubles(taken_back=0.1))
    await Sender(mllp=("127.0.0.1", 2575), connections=1).run(theatre.events())
    async with ImplantSupplier(bills="http://127.0.0.1:8095/bills", troubles=BillTroubles(doubled=0.1)) as supplier:
        …                                        # it is posted its bill-only orders, and posts the bills of them

The theatre tells its charges as HL7 v2.5.1 DFT^P03 with the label of each implant behind its line: GS1 element strings
and HIBCC bar codes. What both say is the same for the same seed.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zlib import crc32

import aiohttp
import orjson
from aiohttp import web
from pydantic import ValidationError

from hilum.canonical import InvoiceLine, PurchaseOrder, SupplierBill
from hilum.canonical.catalogue import write
from hilum.errors import SettingsError
from hilum.simulator.hospital.events import Event, Flaw
from hilum.simulator.hospital.rendering import message, segment, timestamp
from hilum.simulator.web_service import WebService

FACILITY: Final = "HILLSIDE"
ROOM: Final = "OR2"
_AGAIN: Final = 0.3  # seconds before a bill that was not taken is posted again
_HIBC: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Implant:
    """What suppliers bring or keep on the shelves of the theatre."""

    item: str
    title: str
    supplier: str
    consigned: bool
    cost: Decimal  # agreed with the supplier
    price: Decimal  # to the patient
    device: str  # of its label: a GTIN, or labeller, product and unit of measure (HIBC)
    hibc: bool = False

    def label(self, lot: str, expires: datetime) -> str:
        """What is scanned of one."""
        if not self.hibc:
            return f"(01){self.device}(17){expires:%y%m%d}(10){lot}"
        body = f"+{self.device}/$$3{expires:%y%m%d}{lot}"
        return body + _HIBC[sum(map(_HIBC.index, body)) % 43]


IMPLANTS: Final = (
    Implant(item="HIP-STEM-12", title="Hip stem 12", supplier="SUP-ORTHO", consigned=False, cost=Decimal(910),
            price=Decimal(1490), device="05412345001010"),
    Implant(item="HIP-CUP-52", title="Acetabular cup 52", supplier="SUP-ORTHO", consigned=True, cost=Decimal(430),
            price=Decimal(760), device="05412345001027"),
    Implant(item="KNEE-INSERT-4", title="Knee insert 4", supplier="SUP-ORTHO", consigned=True, cost=Decimal(365),
            price=Decimal(690), device="05412345001034"),
    Implant(item="PLATE-6", title="Plate of 6 holes", supplier="SUP-TRAUMA", consigned=False, cost=Decimal(188),
            price=Decimal(320), device="H123PLATE60", hibc=True),
)  # fmt: skip
"""The catalogue. Numbers are invented; their check digits are right."""

STRANGE: Final = Implant(
    item="", title="Unknown implant", supplier="SUP-ORTHO", consigned=False, cost=Decimal(100), price=Decimal(200),
    device="05412345009993",
)  # fmt: skip
"""A device that no table of the hospital has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubles:
    """How often something is wrong with a use, from 0 to 1; at most one thing with each."""

    doubled: float = 0  # its message is sent a second time
    taken_back: float = 0  # a later message credits it
    unknown: float = 0  # its device is in no table
    expired: float = 0  # its label says that it was


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """One implant that was used."""

    visit: str
    account: str
    transaction: str  # FT1-2
    at: datetime
    implant: Implant
    lot: str
    expires: datetime
    trouble: str = ""  # the name of one of `Troubles`


@dataclass
class Theatre:
    """Operations, each with one to three implants. `begins`: the first of them."""

    seed: int = 1
    operations: int = 10
    implants: Sequence[Implant] = IMPLANTS
    troubles: Troubles = field(default_factory=Troubles)
    begins: datetime = datetime(2026, 3, 2, 8, tzinfo=UTC)
    used: list[Used] = field(init=False)

    def __post_init__(self) -> None:
        """Make up what was used."""
        drawn = random.Random(self.seed)  # noqa: S311 - made-up operations, no secrets
        self.used = [use for number in range(1, self.operations + 1) for use in self._operation(drawn, number)]

    def _operation(self, drawn: random.Random, number: int) -> Iterator[Used]:
        at = self.begins + timedelta(hours=3 * number)
        for place in range(1, drawn.randint(1, 3) + 1):
            trouble = self._trouble(drawn)
            yield Used(
                visit=f"V{self.seed}{number:04}",
                account=f"A{self.seed}{number:04}",
                transaction=f"{self.seed}-{number:04}-{place}",
                at=at + timedelta(minutes=5 * place),
                implant=STRANGE if trouble == "unknown" else drawn.choice(self.implants),
                lot=f"L{number:03}{place}",
                expires=at + timedelta(days=-20 if trouble == "expired" else 900),
                trouble=trouble,
            )

    def _trouble(self, drawn: random.Random) -> str:
        chance = drawn.random()
        for name in ("doubled", "taken_back", "unknown", "expired"):
            chance -= getattr(self.troubles, name)
            if chance < 0:
                return name
        return ""

    def events(self) -> Iterator[Event]:
        """The messages in their order: one for each use, the credit of one that is taken back after it."""
        for use in self.used:
            yield self._event(use, "")
            if use.trouble == "doubled":
                yield self._event(use, "", flaw=Flaw.DUPLICATE)
            if use.trouble == "taken_back":
                yield self._event(use, "C")

    def _event(self, use: Used, credit: str, *, flaw: Flaw = Flaw.NONE) -> Event:
        control = f"OR-{use.transaction}{credit}"
        kind = "DFT^P03^DFT_P03"
        segments = self._segments(use, credit=bool(credit))
        body = message(kind, application="OR", facility=FACILITY, control_id=control, at=use.at, segments=segments)
        return Event(
            kind="DFT^P03", channel="hl7", body=body, control_id=control, key=use.account, at=use.at, flaw=flaw
        )

    @staticmethod
    def _segments(use: Used, *, credit: bool) -> list[str]:
        amount = f"{use.implant.price}&EUR"
        return [
            segment("EVN", {2: timestamp(use.at)}),
            segment("PID", {1: "1", 3: f"M{use.account}^^^{FACILITY}^MR", 5: "Sample^Ada", 18: use.account}),
            segment("PV1", {1: "1", 2: "I", 3: f"{ROOM}^^^{FACILITY}", 19: use.visit}),
            segment(
                "FT1",
                {1: "1", 2: use.transaction, 4: timestamp(use.at), 5: timestamp(use.at), 6: "CD" if credit else "CG",
                 7: use.implant.item, 10: "1", 12: amount, 13: ROOM},
            ),
            segment("OBX", {1: "1", 2: "ST", 3: "74711-3^UDI^LN", 5: use.implant.label(use.lot, use.expires)}),
        ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class BillTroubles:
    """How often something is wrong with a bill, from 0 to 1; at most one thing with each."""

    missing: float = 0  # it never comes
    dear: float = 0  # one line costs a tenth more than agreed
    doubled: float = 0  # it comes again under another number
    too_much: float = 0  # one line bills one more than was used


@dataclass
class ImplantSupplier(WebService):
    """Suppliers of implants: bill-only orders are posted to `url`, their bills are posted to `bills`.

    `billed` says what was posted, by order; `trouble` what was wrong with it.
    """

    bills: str
    listen: int = 0  # the port for orders; 0: a free one
    seed: int = 1
    troubles: BillTroubles = field(default_factory=BillTroubles)
    billed: dict[str, list[SupplierBill]] = field(default_factory=dict)
    trouble: dict[str, str] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)  # of the hub, by status; 0: none

    def __post_init__(self) -> None:
        """What goes wrong is drawn by the number of the order: orders may come in any order."""
        self._posting: list[asyncio.Task[None]] = []

    def _routes(self) -> Sequence[web.RouteDef]:
        return [web.post("/orders", self._ordered)]

    async def _end(self) -> None:
        for posting in self._posting:
            posting.cancel()
        await asyncio.gather(*self._posting, return_exceptions=True)

    @property
    def url(self) -> str:
        """Where orders are posted."""
        return f"http://127.0.0.1:{self.port}/orders"

    async def _ordered(self, request: web.Request) -> web.Response:
        try:
            order = PurchaseOrder.model_validate_json(await request.read())
        except ValidationError:
            return web.Response(status=422)
        if not order.bill_only:
            return web.Response(status=422, text="only bill-only orders are billed here")
        if order.revision == 0 and order.number not in self.billed:
            self.billed[order.number] = self.bills_of(order)
            self._posting.append(asyncio.create_task(self._post_all(self.billed[order.number])))
        return web.Response(status=200)

    def bills_of(self, order: PurchaseOrder) -> list[SupplierBill]:
        """What is billed for an order; the same each time."""
        drawn = random.Random(f"{self.seed} {order.number}")  # noqa: S311 - made-up bills, no secrets
        chance, trouble = drawn.random(), ""
        for name in ("missing", "dear", "doubled", "too_much"):
            chance -= getattr(self.troubles, name)
            if chance < 0 and not trouble:
                trouble = name
        self.trouble[order.number] = trouble
        if trouble == "missing":
            return []
        number = crc32(order.number.encode())
        first = self._bill(order, f"INV-{number}", trouble)
        return [first, self._bill(order, f"inv {number}", trouble)] if trouble == "doubled" else [first]

    @staticmethod
    def _bill(order: PurchaseOrder, number: str, trouble: str) -> SupplierBill:
        lines = []
        for line in order.lines:
            wrong = line.number == 1
            price, quantity = line.unit_price or Decimal(0), line.quantity
            if wrong and trouble == "dear":
                price = (price * Decimal("1.1")).quantize(Decimal("0.01"))
            if wrong and trouble == "too_much":
                quantity += 1
            lines.append(
                InvoiceLine(number=line.number, item=line.item, quantity=quantity, unit=line.unit, unit_price=price,
                            order_line=line.number)
            )  # fmt: skip
        day = order.ordered_at.date() if order.ordered_at is not None else datetime.now(UTC).date()
        return SupplierBill(number=number, supplier=order.supplier, order=order.number,
                            currency=order.currency or "EUR", billed_on=day, lines=tuple(lines))  # fmt: skip

    async def _post_all(self, bills: Sequence[SupplierBill]) -> None:
        for bill in bills:
            await self.post(bill)

    async def post(self, bill: SupplierBill) -> None:
        """Tell the hub of a bill: again until it takes or refuses it."""
        if self._session is None:
            raise SettingsError("The supplier is not open: say `async with`.")
        headers = {"Content-Type": "application/json", "Idempotency-Key": bill.business_key}
        while True:
            try:
                async with self._session.post(self.bills, data=write(bill), headers=headers) as answer:
                    self.answers[answer.status] += 1
                    if answer.status < 500:
                        return
            except aiohttp.ClientError:
                self.answers[0] += 1
            await asyncio.sleep(_AGAIN)


def catalogue_csv(implants: Sequence[Implant] = IMPLANTS) -> str:
    """The lookup table `items` of a hospital that uses these."""
    head = "code,item,description,stocked,supplied,unit,supplier,price,currency,tracking"
    rows = [
        f"{each.item},{each.item},{each.title},yes,{'consigned' if each.consigned else 'bill only'},EA,{each.supplier},"
        f"{each.price},EUR,lot"
        for each in implants
    ]
    return "\n".join([head, *rows, ""])


def contracts(implants: Sequence[Implant] = IMPLANTS) -> list[dict[str, Any]]:
    """A contract with each supplier of these, as JSON of a `Contract`."""
    found = []
    for supplier in dict.fromkeys(each.supplier for each in implants):
        prices = [
            {"item": each.item, "tiers": [{"unit_price": str(each.cost)}]}
            for each in implants
            if each.supplier == supplier
        ]
        found.append({"number": f"C-{supplier}", "title": "Implants", "supplier": supplier, "currency": "EUR",
                      "valid_from": "2026-01-01", "prices": prices})  # fmt: skip
    return orjson.loads(orjson.dumps(found))  # type: ignore[no-any-return]

"""The hospitals: departments ask, buyers change orders, docks count, the treasury asks for payments. All over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Final, get_args

import aiohttp

from hilum.canonical import (
    Budget,
    BusinessObject,
    Contract,
    GoodsReceipt,
    Item,
    Location,
    OrderLine,
    PaymentRun,
    PurchaseOrder,
    PurchaseOrderCancelled,
    ReceiptLine,
    ReturnLine,
    Supplier,
    SupplierBankChange,
    SupplierReturn,
    Warehouse,
)
from hilum.canonical.catalogue import write
from hilum.errors import Down
from hilum.simulator.month.people import ACCOUNTS_ENTERED_BY, PAYMENTS_ASKED_BY
from hilum.simulator.month.truth import CURRENCY, Article, Contracted, Line, Month, Receipt, Return, Story, Vendor

_AGAIN = 0.2  # seconds before a post is repeated that nobody has answered
_PATIENCE = 180.0  # seconds; a hub that was killed is up again long before
_ONE_ANSWER = 10.0  # seconds
_DESKS: Final = 8  # that post at once
_RECALL: Final = "a recall is not answered"
_AMPLE: Final = Decimal(900_000_000)  # of a hospital
_MARKS: Final[Mapping[Contracted, str]] = {"holds": "C", "ran out": "OLD", "suspended": "HELD"}


class Hospitals:
    """What they tell the hub. A post that is not answered is sent again, as it was: the hub knows it again."""

    def __init__(self, month: Month, url: str) -> None:
        self._month = month
        self._url = url
        self._session: aiohttp.ClientSession | None = None
        self.unanswered = 0

    async def open(self) -> None:
        """Begin."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ONE_ANSWER))

    async def close(self) -> None:
        """End."""
        if self._session is not None:
            await self._session.close()

    async def introduce(self, settled: Callable[[], Awaitable[None]]) -> None:
        """Master data, what others need first: warehouses, suppliers, items; accounts, contracts, budgets.

        `settled` waits until it is everywhere. A store is put into another warehouse where its own is not known yet.
        """
        for things in master_data(self._month):
            await self._all("/known", [(write(each), each.business_key) for each in things])
            if isinstance(things[0], Warehouse):
                await settled()
        await settled()

    async def ask(self, day: int) -> int:
        """What departments ask for on that day."""
        posts = [(_sheet(story, self._month), story.requisition) for story in self._month.stories if story.day == day]
        await self._all("/requisitions", posts, "text/csv")
        await self._all("/requisitions", [post for post in posts if self._twice(post[1])], "text/csv")
        return len(posts)

    async def change(self, day: int) -> int:
        """What buyers make of orders that were sent."""
        found = [story for story in self._month.stories if story.change is not None and story.change.day == day]
        await self._all("/changes", [(write(_changed(story, self._month)), story.order) for story in found])
        return len(found)

    async def receive(self, day: int) -> int:
        """What comes to the docks on that day, and what leaves them."""
        found = [(story, each) for story in self._month.stories for each in story.arrivals if each.day == day]
        posts = [(write(_object(story, each, self._month)), each.number) for story, each in found]
        await self._all("/dock", posts)
        twice = [post for post, (story, _) in zip(posts, found, strict=True) if story.twice]
        await self._all("/dock", twice)
        return len(posts)

    async def pay(self, day: int) -> None:
        """Everything that is due is to be paid."""
        number, on = f"{self._month.run}-PAY-{day:03d}", self._month.on(day)
        run = PaymentRun(number=number, account="MAIN", due_until=on, execute_on=on, requested_by=PAYMENTS_ASKED_BY)
        await self._all("/treasury", [(write(run), number)])

    def _twice(self, requisition: str) -> bool:
        return any(story.twice for story in self._month.stories if story.requisition == requisition)

    async def _all(self, path: str, posts: Sequence[tuple[bytes, str]], kind: str = "application/json") -> None:
        """At several desks at once, each beginning with what came first."""
        waiting = iter(posts)

        async def desk() -> None:
            for body, key in waiting:
                await self._post(path, body, key, kind)

        await asyncio.gather(*(desk() for _ in range(_DESKS)))

    async def _post(self, path: str, body: bytes, key: str, kind: str) -> None:
        assert self._session is not None  # noqa: S101 - it is open
        headers = {"Content-Type": kind, "Idempotency-Key": f"{path} {key}"}
        async with asyncio.timeout(_PATIENCE):
            while True:
                try:
                    async with self._session.post(self._url + path, data=body, headers=headers) as answer:
                        if answer.status < HTTPStatus.BAD_REQUEST:
                            return
                        if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                            raise Down(f"The hub refuses {key} ({answer.status}): {await answer.text()}")
                except (aiohttp.ClientError, TimeoutError):
                    self.unanswered += 1
                await asyncio.sleep(_AGAIN)


def master_data(month: Month) -> Iterator[Sequence[BusinessObject]]:
    """In the order in which one needs the other."""
    yield [Warehouse(code=each.code, title=each.title) for each in month.hospitals]
    yield [
        *(Location(code=each.store, title=f"Store of {each.title}", facility=each.code) for each in month.hospitals),
        *(
            Supplier(
                code=vendor.code, title=vendor.title, blocked=vendor.blocked, block_reason=_RECALL * vendor.blocked
            )
            for vendor in month.vendors
        ),
    ]
    yield [
        Item(code=each.code, title=each.title, supplier=vendor.code) for vendor in month.vendors
        for each in vendor.articles
    ]  # fmt: skip
    yield [
        SupplierBankChange.model_validate({
            "number": f"{vendor.code}-BANK", "supplier": vendor.code, "entered_by": ACCOUNTS_ENTERED_BY,
            "bank_accounts": [{"number": vendor.account, "currency": CURRENCY, "holder": vendor.title}],
            "holds_from": month.begin,
        }) for vendor in month.vendors
    ]  # fmt: skip
    yield [_contract(month, vendor, state) for vendor in month.vendors for state in get_args(Contracted)]
    centres = {f"{each.code}-CC": _AMPLE for each in month.hospitals}
    centres |= {story.cost_centre: story.budget for story in month.stories if story.budget is not None}
    begin, end = month.begin.replace(month=1, day=1), month.begin.replace(year=month.begin.year + 1, month=1, day=1)
    yield [
        Budget(cost_centre=centre, period_from=begin, period_to=end, currency=CURRENCY, amount=amount)
        for centre, amount in centres.items()
    ]


def _contract(month: Month, vendor: Vendor, state: Contracted) -> Contract:
    """What holds in the month, what has run out before it, or what is suspended."""
    begins = month.begin - timedelta(days=400)
    ends = month.begin - timedelta(days=10) if state == "ran out" else month.begin + timedelta(days=400)
    prices = [
        {"item": each.code, "tiers": [{"unit_price": str(each.price)}]}
        for each in vendor.articles if each.contract == state
    ]  # fmt: skip
    return Contract.model_validate({
        "number": f"{vendor.code}-{_MARKS[state]}", "title": f"Contract with {vendor.title}",
        "supplier": vendor.code, "currency": CURRENCY,
        "status": "suspended" if state == "suspended" else "active", "valid_from": begins, "valid_to": ends,
        "prices": prices,
    })  # fmt: skip


def lookups(month: Month) -> dict[str, str]:
    """The tables of the project, as CSV: items by the codes of departments, accounts of the bank."""
    rows = [_item_row(vendor, each) for vendor in month.vendors for each in vendor.articles]
    return {"items": "\n".join(["code,item,supplier,unit,cost,critical", *rows, ""])}


def _item_row(vendor: Vendor, each: Article) -> str:
    """What no contract has, a department believes to cost what it did."""
    named = f"{vendor.code},EA,{each.price}" if each.contract != "holds" else ",EA,"
    return f"{each.code},{each.code},{named},{'yes' if each.critical else 'no'}"


def _sheet(story: Story, month: Month) -> bytes:
    head = "requisition,line,item,quantity,needed_by,deliver_to,requested_by,department,urgent"
    urgent = "yes" if story.urgent else "no"
    rest = f"{month.on(story.needed)},{story.hospital.store},eve,{story.cost_centre},{urgent}"
    rows = [f"{story.requisition},{line.number},{line.item},{line.quantity},{rest}" for line in story.wanted]
    return "\n".join([head, *rows, ""]).encode()


def _changed(story: Story, month: Month) -> BusinessObject:
    """The order as the buyers want it now."""
    assert story.change is not None  # noqa: S101 - only such are asked
    before = PurchaseOrder(
        number=story.order, supplier=story.vendor.code, currency=CURRENCY, requisition=story.requisition,
        deliver_to=story.hospital.store, ordered_at=month.at(story.day), lines=_ordered(story.wanted, story, month),
    )  # fmt: skip
    if not story.change.lines:
        return PurchaseOrderCancelled.of(before, "the department does not want it any more")
    return before.model_copy(update={"revision": 1, "lines": _ordered(story.change.lines, story, month)})


def _ordered(lines: Sequence[Line], story: Story, month: Month) -> tuple[OrderLine, ...]:
    return tuple(
        OrderLine(number=line.number, item=line.item, quantity=line.quantity, unit=line.unit, unit_price=line.price,
                  needed_by=month.on(story.needed))
        for line in lines
    )  # fmt: skip


def _object(story: Story, each: Receipt | Return, month: Month) -> BusinessObject:
    at = month.at(each.day)
    if isinstance(each, Return):
        gone = tuple(
            ReturnLine(number=line.number, item=line.item, quantity=line.quantity, unit=line.unit)
            for line in each.lines
        )
        return SupplierReturn(number=each.number, order=story.order, returned_at=at, lines=gone)
    came = tuple(
        ReceiptLine(item=line.item, quantity=Decimal(line.quantity), unit=line.unit, order_line=line.number)
        for line in each.lines
    )
    return GoodsReceipt(number=each.number, order=story.order, received_at=at, final=each.final, lines=came)

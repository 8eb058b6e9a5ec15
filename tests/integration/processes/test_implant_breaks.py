"""What does not close stays an open break of somebody, in words, and ends by itself when the missing part comes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hilum.canonical import Contract, DeviceIdentifier, Item, SupplierBill
from hilum.canonical.catalogue import write
from hilum.packs.implants.rules import MASTER_DATA, SAFETY, THEATRE, order_number
from hilum.packs.procurement.order_rules import BUYER, PAYABLES
from hilum.postgres import Database
from hilum.simulator.theatre import STRANGE, Theatre, Troubles, Used, contracts
from hilum.testing import eventually
from support.implants import Hospital, bill, case_of
from support.projects import write_lookup
from support.waits import Start

pytestmark = pytest.mark.req("NEW-6", "WF-12")

Begin = Callable[..., Awaitable[Hospital]]


@pytest.fixture
async def hospital(hub: Start, database: Database, tmp_path: Path) -> AsyncIterator[Begin]:
    """`await hospital(rules)`: a hub with the process and no Odoo; what it sends is kept."""
    made: list[Hospital] = []

    async def begin(*, lookups: dict[str, str] | None = None, prices: bool = True, **rules: Any) -> Hospital:
        made.append(Hospital(database, None, tmp_path / "lookups", **rules))
        await made[0].begin(hub, lookups=lookups)
        if prices:
            await made[0].tell(*(Contract.model_validate(each) for each in contracts()))
        return made[0]

    yield begin
    for each in made:
        await each.end()


def one(seed: int = 1, **troubles: float) -> tuple[Theatre, Used]:
    """One operation with one implant."""
    theatre = Theatre(seed=seed, operations=1, troubles=Troubles(**troubles))
    theatre.used = theatre.used[:1]
    return theatre, theatre.used[0]


async def post(work: Hospital, *bills: SupplierBill) -> None:
    async with aiohttp.ClientSession() as client:
        for each in bills:
            url = f"http://127.0.0.1:{work.bills.port}/bills"
            async with client.post(url, data=write(each)) as answer:
                assert answer.status < 300


def billed(used: Used, **more: Any) -> SupplierBill:
    return bill(order_number(case_of(used), 1), used.implant.item, str(used.implant.cost),
                **{"supplier": used.implant.supplier, **more})  # fmt: skip


async def test_an_unknown_device_is_ordered_once_it_is_linked(hospital: Begin, tmp_path: Path) -> None:
    work = await hospital()
    theatre, used = one(unknown=1)
    await work.send(theatre)
    task = await work.only_task(MASTER_DATA)
    assert "device 05412345009993 (GS1): it is no item that the hub knows" in task.words
    assert used.account not in f"{task.title}{task.words}{task.key}"
    assert work.sent("purchase.order") == work.sent("charge") == []
    path = tmp_path / "lookups" / "items.csv"
    row = "SCREW-3,SCREW-3,Screw,yes,bill only,EA,SUP-ORTHO,20,EUR,lot\n"
    write_lookup(tmp_path, "items", path.read_text() + row)
    price = {"number": "C-9", "title": "x", "supplier": "SUP-ORTHO", "currency": "EUR", "valid_from": "2026-01-01",
             "prices": [{"item": "SCREW-3", "tiers": [{"unit_price": "12"}]}]}  # fmt: skip
    known = Item(code="SCREW-3", title="Screw", device=DeviceIdentifier(device=STRANGE.device))
    await work.tell(Contract.model_validate(price), known)
    await work.is_in(case_of(used), "ordered")
    assert await work.asked_now() == []
    await eventually(lambda: [order["lines"][0]["item"] for order in work.sent("purchase.order")] == ["SCREW-3"])
    (row_of_it,) = await work.registered(device=STRANGE.device)
    assert (row_of_it.item, row_of_it.breaks, row_of_it.account) == ("SCREW-3", [], used.account)


@pytest.mark.long
async def test_no_contract_price_ends_with_the_contract(hospital: Begin) -> None:
    work = await hospital(prices=False)
    theatre, used = one()
    await work.send(theatre)
    task = await work.only_task(BUYER)
    assert "has no price for" in task.words
    await eventually(lambda: len(work.sent("charge")) == 1)  # the patient's account does not wait for the buyers
    assert work.sent("purchase.order") == []
    await work.tell(*(Contract.model_validate(each) for each in contracts()))
    await work.is_in(case_of(used), "ordered")
    assert await work.asked_now() == []


@pytest.mark.parametrize("expired", [pytest.param(True, marks=pytest.mark.long), False])
async def test_what_is_expired_or_recalled_waits_for_patient_safety(hospital: Begin, expired: bool) -> None:
    theatre, used = one(expired=float(expired))
    tables = {} if expired else {"recalls": f"code,words\n{used.implant.item}:{used.lot},field safety notice 77\n"}
    work = await hospital(lookups=tables)
    await work.send(theatre)
    task = await work.only_task(SAFETY)
    words = "expired on 2026-02-10, used on 2026-03-02" if expired else "recalled: field safety notice 77"
    assert words in task.words
    assert work.sent("purchase.order") == work.sent("charge") == []
    await work.answer(task, decision="proceed" if expired else "stop")
    await work.is_in(case_of(used), "ordered" if expired else "closed")
    await eventually(lambda: len(work.sent("purchase.order")) == len(work.sent("charge")) == int(expired))
    (row,) = await work.registered(lot=used.lot)
    assert row.account == used.account, "a recall finds it, whatever was decided"


@pytest.mark.long
async def test_a_bill_without_use_is_the_theatres_until_the_use_is_told(hospital: Begin) -> None:
    work = await hospital(wait_for_usage="PT1S")
    theatre, used = one()
    await post(work, billed(used), billed(used))
    task = await work.only_task(THEATRE)
    assert f"order {order_number(case_of(used), 1)} is not known" in task.words
    await work.send(theatre)
    await work.is_in(case_of(used), "closed")
    assert await work.asked_now() == []
    await eventually(lambda: [each["number"] for each in work.sent("supplier.bill")] == ["INV-1"])


@pytest.mark.long
async def test_a_use_without_bill_is_the_buyers_until_the_bill_comes(hospital: Begin) -> None:
    work = await hospital(wait_for_bill="PT1S")
    theatre, used = one()
    await work.send(theatre)
    task = await work.only_task(BUYER)
    assert f"has not billed order {order_number(case_of(used), 1)}" in task.title
    assert used.lot in task.words
    await post(work, billed(used))
    await work.is_in(case_of(used), "closed")
    assert await work.asked_now() == []


async def test_billed_twice_and_too_dear_is_not_paid(hospital: Begin) -> None:
    work = await hospital()
    theatre, used = one()
    await work.send(theatre)
    await work.is_in(case_of(used), "ordered")
    await post(work, billed(used), billed(used, number="inv 1"))
    task = await work.only_task(PAYABLES)
    assert "bill INV-1 of 2026-03-03 has the same number, written otherwise" in task.words
    await work.answer(task, decision="refuse", comment="told twice")
    await work.is_in(case_of(used), "closed")
    await eventually(lambda: [each["status"] for each in work.sent("document.status")] == ["refused"])
    assert [each["number"] for each in work.sent("supplier.bill")] == ["INV-1"]


async def test_a_use_that_a_later_message_takes_back_is_undone_and_its_bill_credited(hospital: Begin) -> None:
    work = await hospital()
    theatre, used = one(seed=2)
    await work.send(theatre)
    await work.is_in(case_of(used), "ordered")
    await post(work, billed(used))
    await work.is_in(case_of(used), "closed")
    theatre.used = [Used(**{name: getattr(used, name) for name in Used.__slots__ if name != "trouble"},
                         trouble="taken_back")]  # fmt: skip
    await work.send(theatre)
    task = await work.only_task(PAYABLES)
    assert "billed and not used: 1 of" in task.words and "a credit note is missing" in task.words
    await eventually(lambda: [each["quantity"] for each in work.sent("charge")] == ["1", "-1"])
    await post(work, billed(used, number="CN-1", credit=True, corrects="INV-1"))
    await work.is_in(case_of(used), "taken back")
    assert await work.asked_now() == []
    (row,) = await work.registered(lot=used.lot)
    assert row.standing == "taken back"


@pytest.mark.long
async def test_what_comes_after_the_end_begins_anew_and_knows_what_was_closed(hospital: Begin) -> None:
    work = await hospital(linger="PT1S")
    theatre, used = one()
    await work.send(theatre)
    await post(work, billed(used))
    await work.is_in(case_of(used), "closed", "completed")
    later = used.at + timedelta(minutes=40)
    told = {name: getattr(used, name) for name in Used.__slots__ if name not in ("transaction", "lot", "at")}
    theatre.used = [Used(**told, transaction="1-late", lot="L-late", at=later)]
    await work.send(theatre)
    await eventually(lambda: [each["number"] for each in work.sent("purchase.order")]
                     == [order_number(case_of(used), place) for place in (1, 2)])  # fmt: skip
    assert later.date() == date(2026, 3, 2)

"""Until when somebody must have acted, what is at stake, and who has it since nobody acted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from hilum import cases
from hilum.canonical import Money, SupplierBill
from hilum.cases import clocks
from hilum.cases.side_by_side import Member, SideBySide
from hilum.errors import Invalid, Rejected
from hilum.flow import Criticality, Lookup, Stake
from hilum.message import Delivery, Outcome
from hilum.postgres import Database
from hilum.processes import Task, tasks
from hilum.runtime import errands
from hilum.settings import ClockRule, DeskSettings
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.looks import rows
from support.projects import make_flow
from support.runs import a_run
from support.waits import Start, deliveries, messages

pytestmark = pytest.mark.req("UX-2")

HOUR = timedelta(hours=1)


def bill_of(parsed: Any, _: Lookup) -> Any:
    line = {"number": 1, "quantity": parsed["n"], "unit_price": "10"}
    bill = SupplierBill.model_validate(
        {"number": parsed["id"], "supplier": "V1", "currency": "EUR", "billed_on": "2026-03-01", "lines": [line]}
    )
    yield bill
    if parsed.get("bad"):
        raise Invalid("something is missing")


class Refuses(Receiver):
    """Takes nothing."""

    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        return [Rejected("odoo.validation", "the period is closed") for _ in batch]


async def all_cases(database: Database) -> list[cases.Case]:
    async with database.cold() as connection:
        return sorted(await cases.cases(connection), key=lambda each: each.id)


async def test_a_case_says_what_is_at_stake_whether_it_was_held_before_or_after_translation(
    hub: Start, database: Database
) -> None:
    feed = Feed()
    flow = make_flow(
        feed, Refuses(), translate=bill_of,
        stake_by=lambda parsed: Stake(criticality=Criticality.VITAL) if parsed.get("implant") else None,
    )  # fmt: skip
    await hub(flow)
    await feed.send({"id": "B-1", "key": "a", "n": 3})
    await deliveries(database, held=1)
    await feed.send({"id": "B-2", "key": "b", "n": 5, "bad": True, "implant": True})
    await messages(database, held=1)
    refused, unread = await all_cases(database)
    assert (refused.at_stake, refused.currency, refused.criticality) == (Decimal("30.00"), "EUR", 1)
    assert (unread.at_stake, unread.currency, unread.criticality) == (Decimal("50.00"), "EUR", 3)
    assert refused.due_at is not None
    assert unread.due_at is not None
    assert refused.due_at - refused.opened_at == timedelta(hours=8)  # by its criticality: no clock of the settings fits
    assert unread.due_at - unread.opened_at == timedelta(minutes=15)


async def test_clocks_are_by_team_and_criticality_and_count_for_what_is_open_already(
    hub: Start, database: Database
) -> None:
    feed = Feed()
    await hub(
        make_flow(feed, Refuses(), translate=bill_of),
        desk=DeskSettings(
            clocks=[
                ClockRule(team="Supply chain", criticality=["high"], due=HOUR),
                ClockRule(team="Supply chain", due=2 * HOUR),
                ClockRule(due=3 * HOUR),
            ]
        ),
    )
    await feed.send({"id": "B-1", "key": "a", "n": 3})
    await deliveries(database, held=1)
    (case,) = await all_cases(database)

    async def left() -> timedelta | None:
        (now,) = await all_cases(database)
        return now.due_at - now.opened_at if now.due_at is not None else None

    assert await left() == 2 * HOUR
    async with database.transaction() as connection:
        await cases.hand_over(connection, case.id, actor="eva", reason="the endpoint")
    assert await left() == 3 * HOUR  # of the other team, from the opening on
    async with database.transaction() as connection:
        assert await clocks.declare(connection, [ClockRule(team="Integration", due=HOUR)])
        assert not await clocks.declare(connection, [ClockRule(team="Integration", due=HOUR)])
    assert await left() == HOUR
    async with database.transaction() as connection:
        await clocks.declare(connection, [])
    assert await left() == timedelta(hours=8)


async def test_what_nobody_acted_on_goes_to_others_once_and_is_in_the_audit(
    hub: Start, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errands, "_ESCALATION_EVERY", 0.1)
    feed = Feed()
    clock = ClockRule(
        team="Supply chain", due=timedelta(milliseconds=1), escalate_after=timedelta(0), escalate_to="Direction"
    )
    await hub(make_flow(feed, Refuses(), translate=bill_of), desk=DeskSettings(clocks=[clock]))
    await feed.send({"id": "B-1", "key": "a", "n": 3})
    await deliveries(database, held=1)

    async def escalated() -> bool:
        (case,) = await all_cases(database)
        return case.escalated_to == "Direction"

    await eventually(escalated)
    (case,) = await all_cases(database)
    async with database.transaction() as connection:
        await cases.assign(connection, case.id, to="eva", actor="eva")  # somebody takes it: it is not taken away again
        assert await clocks.escalate(connection) == 0
    found = await rows(database, "SELECT words FROM audit WHERE action = 'case_escalated'")
    assert found == [(f"case {case.id}: Supply chain did not act in time; Direction has it too",)]


class Yes(BaseModel):
    yes: bool


PAPERS = SideBySide(documents=("Order", "Bill"), members=(Member(name="price", values=("38", "41.2"), marked=(0, 1)),))


async def test_a_task_is_due_by_its_own_time_or_the_clock_and_keeps_its_papers(database: Database) -> None:
    run = await a_run(database)
    value = Money(amount=Decimal("494.40"), currency="EUR")
    rules = [ClockRule(criticality=["high"], due=HOUR, escalate_after=HOUR, escalate_to="Direction")]
    async with database.transaction() as connection:
        await clocks.declare(connection, rules)
        for step, (due, criticality) in enumerate(
            [("P1D", Criticality.HIGH), ("PT5M", Criticality.HIGH), ("P1D", None)]
        ):
            asked = Task("Decide", Yes, team="Buyers", due=due, criticality=criticality, value=value, papers=PAPERS)
            await tasks.put(connection, "test.order", run, step, asked)
    async with database.cold() as connection:
        found = sorted(await tasks.inbox(connection), key=lambda each: each.id)
        assert await tasks.papers(connection, found[0].id) == PAPERS
    given = [each.due_at - each.asked_at for each in found if each.due_at is not None]
    assert [round(each / timedelta(minutes=1)) for each in given] == [60, 5, 1440]
    assert [(each.at_stake, each.currency, each.criticality) for each in found] == [
        (value.amount, "EUR", 2), (value.amount, "EUR", 2), (value.amount, "EUR", 1)
    ]  # fmt: skip
    async with database.transaction() as connection:
        await clocks.declare(connection, [])
        assert await tasks.retime(connection) == 1
        await clocks.declare(
            connection, [ClockRule(due=timedelta(minutes=1), escalate_after=timedelta(0), escalate_to="X")]
        )
        assert await tasks.retime(connection) == 3
        await connection.execute("UPDATE process_task SET due_at = now() - interval '1 s' WHERE step = 0")
        assert await tasks.remind_and_escalate(connection) == 1
        assert await tasks.remind_and_escalate(connection) == 0
    async with database.cold() as connection:
        mine = await tasks.inbox(connection, teams=["X"])
    assert [(each.title, each.team, each.escalate_to) for each in mine] == [("Decide", "Buyers", "X")]

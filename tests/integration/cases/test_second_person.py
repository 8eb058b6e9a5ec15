"""Second persons: nothing that needs one is done without, nobody approves their own, and an approval counts once."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from hilum import cases
from hilum.cases import NotPossible, approvals, jobs, run_batch, switches
from hilum.cases.policy import Policy
from hilum.errors import Invalid
from hilum.flow import Criticality, DataClass
from hilum.postgres import Database
from hilum.security import Role
from hilum.settings import ApprovalRule, ApprovalSettings
from support.acting import job, made, policy, replay_of, run_to_end, user
from support.doubles import Feed, Receiver
from support.looks import assert_sound, rows
from support.projects import make_flow
from support.waits import Start, messages

RULE = ApprovalRule(act="replay", more_than=1)


def strict(parsed: dict[str, object], _: object) -> object:
    if parsed.get("broken"):
        raise Invalid("broken")
    return parsed


async def held(hub: Start, database: Database, count: int = 3) -> list[UUID]:
    feed, receiver = Feed(), Receiver()
    await hub(make_flow(feed, receiver, translate=strict))
    sent = await feed.send_all([{"id": f"o-{n}", "key": f"k-{n}", "n": n, "broken": True} for n in range(count)])
    await messages(database, held=count)
    return [one.message_id for one in sent]


async def waiting(database: Database) -> list[approvals.Approval]:
    async with database.cold() as connection:
        return await approvals.approvals(connection)


@pytest.mark.req("MSG-7")
async def test_a_job_that_needs_a_second_person_waits_for_one_who_is_not_the_first(
    hub: Start, database: Database
) -> None:
    await held(hub, database)
    omar, stella = await user(database, "omar", Role.OPERATOR), await user(database, "stella", Role.STEWARD)
    sam = await user(database, "sam", Role.STEWARD)
    planned = await made(database, replay_of(category="invalid"), by="stella", rules=policy(RULE))
    assert planned.state == "waiting"
    assert await run_batch(database) is None
    [request] = await waiting(database)
    assert (request.requested_by, request.role) == ("stella", "steward")
    for wrong, words in ((stella, "Nobody approves"), (omar, "needs the role steward")):
        with pytest.raises(NotPossible, match=words):
            async with database.transaction() as connection:
                await approvals.approve(connection, request.id, user=wrong, reason="fine")
    assert (await job(database, planned.id)).state == "waiting"
    async with database.transaction() as connection:
        assert await approvals.approve(connection, request.id, user=sam, reason="seen") == f"job {planned.id} runs"
    await run_to_end(database, planned.id)
    with pytest.raises(NotPossible, match="It is used already"):
        async with database.transaction() as connection:
            await approvals.approve(connection, request.id, user=sam, reason="twice")
    told = await rows(database, "SELECT actor, action FROM audit WHERE action LIKE 'appro%%' ORDER BY id")
    assert told == [("stella", "approval_asked"), ("sam", "approved")]
    [(count,)] = await rows(database, "SELECT count(*) FROM audit WHERE action = 'replay' AND actor = 'stella'")
    assert count == 3


async def test_of_two_decisions_at_once_one_counts(hub: Start, database: Database) -> None:
    await held(hub, database)
    people = [await user(database, name, Role.STEWARD) for name in ("ada", "ben")]
    planned = await made(database, replay_of(category="invalid"), by="eva", rules=policy(RULE))
    [request] = await waiting(database)

    async def decide(number: int) -> str:
        async with database.transaction() as connection:
            if number:
                await approvals.refuse(connection, request.id, user=people[1], reason="no")
                return "refused"
            return await approvals.approve(connection, request.id, user=people[0], reason="yes")

    ends = await asyncio.gather(decide(0), decide(1), return_exceptions=True)
    assert [type(end) for end in ends].count(NotPossible) == 1
    found = await job(database, planned.id)
    assert found.state in (("cancelled",) if ends[1] == "refused" else ("running", "done"))


async def test_what_nobody_decides_expires_and_is_not_done(hub: Start, database: Database) -> None:
    await held(hub, database)
    sam = await user(database, "sam", Role.STEWARD)
    planned = await made(database, replay_of(category="invalid"), by="eva", rules=policy(RULE, hours=1e-6))
    [(number,)] = await rows(database, "SELECT id FROM approval")
    with pytest.raises(NotPossible, match="expired"):
        async with database.transaction() as connection:
            await approvals.approve(connection, number, user=sam, reason="late")
    async with database.transaction() as connection:
        await approvals.expire(connection)
    assert (await job(database, planned.id)).state == "cancelled"
    await messages(database, held=3)


async def test_a_job_that_is_cancelled_while_it_waits_takes_its_request_with_it(hub: Start, database: Database) -> None:
    await held(hub, database)
    planned = await made(database, replay_of(category="invalid"), by="eva", rules=policy(RULE))
    async with database.transaction() as connection:
        await jobs.cancel(connection, planned.id, by="eva", reason="not now")
    assert await waiting(database) == []


@pytest.mark.req("MSG-6")
@pytest.mark.req("MSG-7")
@pytest.mark.parametrize("agrees", [True, False])
async def test_an_edit_that_needs_a_second_person_is_held_until_one_agrees(
    hub: Start, database: Database, agrees: bool
) -> None:
    [original, *_] = await held(hub, database, 1)
    sam = await user(database, "sam", Role.STEWARD)
    rules = policy(ApprovalRule(act="edit"))
    demand = rules.demand("edit", {"test.orders": 1})
    assert demand is not None
    edit = cases.Edit(message_id=original, body=b'{"id":"x","key":"k-0","n":9}', actor="eva", reason="typo", lanes=64)
    async with database.transaction() as connection:
        draft = await cases.keep_draft(connection, edit, None)
        subject: dict[str, object] = {"message": str(original), "draft": str(draft), "state": "held", "reason": "typo"}
        number = await approvals.request(
            connection, act="edit", subject=subject, words="Edit.", demand=demand, policy=rules, by="eva", reason="typo"
        )
    await messages(database, held=2)
    async with database.transaction() as connection:  # no way round it
        [step] = await cases.plan(connection, [draft])
        assert (step.action, "second person" in step.words) == ("nothing", True)
        with pytest.raises(NotPossible, match="second person"):
            await cases.discard(connection, draft, actor="eva", reason="round it")
    async with database.transaction() as connection:
        if agrees:
            await approvals.approve(connection, number, user=sam, reason="right")
        else:
            await approvals.refuse(connection, number, user=sam, reason="wrong")
    await messages(database, **({"discarded": 1, "completed": 1} if agrees else {"discarded": 1, "held": 1}))
    [(state,)] = await rows(database, "SELECT state::text FROM message WHERE id = %s", [original])
    assert state == ("discarded" if agrees else "held")
    await assert_sound(database)


@pytest.mark.req("MSG-7")
def test_the_policy_looks_at_act_number_data_class_and_criticality() -> None:
    harmless = make_flow(None, name="a.harmless")
    vital = make_flow(None, name="a.vital", data_class=DataClass.PHI, criticality=Criticality.VITAL)
    rules = [
        ApprovalRule(act="replay", more_than=100),
        ApprovalRule(act="discard", data_class=["phi"], criticality=["vital", "high"], role="admin"),
        ApprovalRule(act="discard", more_than=10),
    ]
    found = Policy(settings=ApprovalSettings(rules=rules), flows={each.name: each for each in (harmless, vital)})
    assert found.demand("replay", {"a.harmless": 100}) is None
    assert found.demand("replay", {"a.harmless": 60, "a.vital": 41}) is not None
    assert found.demand("discard", {"a.harmless": 1}) is None
    strictest = found.demand("discard", {"a.vital": 11})
    assert strictest is not None
    assert strictest.role is Role.ADMIN
    assert found.demand("discard", {"nobody.knows": 1}) is not None  # nobody says that it is harmless
    assert found.demand("edit", {"a.vital": 1}) is None


@pytest.mark.req("MSG-7")
async def test_a_breaker_is_opened_and_closed_after_a_second_person_agreed(database: Database) -> None:
    sam = await user(database, "sam", Role.STEWARD)
    rules = policy(ApprovalRule(act="breaker"))
    demand = rules.demand("breaker", {"": 1})
    assert demand is not None
    for switch, words in (("open", "nothing is sent to memory.main"), ("close", "memory.main is sent to again")):
        subject = {"switch": switch, "destination": "memory.main"}
        async with database.transaction() as connection:
            number = await approvals.request(
                connection, act="breaker", subject=subject, words="Turn it.", demand=demand, policy=rules, by="eva",
                reason="the receiver moves",
            )  # fmt: skip
            assert await approvals.approve(connection, number, user=sam, reason="yes") == words
    told = await rows(database, "SELECT actor, action FROM audit WHERE action LIKE 'destination%%' ORDER BY id")
    assert told == [("eva", "destination_opened"), ("eva", "destination_closed")]


@pytest.mark.req("MSG-7")
async def test_a_flow_is_stopped_after_a_second_person_agreed(database: Database) -> None:
    sam = await user(database, "sam", Role.STEWARD)
    rules = policy(ApprovalRule(act="pause"))
    demand = rules.demand("pause", {"test.orders": 1})
    assert demand is not None
    subject = {"switch": "pause", "flow": "test.orders", "what": ["intake"]}
    async with database.transaction() as connection:
        number = await approvals.request(
            connection, act="pause", subject=subject, words="Stop.", demand=demand, policy=rules, by="eva", reason="why"
        )
        assert await switches.stopped(connection) == []
        assert "stopped" in await approvals.approve(connection, number, user=sam, reason="yes")
        [found] = await switches.stopped(connection)
    assert (found.flow, found.what, found.by) == ("test.orders", "intake", "eva")

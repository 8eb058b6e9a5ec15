"""What follows a failed delivery: repeated, paused or held, by the class of the failure; never lost, never stuck."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from hilum import cases
from hilum.errors import DatabaseUnavailable, Down, Failure, Invalid, Rejected, TryAgain, Unmapped, Unsure
from hilum.flow import Criticality, Lookup
from hilum.journal import reading
from hilum.journal.breakers import open_breakers
from hilum.message import Delivery, Outcome
from hilum.postgres import Database
from hilum.runtime import retry
from hilum.testing import eventually
from support.doubles import Batching, Feed, Forgetful, Receiver, takes_all
from support.looks import assert_sound, delivery_states, rows
from support.projects import make_flow, order, target, write_lookup
from support.waits import Start, deliveries, messages, parked, replay


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits of hundredths of a second; tests/unit/runtime holds the real ones to their table."""
    quicker = {key: replace(rule, first_wait=0.01, longest_wait=0.02) for key, rule in retry.DEFAULTS.items()}
    monkeypatch.setattr(retry, "DEFAULTS", quicker)


QUICK = {"memory.main": {"first_pause_seconds": 0.05, "longest_pause_seconds": 0.1}}
"""Pauses of hundredths of a second."""


def failing(number: int, failure: Outcome, times: int = 1000) -> Any:
    """A behaviour: the n-th message of key `bad` fails so many times; all others are taken."""
    left = times

    def behave(delivery: Delivery) -> Outcome:
        nonlocal left
        if delivery.key == "bad" and b'"n":%d,' % number in delivery.body + b"," and left:
            left -= 1
            return failure
        return takes_all(delivery)

    return behave


def series() -> list[dict[str, Any]]:
    """Five of a key that will have trouble, and twenty of another."""
    return [{"n": n, **order(n, "bad")} for n in range(5)] + [{"n": n, **order(n, "good")} for n in range(20)]


@pytest.mark.req("MSG-4")
@pytest.mark.req("MSG-5")
@pytest.mark.parametrize("failure", [TryAgain("busy"), Unsure("no answer")], ids=["try again", "unsure"])
@pytest.mark.parametrize("kind", [Receiver, Batching])
async def test_what_failed_for_now_is_repeated_and_its_key_follows_in_order(
    hub: Start, database: Database, failure: Outcome, kind: type[Receiver]
) -> None:
    feed, receiver = Feed(), kind(failing(1, failure, times=3))
    await hub(make_flow(feed, receiver))
    await feed.send_all(series())
    await messages(database, completed=25)
    assert receiver.numbers("bad") == list(range(5))
    assert receiver.numbers("good") == list(range(20))
    attempts = await rows(database, "SELECT number, outcome, words FROM attempt ORDER BY number")
    name = type(failure).__name__
    assert attempts == [(1, name, str(failure)), (2, name, str(failure)), (3, name, str(failure)), (4, "delivered", "")]
    assert len({each.idempotency_key for each in receiver.seen if each.key == "bad"}) == 5
    await assert_sound(database)


@pytest.mark.req("MSG-5")
@pytest.mark.req("MSG-6")
@pytest.mark.parametrize(("criticality", "limit"), [(Criticality.LOW, 5), (Criticality.NORMAL, 10)])
async def test_after_the_last_attempt_it_is_held_with_its_case(
    hub: Start, database: Database, criticality: Criticality, limit: int
) -> None:
    feed, receiver = Feed(), Receiver(failing(0, TryAgain("The storeroom is closed.")))
    await hub(make_flow(feed, receiver, criticality=criticality))
    await feed.send_all(series())
    await deliveries(database, held=1, waiting=4, delivered=20)
    assert [each.attempt for each in receiver.seen if each.key == "bad"] == list(range(1, limit + 1))
    async with database.cold() as connection:
        [case] = await cases.cases(connection)
        trace = await reading.trace(connection, case.message_id)
        body = await reading.body(connection, case.message_id)
    assert (case.category, case.kind, case.owner, case.behind) == ("retries_exhausted", "technical", "Integration", 4)
    assert case.words == "The storeroom is closed."
    assert trace is not None
    assert [each.number for each in trace.attempts] == list(range(1, limit + 1))
    assert trace.deliveries[0].state == "held"
    assert body is not None
    assert b'"bad-0"' in body
    await assert_sound(database)


@pytest.mark.req("MSG-5")
async def test_what_is_unsure_is_never_repeated_to_a_receiver_that_would_do_it_twice(
    hub: Start, database: Database
) -> None:
    feed, receiver = Feed(), Forgetful(failing(1, Unsure("the line was cut")))
    await hub(make_flow(feed, receiver))
    await feed.send_all(series())
    await deliveries(database, held=1, waiting=3, delivered=21)
    assert len([each for each in receiver.seen if b'"bad-1"' in each.body]) == 1
    async with database.cold() as connection:
        [case] = await cases.cases(connection)
    assert case.category == "unsure"
    await assert_sound(database)


@pytest.mark.req("MSG-8")
async def test_a_receiver_that_is_down_uses_up_no_attempt_and_is_not_bothered(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), Receiver(lambda _: Down("maintenance until noon"))
    await hub(make_flow(feed, receiver, criticality=Criticality.LOW), destinations=QUICK)
    await feed.send_all(series())
    await deliveries(database, pending=25)
    await eventually(lambda: len(receiver.seen) > 12)  # more looks than a delivery has attempts
    async with database.cold() as connection:
        [pause] = await open_breakers(connection)
    assert pause.words == "maintenance until noon"
    assert pause.opened > 5
    assert receiver.most_under_way <= 25
    assert (await delivery_states(database)) == {"pending": 25}
    receiver.behave = takes_all
    await messages(database, completed=25)
    assert {each.attempt for each in receiver.seen} == {1}
    assert receiver.numbers("bad") == list(range(5))
    assert await rows(database, "SELECT state::text, words FROM breaker") == [("closed", "")]
    await assert_sound(database)


@pytest.mark.req("RES-1")
async def test_a_receiver_that_is_down_stops_nobody_else(hub: Start, database: Database) -> None:
    feed, down, up = Feed(), Receiver(lambda _: Down("no connection")), Receiver()
    await hub(make_flow(feed, down, up), destinations=QUICK)
    await feed.send_all(series())
    await eventually(lambda: len(up.taken) == 25)
    assert not down.taken
    down.behave = takes_all
    await messages(database, completed=25)
    await assert_sound(database)


def mapped(parsed: dict[str, Any], lookup: Lookup) -> dict[str, Any]:
    return {**parsed, "item": lookup.item(parsed.get("item", "G1"))}


@pytest.mark.req("MSG-6")
@pytest.mark.req("MSG-7")
@pytest.mark.req("MOD-4")
async def test_an_unknown_code_is_held_in_business_words_and_goes_on_when_the_table_is_mended(
    hub: Start, database: Database, tmp_path: Path
) -> None:
    feed, receiver, reports = Feed(), Receiver(), Receiver()
    flow = make_flow(feed, receiver, translate=mapped)
    flow.report_to(target(reports, "memory.reports"))
    started = await hub(flow, lookups={"items": "code,item\nG1,GLOVE-M\n"})
    [first, *_] = await feed.send_all([{**order(0, "bad"), "item": "X9"}, order(1, "bad"), order(2, "bad"), order(0)])
    await messages(database, held=1)
    await parked(database, 2)
    async with database.cold() as connection:
        [case] = await cases.cases(connection)
        [step] = await cases.plan(connection, [first.message_id])
    assert case.title == "The code 'X9' is not known in the table 'items'"
    assert (case.category, case.kind, case.owner, case.behind) == ("unmapped", "business", "Supply chain", 2)
    assert (step.action, step.words) == ("translate", "Translate it again and deliver it.")
    assert await rows(database, "SELECT count(*) FROM message WHERE state = 'held'") == [(1,)], "a plan changes nothing"
    write_lookup(tmp_path, "items", "code,item\nG1,GLOVE-M\nX9,SUTURE\n")
    await eventually(lambda: len(started.project.lookup.table("items")) == 2)
    assert await replay(database, first.message_id) == 1
    assert await replay(database, first.message_id) in (0, 1)
    await eventually(lambda: receiver.numbers("bad")[:3] == [0, 1, 2])
    assert receiver.bodies[1]["item"] == "SUTURE" or receiver.bodies[0]["item"] == "SUTURE"
    async with database.cold() as connection:
        assert await cases.cases(connection) == []
        closed = await cases.case(connection, case.id)
    assert closed is not None
    assert (closed.resolution, closed.closed_by, closed.reason) == ("replayed", "eva", "corrected")
    told = [(body["document"], body["status"]) for body in reports.bodies]
    assert told.count(("bad", "held")) == 1
    await eventually(lambda: [b["status"] for b in reports.bodies].count("completed") >= 4)
    await assert_sound(database)


@pytest.mark.req("MSG-17")
async def test_a_discard_lets_the_key_go_on_and_says_who_and_why(hub: Start, database: Database) -> None:
    feed, receiver, reports = Feed(), Receiver(failing(1, Rejected("test.no", "No such place."))), Receiver()
    flow = make_flow(feed, receiver)
    flow.report_to(target(reports, "memory.reports"))
    started = await hub(flow)
    sent = await feed.send_all(series())
    await deliveries(database, held=1, waiting=3)
    async with database.transaction() as connection:
        words = await cases.discard(
            connection, sent[1].message_id, actor="eva", reason="typed twice", settled=started.settled
        )
    assert words == "1 held deliveries are cancelled."
    await deliveries(database, cancelled=1, held=0, waiting=0, pending=0)
    assert receiver.numbers("bad") == [0, 2, 3, 4]
    async with database.cold() as connection:
        trace = await reading.trace(connection, sent[1].message_id)
        with pytest.raises(cases.NotPossible):
            await cases.discard(connection, sent[1].message_id, actor="eva", reason="again")
    assert trace is not None
    assert [(a.actor, a.action, a.words) for a in trace.audit][-1] == ("eva", "discard", "typed twice")
    assert trace.message.state == "completed"
    await assert_sound(database)


@pytest.mark.req("MSG-7")
async def test_an_edited_message_takes_the_place_of_the_held_one(hub: Start, database: Database) -> None:
    def strict(parsed: dict[str, Any], _: Lookup) -> dict[str, Any]:
        if parsed.get("broken"):
            raise Invalid("broken", where="field 3")
        return parsed

    feed, receiver = Feed(), Receiver()
    await hub(make_flow(feed, receiver, translate=strict))
    [head, *_] = await feed.send_all([{**order(0), "broken": True}, order(1), order(2), order(0, "other")])
    await messages(database, held=1, completed=1)
    await parked(database, 2)
    async with database.transaction() as connection:
        body = b'{"id":"k-0","key":"k","n":0}'
        edit = cases.Edit(message_id=head.message_id, body=body, actor="eva", reason="typing error", lanes=64)
        edited = await cases.resubmit(connection, edit)
    await messages(database, discarded=1, completed=4)
    assert receiver.numbers("k") == [0, 1, 2]
    async with database.cold() as connection:
        trace = await reading.trace(connection, head.message_id)
        original = await reading.body(connection, head.message_id)
    assert trace is not None
    assert trace.caused == [edited]
    assert original is not None
    assert b"broken" in original
    await assert_sound(database)


@pytest.mark.req("MSG-4")
async def test_a_flow_may_let_later_ones_pass_what_is_held(hub: Start, database: Database) -> None:
    feed = Feed()
    receiver = Receiver(failing(1, Rejected("test.no", "No.")))
    await hub(make_flow(feed, receiver, on_held="pass"))
    sent = await feed.send_all(series())
    await deliveries(database, held=1, delivered=24)
    assert receiver.numbers("bad") == [0, 2, 3, 4]
    assert await rows(database, "SELECT * FROM blocked_key") == []
    receiver.behave = takes_all
    await replay(database, sent[1].message_id)
    await messages(database, completed=25)
    assert receiver.numbers("bad") == [0, 2, 3, 4, 1]
    await assert_sound(database)


@pytest.mark.req("MSG-7")
async def test_a_held_delivery_is_replayed_with_the_same_idempotency_key_and_fresh_attempts(
    hub: Start, database: Database
) -> None:
    feed, receiver = Feed(), Receiver(failing(0, Rejected("test.no", "The period is closed.")))
    await hub(make_flow(feed, receiver))
    sent = await feed.send_all(series())
    await deliveries(database, held=1, waiting=4, delivered=20)
    receiver.behave = takes_all
    await replay(database, sent[0].message_id)
    await messages(database, completed=25)
    first = [each for each in receiver.seen if b'"bad-0"' in each.body]
    assert len({each.idempotency_key for each in first}) == 1
    assert [each.attempt for each in first] == [1, 1]
    assert receiver.numbers("bad") == list(range(5))
    await assert_sound(database)


@pytest.mark.req("MSG-7")
async def test_a_completed_message_can_be_sent_again_and_has_no_second_effect(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), Receiver()
    await hub(make_flow(feed, receiver))
    sent = await feed.send_all(series())
    await messages(database, completed=25)
    assert await replay(database, *(each.message_id for each in sent[:5])) == 5
    await deliveries(database, delivered=30)
    await messages(database, completed=25)
    assert len(receiver.seen) == 30
    assert len(receiver.taken) == 25, "the receiver knows the idempotency keys"
    await assert_sound(database)


@pytest.mark.req("MSG-17")
@pytest.mark.parametrize(
    ("error", "category", "owner"),
    [
        (Invalid("no quantity", where="FT1-10"), "invalid", "Supply chain"),
        (Unmapped("items", "X9"), "unmapped", "Supply chain"),
        (ZeroDivisionError("patient Example"), "defect", "Integration"),
        (RecursionError("deep"), "defect", "Integration"),
    ],
)
async def test_what_a_translation_raises_holds_this_message_for_those_who_can_act(
    hub: Start, database: Database, error: Exception, category: str, owner: str
) -> None:
    def translate(parsed: dict[str, Any], _: Lookup) -> dict[str, Any]:
        if parsed["key"] == "bad" and parsed["n"] == 0:
            raise error
        return parsed

    feed, receiver = Feed(), Receiver()
    await hub(make_flow(feed, receiver, translate=translate))
    await feed.send_all(series())
    await messages(database, held=1, received=4, completed=20)
    async with database.cold() as connection:
        [case] = await cases.cases(connection)
    assert (case.category, case.owner) == (category, owner)
    assert "Example" not in case.words + case.title + case.detail
    await assert_sound(database)


@pytest.mark.req("RES-1")
@pytest.mark.parametrize("outcome", [RuntimeError("patient Example"), "too few", Failure("odd")])
async def test_a_defect_in_a_connector_is_unsure_and_does_not_stop_the_hub(
    hub: Start, database: Database, outcome: Any
) -> None:
    class Broken(Receiver):
        broken = True

        async def deliver(self, batch: Any) -> Any:
            if self.broken and batch[0].key == "bad":
                if isinstance(outcome, Exception):
                    raise outcome
                return []
            return await super().deliver(batch)

    feed, receiver = Feed(), Broken()
    await hub(make_flow(feed, receiver, criticality=Criticality.LOW))
    await feed.send_all(series())
    await deliveries(database, held=1, waiting=4, delivered=20)
    [words] = await rows(database, "SELECT DISTINCT words FROM attempt")
    assert "Example" not in words[0]
    receiver.broken = False
    [head] = await rows(database, "SELECT message_id FROM delivery WHERE state = 'held'")
    await replay(database, head[0])
    await messages(database, completed=25)
    assert receiver.numbers("bad") == list(range(5))
    await assert_sound(database)


@pytest.mark.req("MSG-17")
async def test_messages_of_a_flow_that_no_longer_exists_wait_until_it_is_back(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), Receiver()
    first = await hub(make_flow(feed, receiver), roles=("listener",))
    await feed.send_all(series())
    await first.stop()
    other, away = Feed("other"), Receiver()
    second = await hub(make_flow(other, away, name="test.other"))
    await other.send_all([order(0)])
    await messages(database, received=25, completed=1)
    await second.stop()
    await hub(make_flow(Feed(), receiver))
    await messages(database, completed=26)
    assert receiver.numbers("bad") == list(range(5))
    await asyncio.sleep(0)
    await assert_sound(database)


class Part(Receiver):
    """A part of the hub itself: what it writes into is the hub's own database."""

    in_hub: ClassVar[bool] = True


@pytest.mark.req("MSG-4")
async def test_a_part_of_the_hub_that_has_no_database_for_a_moment_counts_as_no_attempt(
    hub: Start, database: Database
) -> None:
    """It is neither a defect nor an attempt that failed: the hub forgets that it called, and calls again."""
    left = 3

    def busy(delivery: Delivery) -> Outcome:
        nonlocal left
        left -= 1
        if left >= 0:
            raise DatabaseUnavailable("no connection was free")
        return takes_all(delivery)

    feed, part = Feed(), Part(busy)
    await hub(make_flow(feed, part))
    await feed.send(order(1))
    await messages(database, completed=1)
    assert (len(part.seen), len(part.taken)) == (4, 1)
    assert await rows(database, "SELECT number, outcome FROM attempt") == []
    await assert_sound(database)

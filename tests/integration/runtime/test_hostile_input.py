"""One message that nobody foresaw harms itself only: the hub, and the messages beside it, go on."""

from __future__ import annotations

import random
import string
from typing import Any

import pytest

from hilum.connector import Receipt
from hilum.errors import Invalid, Rejected, TryAgain
from hilum.flow import Lookup, Retry
from hilum.journal.tallies import counts
from hilum.journal.text import KEY_LIMIT, key_of, storable
from hilum.message import Delivered, Delivery, Outcome
from hilum.postgres import Database
from support.doubles import Feed, Receiver, Unit, takes_all
from support.looks import assert_sound, rows
from support.projects import make_flow, order, target
from support.waits import Start, messages, replay

LONG = "".join(random.Random(7).choices(string.ascii_letters + "äöü漢字", k=6000))


def test_a_key_can_be_stored_and_stays_what_it_is_when_shortened_again() -> None:
    assert key_of("P-4711") == "P-4711"
    assert len(key_of(LONG)) <= KEY_LIMIT
    assert key_of(key_of(LONG)) == key_of(LONG) != key_of(LONG + "x")
    assert storable("a\x00b\ud800c") == "a�b���c"


@pytest.mark.req("MSG-1")
@pytest.mark.parametrize("key", [LONG, "nul\x00", "half \ud800 pair"], ids=["long", "nul", "surrogate"])
async def test_any_ordering_key_is_kept_in_order(hub: Start, database: Database, key: str) -> None:
    feed, receiver = Feed(), Receiver()
    flow = make_flow(feed, receiver, order_by=lambda _: key, dedup_by=lambda parsed: f"{key}{parsed['n']}")
    await hub(flow)
    await feed.send_all([order(n) for n in range(5)])
    await messages(database, completed=5)
    assert receiver.numbers("k") == list(range(5))
    again = await feed.send(order(0))
    assert isinstance(again, Receipt)
    assert again.duplicate
    await assert_sound(database)


@pytest.mark.req("MSG-6")
@pytest.mark.parametrize("words", ["nul \x00 in it", "half \ud800 pair", LONG], ids=["nul", "surrogate", "long"])
async def test_any_words_of_a_receiver_are_kept(hub: Start, database: Database, words: str) -> None:
    def behave(delivery: Delivery) -> Outcome:
        if b'"n":0' in delivery.body:
            return Delivered(reference=words, words=words) if delivery.attempt > 1 else TryAgain(words)
        return Rejected("test.no", words)

    feed, receiver, reports = Feed(), Receiver(behave), Receiver()
    flow = make_flow(feed, receiver, retry=Retry(first_wait=0.02))
    flow.report_to(target(reports, "memory.reports"))
    await hub(flow)
    await feed.send_all([order(0, "a"), order(1, "b")])
    await messages(database, completed=3, routed=1)
    assert [d.attempt for d in receiver.seen if d.key == "a"] == [1, 2]
    assert {body["status"] for body in reports.bodies} == {"completed", "held"}
    await assert_sound(database)


@pytest.mark.req("MSG-17")
async def test_identifiers_of_any_length_can_be_written(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), Receiver()
    await hub(make_flow(feed, receiver, identify_by=[lambda _: LONG, lambda _: "short"]))
    await feed.send_all([order(0)])
    await messages(database, completed=1)
    found = {value for (value,) in await rows(database, "SELECT value FROM identifier")}
    assert {"short", key_of(LONG)} <= found


@pytest.mark.req("MSG-17")
async def test_a_flow_that_fails_at_receipt_refuses_this_message_and_takes_the_next(
    hub: Start, database: Database
) -> None:
    def key(parsed: dict[str, Any]) -> str:
        if parsed["n"] == 1:
            raise ValueError("patient Example is not a number")
        return "k"

    feed, receiver = Feed(), Receiver()
    started = await hub(make_flow(feed, receiver, order_by=key))
    answers = [await feed.send(order(0)), await feed.send(order(1)), await feed.send(b"{"), await feed.send(order(2))]
    assert [type(answer) for answer in answers] == [Receipt, Invalid, Invalid, Receipt]
    assert "Example" not in str(answers[1])
    await messages(database, completed=2)
    await started.stop()
    assert [reason for (reason,) in await rows(database, "SELECT reason FROM refusal ORDER BY at")] == [
        str(answers[1]),
        str(answers[2]),
    ]


@pytest.mark.req("MSG-1")
async def test_a_source_that_fails_while_it_acknowledges_does_not_stop_the_others(
    hub: Start, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Unit.accept

    async def accept(self: Unit, receipt: Receipt) -> None:
        if b'"n":1' in self.body:
            raise RuntimeError("the connection is gone")
        await whole(self, receipt)

    monkeypatch.setattr(Unit, "accept", accept)
    feed, receiver = Feed(), Receiver()
    await hub(make_flow(feed, receiver))
    answers = [feed.offer(order(n)) for n in range(3)]
    assert isinstance(await answers[2], Receipt)
    await messages(database, completed=3)
    assert not answers[1].done()


@pytest.mark.req("MSG-2")
async def test_flows_that_share_a_source_read_it_each_in_its_own_format(hub: Start, database: Database) -> None:
    feed, receiver, raw = Feed(), Receiver(), Receiver()
    as_json = make_flow(feed, receiver)
    as_bytes = make_flow(feed, name="test.raw", format="bytes", order_by=None, dedup_by=None)
    seen: list[type] = []

    @as_bytes.translate
    def keep(parsed: Any, _: Lookup) -> Any:
        seen.append(type(parsed))
        return {"size": len(parsed)}

    as_bytes.deliver_to(target(raw, "memory.raw"))
    await hub(as_json, as_bytes)
    await feed.send_all([order(n) for n in range(3)])
    await messages(database, completed=6)
    assert len(receiver.taken) == len(raw.taken) == 3
    assert not {dict, list} & set(seen)


@pytest.mark.req("MSG-4")
async def test_a_translation_that_makes_too_much_is_held_and_the_others_go_on(hub: Start, database: Database) -> None:
    def much(parsed: dict[str, Any], _: Lookup) -> Any:
        return [parsed] * 32_768 if parsed["n"] == 1 else parsed

    feed, receiver = Feed(), Receiver()
    await hub(make_flow(feed, receiver, translate=much))
    sent = await feed.send_all([order(0), order(1), order(2), order(0, "other")])
    await messages(database, held=1, completed=2, received=1)
    assert (receiver.numbers("k"), receiver.numbers("other")) == ([0], [0])
    await assert_sound(database)
    assert await replay(database, sent[1].message_id) == 1
    await messages(database, held=1, received=1)


@pytest.mark.req("MSG-17")
async def test_what_cannot_be_committed_is_held_by_itself(
    hub: Start, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect that shows only in the database: content types are never longer than an index entry, here one is."""
    async with database.cold() as connection:
        await connection.execute("ALTER TABLE delivery ADD CHECK (length(content_type) < 100)")
    feed, receiver = Feed(), Receiver()
    flow = make_flow(feed, receiver)
    whole = flow.targets[0].encode

    def encode(thing: Any) -> Any:
        made = whole(thing)
        assert made is not None
        return type(made)(body=made.body, content_type="x" * 200) if thing["n"] == 1 else made

    flow.targets[0] = type(flow.targets[0])(endpoint="memory.main", encode=encode, connector=receiver)
    await hub(flow)
    await feed.send_all([order(n, key) for n in range(3) for key in ("k", "")])
    await messages(database, held=2, completed=3, received=1)
    assert receiver.numbers("k") == [0]
    assert sorted(receiver.numbers("")) == [0, 2]
    await assert_sound(database)


@pytest.mark.req("MSG-2")
async def test_a_key_that_is_used_again_for_other_content_is_no_duplicate_and_is_held(
    hub: Start, database: Database
) -> None:
    feed, receiver = Feed(), Receiver(takes_all)
    await hub(make_flow(feed, receiver))
    first = await feed.send(order(0))
    other = await feed.send(order(0, note="other content"))
    again = await feed.send(order(0, note="other content"))
    same = await feed.send(order(0))
    assert isinstance(first, Receipt)
    assert isinstance(other, Receipt)
    assert isinstance(again, Receipt)
    assert isinstance(same, Receipt)
    assert other.message_id != first.message_id
    assert (other.duplicate, again.duplicate, same.duplicate) == (False, True, True)
    assert same.message_id == first.message_id
    await messages(database, held=1, completed=1)
    async with database.cold() as connection:
        [duplicates] = [c for c in await counts(connection) if c.state == "duplicate"]
    assert duplicates.entered == 2
    await assert_sound(database)
    await replay(database, other.message_id)
    await messages(database, completed=2)
    assert receiver.bodies[1]["note"] == "other content"

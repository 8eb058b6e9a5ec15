"""Kafka: what can be shown without a broker, and over the protocol with the mock cluster of librdkafka."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any
from uuid import uuid4

import pytest

from hilum.connector import Receipt, Received
from hilum.connectors import find_source, kafka
from hilum.connectors.kafka.consumer import Offsets
from hilum.errors import Down, Rejected, SettingsError, TryAgain, Unsure
from hilum.message import Delivered, Delivery, new_id
from hilum.testing import Answers, eventually, take
from support.kafka_cluster import (
    NO_LEADER,
    PRODUCE,
    TOO_FEW_REPLICAS,
    Brokers,
    KafkaLooker,
    Wires,
    kafka_brokers,
)

NOWHERE = "127.0.0.1:1"
PLACE = ("t", 0)


@pytest.fixture(scope="module")
def brokers() -> Iterator[Brokers]:
    with kafka_brokers() as found:
        yield found


def delivery(number: int, body: bytes = b"x", key: str = "Ä/1") -> Delivery:
    return Delivery(
        message_id=new_id(), ordinal=0, flow="edge.orders", destination="d", operation="", body=body, key=key,
        idempotency_key=f"idem-{number}", correlation_id="visit-7", headers={"traceparent": "00-ab-cd-01"},
    )  # fmt: skip


def test_the_missing_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiokafka", None)
    with pytest.raises(SettingsError, match=r"pip install 'hilum\[kafka\]'"):
        find_source("kafka")(servers=[NOWHERE], topics=["t"])
    with pytest.raises(SettingsError, match=r"pip install 'hilum\[kafka\]'"):
        kafka.Producer(servers=[NOWHERE], topic="t")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"topic": "a b"}, "make a topic"),
        ({"topic": "{key}"}, "make a topic|only"),
        ({"topic": "t", "user": "hilum"}, "user and password"),
        ({"topic": "t", "user": "hilum", "password": "secret-1", "mechanism": "PLAIN"}, "set tls"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        kafka.Producer(servers=[NOWHERE], **settings)
    assert "secret-1" not in str(caught.value)


async def test_nobody_there_is_down() -> None:
    producer = kafka.Producer(servers=[NOWHERE], topic="t", answer_timeout=1)
    await producer.open()
    try:
        (outcome,) = await producer.deliver([delivery(1)])
        assert isinstance(outcome, Down)
        assert "no broker can be reached" in str(outcome)
        with pytest.raises(Down, match="no broker can be reached"):
            await producer.check()
    finally:
        await producer.close()


async def test_a_source_without_broker_waits_and_ends() -> None:
    consumer = kafka.Consumer(servers=[NOWHERE], topics=["t"], answer_timeout=1)
    await consumer.open()
    waiting = asyncio.create_task(consumer.receive())
    with pytest.raises(Down, match="no broker can be reached"):
        await consumer.check()
    await consumer.close()
    assert not await waiting


def test_only_what_has_no_gap_before_it_is_committed() -> None:
    offsets = Offsets()
    for offset in (5, 6, 8, 9):  # 7 is a marker of a transaction: nobody gets it
        offsets.took(PLACE, offset)
    offsets.ended(PLACE, 6, "")
    assert offsets.due() == {}
    offsets.ended(PLACE, 5, "")
    assert offsets.due() == {PLACE: (7, "")}
    offsets.ended(PLACE, 8, "cannot be read")
    assert offsets.due() == {PLACE: (9, "refused offset 8: cannot be read")}
    offsets.committed({PLACE: (9, "")})
    assert offsets.due() == {}
    offsets.forget([PLACE])
    offsets.ended(PLACE, 9, "")  # the answer comes after the partition has gone
    assert offsets.due() == {}


@pytest.mark.req("MSG-13")
async def test_what_is_produced_is_consumed_with_its_headers_and_committed(brokers: Brokers) -> None:
    looker = KafkaLooker(brokers)
    await looker.make()
    producer = kafka.Producer(servers=looker.servers, topic=looker.topic, max_record=2000)
    consumer = kafka.Consumer(servers=looker.servers, topics=[looker.topic], group=f"g-{uuid4().hex[:8]}")
    await producer.open()
    await consumer.open()
    try:
        batch = [delivery(number, b"\x00\xff%d" % number) for number in range(5)]
        outcomes = await producer.deliver([*batch, delivery(9, bytes(5000), key="other")])
        assert [type(each) for each in outcomes] == [Delivered] * 5 + [Rejected]
        received = await take(consumer, 5)
        assert [each.body for each in received] == [each.body for each in batch]
        headers = received[0].headers
        assert headers["idempotency-key"] == "idem-0"
        assert headers["ordering-key"] == "Ä/1"
        assert headers["correlation-id"] == "visit-7"
        assert headers["causation-id"] == str(batch[0].message_id)
        assert headers["traceparent"] == "00-ab-cd-01"
        for each in received[:3]:
            await each.accept(Receipt(message_id=new_id()))
        part = int(str(outcomes[0].reference).split(":")[1]) if isinstance(outcomes[0], Delivered) else -1
        looker.group = consumer.settings.group

        async def committed() -> bool:
            return (await looker.committed(part)).get(part, (0, ""))[0] == 3

        await eventually(committed)
    finally:
        await consumer.close()
        await producer.close()


def library_tasks() -> list[asyncio.Task[Any]]:
    """Tasks of the client library that are still under way."""
    codes = [(each, getattr(each.get_coro(), "cr_code", None)) for each in asyncio.all_tasks()]
    return [each for each, code in codes if code is not None and "aiokafka" in code.co_filename]


@pytest.fixture
async def wires(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Wires]:
    found = Wires(monkeypatch)
    yield found
    await found.close()


@pytest.mark.req("MSG-4")
async def test_what_was_called_unsure_is_not_sent_any_more(brokers: Brokers, wires: Wires) -> None:
    """Else it could be appended after the next one of its key. The library itself would repeat it without end."""
    looker = KafkaLooker(brokers)
    await looker.make()
    producer = kafka.Producer(servers=looker.servers, topic=looker.topic, answer_timeout=2)
    await producer.open()
    try:
        wires.set(Answers.LOSE)
        (outcome,) = await producer.deliver([delivery(1, b"1")])
        assert isinstance(outcome, Unsure)
        await eventually(lambda: not library_tasks())
        wires.set(Answers.PASS)
        (outcome,) = await producer.deliver([delivery(2, b"2")])
        assert isinstance(outcome, Delivered)
        assert [each.value() for each in await looker.records()] == [b"1", b"2"]
    finally:
        await producer.close()
    await eventually(lambda: not library_tasks())


@pytest.mark.parametrize("kind", [Answers.LOSE, Answers.CUT])
async def test_one_that_never_started_leaves_nothing_behind(brokers: Brokers, wires: Wires, kind: Answers) -> None:
    looker = KafkaLooker(brokers)
    await looker.make()
    wires.set(kind)
    producer = kafka.Producer(servers=looker.servers, topic=looker.topic, answer_timeout=0.5)
    await producer.open()
    (outcome,) = await producer.deliver([delivery(1)])
    assert isinstance(outcome, Down)
    await producer.close()
    await eventually(lambda: not library_tasks())
    assert not await looker.records()


async def test_too_few_replicas_are_tried_again_and_a_new_leader_is_followed(brokers: Brokers) -> None:
    looker = KafkaLooker(brokers)
    if not brokers.mocked:
        pytest.skip("a real broker cannot be told to answer with an error; the mock is")
    await looker.make()
    producer = kafka.Producer(servers=looker.servers, topic=looker.topic, answer_timeout=5)
    await producer.open()
    try:
        brokers.answer_with(PRODUCE, TOO_FEW_REPLICAS)
        (outcome,) = await producer.deliver([delivery(1, b"1")])
        assert isinstance(outcome, TryAgain)
        assert "too few replicas" in str(outcome)
        brokers.answer_with(PRODUCE, NO_LEADER, NO_LEADER)
        for number in (1, 2):
            (outcome,) = await producer.deliver([delivery(number, b"%d" % number)])
            assert isinstance(outcome, Delivered)
        assert [each.value() for each in await looker.records()] == [b"1", b"2"]
    finally:
        await producer.close()


async def put_one_each(looker: KafkaLooker, sent: dict[bytes, list[bytes]]) -> None:
    """One more of each key."""
    for key, bodies in sent.items():
        bodies.append(key + b"-%d" % len(bodies))
        await looker.put(bodies[-1], key=key)


def bodies_of(units: Sequence[Received], key: bytes) -> list[bytes]:
    """In order of their arrival, each the first time."""
    return list(dict.fromkeys(each.body for each in units if each.body.startswith(key + b"-")))


async def test_what_the_library_repeats_is_appended_once(brokers: Brokers, wires: Wires) -> None:
    """The answer is lost, the connection comes back in time, and the library sends it again with the same number."""
    looker = KafkaLooker(brokers)
    await looker.make()
    producer = kafka.Producer(servers=looker.servers, topic=looker.topic, answer_timeout=10)
    await producer.open()
    try:
        wires.set(Answers.CUT)
        sending = asyncio.create_task(producer.deliver([delivery(1, b"1")]))

        async def appended() -> bool:
            return bool(await looker.records())

        await eventually(appended)
        wires.set(Answers.PASS)
        (outcome,) = await sending
        assert isinstance(outcome, Delivered)
        found = [each.value() for each in await looker.records()]
        if brokers.mocked and found == [b"1", b"1"]:
            pytest.skip("the mock appends what an idempotent producer repeats: it does not look at sequence numbers")
        assert found == [b"1"]
    finally:
        await producer.close()


@pytest.mark.long
@pytest.mark.req("RES-3")
async def test_two_members_share_and_one_that_leaves_hands_over_what_it_has_not_stored(brokers: Brokers) -> None:
    looker = KafkaLooker(brokers)
    await looker.make()
    silence = 1.5 if brokers.mocked else 10  # the mock waits for one that has left as for one that died
    members = [
        kafka.Consumer(servers=looker.servers, topics=[looker.topic], group=looker.group, session_timeout=silence)
        for _ in range(2)
    ]
    got: list[list[Received]] = [[], []]

    async def taking(number: int) -> None:
        while units := await members[number].receive():
            got[number] += units

    await asyncio.gather(*(each.open() for each in members))
    tasks = [asyncio.create_task(taking(number)) for number in range(2)]
    sent: dict[bytes, list[bytes]] = {b"k%d" % number: [] for number in range(16)}

    try:

        async def both_take() -> bool:
            """Whoever was first had all partitions before the other one came."""
            for units in got:
                units.clear()
            await put_one_each(looker, sent)
            await eventually(lambda: len({each.body for units in got for each in units}) >= len(sent))
            return all(got)

        await eventually(both_take)
        first = [unit for units in got for unit in units]
        for unit in first[::2]:  # the others are not stored, and nobody is told
            await unit.accept(Receipt(message_id=new_id()))
        got[1].clear()
        await members[0].close()
        await put_one_each(looker, sent)
        left = {unit.body for unit in got[0] if unit not in first[::2]}
        last = {bodies[-1] for bodies in sent.values()}
        await eventually(lambda: {unit.body for unit in got[1]} >= left | last)
        for key, bodies in sent.items():
            found = bodies_of(got[1], key)
            assert found == bodies[-len(found) :], "what comes again comes in order"
    finally:
        for member in members:
            await member.close()
        await asyncio.gather(*tasks)

"""Receipts that a partner posts later, over two lives of a hub: matched, told as missing, and nothing sent again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from hilum.connectors import as2
from hilum.errors import Unsure
from hilum.flow import Flow, Retry
from hilum.message import Delivered
from hilum.partners import register
from hilum.postgres import Database
from hilum.runtime import Hub
from hilum.testing import eventually
from support.as2_far_side import FarSide
from support.as2_world import BODY, LOCAL, LatePartner, World, delivery, post, sender, serving
from support.certificates import pair
from support.cluster import free_port
from support.doubles import Feed
from support.looks import rows
from support.projects import make_flow, order, target
from support.waits import Start, deliveries, replay

pytestmark = pytest.mark.req("SYS-10")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("as2"))


@dataclass
class Exchange:
    """A partner that posts its receipts later, and the settings of who sends to it."""

    partner: LatePartner
    settings: dict[str, Any]
    feeds: list[Feed] = field(default_factory=list)

    def flow(self, *, attempts: int = 3, **more: Any) -> Flow:
        """As a hub has it at its start: nothing of an earlier life is in memory."""
        self.feeds.append(Feed())
        rule = Retry(attempts=attempts, first_wait=0.05, jitter=0)
        flow = make_flow(self.feeds[-1], retry=rule)
        flow.deliver_to(target(as2.Sender(**self.settings, **more), "as2.far"))
        return flow

    async def begin(self, start: Callable[..., Any], **more: Any) -> Hub:
        """A life of the hub; it does not wait long for what is under way when it stops."""
        made: Hub = await start(self.flow(**more), worker={"stop_seconds": 0.1})
        return made

    async def sent(self, times: int) -> None:
        """Wait until so many requests have come."""
        await eventually(lambda: len(self.partner.names) == times)


@pytest.fixture
async def exchange(world: World) -> AsyncIterator[Exchange]:
    port = free_port()
    receipts = f"http://{LOCAL}:{port}/receipts"
    partner = LatePartner(world, receipts)
    async with serving(partner.take) as url:
        settings = {"url": url, "receipt_url": receipts, "receipt_host": LOCAL, "receipt_port": port}
        yield Exchange(partner, world.at_a | settings)


async def under_way(database: Database) -> None:
    """Wait until the attempt has noted what it sends."""

    async def noted() -> bool:
        return bool(await rows(database, "SELECT 1 FROM as2_awaited WHERE told_at IS NULL AND answer IS NULL"))

    await eventually(noted)


async def again(database: Database) -> None:
    """A person sets the one message on its way again."""
    ((message,),) = await rows(database, "SELECT id FROM message")
    assert await replay(database, message) == 1


@pytest.mark.parametrize(
    "words", ["processed", pytest.param("processed/error: decryption-failed", marks=pytest.mark.long)]
)
async def test_a_receipt_after_a_restart_settles_what_was_sent_before(
    exchange: Exchange, hub: Start, database: Database, words: str
) -> None:
    first = await exchange.begin(hub)
    await exchange.feeds[0].send(order(1))
    await exchange.sent(1)
    await first.stop()
    assert await exchange.partner.confirm(disposition=words) == 0, "the hub is down: nobody listens"
    await exchange.begin(hub)
    assert await exchange.partner.confirm(disposition=words) == 200, "it listens before it delivers anything"
    if words == "processed":
        await deliveries(database, delivered=1)
        assert [row[0][:9] for row in await rows(database, "SELECT reference FROM delivery")] == ["<receipt-"]
    else:
        await deliveries(database, held=1)
        found = await rows(database, "SELECT category FROM exception_case")
        assert found == [("as2.decryption-failed",)]
    assert await exchange.partner.confirm(disposition=words) == 200, "the same again changes nothing"
    assert len(exchange.partner.names) == 1, "it was not sent again"


async def test_a_receipt_that_was_posted_to_a_hub_that_was_down_is_asked_for_again(
    exchange: Exchange, hub: Start, database: Database
) -> None:
    first = await exchange.begin(hub, receipt_timeout=0.3)
    await exchange.feeds[0].send(order(1))
    await exchange.sent(1)
    await first.stop()
    assert await exchange.partner.confirm() == 0
    await exchange.begin(hub, receipt_timeout=0.3)
    await exchange.sent(2)
    assert len(set(exchange.partner.names)) == 1, "under the same Message-ID"
    assert await exchange.partner.confirm() == 200
    await deliveries(database, delivered=1)


async def test_one_that_does_not_come_is_told_as_missing_and_settles_when_it_comes_after_all(
    exchange: Exchange, hub: Start, database: Database
) -> None:
    first = await exchange.begin(hub, attempts=2, receipt_timeout=0.1)
    await exchange.feeds[0].send(order(1))
    await deliveries(database, held=1)
    assert len(exchange.partner.names) == 2
    ((category, words),) = await rows(database, "SELECT category, words FROM exception_case")
    assert (category, words) == ("unsure", "The partner took it, and no receipt came in time.")
    await first.stop()
    await exchange.begin(hub, attempts=2)
    assert await exchange.partner.confirm() == 200
    await again(database)
    await deliveries(database, delivered=1)
    assert len(exchange.partner.names) == 2, "it was answered, so it was not sent again"


async def test_who_does_not_know_a_repetition_is_not_sent_one(
    exchange: Exchange, hub: Start, database: Database
) -> None:
    first = await exchange.begin(hub, deduplicates=False)
    await exchange.feeds[0].send(order(1))
    await exchange.sent(1)
    await under_way(database)
    await first.stop()
    await deliveries(database, held=1)
    await exchange.begin(hub, deduplicates=False)
    assert await exchange.partner.confirm() == 200
    await again(database)
    await deliveries(database, delivered=1)
    assert len(exchange.partner.names) == 1


async def test_a_replay_sends_again_and_awaits_a_receipt_of_its_own(
    exchange: Exchange, hub: Start, database: Database
) -> None:
    await exchange.begin(hub)
    await exchange.feeds[0].send(order(1))
    await exchange.sent(1)
    assert await exchange.partner.confirm() == 200
    await deliveries(database, delivered=1)
    await again(database)
    await exchange.sent(2)
    await under_way(database)
    assert await exchange.partner.confirm() == 200
    await deliveries(database, delivered=2)


async def test_a_partner_settles_only_what_it_was_sent(exchange: Exchange, world: World, database: Database) -> None:
    third = pair(world.folder, "c")
    port = free_port()
    url = f"http://{LOCAL}:{port}/receipts"
    partner = exchange.partner
    own = world.settings("A", world.a, "C", third)
    own |= {"url": "http://127.0.0.1:9/", "receipt_url": url, "receipt_host": LOCAL, "receipt_port": port}
    far = FarSide("C", third, "A", world.a[1])
    async with sender(database, **exchange.settings, receipt_timeout=0.05) as made, sender(database, **own):
        await made.deliver([delivery(BODY)])
        kind, content = far.receipt(partner.names[0], partner.mics[partner.names[0]])
        assert (await post(url, content, {"Content-Type": kind}))[0] == 404
        assert await partner.confirm() == 200
        (outcome,) = await made.deliver([delivery(BODY)])
        assert isinstance(outcome, Delivered)


async def test_a_receipt_that_cannot_be_kept_is_not_confirmed(exchange: Exchange, postgres_url: str) -> None:
    database = Database(postgres_url)
    await database.open()
    async with sender(database, **exchange.settings, receipt_timeout=0.05) as made:
        await made.deliver([delivery(BODY)])
        await database.close()
        assert await exchange.partner.confirm() == 503


async def test_what_was_sent_long_ago_is_forgotten(exchange: Exchange, database: Database) -> None:
    async with sender(database, **exchange.settings, receipt_timeout=0.05) as made:
        await made.deliver([delivery(BODY)])
        for days, left in ((399, 1), (401, 0)):
            async with database.cold() as connection:
                await connection.execute("UPDATE as2_awaited SET sent_at = now() - make_interval(days => %s)", [days])
                await register.forget(connection)
            assert await rows(database, "SELECT count(*) FROM as2_awaited") == [(left,)]
        assert await exchange.partner.confirm() == 404


async def test_of_two_receipts_the_first_counts(exchange: Exchange, database: Database) -> None:
    partner = exchange.partner
    async with sender(database, **exchange.settings, receipt_timeout=0.05) as made:
        await made.deliver([delivery(BODY)])
        assert await partner.confirm() == 200
        assert await partner.confirm(disposition="processed/error: decryption-failed") == 200
        (outcome,) = await made.deliver([delivery(BODY)])
        assert isinstance(outcome, Delivered)


async def test_an_answer_is_not_taken_for_what_was_translated_anew(exchange: Exchange, database: Database) -> None:
    partner, anew = exchange.partner, replace(delivery(b"ISA*corrected~"), ordinal=1)  # of the same key
    async with sender(database, **exchange.settings, receipt_timeout=0.05) as made:
        await made.deliver([delivery(BODY)])
        assert await partner.confirm() == 200
        (outcome,) = await made.deliver([anew])
        assert isinstance(outcome, Unsure)
        assert len(partner.names) == 2
        assert await partner.confirm() == 200, "by the MIC of what was sent last"
        (outcome,) = await made.deliver([anew])
        assert isinstance(outcome, Delivered)


async def test_a_sender_that_is_closed_while_it_waits_has_not_ended_its_attempt(
    exchange: Exchange, database: Database
) -> None:
    async with sender(database, **exchange.settings) as made:
        attempt = asyncio.create_task(made.deliver([delivery(BODY)]))
        await exchange.sent(1)
    assert isinstance((await attempt)[0], Unsure)
    assert await rows(database, "SELECT told_at, answer FROM as2_awaited") == [(None, None)]
    async with sender(database, **exchange.settings) as made:
        attempt = asyncio.create_task(made.deliver([delivery(BODY)]))
        assert await exchange.partner.confirm() == 200
        assert isinstance((await attempt)[0], Delivered)
    assert len(exchange.partner.names) == 1


async def test_what_a_dead_hub_left_open_too_long_is_repeated_only_to_who_knows_a_repetition(
    exchange: Exchange, database: Database
) -> None:
    async with sender(database, **exchange.settings, receipt_timeout=0.01) as made:
        await made.deliver([delivery(BODY)])
    for deduplicates, times in ((False, 1), (True, 2)):
        async with database.cold() as connection:  # as it is after `kill -9`
            await connection.execute("UPDATE as2_awaited SET told_at = NULL, due_at = now()")
        more = {"receipt_timeout": 0.01, "deduplicates": deduplicates}
        async with sender(database, **exchange.settings, **more) as made:
            assert isinstance((await made.deliver([delivery(BODY)]))[0], Unsure)
        assert len(exchange.partner.names) == times

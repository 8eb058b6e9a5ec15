"""Odoo's changes by polling: late commits, deletions, many of one instant, restarts; none lost, none twice."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
from followed_odoo import MODEL, Followed

from hilum.errors import DatabaseUnavailable
from hilum.journal.memories import JournalMemory
from hilum.postgres import Database
from hilum.simulator.odoo.orm.record import Env
from hilum.testing import eventually
from hilum.testing.memory import Notebooks
from hilum.testing.waiting import take
from support.doubles import Receiver
from support.looks import assert_sound, rows
from support.waits import Start

pytestmark = pytest.mark.req("NEW-3")


async def watched(start: Start, database: Database, followed: Followed, **settings: Any) -> None:
    """Start a hub, and wait until it knows what is there."""
    followed.clock.push(minutes=1)  # what is there was not written just now
    await start(followed.flow(followed.changes(begin="new", **settings)))

    async def begun() -> bool:
        return await rows(database, "SELECT count(*) FROM memory WHERE name = 'state'") == [(1,)]

    await eventually(begun)
    (first,) = followed.create("the first")
    await followed.told(first, "created")


async def no_doubles(database: Database, followed: Followed) -> None:
    """Nothing was delivered twice, nor received twice without need, and each record's deliveries are in order."""
    keys = [each.idempotency_key for each in followed.receiver.taken]
    assert len(keys) == len(set(keys))
    if not followed.losses.heard:  # a busy machine may be without its database for some seconds
        assert await rows(database, "SELECT count(*) FROM duplicate") == [(0,)]
    await assert_sound(database)


async def test_what_happens_to_a_record(hub: Start, database: Database, followed: Followed) -> None:
    followed.create("was there before")
    await watched(hub, database, followed)
    (pump,) = followed.create("pump")
    await followed.told(pump, "created")
    followed.write(pump, name="pump 2")
    await followed.told(pump, "created", "changed")
    followed.write(pump, active=False)
    await followed.told(pump, "created", "changed", "archived")
    followed.write(pump, active=True)
    await followed.told(pump, "created", "changed", "archived", "changed")
    followed.delete(pump)
    await followed.told(pump, "created", "changed", "archived", "changed", "deleted")
    shown = [each for each in followed.events() if each["id"] == pump]
    assert shown[1]["values"] == {"name": "pump 2", "serial_no": None, "active": True}
    assert shown[1]["write_date"].endswith("Z")
    assert shown[-1]["values"] == {}
    assert "was there before" not in str(followed.events())
    keys = await rows(database, "SELECT DISTINCT key FROM message WHERE key LIKE %s", [f"%:{pump}"])
    assert keys == [(f"{MODEL}:{pump}",)]


async def test_a_write_that_changes_nothing_is_no_change(hub: Start, database: Database, followed_19: Followed) -> None:
    await watched(hub, database, followed_19)
    pump, other = followed_19.create("pump", "other")
    await followed_19.told(pump, "created")
    followed_19.clock.push(seconds=30)
    followed_19.write(pump, name="pump")
    followed_19.write(other, name="other 2")
    await followed_19.told(other, "created", "changed")
    assert followed_19.kinds(pump) == ["created"]


async def test_many_of_one_instant(hub: Start, database: Database, followed: Followed) -> None:
    """An import gives thousands of rows one write_date: they are paged by id."""
    await watched(hub, database, followed, page=50)
    ids = followed.create(*(f"item {n}" for n in range(320)))
    await followed.agree()
    assert sorted(each["id"] for each in followed.events())[1:] == ids
    await no_doubles(database, followed)


async def test_a_late_commit_is_found_by_looking_back(hub: Start, database: Database, followed: Followed) -> None:
    """Its rows are older than what was seen long ago, and their ids lower. No comparison helps here."""
    await watched(hub, database, followed, compare=3600, verify=0)
    (pump,) = followed.create("pump")
    held = followed.sandbox.hold()
    late = held.take(MODEL)
    followed.clock.push(minutes=20)
    (after,) = followed.create("after")
    await followed.told(after, "created")

    def import_ends(env: Env) -> None:
        assert env[MODEL].create({"name": "late"}).id == late
        env[MODEL].write(pump, {"name": "late too"})

    held.commit(import_ends)
    followed.clock.push(hours=2)
    await followed.told(late, "created")
    await followed.told(pump, "created", "changed")
    await followed.agree()
    await no_doubles(database, followed)


async def test_a_feed_that_loses_its_database_for_a_moment_tells_again_and_nothing_has_two_effects(
    hub: Start, database: Database, followed_19: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could not note that a change was answered: it tells it again, and the journal knows it."""
    await watched(hub, database, followed_19)
    told = lost = False
    put = JournalMemory.put

    async def put_but_once(memory: JournalMemory, values: Mapping[str, Any]) -> None:
        nonlocal told, lost
        if values["state"]["unanswered"]:
            told = True
        elif told and not lost:
            lost = True
            raise DatabaseUnavailable("The database is not available: it was asked to shut down")
        await put(memory, values)

    monkeypatch.setattr(JournalMemory, "put", put_but_once)
    (pump,) = followed_19.create("pump")

    async def told_again() -> bool:
        return await rows(database, "SELECT sum(count)::int FROM duplicate") == [(1,)]

    await eventually(told_again)
    (after,) = followed_19.create("after")
    await followed_19.told(after, "created")
    assert followed_19.kinds(pump) == ["created"]
    assert followed_19.losses.heard
    await no_doubles(database, followed_19)


async def test_a_commit_later_than_the_longest_transaction_is_found_by_comparing(
    hub: Start, database: Database, followed: Followed
) -> None:
    """The new record by the count of ids, the change by reading all again in turn."""
    await watched(hub, database, followed, longest=60)
    (pump,) = followed.create("pump")
    await followed.told(pump, "created")
    held = followed.sandbox.hold()
    late = held.take(MODEL)
    followed.clock.push(hours=5)
    (after,) = followed.create("after")
    await followed.told(after, "created")
    held.commit(lambda env: (env[MODEL].create({"name": "late"}), env[MODEL].write(pump, {"name": "late too"})))
    await followed.told(late, "created")
    await followed.told(pump, "created", "changed")
    await followed.agree()


async def test_deletions_cost_calls_by_their_number(hub: Start, database: Database, followed_19: Followed) -> None:
    """Two of 5,000: the ranges that are as they were are not read."""
    ids = followed_19.create(*(f"item {n}" for n in range(5000)))
    await watched(hub, database, followed_19, compare=0.3, verify=0)
    followed_19.sandbox.calls.clear()
    followed_19.delete(ids[700], ids[4200])
    await followed_19.told(ids[700], "deleted")
    await followed_19.told(ids[4200], "deleted")
    read = followed_19.sandbox.calls.calls
    assert read[f"{MODEL}/search_count"] < 60  # some comparisons found nothing


async def test_more_than_can_be_believed_is_not_told_as_deleted(
    hub: Start, database: Database, followed_19: Followed, caplog: pytest.LogCaptureFixture
) -> None:
    """The hub's user has lost a right: its records are not gone."""
    ids = followed_19.create(*(f"item {n}" for n in range(300)))
    await watched(hub, database, followed_19)
    followed_19.delete(*ids[:200])
    await eventually(lambda: "has probably lost a right" in caplog.text)
    (after,) = followed_19.create("after")
    await followed_19.told(after, "created")
    assert "deleted" not in str(followed_19.events())


@pytest.mark.parametrize("seen", [0, 60])
async def test_a_right_that_is_lost_is_no_deletion_however_few_there_are(
    hub: Start, database: Database, followed: Followed, caplog: pytest.LogCaptureFixture, seen: int
) -> None:
    """Eighty records: all or some of them can no longer be read."""
    ids = followed.create(*(f"item {n}" for n in range(79)))
    await watched(hub, database, followed)
    followed.sandbox.hide(MODEL, *(row["id"] for row in followed.sandbox.records(MODEL)[seen:]))
    await eventually(lambda: "has probably lost a right" in caplog.text)
    (after,) = followed.create("after")
    await followed.told(after, "created")
    assert "deleted" not in str(followed.events())
    followed.sandbox.hide(MODEL)
    followed.delete(*ids)  # nearly all of them, and these are gone
    await followed.told(ids[-1], "deleted")
    await followed.agree()


async def test_a_restart_in_the_middle(hub: Start, database: Database, followed: Followed) -> None:
    """What happened while no hub ran, and what was under way when it stopped."""
    started = await hub(followed.flow(followed.changes()))
    (first,) = followed.create("the first")
    await followed.told(first, "created")
    ids = followed.create(*(f"item {n}" for n in range(100)))
    await eventually(lambda: len(followed.events()) > 20)
    held = followed.sandbox.hold()
    late = held.take(MODEL)
    await started.stop()
    followed.clock.push(minutes=10)
    followed.delete(ids[3], ids[77])
    followed.write(ids[5], name="changed meanwhile")
    held.commit(lambda env: env[MODEL].create({"name": "late"}))
    (new,) = followed.create("new")
    await hub(followed.flow(followed.changes()))
    await followed.agree()
    assert followed.kinds(late) == ["created"] == followed.kinds(new)
    assert followed.kinds(ids[3]) == ["created", "deleted"]
    assert followed.kinds(ids[5]) == ["created", "changed"]
    assert all(followed.kinds(each)[0] == "created" for each in ids)
    await no_doubles(database, followed)


class People:
    """They do anything to a model, in long and short transactions."""

    def __init__(self, followed: Followed, seed: int) -> None:
        self.followed = followed
        self.chance = random.Random(seed)
        self.ids: list[int] = []
        self.held: list[tuple[Any, int]] = []

    def act(self) -> None:
        possible: list[Callable[[], None]] = [self.create, self.begin]
        possible += [self.write, self.write, self.archive, self.delete] if len(self.ids) > 5 else []
        possible += [self.end] if self.held else []
        self.chance.choice(possible)()
        if self.chance.random() < 0.3:
            self.followed.clock.push(seconds=self.chance.choice([1, 5, 60, 400]))

    def create(self) -> None:
        self.ids += self.followed.create(*(f"made {self.chance.random()}" for _ in range(self.chance.randint(1, 30))))

    def write(self) -> None:
        self.followed.write(self.chance.choice(self.ids), name=f"written {self.chance.random()}")

    def archive(self) -> None:
        self.followed.write(self.chance.choice(self.ids), active=self.chance.random() < 0.5)

    def delete(self) -> None:
        self.followed.delete(self.ids.pop(self.chance.randrange(len(self.ids))))

    def begin(self) -> None:
        transaction = self.followed.sandbox.hold()
        self.held.append((transaction, transaction.take(MODEL)))

    def end(self) -> None:
        transaction, number = self.held.pop(self.chance.randrange(len(self.held)))
        transaction.commit(lambda env: env[MODEL].create({"name": f"late {self.chance.random()}"}))
        self.ids.append(number)

    def go_home(self) -> None:
        for transaction, _ in self.held:
            transaction.roll_back()


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 12))])
async def test_random_histories_end_in_agreement(
    hub: Start, database: Database, followed_19: Followed, seed: int
) -> None:
    """Whatever is done: who hears the events knows what is there."""
    followed, people = followed_19, People(followed_19, seed)
    started = await hub(followed.flow(followed.changes(verify=0, longest=7200)))
    for _ in range(120):
        people.act()
        if people.chance.random() < 0.3:
            seen = len(followed.events())
            people.create()
            await eventually(lambda seen=seen: len(followed.events()) > seen)
        if people.chance.random() < 0.03:
            await started.stop()
            started = await hub(followed.flow(followed.changes(verify=0, longest=7200)))
    people.go_home()
    followed.clock.push(hours=3)
    await followed.agree()


async def test_two_hubs_share_the_work(hub: Start, database: Database, followed_19: Followed) -> None:
    """One looks; when it stops, the other goes on where it was."""
    followed = followed_19
    first = await hub(followed.flow(followed.changes()))
    second_receiver = followed.receiver
    await hub(followed.flow(followed.changes(), second_receiver))
    ids = followed.create(*(f"item {n}" for n in range(50)))
    await followed.agree()
    await no_doubles(database, followed)
    await first.stop()
    (after,) = followed.create("after")
    await followed.told(after, "created")
    followed.delete(ids[0])
    await followed.told(ids[0], "created", "deleted")
    await no_doubles(database, followed)


async def test_flows_of_one_endpoint_share_a_source(hub: Start, database: Database, followed_19: Followed) -> None:
    """Each gets its own models, with the fields of both."""
    other = Receiver()
    both = {MODEL: ["name"], "res.partner": ["name"]}
    await hub(
        followed_19.flow(followed_19.changes()),
        followed_19.flow(followed_19.changes(models=["res.partner", MODEL], fields=both), other, name="test.partners"),
    )
    (pump,) = followed_19.create("pump")
    await followed_19.told(pump, "created")
    await followed_19.told(pump, "created", receiver=other)
    partner = followed_19.change(lambda env: env["res.partner"].create({"name": "Gloves"}).id)
    await eventually(lambda: any((e["model"], e["id"]) == ("res.partner", partner) for e in followed_19.events(other)))
    assert {each["model"] for each in followed_19.events()} == {MODEL}


async def test_what_was_told_and_not_answered_is_told_again_whatever_became_of_it(followed_19: Followed) -> None:
    """It was changed, told, and changed back while the hub was down: the journal may know the change."""
    books = Notebooks()

    async def opened() -> Any:
        source = followed_19.changes(begin="all")
        source.remember(books.of)
        await source.open()
        return source

    (pump,) = followed_19.create("A")
    source = await opened()
    (made,) = await take(source, 1)
    await made.accept(None)  # type: ignore[arg-type]
    await eventually(lambda: any(name.startswith("range/") for page in books.pages.values() for name in page))
    followed_19.write(pump, name="B")
    (changed,) = await take(source, 1)
    assert b'"B"' in changed.body
    await source.close()
    followed_19.write(pump, name="A")
    source = await opened()
    (again,) = await take(source, 1)
    assert b'"A"' in again.body
    assert again.headers["idempotency-key"] not in (
        changed.headers["idempotency-key"],
        made.headers["idempotency-key"],
    )
    await source.close()


async def test_what_was_told_and_is_gone_before_the_next_start_is_told_as_deleted(followed_19: Followed) -> None:
    """It was created, told, and deleted while the hub was down: the journal may know that it was created."""
    books = Notebooks()

    async def opened() -> Any:
        source = followed_19.changes(begin="all")
        source.remember(books.of)
        await source.open()
        return source

    (pump,) = followed_19.create("A")
    source = await opened()
    (made,) = await take(source, 1)
    assert b'"created"' in made.body
    await source.close()  # the journal may have it; its answer came too late
    followed_19.delete(pump)
    source = await opened()
    (gone,) = await take(source, 1)
    assert (b'"deleted"' in gone.body, made.headers["ordering-key"]) == (True, gone.headers["ordering-key"])
    await source.close()


async def test_other_fields_are_no_change(hub: Start, database: Database, followed_19: Followed) -> None:
    followed = followed_19
    started = await hub(followed.flow(followed.changes()))
    ids = followed.create("pump", "bed")
    await followed.agree()
    await started.stop()
    followed.clock.push(minutes=1)
    await hub(followed.flow(followed.changes(fields={MODEL: ["name", "serial_no", "note"]})))
    followed.write(ids[0], serial_no="S1")
    await followed.told(ids[0], "created", "changed")
    followed.write(ids[1], name="bed 2")
    await followed.told(ids[1], "created", "changed")


async def test_odoo_away_for_a_while(hub: Start, database: Database, followed: Followed) -> None:
    await watched(hub, database, followed)
    followed.sandbox.faults.add("down")
    (pump,) = followed.create("pump")
    await eventually(lambda: followed.sandbox.faults.to_json() != [])
    followed.sandbox.faults.clear()
    await followed.told(pump, "created")


# ---- hints


async def posted(port: int, body: Any) -> int:
    async with httpx.AsyncClient() as http:
        return (await http.post(f"http://127.0.0.1:{port}/odoo-changed", json=body)).status_code


async def hinted(start: Start, followed: Followed) -> int:
    """A hub that looks once a minute, and hears hints; the port on which it does."""
    source = followed.changes(poll=60, hint_port=0)
    await start(followed.flow(source))
    await eventually(lambda: any("search_read" in n for n in followed.sandbox.calls.calls))
    return source.hint_port


async def test_a_hint_shortens_the_wait(hub: Start, database: Database, followed: Followed) -> None:
    port = await hinted(hub, followed)
    (pump,) = followed.create("pump")
    assert await posted(port, {"_model": MODEL, "_id": pump, "name": "not the data"}) == 200
    await followed.told(pump, "created")
    assert followed.events()[0]["values"]["name"] == "pump"


async def test_a_hint_before_the_commit_is_followed(hub: Start, database: Database, followed: Followed) -> None:
    """Odoo 18 sends it before the transaction is committed: until then a read shows nothing."""
    port = await hinted(hub, followed)
    held = followed.sandbox.hold()
    pump = held.take(MODEL)
    followed.sandbox.calls.clear()
    await posted(port, {"_model": MODEL, "_id": pump})
    await eventually(lambda: followed.sandbox.calls.calls[f"{MODEL}/search_read"] >= 3)
    held.commit(lambda env: env[MODEL].create({"name": "pump"}))
    await followed.told(pump, "created")


@pytest.mark.parametrize("body", ["nonsense", [1], {"_model": 7, "_id": True}, {"_model": "res.nobody", "_id": 1}])
async def test_a_strange_hint_does_no_harm(hub: Start, database: Database, followed_19: Followed, body: Any) -> None:
    port = await hinted(hub, followed_19)
    assert await posted(port, body) == 200
    (pump,) = followed_19.create("pump")
    await posted(port, {"_model": MODEL})
    await followed_19.told(pump, "created")

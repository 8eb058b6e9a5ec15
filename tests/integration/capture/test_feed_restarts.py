"""A feed that is stopped, loses its database, or is shared by two hubs: none lost, none twice."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from feed_watching import no_doubles, watched
from followed_odoo import MODEL, Followed

from hilum.errors import DatabaseUnavailable
from hilum.journal.memories import JournalMemory
from hilum.postgres import Database
from hilum.testing import eventually
from hilum.testing.memory import Notebooks
from hilum.testing.waiting import take
from support.looks import rows
from support.waits import Start

pytestmark = pytest.mark.req("NEW-3")


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

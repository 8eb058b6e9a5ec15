"""Memories: durable, whole or not at all, and one holder at a time, also when it was suspended."""

from __future__ import annotations

import pytest

from hilum.errors import LeaseLost
from hilum.journal.memories import Memories
from hilum.postgres import Database
from hilum.testing import eventually

pytestmark = pytest.mark.req("NEW-3")


async def test_what_is_put_is_there_for_the_next_holder(database: Database) -> None:
    first, second = (Memories(database).of("feed/a") for _ in range(2))
    assert await first.hold()
    await first.put({"state": {"looked": [1.5]}, "range/1": "x", "range/2": "y"})
    await first.put({"range/1": None, "range/2": "z"})
    await first.release()
    assert await second.hold()
    assert await second.get() == {"state": {"looked": [1.5]}, "range/2": "z"}
    assert await second.get("range/") == {"range/2": "z"}


async def test_scopes_do_not_mix(database: Database) -> None:
    memories = Memories(database)
    one, other = memories.of("feed/a"), memories.of("feed/b")
    assert await one.hold()
    assert await other.hold()
    await one.put({"n": 1})
    assert await other.get() == {}


async def test_one_holder_at_a_time(database: Database) -> None:
    first, second = (Memories(database).of("feed") for _ in range(2))
    assert await first.hold()
    assert await first.hold()
    assert not await second.hold()
    with pytest.raises(LeaseLost):
        await second.put({"n": 2})
    await second.release()  # of what is another's: nothing happens
    assert not await second.hold()
    await first.release()
    assert await second.hold()


async def test_a_holder_that_was_silent_can_write_nothing_after_another_took_over(database: Database) -> None:
    silent, other = (Memories(database, seconds=0.1).of("feed") for _ in range(2))
    assert await silent.hold()
    await silent.put({"n": 1})
    await eventually(other.hold)
    await other.put({"n": 2})
    with pytest.raises(LeaseLost):
        await silent.put({"n": 3, "m": 3})
    assert await other.get() == {"n": 2}


async def test_who_lost_it_and_got_it_back_is_told_to_read_again(database: Database) -> None:
    first, other = (Memories(database, seconds=0.1).of("feed") for _ in range(2))
    assert await first.hold()
    await eventually(other.hold)
    await other.put({"n": 2})
    await other.release()
    assert not await first.hold()
    assert await first.hold()
    assert await first.get() == {"n": 2}

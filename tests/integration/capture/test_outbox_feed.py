"""Odoo's changes from the outbox of the addon: the same events as by polling, in the order of their commits."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from followed_odoo import MODEL, Followed

from hilum.postgres import Database
from hilum.testing import eventually
from support.doubles import Receiver
from support.looks import assert_sound, rows
from support.waits import Start

pytestmark = pytest.mark.req("NEW-3")


async def started(start: Start, followed: Followed, **settings: Any) -> Any:
    followed.install_outbox()
    return await start(followed.flow(followed.outbox(**settings)))


async def purged(followed: Followed) -> None:
    await eventually(lambda: followed.sandbox.records("hilum.outbox") == [])


@pytest.mark.parametrize("followed", ["19.0", "18.0", "18.0 by xmlrpc"], indirect=True)
async def test_the_same_events_as_by_polling(hub: Start, followed: Followed) -> None:
    followed.install_outbox()
    polled, pulled = Receiver(), Receiver()
    await hub(
        followed.flow(followed.changes(), polled, name="test.polled"),
        followed.flow(followed.outbox(), pulled, name="test.pulled"),
    )
    (first,) = followed.create("the first")
    await followed.told(first, "created", receiver=polled)

    async def both() -> None:
        for receiver in (polled, pulled):
            await followed.agree(receiver)

    ids = followed.create(*(f"item {n}" for n in range(20)))
    await both()
    for step, number in enumerate(ids):
        if step % 4 == 0:
            followed.delete(number)
        elif step % 4 == 1:
            followed.write(number, active=False)
        else:
            followed.write(number, name=f"changed {number}", serial_no=f"S{number}")
    await both()
    followed.write(ids[1], active=True)
    await both()
    heard = []
    for receiver in (polled, pulled):
        by_record = defaultdict(list)
        for each in followed.events(receiver):
            by_record[each["id"]].append(each)
        heard.append(by_record)
    assert heard[0] == heard[1]
    await purged(followed)


async def test_an_open_transaction_is_not_jumped_over(hub: Start, database: Database, followed: Followed) -> None:
    """What comes behind it waits, because it may be committed before them; nothing is out of order, nothing lost."""
    await started(hub, followed)
    (first,) = followed.create("the first")
    await followed.told(first, "created")
    held = followed.sandbox.hold()
    late = held.take(MODEL)
    (behind,) = followed.create("behind")
    pulls = followed.sandbox.calls.calls["hilum.outbox/pull"]
    await eventually(lambda: followed.sandbox.calls.calls["hilum.outbox/pull"] > pulls + 3)
    assert followed.kinds(behind) == []
    held.commit(lambda env: env[MODEL].create({"name": "late"}))
    await followed.told(behind, "created")
    order = await rows(database, "SELECT key FROM message ORDER BY id")
    assert order == [(f"{MODEL}:{each}",) for each in (first, late, behind)]
    await purged(followed)
    await assert_sound(database)


async def test_what_is_rolled_back_is_never_told(hub: Start, followed_19: Followed) -> None:
    await started(hub, followed_19)
    held = followed_19.sandbox.hold()
    (pump,) = followed_19.create("pump")
    held.roll_back()
    await followed_19.told(pump, "created")

    def fails(env: Any) -> None:
        env[MODEL].create({"name": "never"})
        raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError):
        followed_19.change(fails)
    (after,) = followed_19.create("after")
    await followed_19.told(after, "created")
    assert "never" not in str(followed_19.events())


async def test_a_restart_in_the_middle(hub: Start, database: Database, followed: Followed) -> None:
    first = await started(hub, followed, page=10)
    ids = followed.create(*(f"item {n}" for n in range(200)))
    await eventually(lambda: len(followed.events()) > 20)
    await first.stop()
    followed.delete(ids[0], ids[150])
    await hub(followed.flow(followed.outbox(page=10)))
    await followed.agree()
    await purged(followed)
    received = await rows(database, "SELECT count(DISTINCT dedup_key), count(*) FROM message")
    assert received[0][0] == received[0][1]


async def test_a_lost_acknowledgement_doubles_nothing(hub: Start, followed_19: Followed) -> None:
    await started(hub, followed_19)
    followed_19.sandbox.faults.add("lost_reply", model="hilum.outbox", method="acknowledge", times=1)
    followed_19.sandbox.faults.add("close", model="hilum.outbox", method="acknowledge", times=2)
    (pump,) = followed_19.create("pump")
    await followed_19.told(pump, "created")
    await purged(followed_19)
    assert followed_19.kinds(pump) == ["created"]


async def test_without_the_addon_the_check_says_so(followed: Followed) -> None:
    with pytest.raises(Exception, match="Install the addon hilum_outbox"):
        await followed.outbox().check()
    followed.install_outbox()
    assert "the outbox answers" in await followed.outbox().check()

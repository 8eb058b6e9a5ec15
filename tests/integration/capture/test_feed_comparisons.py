"""What no date tells of: deletions, lost rights, swaps, and what was committed later than any transaction lasts."""

from __future__ import annotations

import pytest
from feed_watching import watched
from followed_odoo import MODEL, Followed

from hilum.postgres import Database
from hilum.simulator.odoo.orm.record import Env
from hilum.testing import eventually
from support.waits import Start

pytestmark = pytest.mark.req("NEW-3")


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
    assert read[followed_19.sums] < 60  # some comparisons found nothing


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


async def test_a_swap_is_found_although_the_count_stands_still(
    hub: Start, database: Database, followed: Followed
) -> None:
    """One of 3,000 is deleted, and one arrives between the others, committed later than the longest transaction."""
    ids = followed.create(*(f"item {n}" for n in range(1500)))
    held = followed.sandbox.hold()
    late = held.take(MODEL)
    ids += followed.create(*(f"item {n}" for n in range(1500)))
    await watched(hub, database, followed, compare=0.3, longest=60, verify=0)
    followed.clock.push(hours=5)
    (after,) = followed.create("after")
    await followed.told(after, "created")
    followed.sandbox.calls.clear()

    def import_ends(env: Env) -> None:
        assert env[MODEL].create({"name": "late"}).id == late
        env[MODEL].unlink(ids[2700])

    held.commit(import_ends)
    await followed.told(late, "created")
    await followed.told(ids[2700], "deleted")
    read = followed.sandbox.calls.calls
    assert read[followed.sums] < 60  # some comparisons found nothing


async def test_a_model_that_sums_nothing_is_counted(hub: Start, database: Database, followed: Followed) -> None:
    ids = followed.create("bed", "pump")
    followed.sandbox.engine.registry.without.add(followed.sums.replace("/", "."))
    await watched(hub, database, followed)
    followed.delete(ids[0])
    await followed.told(ids[0], "deleted")


async def test_a_few_that_are_hidden_are_no_deletions_and_what_is_deleted_among_them_is_told(
    hub: Start, database: Database, followed_19: Followed
) -> None:
    """Of a hundred records, far fewer than `vanished` says."""
    followed = followed_19
    ids = followed.create(*(f"item {n}" for n in range(100)))
    await watched(hub, database, followed)
    followed.sandbox.hide(MODEL, *ids[10:13])
    followed.delete(ids[14])
    await followed.told(ids[14], "deleted")
    followed.delete(ids[15])
    await followed.told(ids[15], "deleted")
    assert not any(followed.kinds(each) for each in ids[10:13])
    followed.sandbox.hide(MODEL, *ids[11:13])
    followed.write(ids[10], name="seen again")
    await followed.told(ids[10], "changed")
    followed.sandbox.hide(MODEL)
    followed.delete(*ids[11:13])
    await followed.told(ids[12], "deleted")
    await followed.told(ids[11], "deleted")


async def test_all_deleted_are_found_by_xml_rpc_too(hub: Start, database: Database, followed: Followed) -> None:
    """Its integers have 31 bits, and it has no None: the average of nothing cannot be told, so records are counted."""
    ids = followed.create(*(f"item {n}" for n in range(40)))
    await watched(hub, database, followed, protocol="xmlrpc")
    followed.delete(*ids[:3])
    await followed.told(ids[2], "deleted")
    followed.delete(*(row["id"] for row in followed.sandbox.records(MODEL)))
    await followed.told(ids[-1], "deleted")
    await eventually(lambda: followed.replica() == {})

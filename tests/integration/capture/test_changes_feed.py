"""Odoo's changes by polling: what is told of a record, late commits, many of one instant; none lost, none twice."""

from __future__ import annotations

import pytest
from feed_watching import no_doubles, watched
from followed_odoo import MODEL, Followed

from hilum.postgres import Database
from hilum.simulator.odoo.orm.record import Env
from hilum.testing import eventually
from support.doubles import Receiver
from support.looks import rows
from support.waits import Start

pytestmark = pytest.mark.req("NEW-3")

RARE = [pytest.param(spoken, marks=pytest.mark.long) for spoken in ("17.0", "16.0", "19.0 by xmlrpc", "18.0 by xmlrpc")]


@pytest.mark.parametrize("followed", ["19.0", "18.0", *RARE], indirect=True)
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
    await followed.told(pump, "created")  # else a feed that loses its database may tell the later state as created
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

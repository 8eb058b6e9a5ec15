"""Hints say that there is something to read; they are never the data."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from followed_odoo import MODEL, Followed

from hilum.postgres import Database
from hilum.testing import eventually
from support.waits import Start

pytestmark = pytest.mark.req("NEW-3")


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


async def test_a_hinted_record_that_is_hidden_was_not_deleted(
    hub: Start, database: Database, followed: Followed, caplog: pytest.LogCaptureFixture
) -> None:
    """The hub's user may no longer see it; another one, that is gone, is told in the same look."""
    port = await hinted(hub, followed)
    pump, bed = followed.create("pump", "bed")
    await posted(port, {"_model": MODEL})
    await followed.told(pump, "created")
    await followed.told(bed, "created")
    followed.sandbox.hide(MODEL, pump)
    followed.delete(bed)
    for each in (pump, bed):
        await posted(port, {"_model": MODEL, "_id": each})
    await followed.told(bed, "created", "deleted")
    await eventually(lambda: "has probably lost a right" in caplog.text)
    assert followed.kinds(pump) == ["created"]
    followed.sandbox.hide(MODEL)
    followed.delete(pump)
    await posted(port, {"_model": MODEL, "_id": pump})
    await followed.told(pump, "created", "deleted")

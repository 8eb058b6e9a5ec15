"""What a hub does that has nothing to do: one connection listens, and one look is made for all who wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from hilum.message import Priority
from hilum.postgres import Database
from hilum.runtime import lookout, translator
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.looks import rows
from support.orders_process import approved_orders
from support.processes import Working
from support.projects import make_flow, order
from support.waits import Start, messages

# the engine beneath has one of its own
_LISTENING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN hilum%'"


class Counted:
    """Counts the calls of a function that it stands for."""

    def __init__(self, act: Callable[..., Awaitable[Any]]) -> None:
        self._act = act
        self.calls = 0

    async def __call__(self, *args: Any, **named: Any) -> Any:
        self.calls += 1
        return await self._act(*args, **named)


@pytest.mark.req("MD-2")
async def test_one_connection_of_a_hub_listens_for_identifiers_and_runs(hub: Start, database: Database) -> None:
    working = Working(hub, database)
    try:
        await working.begin(approved_orders())
        await eventually(lambda: database.notices.heard)
        assert await rows(database, _LISTENING) == [(1,)]
    finally:
        await working.end()


@pytest.mark.req("MSG-4")
async def test_translators_with_nothing_to_do_ask_nothing_and_what_another_hub_stored_is_translated(
    hub: Start, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hilum.runtime.share._WATCHED", 3600.0)
    looks, asks = Counted(lookout.with_work), Counted(translator.take_received)
    monkeypatch.setattr(lookout, "with_work", looks)
    monkeypatch.setattr(translator, "take_received", asks)
    feed, receiver = Feed(), Receiver()
    worker = await hub(make_flow(Feed(), receiver), roles=("worker",))
    share = worker.share
    assert share is not None
    assert worker.worker is not None
    await eventually(lambda: share.resting == set(Priority), lambda: share.resting)
    asked, looked = asks.calls, looks.calls
    await eventually(lambda: looks.calls > looked + 3)
    assert asks.calls == asked
    listener = await hub(make_flow(feed, Receiver()), roles=("listener",))
    assert listener.share is None
    await feed.send(order(1))
    await messages(database, completed=1)
    await eventually(lambda: share.resting == set(Priority), lambda: share.resting)
    assert len(receiver.taken) == 1

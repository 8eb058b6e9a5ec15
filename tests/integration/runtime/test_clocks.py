"""The clock of a host jumps: its messages have strange ids, and go their way all the same; no lane is lost for it."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from hilum import message
from hilum.message import moment_of, new_id
from hilum.postgres import Database
from support.doubles import Feed, Receiver
from support.looks import assert_sound, rows
from support.projects import make_flow, order
from support.waits import Start, messages

_DAY = 86_400


@pytest.mark.req("MSG-4")
@pytest.mark.req("MSG-14")
@pytest.mark.parametrize("days", [3, 400, -3, -400], ids="{:+} days".format)
async def test_a_clock_that_jumps_delays_loses_and_reorders_nothing(
    hub: Start, database: Database, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    feed, receiver = Feed(), Receiver()
    await hub(make_flow(feed, receiver))
    await feed.send_all([order(n) for n in range(5)])
    lanes = "SELECT lane, holder, epoch FROM lane ORDER BY 1"
    await messages(database, completed=5)
    held = await rows(database, lanes)
    jumped = SimpleNamespace(time_ns=lambda: time.time_ns() + days * _DAY * 10**9)
    monkeypatch.setattr(new_id, "_ms", 0)
    monkeypatch.setattr(new_id, "_count", 0)
    monkeypatch.setattr(message, "time", jumped)
    receipts = await feed.send_all([order(n) for n in range(5, 10)])
    assert abs((moment_of(receipts[0].message_id).timestamp() - time.time()) / _DAY - days) < 1
    await messages(database, completed=10)
    monkeypatch.setattr(message, "time", time)
    monkeypatch.setattr(new_id, "_ms", 0)
    await feed.send_all([order(n) for n in range(10, 15)])
    await messages(database, completed=15)
    assert receiver.numbers("k") == list(range(15))
    assert await rows(database, lanes) == held, "only the database's clock judges a lease"
    await assert_sound(database)

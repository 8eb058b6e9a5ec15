"""A destination with hours is called within them only; what comes meanwhile waits, in order, and uses up no attempt."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hilum.errors import SettingsError
from hilum.flow import Lookup
from hilum.flow.hours import closed, hours_of
from hilum.postgres import Database
from hilum.runtime import admission
from hilum.settings import DestinationSettings, Settings
from hilum.testing import eventually
from support import waits
from support.doubles import Feed, Receiver
from support.looks import assert_sound, rows
from support.projects import make_flow, order, write_lookup
from support.waits import Start

pytestmark = pytest.mark.req("MSG-12")

SATURDAY = datetime(2026, 11, 7, 12, tzinfo=UTC)
MONDAY = datetime(2026, 11, 9, 6, tzinfo=UTC)
OFFICE = {"window": "MON-FRI 06:00-18:00", "zone": "UTC"}


class Clock:
    """The time that a test sets."""

    def __init__(self) -> None:
        self.now = SATURDAY
        self.asked = 0

    def __call__(self) -> datetime:
        self.asked += 1
        return self.now

    async def looked_at(self) -> None:
        """Wait until the dispatcher has looked several times."""
        before = self.asked
        await eventually(lambda: self.asked >= before + 3)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(admission, "utc_now", made)
    monkeypatch.setattr(admission, "_HOURS_EVERY", 0.05)
    return made


def destinations(**settings: Any) -> dict[str, DestinationSettings]:
    return {"memory.main": DestinationSettings(**settings)}


async def test_what_comes_outside_the_hours_waits_and_uses_up_no_attempt(
    database: Database, hub: Start, clock: Clock
) -> None:
    feed, closed_one, other = Feed(), Receiver(), Receiver()
    await hub(make_flow(feed, closed_one, other), destinations=destinations(**OFFICE))
    await feed.send_all([order(n) for n in range(3)])
    await eventually(lambda: other.numbers("k") == [0, 1, 2], lambda: "the other one is not kept waiting")
    await clock.looked_at()
    assert closed_one.seen == []
    waiting = await rows(database, "SELECT state::text, attempts FROM delivery WHERE destination = 'memory.main'")
    assert waiting == [("pending", 0)] * 3
    clock.now = MONDAY
    await waits.messages(database, completed=3)
    assert closed_one.numbers("k") == [0, 1, 2]
    assert await rows(database, "SELECT count(*) FROM attempt") == [(0,)]
    await assert_sound(database)


async def test_hours_that_end_let_no_further_call_begin(database: Database, hub: Start, clock: Clock) -> None:
    clock.now = MONDAY
    feed, receiver = Feed(), Receiver()
    await hub(make_flow(feed, receiver), destinations=destinations(**OFFICE))
    await feed.send(order(0))
    await waits.messages(database, completed=1)
    clock.now = MONDAY.replace(hour=18)
    await clock.looked_at()
    await feed.send(order(1))
    await clock.looked_at()
    assert receiver.numbers("k") == [0]


def test_hours_are_told_in_words(tmp_path: Path) -> None:
    write_lookup(tmp_path, "holidays", "date,name\n2026-11-09,A feast\n")
    lookup = Lookup(tmp_path / "lookups")
    found = hours_of(Settings(destinations=destinations(**OFFICE)), lookup)
    assert closed(found, SATURDAY) == {"memory.main": "until Monday 06:00 (UTC)"}
    assert closed(found, MONDAY) == {}
    with_holidays = hours_of(Settings(destinations=destinations(**OFFICE, holidays="holidays")), lookup)
    assert closed(with_holidays, MONDAY) == {"memory.main": "until Tuesday 06:00 (UTC)"}
    several = destinations(window=["SAT 11:00-13:00", "SUN 11:00-13:00"], zone="UTC", holidays=["2026-11-07"])
    assert closed(hours_of(Settings(destinations=several), lookup), SATURDAY) == {
        "memory.main": "until Sunday 11:00 (UTC)"
    }
    assert not hours_of(Settings(destinations=destinations()), lookup)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"window": "MON-FRI 06:00-18:00"}, "window needs a zone"),
        ({"zone": "UTC"}, "for a window"),
        ({"window": "always", "zone": "UTC"}, "'ALWAYS' are no hours"),
        ({**OFFICE, "zone": "Mars/Olympus"}, "no time zone"),
        ({**OFFICE, "holidays": "feasts"}, "no lookup table 'feasts'"),
    ],
)
def test_hours_that_cannot_be_are_told_with_their_section(settings: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=rf'hilum\.toml, \[destinations\."memory\.main"\].*{words}'):
        hours_of(Settings(destinations=destinations(**settings)), Lookup())

"""Runs by calendar and by hand on a real journal: once, whatever number of hubs; made up; never two at a time."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hilum.connector import Receipt
from hilum.connectors import calendar, files
from hilum.errors import Rejected, SettingsError
from hilum.flow import Calendar, Flow, Windows
from hilum.journal import Draft, receive, runs
from hilum.message import Delivered, Delivery, Outcome
from hilum.postgres import Database
from hilum.runtime import schedules
from hilum.runtime.schedules import CalendarLedger
from hilum.testing import eventually
from support import waits
from support.doubles import Receiver
from support.looks import assert_sound, rows
from support.projects import make_flow
from support.waits import Start

pytestmark = pytest.mark.req("MSG-12")

FLOW = "finance.statements"
SIX = datetime(2026, 11, 2, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Hours:
    """Hubs without sockets: ledgers of an hourly calendar over one journal, and the hour that it is."""

    def __init__(self, database: Database, **settings: Any) -> None:
        self.now = SIX
        self.database = database
        overlap = settings.pop("overlap", "latest")
        self.calendar = Calendar("0 * * * *", zone="UTC", **settings)
        self.hubs = [CalendarLedger(database, FLOW, self.calendar, overlap, lambda: self.now) for _ in range(2)]

    async def begin(self) -> None:
        """A hub was there at six."""
        async with self.database.cold() as connection:
            await runs.looked(connection, FLOW, SIX)

    async def fire(self, hub: int = 0, *, dies: bool = False, at: datetime | None = None) -> list[calendar.Run]:
        """One look of a hub, and what follows it; `dies`: after the message is in the journal, before that is noted."""
        self.now = at or self.now
        due = list(await self.hubs[hub].due())
        for run in due:
            receipt = await self.receive(run)
            if not dies:
                await self.hubs[hub].made(run, receipt)
        return due

    async def receive(self, run: calendar.Run) -> Receipt:
        draft = Draft(flow=FLOW, body=run.body(), content_type="application/json", dedup_key=run.key)
        async with self.database.hot() as connection:
            [receipt] = await receive(connection, [draft], 64)
        assert isinstance(receipt, Receipt), "the same run with another body"
        return receipt

    async def over(self) -> None:
        """All that is under way is done."""
        await rows(self.database, "UPDATE message SET state = 'completed', work_lane = NULL RETURNING id")

    async def written(self) -> list[tuple[Any, ...]]:
        """The runs in order: time, state, why, words."""
        return await rows(
            self.database,
            "SELECT extract(hour FROM scheduled_for AT TIME ZONE 'UTC')::int, state, why, words FROM run"
            " ORDER BY scheduled_for",
        )


def spans(due: list[calendar.Run]) -> list[tuple[int, int]]:
    return [(run.since.hour, run.until.hour) for run in due]


async def test_two_hubs_make_one_run(database: Database) -> None:
    hours = Hours(database)
    await hours.begin()
    hours.now = SIX + HOUR
    found = await asyncio.gather(*(hours.fire(hub) for hub in (0, 1) * 4))
    assert [spans(due) for due in found if due] == [[(6, 7)]]
    assert await rows(database, "SELECT count(*) FROM message") == [(1,)]
    assert await hours.written() == [(7, "made", "due", "")]


async def test_two_hubs_begin_once_with_what_a_person_asked_for(database: Database) -> None:
    hours = Hours(database)
    await hours.begin()
    await ask(database)
    found = await asyncio.gather(*(hours.hubs[hub].due() for hub in (0, 1) * 4))
    assert len([due for due in found if due]) == 1


async def test_a_hub_that_dies_in_the_middle_leaves_one_message(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = Hours(database)
    await hours.begin()
    first = await hours.fire(at=SIX + HOUR, dies=True)
    assert await hours.fire(hub=1) == [], "it may still be at it"
    monkeypatch.setattr(schedules, "_OFFERED_SECONDS", 0.0)
    again = await hours.fire(hub=1)
    assert [run.body() for run in again] == [run.body() for run in first], "the journal must know it"
    assert await rows(database, "SELECT count(*) FROM message") == [(1,)]
    assert await hours.written() == [(7, "made", "due", "")]


async def test_after_an_outage_the_latest_is_made_up_and_covers_the_rest(database: Database) -> None:
    hours = Hours(database)
    await hours.begin()
    await hours.fire(at=SIX + HOUR)
    await hours.over()
    assert spans(await hours.fire(at=SIX + 5 * HOUR + HOUR / 2)) == [(7, 11)]
    await hours.over()
    assert spans(await hours.fire(at=SIX + 6 * HOUR)) == [(11, 12)]


async def test_after_an_outage_all_are_made_up_one_after_the_other(database: Database) -> None:
    hours = Hours(database, catch_up="all")
    await hours.begin()
    hours.now = SIX + 3 * HOUR + HOUR / 2
    found = []
    for _ in range(5):
        found += spans(await hours.fire())
        assert await hours.fire() == [], "the former one is under way"
        await hours.over()
    # where no run was made yet, the first is for the time since the one before it in the calendar
    assert found == [(6, 7), (7, 8), (8, 9)]


async def test_after_an_outage_none_is_made_up_where_that_is_asked_and_it_is_said(database: Database) -> None:
    hours = Hours(database, catch_up="skip")
    await hours.begin()
    assert await hours.fire(at=SIX + 3 * HOUR + HOUR / 2) == []
    [(actor, words)] = await rows(database, "SELECT actor, words FROM audit WHERE action = 'runs_left_out'")
    assert (actor, words) == (
        "schedule",
        "Runs up to that of Monday 2 November 2026, 09:00 were missed and are left out.",
    )
    assert spans(await hours.fire(at=SIX + 4 * HOUR)) == [(9, 10)]


async def test_a_run_waits_until_the_former_one_is_over_and_says_for_which(database: Database) -> None:
    hours = Hours(database)
    await hours.begin()
    await hours.fire(at=SIX + HOUR)
    for hour in (2, 3):
        assert await hours.fire(at=SIX + hour * HOUR) == []
        await hours.fire()
    written = await hours.written()
    assert [row[:3] for row in written] == [(7, "made", "due"), (8, "left_out", "due"), (9, "waiting", "due")]
    assert "a later one came" in written[1][3]
    assert written[2][3].startswith("waits: the run of Monday 2 November 2026, 07:00 is still under way since ")
    await hours.over()
    assert spans(await hours.fire()) == [(7, 9)], "nothing is left out of what the runs are for"


async def test_a_run_that_is_held_holds_the_next_one(database: Database) -> None:
    hours = Hours(database)
    await hours.begin()
    await hours.fire(at=SIX + HOUR)
    await rows(database, "UPDATE message SET state = 'held', work_lane = NULL RETURNING id")
    await hours.fire(at=SIX + 2 * HOUR)
    await hours.fire()
    assert "is held for a person since" in (await hours.written())[1][3]


async def test_overlapping_times_are_left_out_where_that_is_asked(database: Database) -> None:
    hours = Hours(database, overlap="skip")
    await hours.begin()
    await hours.fire(at=SIX + HOUR)
    await hours.fire(at=SIX + 2 * HOUR)
    await hours.over()
    assert await hours.fire() == []
    assert [row[:2] for row in await hours.written()] == [(7, "made"), (8, "left_out")]
    assert spans(await hours.fire(at=SIX + 3 * HOUR)) == [(7, 9)]


async def test_overlapping_times_wait_for_their_turn_where_that_is_asked(database: Database) -> None:
    hours = Hours(database, overlap="queue")
    await hours.begin()
    for hour in (1, 2, 3):
        await hours.fire(at=SIX + hour * HOUR)
    found = []
    for _ in range(3):
        await hours.over()
        found += spans(await hours.fire())
    assert found == [(7, 8), (8, 9)]


@pytest.mark.parametrize("seed", range(4))
async def test_any_history_of_two_hubs_leaves_no_gap_and_doubles_nothing(
    database: Database, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hubs look, die and are away at random; the spans of the runs that were made still follow each other."""
    monkeypatch.setattr(schedules, "_OFFERED_SECONDS", 0.0)
    chance = random.Random(seed)
    hours = Hours(
        database, catch_up=chance.choice(["latest", "all", "skip"]), overlap=chance.choice(["latest", "skip", "queue"])
    )
    await hours.begin()
    for _ in range(60):
        hours.now += chance.choice([timedelta(0), timedelta(minutes=20), HOUR, 4 * HOUR])
        await hours.fire(chance.randrange(2), dies=chance.random() < 0.2)
        if chance.random() < 0.6:
            await hours.over()
        under_way = await rows(database, "SELECT count(*) FROM message WHERE state = 'received'")
        assert under_way[0][0] <= 1
    made = await rows(
        database, "SELECT since, until, message_id FROM run WHERE state = 'made' ORDER BY scheduled_for, ended_at"
    )
    assert len(made) > 5
    assert all(before[1] == after[0] for before, after in pairwise(made))
    assert len({row[2] for row in made}) == len(made)
    open_runs = await rows(database, "SELECT count(*) FROM run WHERE state = 'offered'")
    assert await rows(database, "SELECT count(*) FROM message") == [(len(made) + open_runs[0][0],)]


# ---- hubs as they are


def runs_flow(receiver: Receiver, **more: Any) -> Flow:
    source = calendar.Runs(when=Calendar("0 6 * * *", zone="Europe/Berlin"), poll=0.02)
    return make_flow(source, receiver, name=FLOW, dedup_by=None, order_by=None, format="json", **more)


async def ask(database: Database, flow: str = FLOW, **span: Any) -> None:
    async with database.transaction() as connection:
        await runs.ask(connection, flow, **{"since": None, "until": None, "actor": "eva", "reason": "audit", **span})


async def missed(database: Database) -> None:
    """A hub was there two days ago."""
    async with database.cold() as connection:
        await runs.looked(connection, FLOW, datetime.now(UTC) - timedelta(days=2))


async def test_hubs_make_up_a_missed_run_once_as_a_message_like_any_other(database: Database, hub: Start) -> None:
    await missed(database)
    receiver = Receiver()
    for _ in range(2):
        await hub(runs_flow(receiver))
    await waits.messages(database, completed=1)
    [body] = receiver.bodies
    assert (body["flow"], body["by_hand"]) == (FLOW, False)
    assert body["since"] < body["until"] == body["scheduled_for"]
    await eventually(lambda: _written(database, "made"))
    await assert_sound(database)


async def _written(database: Database, *states: str) -> bool:
    found = await rows(database, "SELECT state FROM run ORDER BY asked_at")
    return [state for (state,) in found] == list(states)


async def test_a_run_by_hand_has_its_span_and_is_audited(database: Database, hub: Start) -> None:
    receiver = Receiver()
    await hub(runs_flow(receiver))
    await ask(database, since=SIX, until=SIX + HOUR)
    await waits.messages(database, completed=1)
    [body] = receiver.bodies
    assert (body["by_hand"], body["scheduled_for"]) == (True, None)
    assert (body["since"], body["until"]) == ("2026-11-02T06:00:00Z", "2026-11-02T07:00:00Z")
    acts = await rows(database, "SELECT actor, flow, words FROM audit WHERE action = 'run'")
    assert acts == [("eva", FLOW, "audit")]
    await assert_sound(database)


async def test_a_second_run_waits_while_the_first_is_at_its_receiver(database: Database, hub: Start) -> None:
    let_go = asyncio.Event()

    async def slow(delivery: Delivery) -> Outcome:
        await let_go.wait()
        return Delivered()

    receiver = Receiver(slow)
    await hub(runs_flow(receiver))
    await ask(database)
    await eventually(lambda: bool(receiver.seen))
    await ask(database)

    async def told() -> bool:
        found = await rows(database, "SELECT words FROM run WHERE state = 'waiting'")
        return bool(found) and found[0][0].startswith("waits: the run by hand is still under way since")

    await eventually(told)
    let_go.set()
    await waits.messages(database, completed=2)
    first, second = receiver.bodies
    assert first["until"] == second["since"]


async def test_a_run_that_fails_is_a_case_like_any_other(database: Database, hub: Start) -> None:
    def refuses(delivery: Delivery) -> Outcome:
        return Rejected("bank.closed", "The bank has no statement.")

    await hub(runs_flow(Receiver(refuses)))
    await ask(database)
    await waits.deliveries(database, held=1)
    assert await rows(database, "SELECT category FROM exception_case WHERE closed_at IS NULL") == [("bank.closed",)]
    await assert_sound(database)


def folder_flow(receiver: Receiver, directory: Path, when: Windows | None) -> Flow:
    source = files.Folder(url=str(directory), pattern="*.json", poll=0.02, stable_for=0, when=when)
    return make_flow(source, receiver, name="test.files", dedup_by=None, order_by=None, format="json")


@pytest.fixture
def closed() -> Windows:
    """A window that is not open today."""
    day = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")[(datetime.now(UTC).weekday() + 3) % 7]
    return Windows(f"{day} 06:00-18:00", zone="UTC")


async def test_a_folder_is_read_by_hand_outside_its_window_by_the_hub_that_has_it(
    database: Database, hub: Start, tmp_path: Path, closed: Windows
) -> None:
    directory = tmp_path / "in"
    directory.mkdir()
    (directory / "a.json").write_text('{"n": 1}')
    receiver = Receiver()
    await hub(folder_flow(receiver, directory, closed))
    await ask(database, "test.files")
    await waits.messages(database, completed=1)
    assert [body["n"] for body in receiver.bodies] == [1]

    async def said() -> bool:
        return await rows(database, "SELECT state, words FROM run") == [("made", "1 file taken")]

    await eventually(said)
    (directory / "b.json").write_text('{"n": 2}')
    await ask(database, "test.files", since=datetime.now(UTC) + HOUR)

    async def nothing() -> bool:
        return ("made", "no file was there to be taken") in await rows(database, "SELECT state, words FROM run")

    await eventually(nothing)
    assert (directory / "b.json").exists()


def test_each_flow_has_a_calendar_of_its_own(tmp_path: Path) -> None:
    source = calendar.Runs(when=Calendar("0 6 * * *", zone="UTC"))
    make_flow(source, Receiver(), name="test.first")
    with pytest.raises(SettingsError, match=r"test\.second and test\.first share one source: .*calendar\.Runs"):
        make_flow(source, Receiver(), name="test.second")


def test_a_calendar_needs_a_hub() -> None:
    source = calendar.Runs(when=Calendar("0 6 * * *", zone="UTC"))
    with pytest.raises(SettingsError, match="runs only in a hub"):
        asyncio.run(source.open())

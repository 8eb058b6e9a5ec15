"""Clocks of a team run only while it works: days, hours, time zone, holidays; vital things run around the clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import BaseModel

from hilum import desk
from hilum.cases import clocks, working_hours
from hilum.errors import SettingsError
from hilum.flow import Criticality, Lookup
from hilum.flow.hours import TeamHours, working_hours_of
from hilum.flow.schedule import Windows
from hilum.postgres import Connection, Database
from hilum.processes import Task, tasks
from hilum.settings import ClockRule, DeskSettings, HoursRule, Settings
from support.looks import rows
from support.runs import a_run

pytestmark = pytest.mark.req("UX-2")

HOUR = timedelta(hours=1)
TODAY = date(2026, 3, 2)
WEEK = "MON-FRI 09:00-12:00,13:00-18:00"  # eight hours a day


def hours(
    *weeks: str, team: str = "", criticality: Sequence[Criticality] = (), holidays: Sequence[str] = ()
) -> TeamHours:
    windows = Windows(*(weeks or (WEEK,)), zone="Europe/Brussels", holidays=holidays)
    return TeamHours(team, frozenset(criticality), windows)


async def after(
    connection: Connection, since: str, period: timedelta, team: str = "Buyers", criticality: int = 1
) -> str:
    """When so much is over, as the clock of Brussels shows it."""
    cursor = await connection.execute(
        "SELECT to_char(service_after(%s, %s, %s::timestamp AT TIME ZONE 'Europe/Brussels', %s)"
        " AT TIME ZONE 'Europe/Brussels', 'Dy DD Mon HH24:MI')",
        [team, criticality, since, period],
    )
    (row,) = await cursor.fetchall()
    return str(row[0])


@pytest.mark.parametrize(
    ("since", "period", "over"),
    [
        ("2026-03-02 10:00", HOUR, "Mon 02 Mar 11:00"),
        ("2026-03-02 11:30", HOUR, "Mon 02 Mar 13:30"),  # over lunch
        ("2026-03-06 17:00", 2 * HOUR, "Mon 09 Mar 10:00"),  # over the weekend
        ("2026-03-06 17:00", HOUR, "Fri 06 Mar 18:00"),  # to the last minute
        ("2026-03-07 03:00", HOUR, "Mon 09 Mar 10:00"),  # it begins while nobody works
        ("2026-03-27 17:00", 2 * HOUR, "Mon 30 Mar 10:00"),  # summer time begins on the Sunday
        ("2026-04-03 17:30", HOUR, "Tue 07 Apr 09:30"),  # Easter Monday is a holiday
        ("2026-03-05 15:00", timedelta(days=1), "Fri 06 Mar 15:00"),  # a day is a working day
        ("2026-03-06 15:00", timedelta(days=2), "Tue 10 Mar 15:00"),
        ("2026-03-06 15:00", 20 * HOUR, "Mon 09 Mar 15:00"),  # less than a day is a working day at most
        ("2026-03-06 15:00", timedelta(days=5), "Fri 13 Mar 15:00"),
        ("2026-03-07 03:00", timedelta(0), "Sat 07 Mar 03:00"),
    ],
)
async def test_time_is_counted_while_people_work(database: Database, since: str, period: timedelta, over: str) -> None:
    async with database.transaction() as connection:
        assert await working_hours.declare(connection, [hours(holidays=["2026-04-06"])], TODAY)
        assert await after(connection, since, period) == over


async def test_the_first_hours_that_fit_count_and_what_none_fit_runs_around_the_clock(database: Database) -> None:
    early = hours("MON-FRI 06:00-14:00", team="Theatres")
    some = hours(criticality=[Criticality.LOW, Criticality.NORMAL])
    evening = "2026-03-02 20:00"
    async with database.transaction() as connection:
        await working_hours.declare(connection, [early, some], TODAY)
        assert await after(connection, evening, HOUR) == "Tue 03 Mar 10:00"
        assert await after(connection, evening, HOUR, criticality=3) == "Mon 02 Mar 21:00"
        assert await after(connection, evening, HOUR, "Theatres", 3) == "Tue 03 Mar 07:00"
        assert not await working_hours.declare(connection, [early, some], TODAY + timedelta(days=20))
        assert await working_hours.declare(connection, [], TODAY)
        assert await after(connection, evening, HOUR) == "Mon 02 Mar 21:00"


async def test_what_is_further_away_than_the_calendar_reaches_counts_every_hour(database: Database) -> None:
    async with database.transaction() as connection:
        await working_hours.declare(connection, [hours()], TODAY)
        assert await after(connection, "2020-01-04 10:00", HOUR) == "Sat 04 Jan 11:00"
        assert await after(connection, "2040-01-07 10:00", HOUR) == "Sat 07 Jan 11:00"


class Yes(BaseModel):
    yes: bool


async def asked(database: Database, run: UUID, step: int = 0, **more: object) -> None:
    async with database.transaction() as connection:
        given = {"team": "Buyers", "due": "PT30M", "remind": "PT10M", "escalate": "P1D", "escalate_to": "X", **more}
        await tasks.put(connection, "test.order", run, step, Task("Decide", Yes, **given))  # type: ignore[arg-type]


async def test_clocks_reminders_escalations_and_ages_of_tasks_use_them_and_follow_a_change(database: Database) -> None:
    run = await a_run(database)
    closed = closed_now()
    async with database.transaction() as connection:
        await clocks.declare(connection, [ClockRule(team="Buyers", due=timedelta(minutes=20))])
        await working_hours.declare(connection, [closed], datetime.now(UTC).date())
    await asked(database, run)
    opens = closed.windows.opens_at(datetime.now(UTC))
    assert opens is not None
    times = "SELECT due_at, own_due_at, remind_at, escalate_at FROM process_task"
    ((due, own, remind, escalate),) = await rows(database, times)
    assert [each - opens for each in (due, own, remind)] == [timedelta(minutes=each) for each in (20, 30, 10)]
    assert escalate > opens + timedelta(minutes=30)
    async with database.transaction() as connection:
        await connection.execute("UPDATE process_task SET asked_at = asked_at - interval '2 hours'")
        old = desk.Filter(older=HOUR)
        assert (await desk.find(connection, old)).total == 0, "nobody has worked since"
        await working_hours.declare(connection, [], datetime.now(UTC).date())
        assert (await desk.find(connection, old)).total == 1
        assert await tasks.remind_and_escalate(connection) == 1  # by the new times: it was asked two hours ago
        assert await tasks.remind_and_escalate(connection) == 0
    ((due, own, remind, escalate), (asked_at,)) = (
        (await rows(database, times))[0], (await rows(database, "SELECT asked_at FROM process_task"))[0],
    )  # fmt: skip
    assert [each - asked_at for each in (due, own, remind)] == [timedelta(minutes=each) for each in (20, 30, 10)]


def closed_now() -> TeamHours:
    """Hours of a day that is neither yesterday, today nor tomorrow."""
    day = (datetime.now(UTC) + timedelta(days=3)).strftime("%a").upper()
    return TeamHours("", frozenset(), Windows(f"{day} 08:00-18:00", zone="UTC"))


async def test_how_a_team_works_is_told(database: Database) -> None:
    one = closed_now()
    async with database.transaction() as connection:
        assert await working_hours.shift(connection, "Buyers", 1) is None
        await working_hours.declare(connection, [one], datetime.now(UTC).date())
        found = await working_hours.shift(connection, "Buyers", 1)
        assert found == working_hours.Shift(words=one.windows.words(), opens_at=one.windows.opens_at(datetime.now(UTC)))


async def test_a_holiday_that_somebody_adds_counts_for_what_is_open(database: Database, tmp_path: Path) -> None:
    (tmp_path / "holidays.csv").write_text("date,name\n2020-01-01,New Year\n")
    lookup = Lookup(tmp_path)
    rule = HoursRule(window="MON-SUN 00:00-24:00", zone="UTC", holidays="holidays")
    kept = working_hours.WorkingHours(working_hours_of(Settings(desk=DeskSettings(hours=[rule])), lookup))
    assert kept.changed()
    async with database.transaction() as connection:
        assert await kept.keep(connection)
    assert not kept.changed()
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    (tmp_path / "holidays.csv").write_text(f"date,name\n{tomorrow},Our Lady of the Desk\n")
    assert lookup.refresh() == ["holidays"]
    assert kept.changed()
    async with database.transaction() as connection:
        assert await kept.keep(connection)
        assert await clocks.changed(connection, "tasks")
    assert not kept.changed()
    last = "SELECT max(ends_at) FROM service_span WHERE starts_at <= now()"
    ((until,),) = await rows(database, last)
    assert until == datetime.combine(tomorrow, datetime.min.time(), UTC)


def test_hours_that_cannot_be_are_told_with_their_place() -> None:
    rules = [HoursRule(window="MON-FRI 08:00-17:00", zone="UTC"), HoursRule(window="8 to 5", zone="UTC")]
    with pytest.raises(SettingsError, match=r"\[\[desk.hours\]\] 2: .*8 TO 5|\[\[desk.hours\]\] 2"):
        working_hours_of(Settings(desk=DeskSettings(hours=rules)), Lookup())

"""A folder with windows: outside them it does not look, unless a person asks."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hilum.connectors import files
from hilum.errors import Down
from hilum.flow.schedule import Windows
from hilum.testing import eventually, take
from hilum.testing.source_suite import accept_all, opened

pytestmark = pytest.mark.req("MSG-12")

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
OFFICE = Windows("MON-FRI 06:00-18:00", zone="UTC")


class Clock:
    """The time that a test sets."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.asked = 0

    def __call__(self) -> datetime:
        self.asked += 1
        return self.now

    async def looked_at(self, times: int = 3) -> None:
        """Wait until the folder has asked the time so often: it has had its chance to look."""
        before = self.asked
        await eventually(lambda: self.asked >= before + times)


def folder(directory: Path, clock: Clock, **settings: Any) -> files.Folder:
    made = files.Folder(url=str(directory), **({"stable_for": 0, "poll": 0.01, "when": OFFICE} | settings))
    made.clock = clock
    return made


async def test_outside_its_windows_a_folder_does_not_look(tmp_path: Path) -> None:
    clock = Clock(MONDAY.replace(hour=5))
    (tmp_path / "a.txt").write_text("a")
    async with opened(folder(tmp_path, clock)) as source:
        receiving = asyncio.create_task(take(source, 1))
        await clock.looked_at()
        assert not receiving.done()
        clock.now = MONDAY.replace(hour=6)
        await accept_all(await receiving)
        await eventually(lambda: (tmp_path / "done" / "a.txt").exists())
        clock.now = MONDAY.replace(hour=18)
        await clock.looked_at()
        (tmp_path / "b.txt").write_text("b")
        await clock.looked_at()
        assert (tmp_path / "b.txt").exists()


async def test_what_was_begun_inside_is_finished_outside(tmp_path: Path) -> None:
    clock = Clock(MONDAY.replace(hour=17))
    (tmp_path / "a.txt").write_text("a")
    async with opened(folder(tmp_path, clock)) as source:
        received = await take(source, 1)
        clock.now = MONDAY.replace(hour=19)
        await clock.looked_at()
        await accept_all(received)
        await eventually(lambda: (tmp_path / "done" / "a.txt").exists())


async def test_a_person_may_ask_for_what_is_there_outside_the_windows(tmp_path: Path) -> None:
    clock = Clock(MONDAY.replace(hour=3))
    for name in ("old.txt", "new.txt"):
        (tmp_path / name).write_text(name)
    yesterday = (datetime.now(UTC) - timedelta(days=1)).timestamp()
    os.utime(tmp_path / "old.txt", (yesterday, yesterday))
    since = datetime.now(UTC) - timedelta(hours=1)
    async with opened(folder(tmp_path, clock)) as source:
        assert isinstance(source, files.Folder)
        assert (await source.would_take(None)).startswith("2 files of 14 bytes would be taken")
        assert (await source.would_take(since)).startswith("1 file of 7 bytes would be taken")
        assert await source.take_now(since) == "1 file taken"
        received = await take(source, 1)
        assert received[0].body == b"new.txt"
        await accept_all(received)
        await eventually(lambda: (tmp_path / "done" / "new.txt").exists())
        assert (tmp_path / "old.txt").exists(), "it is older than what was asked for"
        await clock.looked_at()
        assert (tmp_path / "old.txt").exists(), "the request is over"
        assert await source.take_now(None) == "1 file taken"
        await accept_all(await take(source, 1))
        await eventually(lambda: (tmp_path / "done" / "old.txt").exists())
        assert await source.take_now(None) == "no file was there to be taken"


async def test_a_person_who_asks_gets_no_half_file(tmp_path: Path) -> None:
    clock = Clock(MONDAY.replace(hour=3))
    growing = tmp_path / "a.txt"
    growing.write_text("x")
    async with opened(folder(tmp_path, clock, stable_for=0.3, poll=0.05)) as source:
        assert isinstance(source, files.Folder)
        asking = asyncio.create_task(source.take_now(None))
        while not asking.done():
            with growing.open("a") as file:
                file.write("x")
            await asyncio.sleep(0.02)
        assert await asking == "no file was there to be taken"
        assert await source.take_now(None) == "1 file taken"
        await accept_all(await take(source, 1))


async def test_a_folder_that_is_away_or_closed_says_so_to_who_asks(tmp_path: Path) -> None:
    directory = tmp_path / "in"
    directory.mkdir()
    clock = Clock(MONDAY.replace(hour=3))
    async with opened(folder(directory, clock)) as source:
        assert isinstance(source, files.Folder)
        (directory / "done").rmdir()
        (directory / "failed").rmdir()
        directory.rmdir()
        with pytest.raises(Down):
            await source.take_now(None)
        directory.mkdir()
    async with opened(folder(directory, clock, stable_for=30)) as source:
        assert isinstance(source, files.Folder)
        asking = asyncio.create_task(source.take_now(None))
        await clock.looked_at(1)
        await source.close()
        with pytest.raises(Down, match="closed"):
            await asking

"""A month that is broken off leaves nothing running, and says in its folder what is there."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from hilum.cli.month_folder import fresh
from hilum.errors import SettingsError
from hilum.testing.waiting import PATIENCE, eventually

pytestmark = pytest.mark.req("SYS-15")


@pytest.fixture
async def folder() -> AsyncIterator[Path]:
    """Outside pytest's folder, which is closed to the embedded server of a root user."""
    with tempfile.TemporaryDirectory(prefix="hilum-month-test-") as name:
        yield Path(name) / "month"


async def month(folder: Path) -> Process:
    """`hilum simulate month` with a PostgreSQL of its own, in a process group as a terminal makes one."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HILUM_")}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hilum", "simulate", "month", "--orders", "40", "--suppliers", "2",
        "--folder", str(folder), env=environment, stdout=PIPE, stderr=PIPE, start_new_session=True,
    )  # fmt: skip


def started(folder: Path) -> list[psutil.Process]:
    """Hub and PostgreSQL of that folder."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if str(folder) in words or str(folder / ".hilum" / "postgres") in words:
            found.append(process)
    return [each for each in found if "simulate" not in (each.info["cmdline"] or [])]


@pytest.mark.long
@pytest.mark.parametrize("how", ["SIGTERM", "Ctrl-C"])
async def test_a_month_that_is_broken_off_ends_what_it_has_started(folder: Path, how: str) -> None:
    playing = await month(folder)
    try:
        await eventually(lambda: (folder / "hub.log").exists())
        there = started(folder)
        assert any("serve" in each.cmdline() for each in there), there
        assert any("postgres" in each.name() for each in there), there
        if how == "Ctrl-C":
            os.killpg(playing.pid, signal.SIGINT)  # a terminal tells the whole group
        else:
            playing.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            out, complaint = await playing.communicate()
    finally:
        if playing.returncode is None:
            playing.kill()
            await playing.communicate()
    assert (playing.returncode, out.decode()) == (130, "broken off: nothing was compared\n"), complaint.decode()
    assert "Traceback" not in complaint.decode()
    assert [each for each in there if each.is_running() and each.status() != psutil.STATUS_ZOMBIE] == []
    assert started(folder) == []

    if how == "Ctrl-C":
        again = await month(folder)
        _, complaint = await again.communicate()
        assert again.returncode == 1
        assert "is a month already: 40 orders, 2 suppliers, seed 1, begun" in complaint.decode()


def test_a_folder_says_which_month_is_in_it(tmp_path: Path) -> None:
    def refused(folder: Path) -> str:
        with pytest.raises(SettingsError) as told, fresh(folder, "50 orders"):
            pass
        return str(told.value)

    with fresh(tmp_path, "40 orders"):
        assert "A month is running in" in refused(tmp_path)
    assert "a month already: 40 orders, begun" in refused(tmp_path)
    assert "it was broken off. Its log" in refused(tmp_path)
    other = tmp_path / "other"
    with fresh(other, "60 orders") as became:
        became("all was as it must be")
    assert "UTC; all was as it must be. Its log" in refused(other)

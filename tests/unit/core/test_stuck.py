"""A test that hangs where no time-out reaches it ends its process and says where it is."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from support.stuck import EXIT_CODE

TESTS = Path(__file__).parents[2]

HANGS = """
import asyncio
import pytest
from support.stuck import Stuck

@pytest.fixture
async def deaf():
    yield
    while True:  # interrupted once by the time-out, and goes on
        try:
            await asyncio.sleep(60)
        except BaseException:
            pass

@pytest.mark.timeout(0.5)
async def test_it(deaf):
    pass
"""
PLUGIN = """
from support.stuck import Stuck

def pytest_configure(config):
    config.pluginmanager.register(Stuck(config, grace=1), "stuck")
"""


async def test_what_hangs_in_its_teardown_ends_its_process_and_says_where(tmp_path: Path) -> None:
    (tmp_path / "test_hangs.py").write_text(HANGS)
    (tmp_path / "conftest.py").write_text(PLUGIN)
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
    run = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "test_hangs.py"),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await run.communicate()
    assert run.returncode == EXIT_CODE, said.decode()
    assert "test_hangs.py::test_it does not end; its process does." in said.decode()
    assert "test_hangs.py:11 deaf" in said.decode()

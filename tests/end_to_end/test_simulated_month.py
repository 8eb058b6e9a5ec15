"""A month of three hospitals through a hub in a process of its own: every trouble is found, the books are right."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

import pytest

from hilum.simulator.month import Trouble
from hilum.simulator.month.findings import LANGUAGES

pytestmark = [pytest.mark.req("WF-2", "WF-12", "SYS-9", "SYS-10", "SYS-15")]

KINDS = len(Trouble)


async def played(url: str, *options: str) -> dict[str, Any]:
    """`hilum simulate month --json` over an empty database."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hilum", "simulate", "month", "--json", *options,
        env={**os.environ, "HILUM_DATABASE_URL": url, "MONTH_POLL": "0.1"},  # its days are chains of such looks
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, errors = await process.communicate()
    assert said, errors.decode()[-2000:]
    found: dict[str, Any] = json.loads(said)
    assert process.returncode == (0 if found["right"] else 1)
    return found


def assert_right(found: dict[str, Any]) -> None:
    assert found["missed"] == []
    assert found["held"] == []
    assert found["books"]["differences"] == []
    assert found["right"]


@pytest.mark.timeout(400)
async def test_a_small_month_with_every_trouble_once(postgres_url: str) -> None:
    found = await played(postgres_url, "--orders", str(KINDS), "--suppliers", "4", "--days", "1", "--every-trouble")
    assert_right(found)
    assert {each["injected"] for each in found["table"]} == {*Trouble, "payment returned by the bank"}
    assert {each["speaks"] for each in found["partners"]} == {*LANGUAGES.values()}
    assert found["repetitions_recognised"] >= 4
    assert found["books"]["documents"] >= KINDS - 2


@pytest.mark.long
@pytest.mark.timeout(3600)
async def test_a_month_in_which_the_hub_is_killed(postgres_url: str) -> None:
    found = await played(postgres_url, "--orders", "300", "--suppliers", "12", "--kills", "8", "--seed", "4")
    assert_right(found)
    assert found["kills"] == 8

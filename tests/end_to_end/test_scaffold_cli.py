"""From `hilum init` to a held message that is resolved: the first hour of a newcomer, beside a real hub."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from hilum.cli import main
from hilum.simulator.hospital.lines import Answer, MllpLine

FLOW = "supply.consumption"
PATIENCE = 60.0  # seconds; only a failing test waits so long


async def hilum(*arguments: object) -> str:
    """What a command answers; it must succeed. It runs in this process: to start one takes longer than to answer."""
    return await asyncio.to_thread(_answer, *map(str, arguments))


async def asked(*arguments: object) -> Any:
    """What a command answers to a program."""
    return json.loads(await hilum(*arguments, "--json"))


def _answer(*arguments: str) -> str:
    with redirect_stdout(StringIO()) as out, pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert not ended.value.code, arguments
    return out.getvalue()


async def until(question: tuple[object, ...], met: Callable[[Any], bool]) -> Any:
    """Ask until the answer is as wanted."""
    answer = None
    try:
        async with asyncio.timeout(PATIENCE):
            while not met(answer := await asked(*question)):
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"{question}: {answer}") from None
    return answer


@pytest.fixture
async def folder() -> AsyncIterator[Path]:
    """Where the newcomer works; outside pytest's folder, which is closed to the embedded server of a root user."""
    with tempfile.TemporaryDirectory(prefix="hilum-first-hour-") as name:
        yield Path(name) / "my-hub"


@pytest.mark.req("UX-3")
@pytest.mark.req("UX-4")
@pytest.mark.req("MSG-6")
@pytest.mark.req("MSG-7")
@pytest.mark.req("OBS-4")
async def test_a_held_message_is_found_understood_and_resolved(folder: Path) -> None:
    await hilum("init", folder)
    flow = folder / "flows" / "consumption.py"
    flow.write_text(flow.read_text().replace("port=2575", "port=0"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hilum", "serve", "-p", str(folder), "--console-port", "0", "--log-level", "WARNING",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={**os.environ},
    )  # fmt: skip
    try:
        await _work(folder, await _port(process))
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate()
        assert (process.returncode, out.decode()) == (0, "hub is down\n"), err.decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
    after = await asked("status", "-p", folder)
    assert after["messages"][FLOW]["completed"] == 2
    assert after["workers"] == []


async def _port(process: asyncio.subprocess.Process) -> int:
    """The port it listens at; waits until the hub is up."""
    assert process.stdout is not None
    port = 0
    async with asyncio.timeout(PATIENCE):
        while line := (await process.stdout.readline()).decode():
            if "mllp://" in line:
                port = int(line.rsplit(":", 1)[1])
            if "hub is up" in line:
                return port
    assert process.stderr is not None
    raise AssertionError((await process.stderr.read()).decode())


async def _work(folder: Path, port: int) -> None:
    here = ("-p", folder)
    async with MllpLine("127.0.0.1", port, timeout=PATIENCE) as line:
        for name, control in (("supplies-used", "OR000441"), ("unknown-item", "OR000442")):
            body = (folder / "samples" / f"{name}.hl7").read_bytes()
            assert await line.send(body, control) is Answer.ACCEPTED
    held = ("status", *here)
    await until(held, lambda found: found["messages"].get(FLOW, {}).get("held") == 1)

    (message,) = await asked("messages", "OR000442", *here)
    assert message["state"] == "held"
    (case,) = await asked("exceptions", "list", *here)
    assert case["message_id"] == message["id"]
    assert "MESH9" in case["words"]
    assert "MESH9" in await hilum("exceptions", "show", case["id"], *here)
    assert f"case {case['id']} (open)" in await hilum("trace", "OR000442", *here)

    with (folder / "lookups" / "items.csv").open("a") as table:
        table.write("MESH9,MESH9,yes,Mesh 9 cm\n")
    dry = await asked("replay", message["id"], "--dry-run", *here)
    assert (dry["replayed"], dry["steps"][0]["action"]) == (0, "translate")
    done = await asked("replay", message["id"], "--reason", "the item has a row now", *here)
    assert done["replayed"] == 1
    await until(held, lambda found: found["messages"][FLOW].get("completed") == 2)

    story = await asked("trace", message["id"], *here)
    (delivery,) = story["deliveries"]
    assert json.loads(Path(delivery["reference"]).read_bytes())["item"] == "MESH9"
    assert story["cases"][0]["resolution"] == "replayed"
    assert any(act["words"].startswith("the item has a row now") for act in story["audit"])
    assert await asked("exceptions", "list", *here) == []

"""What the sandbox has told a client is kept: over a restart, over kill -9, and never half."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hilum.simulator.odoo import SandboxOdoo
from hilum.simulator.odoo.orm.store import Store

pytestmark = pytest.mark.req("UX-5")


async def start(state: Path, key: Path) -> tuple[asyncio.subprocess.Process, dict[str, str]]:
    """A sandbox in a process of its own, and what it announces."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hilum.simulator.odoo", "--state", str(state), "--key-file", str(key),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    return process, json.loads(await process.stdout.readline())


async def test_kill_loses_nothing_that_was_answered(tmp_path: Path, http: httpx.AsyncClient) -> None:
    state, key = tmp_path / "odoo.state", tmp_path / "odoo.key"
    answered: list[int] = []
    for round_ in range(2):
        process, told = await start(state, key)
        headers = {"Authorization": f"bearer {told['key']}"}
        url = f"{told['url']}/json/2/res.partner"
        assert key.read_text().strip() == told["key"]
        assert key.stat().st_mode & 0o077 == 0
        kept = (await http.post(f"{url}/search", json={"domain": [["ref", "=", "kept"]]}, headers=headers)).json()
        assert set(answered) <= set(kept)
        for number in range(20):
            body = {"vals_list": {"name": f"{round_} {number}", "ref": "kept"}}
            answered += (await http.post(f"{url}/create", json=body, headers=headers)).json()
        process.send_signal(signal.SIGKILL)
        await process.communicate()
    assert len(set(answered)) == 40
    async with SandboxOdoo(state_file=state, api_key=key.read_text().strip()) as again:
        rows = [row["id"] for row in again.records("res.partner") if row["ref"] == "kept"]
        assert sorted(rows) == sorted(answered)


async def test_process_stops_on_sigterm(tmp_path: Path) -> None:
    process, told = await start(tmp_path / "state", tmp_path / "key")
    assert set(told) == {"url", "version", "database", "login", "key"}
    process.terminate()
    await process.communicate()
    assert process.returncode == 0


async def test_restart_goes_on(tmp_path: Path) -> None:
    state = tmp_path / "state"
    async with SandboxOdoo("18.0", state_file=state) as first:
        made = first.change(lambda env: env["res.partner"].create({"name": "A", "ref": "r"}).id)
        first.change(lambda env: env["res.partner"].unlink(made))
        order = first.change(lambda env: env["res.partner"].create({"name": "B"}).id)
    async with SandboxOdoo("18.0", state_file=state) as second:
        assert made not in {row["id"] for row in second.records("res.partner")}
        assert second.change(lambda env: env["res.partner"].create({"name": "C"}).id) == order + 1


async def test_state_of_another_version_is_refused(tmp_path: Path) -> None:
    async with SandboxOdoo("18.0", state_file=tmp_path / "state"):
        pass
    with pytest.raises(ValueError, match=r"holds a sandbox Odoo 18\.0"):
        await SandboxOdoo("19.0", state_file=tmp_path / "state").start()


async def test_unknown_version_is_refused() -> None:
    with pytest.raises(ValueError, match=r"16\.0, 17\.0, 18\.0 or 19\.0"):
        await SandboxOdoo("15.0").start()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), st.integers(0, 3)),
        st.tuples(st.just("update"), st.integers(1, 6), st.integers(0, 3)),
        st.tuples(st.just("delete"), st.integers(1, 6)),
        st.tuples(st.sampled_from(["commit", "rollback"])),
    ),
    max_size=40,
)


@given(STEPS)
@settings(max_examples=150, deadline=None)
def test_store_agrees_with_a_plain_dict(steps: list[tuple[object, ...]]) -> None:
    """Any history of changes, commits and rollbacks leaves what a dict copied at each commit holds, index included."""
    store = Store({"m": [("key",)]})
    committed: dict[int, int] = {}
    current: dict[int, int] = {}
    for step, *args in steps:
        if step == "insert":
            current[store.insert("m", {"key": args[0]})] = int(str(args[0]))
        elif step == "update" and args[0] in current:
            store.update("m", int(str(args[0])), {"key": args[1]})
            current[int(str(args[0]))] = int(str(args[1]))
        elif step == "delete" and args[0] in current:
            store.delete("m", int(str(args[0])))
            del current[int(str(args[0]))]
        elif step == "commit":
            store.commit()
            committed = dict(current)
        elif step == "rollback":
            store.rollback()
            current = dict(committed)
        assert {each: row["key"] for each, row in store.tables["m"].items()} == current
        for key in range(4):
            assert set(store.find("m", ("key",), (key,))) == {each for each, kept in current.items() if kept == key}

"""`hilum processes` on runs that a hub has made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hilum.message import new_id
from hilum.postgres import Database
from hilum.security import Role
from support.acting import PASSWORD, user

FLOWS = "from support.orders_process import approved_orders\n\norder = approved_orders()\n"


def hilum(folder: Path, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    tests = str(Path(__file__).parent.parent.parent)
    around = {**os.environ, "HILUM_DATABASE_URL": url, "HILUM_PASSWORD": PASSWORD, "PYTHONPATH": tests}
    return subprocess.run(
        [sys.executable, "-m", "hilum", "processes", *arguments, "-p", str(folder)],
        env=around, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.req("WF-4")
@pytest.mark.req("UX-3")
async def test_runs_and_tasks_are_shown_and_answered(database: Database, postgres_url: str, tmp_path: Path) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "orders.py").write_text(FLOWS, encoding="utf-8")
    (tmp_path / "hilum.toml").write_text("", encoding="utf-8")
    await user(database, "ada", Role.STEWARD)
    run, task = new_id(), new_id()
    async with database.transaction() as connection:
        await connection.execute(
            "INSERT INTO process_run (id, process, version, key, workflow, state, waits_for)"
            " VALUES (%s, 'test.order', '1.0', 'P1', 'w', 'wanted', 'Purchasing: Approve the order')", [run]
        )  # fmt: skip
        await connection.execute(
            "INSERT INTO process_task (id, run_id, step, title, team, permission, form, fields)"
            " VALUES (%s, %s, 2, 'Approve the order', 'Purchasing', 'approve', 'Approval', '{}')", [task, run]
        )  # fmt: skip
    listed = hilum(tmp_path, postgres_url, "list", "--json")
    assert [(each["key"], each["state"]) for each in json.loads(listed.stdout)] == [("P1", "wanted")]
    assert "waits for Purchasing: Approve the order" in hilum(tmp_path, postgres_url, "show", "test.order", "P1").stdout
    assert "no run of test.order for P9" in hilum(tmp_path, postgres_url, "show", "test.order", "P9").stderr
    assert json.loads(hilum(tmp_path, postgres_url, "tasks", "--json").stdout)[0]["id"] == str(task)
    nameless = hilum(tmp_path, postgres_url, "decide", str(task), "approved=true")
    assert nameless.returncode == 1 and "who decides must be known" in nameless.stderr
    wrong = hilum(tmp_path, postgres_url, "decide", str(task), "approved=perhaps", "--as", "ada")
    assert wrong.returncode == 1 and "approved: Input should be a valid boolean" in wrong.stderr
    right = hilum(tmp_path, postgres_url, "decide", str(task), "approved=true", "--as", "ada")
    assert right.returncode == 0, right.stderr
    assert "Nothing waits for anybody" in hilum(tmp_path, postgres_url, "tasks").stdout
    unheld = hilum(tmp_path, postgres_url, "repeat", "test.order", "P1", "--reason", "try")
    assert unheld.returncode == 1 and "is not held: it waits for Purchasing" in unheld.stderr

"""`hilum processes` on runs that a hub has made."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from cli_calls import Answered, Cli

from hilum.message import new_id
from hilum.postgres import Database
from hilum.security import Role
from support.acting import PASSWORD, user

FLOWS = "from support.orders_process import approved_orders\n\norder = approved_orders()\n"


@pytest.mark.req("WF-4")
@pytest.mark.req("UX-3")
async def test_runs_and_tasks_are_shown_and_answered(
    database: Database, postgres_url: str, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    monkeypatch.setenv("HILUM_PASSWORD", PASSWORD)

    async def hilum(*arguments: str) -> Answered:
        """In a thread: the command runs a loop of its own."""
        return await asyncio.to_thread(cli, "processes", *arguments, "-p", tmp_path)

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
    (listed,) = (await hilum("list", "--json")).json
    assert (listed["key"], listed["state"]) == ("P1", "wanted")
    assert "waits for Purchasing: Approve the order" in (await hilum("show", "test.order", "P1")).out
    assert "no run of test.order for P9" in (await hilum("show", "test.order", "P9")).complaint
    assert (await hilum("tasks", "--json")).json[0]["id"] == str(task)
    await user(database, "bo", Role.VIEWER)
    assert "bo cannot decide it" in (await hilum("give", str(task), "--to", "bo", "--as", "ada")).complaint
    assert (await hilum("give", str(task), "--to", "ada", "--reason", "on leave", "--json")).json["to"] == "ada"
    assert (await hilum("tasks", "--json")).json[0]["assigned_to"] == "ada"
    assert "its team now" in (await hilum("give", str(task))).out
    assert (await hilum("tasks", "--json")).json[0]["assigned_to"] == ""
    assert "There is no such task" in (await hilum("give", str(run))).complaint
    assert "who decides must be known" in (await hilum("decide", str(task), "approved=true")).complaint
    wrong = await hilum("decide", str(task), "approved=perhaps", "--as", "ada")
    assert "approved: answer yes or no" in wrong.complaint
    right = await hilum("decide", str(task), "approved=true", "--as", "ada")
    assert right.code == 0, right.err
    assert "Nothing waits for anybody" in (await hilum("tasks")).out
    unheld = await hilum("repeat", "test.order", "P1", "--reason", "try")
    assert "is not held: it waits for Purchasing" in unheld.complaint


WAITING = """
from typing import ClassVar

from pydantic import BaseModel

from hilum.flow import Owners
from hilum.processes import Process, States


class Told(BaseModel):
    name: ClassVar[str] = "test.told"
    called: ClassVar[str] = "news of the portal"
    key: str


waiting = Process("test.waiting", version="1.0", summary="It waits", owners=Owners(business="A", technical="B"),
                  states=States("thing", {"new": ()}))
waiting.starts_on(Told, key=lambda told: told.key)


@waiting.run
async def wait(run, told):
    return ""
"""


async def test_what_runs_wait_for_is_told_in_the_words_of_people(
    database: Database, postgres_url: str, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    (tmp_path / "flows").mkdir()
    flows = tmp_path / "flows" / "waiting.py"
    flows.write_text(WAITING, encoding="utf-8")
    (tmp_path / "hilum.toml").write_text("", encoding="utf-8")
    async with database.transaction() as connection:
        await connection.execute(
            "INSERT INTO process_run (id, process, version, key, workflow, state, waits_for)"
            " VALUES (%s, 'test.waiting', '1.0', 'P1', 'w', 'new', 'Told')", [new_id()]
        )  # fmt: skip

    async def hilum(*arguments: str) -> Answered:
        return await asyncio.to_thread(cli, "processes", *arguments, "-p", tmp_path)

    assert "news of the portal" in (await hilum("list")).out
    assert "waits for news of the portal" in (await hilum("show", "test.waiting", "P1")).out
    assert (await hilum("list", "--search", "P2")).out.strip() == "No run fits."
    flows.write_text("a flow that is being mended", encoding="utf-8")
    assert "told" in (await hilum("list")).out, "what runs is told nevertheless"

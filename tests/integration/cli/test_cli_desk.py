"""`hilum desk`: what waits for people, one of it, and how the teams stand."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from cli_calls import Cli
from pydantic import BaseModel

from hilum.cases.side_by_side import SideBySide, member
from hilum.postgres import Database
from hilum.processes import Task, tasks
from support.runs import a_run

pytestmark = pytest.mark.req("UX-2", "UX-3")


def test_what_waits_is_listed_filtered_shown_and_counted(worked: Path, cli: Cli) -> None:
    told = cli("desk", "--json").json
    assert (told["total"], told["breached"]) == (1, 0)
    (entry,) = told["entries"]
    assert (entry["what"], entry["team"], entry["category"]) == ("case", "Supply chain", "unmapped")
    assert entry["title"] in cli("desk").out
    assert cli("desk", "list", "--search", "unknown to all", "--json").json["entries"] == []
    filters = ("--team", "Supply chain", "--what", "case", "--criticality", "low", "--due", "soon", "--sort", "due")
    assert len(cli("desk", "list", *filters, "--json").json["entries"]) <= 1
    shown = cli("desk", "show", entry["id"], "--json").json
    assert [each["key"] for each in shown["moves"]][:3] == ["replay", "edit", "discard"]
    assert "Replay" in cli("desk", "show", entry["id"]).out
    (figure,) = cli("desk", "figures", "--json").json
    assert (figure["team"], figure["what"], figure["open"]) == ("Supply chain", "case", 1)
    assert "Supply chain" in cli("desk", "figures").out


def test_what_cannot_be_asked_is_said_in_one_line(worked: Path, cli: Cli) -> None:
    assert "pressing" in cli("desk", "list", "--sort", "beauty").complaint
    assert "1500" in cli("desk", "list", "--at-least", "much").complaint
    assert "P3D" in cli("desk", "list", "--older", "long").complaint
    assert "hilum desk" in cli("desk", "show", "4711").complaint


class CallBack(BaseModel):
    confirmed: bool


async def _asked(url: str) -> str:
    """A question of a process that is not declared here: nobody says that what it shows may be seen."""
    database = Database(url, hot=1, cold=2)
    await database.open()
    try:
        papers = SideBySide(documents=("Paid to now", "Change"), members=(member("Account", "", "BE6853", marked=[1]),))
        run = await a_run(database)
        async with database.transaction() as connection:
            asked = Task("Call back", CallBack, team="Finance", papers=papers)
            return str(await tasks.put(connection, "test.order", run, 0, asked))
    finally:
        await database.close()


def test_documents_of_a_protected_process_are_shown_with_a_reason_that_is_in_the_audit(worked: Path, cli: Cli) -> None:
    task = asyncio.run(_asked(os.environ["HILUM_DATABASE_URL"]))
    hidden = cli("desk", "show", task, "--json").json
    assert hidden["documents"]["members"][0]["values"] == ["", "•••"]
    assert "BE6853" not in cli("desk", "show", task).out
    shown = cli("desk", "show", task, "--reason", "call back of BNK-2", "--json").json
    assert shown["documents"]["members"][0]["values"] == ["", "BE6853"]
    audited = cli("audit", "list", "--action", "view_payload", "--json").out
    assert f"the documents of task {task}: call back of BNK-2" in audited

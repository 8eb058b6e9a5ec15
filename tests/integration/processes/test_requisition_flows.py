"""The example from requisition to order as a hub of its own, with Odoo, portal, suppliers and dock around it."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import socket
import sys
from pathlib import Path
from types import ModuleType

import pytest

from hilum.canonical import DocumentStatus
from hilum.packs.procurement.order_rules import AnswerDecision
from hilum.postgres import Database
from hilum.processes import decide, inbox
from hilum.processes.tasks import Asked, answer_of
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.looks import rows
from support.serving import HubProcess

pytestmark = pytest.mark.req("WF-2", "SYS-9")

READ_BY_WARD = {"ordered", "acknowledged", "received"}
EXAMPLE = Path(__file__).parents[3] / "examples" / "requisition-to-order"


def free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def simulation(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """`simulate.py` of the example."""
    name = "simulated_buying"
    spec = importlib.util.spec_from_file_location(name, EXAMPLE / "simulate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_what_is_asked_is_ordered_decided_received_and_told(
    postgres_url: str, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, port = tmp_path / "project", free_port()
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns("in", "out", "mail", ".hilum", "__pycache__"))
    world = simulation(monkeypatch).World(f"http://127.0.0.1:{port}", tmp_path, odoo_port=0, portal_port=0)
    async with world:
        box, portal = world.odoo, world.portal
        hub = HubProcess(
            project, postgres_url, PORT=str(port), IN_DIR=str(tmp_path / "in"), OUT_DIR=str(tmp_path / "out"),
            MAIL_DIR=str(tmp_path / "mail"), PORTAL_URL=portal.status_url, ODOO_URL=box.url,
        )  # fmt: skip
        await hub.start()
        try:
            await world.know()

            async def known() -> bool:
                found = await rows(database, "SELECT count(*) FROM message WHERE state <> 'completed'")
                return found == [(0,)]

            await eventually(known)
            await world.ask()
            working = asyncio.create_task(world.work())
            try:
                task = await asked(database)
                assert "GLOVECO answers order REQ-1-R1 otherwise" in task.title
                assert "8 come, 10 were ordered" in task.words
                await eventually(lambda: portal.shown("REQ-1") == ["approval", "ordered", "acknowledged"])
                assert "done" not in {row["state"] for row in box.records("stock.picking")}
                async with database.transaction() as connection:
                    given = answer_of(AnswerDecision, {"accept": True})
                    await decide(connection, task.id, given, actor="bert", permissions={task.permission})
                await eventually(
                    lambda: working.done(), lambda: (portal.statuses, world.received, box.records("purchase.order"))
                )
                await working
            finally:
                working.cancel()
                await asyncio.gather(working, return_exceptions=True)
            came = [("REQ-1-R1", 8, 38, [("done", 8)]), ("WARD3-17-R1", 5, 20, [("done", 5)])]
            await eventually(lambda: received(box) == came, lambda: received(box))
            await eventually(lambda: written(tmp_path / "out" / "status", "WARD3-17") == READ_BY_WARD)
            assert await rows(database, "SELECT flow FROM message WHERE state = 'held'") == []
        finally:
            await hub.stop()
    assert portal.shown("REQ-1") == ["approval", "ordered", "acknowledged", "changed", "received"]
    assert portal.shown("WARD3-17") == []  # the portal does not know it


def received(box: SandboxOdoo) -> list[tuple[str, float, float, list[tuple[str, float]]]]:
    """Of each line: its order, how much at which price is ordered, and its moves into stock."""
    orders = {row["id"]: str(row["origin"]).partition(" ")[0] for row in box.records("purchase.order")}
    moves = box.records("stock.move")
    return sorted(
        (
            orders[row["order_id"]], row["product_qty"], row["price_unit"],
            [(move["state"], move["product_uom_qty"]) for move in moves if move["purchase_line_id"] == row["id"]],
        )
        for row in box.records("purchase.order.line")
    )  # fmt: skip


def written(folder: Path, number: str) -> set[str]:
    """What the folder says became of a requisition."""
    told = [DocumentStatus.model_validate_json(path.read_bytes()) for path in folder.glob("[!.]*")]
    return {each.status for each in told if each.document == number}


async def asked(database: Database) -> Asked:
    found: list[Asked] = []

    async def there() -> bool:
        async with database.cold() as connection:
            found[:] = [each for each in await inbox(connection) if each.form == "AnswerDecision"]
        return len(found) == 1

    await eventually(there)
    return found[0]

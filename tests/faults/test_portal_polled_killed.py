"""`kill -9` of a hub that hears a portal by webhooks, of which many are lost, and by REST: each event counts once."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections import Counter
from pathlib import Path

import pytest

from hilum.postgres import Database
from hilum.simulator.odoo import SandboxOdoo
from hilum.simulator.portal import ProcurementPortal, Troubles
from hilum.testing import eventually
from support.agreed import agree
from support.looks import rows
from support.mortal import EXAMPLES, free_ports
from support.serving import HubProcess

pytestmark = [pytest.mark.req("SYS-9", "WF-4"), pytest.mark.long]

SECRET = "portal and hub know it"
COUNT = 20


@pytest.mark.timeout(600)
async def test_every_event_of_a_portal_counts_once_over_kills(postgres_url: str, tmp_path: Path) -> None:
    folder = shutil.copytree(EXAMPLES / "requisition-to-order", tmp_path / "hub")
    settings = folder / "hilum.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + "\n[worker]\nlease_seconds = 2.0\n", encoding="utf-8")
    for name in ("in/requisitions", "mail/gloveco/from", "mail/suturaco/from"):
        (tmp_path / name).mkdir(parents=True)
    (port,) = free_ports(1)
    database = Database(postgres_url)
    troubles = Troubles(lost=0.4, doubled=0.3, forged=0.1)
    async with (
        SandboxOdoo("19.0", "hilum") as box,
        ProcurementPortal(
            webhook=f"http://127.0.0.1:{port}/portal", secret=SECRET, deciders={"head": "ada"}, troubles=troubles
        ) as portal,
    ):
        hub = HubProcess(
            folder, postgres_url, PORT=str(port), PORTAL_SECRET=SECRET, PORTAL_URL=portal.status_url,
            PORTAL_EVENTS=f"{portal.url}/events", ASK_EVERY="0.3", IN_DIR=str(tmp_path / "in"),
            OUT_DIR=str(tmp_path / "out"), MAIL_DIR=str(tmp_path / "mail"), ODOO_URL=box.url, ODOO_DB=box.database,
            ODOO_LOGIN=box.login, ODOO_KEY=box.api_key,
        )  # fmt: skip
        await hub.start()
        await database.open()
        try:
            await agree(database, supplier="GLOVECO", item="GLV-M")
            drawn = random.Random(7)
            asking = asyncio.create_task(_ask(portal))
            for _ in range(4):
                await asyncio.sleep(drawn.uniform(0.3, 1.5))
                await hub.kill()
                await hub.start()
            await asking
            expected = {f"REQ-{n}": ["approval", "ordered"] for n in range(1, COUNT + 1)}
            await eventually(
                lambda: {number: portal.shown(number) for number in expected} == expected, lambda: portal.statuses
            )
            heard = await rows(database, "SELECT dedup_key FROM message WHERE flow = 'buying.portal'")
            assert Counter(each for (each,) in heard) == Counter(each["id"] for each in portal.events)
            assert await rows(
                database, "SELECT count(*) FROM process_run WHERE process = 'procurement.requisition'"
            ) == [(COUNT,)]
        except BaseException as error:
            error.add_note("\n".join(hub.output[-60:]))
            raise
        finally:
            await hub.kill()
            await database.close()


async def _ask(portal: ProcurementPortal) -> None:
    for number in range(1, COUNT + 1):
        await portal.submit(f"REQ-{number}", [("GLV-M", 10 + number)], requested_by="eve")
        await asyncio.sleep(0.1)

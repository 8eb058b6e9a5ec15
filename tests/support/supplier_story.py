"""The example supplier-onboarding with its portal and an Odoo: a company is taken in, and changes its bank."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from hilum.packs.suppliers.rules import BANK_CHANGE, FINANCE, ONBOARDING, PURCHASING, CallBack, FinalApproval
from hilum.packs.suppliers.rules import Approval as First
from hilum.postgres import Database
from hilum.processes import decide, inbox, store
from hilum.processes.tasks import Asked
from hilum.simulator.odoo import SandboxOdoo
from hilum.simulator.supplier_portal import Company, PortalTroubles, SupplierPortal
from hilum.testing import eventually
from support.looks import rows
from support.mortal import ending, free_ports, mortal_project
from support.resting import all_quiet
from support.serving import HubProcess


class SupplierStory:
    """One hub of the example, its portal, and the people at their desks."""

    def __init__(self, folder: Path, database: Database, box: SandboxOdoo, portal: SupplierPortal) -> None:
        self.folder, self.database, self.box, self.portal = folder, database, box, portal
        self.diary = folder / "diary"
        self.hub: HubProcess

    async def begin(self, url: str, **environment: str) -> None:
        """Publish the list and start the hub."""
        for each in (self.diary, self.folder / "in" / "leie"):
            each.mkdir(parents=True)
        (self.folder / "in" / "leie" / "excluded.csv").write_bytes(self.portal.leie())
        (port,) = free_ports(1)
        self.portal.hub = f"http://127.0.0.1:{port}/bank-changes"
        self.hub = HubProcess(
            mortal_project("supplier-onboarding", "suppliers.py", self.folder / "hub"), url,
            PORT=str(port), PORTAL_URL=self.portal.url, PORTAL_TOKEN=self.portal.token, ASK_EVERY="0.2",
            PORTAL_SECRET=self.portal.secret, IN_DIR=str(self.folder / "in"), DIARY=str(self.diary),
            ODOO_URL=self.box.url, ODOO_DB=self.box.database, ODOO_LOGIN=self.box.login, ODOO_KEY=self.box.api_key,
            **environment,
        )  # fmt: skip
        await self.hub.start()

    async def task(self, process: str, key: str, team: str) -> Asked:
        """What the run of this key asks the team, when it waits for the answer."""
        found: list[Asked] = []
        seen: list[Any] = []

        async def there() -> bool:
            async with self.database.cold() as connection:
                run = await store.run_of(connection, process, key)
                seen[:] = [(run.state, run.status, run.waits_for)] if run else []
                tasks = await inbox(connection)
            found[:] = [each for each in tasks if run and each.run_id == run.id and each.team == team]
            seen.extend((each.team, each.title, each.words) for each in tasks)
            return bool(found and run and run.waits_for)

        await eventually(there, lambda: f"a task of {team}, not {seen}")
        return found[0]

    async def answer(self, task: Asked, answer: Any, by: str) -> None:
        async with self.database.transaction() as connection:
            await decide(connection, task.id, answer, actor=by, permissions={"approve"})

    async def is_in(self, process: str, key: str, state: str) -> None:
        seen: list[Any] = []

        async def there() -> bool:
            async with self.database.cold() as connection:
                run = await store.run_of(connection, process, key)
            seen[:] = [(run.state, run.status, run.waits_for)] if run else []
            return bool(run and run.state == state and (run.waits_for or run.ended_at))

        await eventually(there, lambda: f"{key} {state}, not {seen}")

    async def taken_in(self, company: Company) -> None:
        """Two people of two teams approve it."""
        await self.answer(await self.task(ONBOARDING, company.number, PURCHASING), First(approved=True), "ada")
        final = FinalApproval(approved=True, spoke_with="Lotte Janssens")
        await self.answer(await self.task(ONBOARDING, company.number, FINANCE), final, "ben")
        await self.is_in(ONBOARDING, company.number, "active")
        await eventually(lambda: self.vendor(company)[0:2] == (1, False), lambda: self.vendor(company))

    async def bank_changed(self, company: Company, number: str) -> None:
        """It changes its bank, and Finance calls it back."""
        status = 0

        async def posted() -> bool:
            nonlocal status
            try:
                status = await self.portal.change_bank(company, number)
            except aiohttp.ClientError:
                return False  # the hub is dead; a portal posts again
            return status == 202

        await eventually(posted, lambda: status)
        task = await self.task(BANK_CHANGE, company.supplier, FINANCE)
        await self.answer(task, CallBack(confirmed=True, spoke_with="Lotte Janssens"), "cleo")
        await self.is_in(BANK_CHANGE, company.supplier, "changed")

    def vendor(self, company: Company) -> tuple[int, bool, list[str]]:
        """How many contacts it has in Odoo, whether the first is blocked, and its accounts."""
        found = [each for each in self.box.records("res.partner") if each["ref"] == company.supplier]
        banks = self.box.records("res.partner.bank")
        mine = [
            each["acc_number"] for each in banks if found and each["partner_id"] == found[0]["id"] and each["active"]
        ]
        return len(found), bool(found) and found[0]["purchase_warn"] == "block", mine

    async def quiet(self) -> None:
        """Everything that came has arrived."""
        await all_quiet(self.database, unheard=["suppliers.screenings"])

    async def outcome(self, company: Company) -> dict[str, Any]:
        """All that follows from its story, but for numbers and times."""
        await self.quiet()
        keys = [company.number, company.supplier]
        asked = await rows(
            self.database, "SELECT t.team, t.decided_by, count(*) FROM process_task t JOIN process_run r"
            " ON r.id = t.run_id WHERE r.key = ANY(%s) GROUP BY 1, 2 ORDER BY 1, 2", [keys])  # fmt: skip
        sent = await rows(
            self.database, "SELECT c.channel, count(*) FROM process_command c JOIN process_run r ON r.id = c.run_id"
            " WHERE r.key = ANY(%s) GROUP BY 1 ORDER BY 1", [keys])  # fmt: skip
        way = await rows(
            self.database, "SELECT h.words FROM process_history h JOIN process_run r ON r.id = h.run_id"
            " WHERE r.key = ANY(%s) AND h.kind = 'moved' ORDER BY r.process, h.id", [keys])  # fmt: skip
        return {
            "vendor": self.vendor(company), "heard": list(company.heard), "asked": asked, "sent": sent,
            "way": [words for (words,) in way],
        }  # fmt: skip


@asynccontextmanager
async def supplier_story(url: str, folder: Path, seed: int, **troubles: float) -> AsyncIterator[SupplierStory]:
    """Portal, Odoo and database are there; say `begin` with where it dies."""
    folder.mkdir(exist_ok=True)
    database = Database(url)
    await database.open()
    portal = SupplierPortal(
        hub="", secret="opensesame", token="letmein", count=1, seed=seed, troubles=PortalTroubles(**troubles)
    )
    async with SandboxOdoo("18.0", "hilum") as box, portal:
        story = SupplierStory(folder, database, box, portal)
        async with ending(story, database):
            yield story

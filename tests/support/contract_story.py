"""The example contract-to-procure with its CLM and an Odoo: a contract lives, is bought by, suspended and ended."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import aiohttp

from hilum.canonical import BusinessObject
from hilum.canonical.catalogue import write
from hilum.postgres import Database
from hilum.processes import store
from hilum.simulator.contracts import ContractOffice, SimulatedContract, Troubles
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.looks import rows
from support.mortal import EXAMPLES, ending, free_ports, mortal_project
from support.resting import all_quiet
from support.serving import HubProcess

PROCESS = "contracts.contract"
TODAY = datetime.now(UTC).date()


def simulate() -> ModuleType:
    """What the example itself simulates with."""
    path = EXAMPLES / "contract-to-procure" / "simulate.py"
    spec = importlib.util.spec_from_file_location("contract_to_procure_simulate", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class ContractStory:
    """One hub of the example and its CLM."""

    def __init__(self, folder: Path, database: Database, box: SandboxOdoo, office: ContractOffice) -> None:
        self.folder, self.database, self.box, self.office = folder, database, box, office
        self.diary = folder / "diary"
        self.examples = simulate()
        self.url = ""
        self.hub: HubProcess

    @property
    def contract(self) -> SimulatedContract:
        """The only one."""
        return self.office.contracts[0]

    async def begin(self, url: str, **environment: str) -> None:
        """Start the hub."""
        self.diary.mkdir(parents=True)
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        self.office.clm, self.office.esignature = f"{self.url}/clm", f"{self.url}/esignature"
        self.hub = HubProcess(
            mortal_project("contract-to-procure", "contracts.py", self.folder / "hub"), url,
            PORT=str(port), CLM_URL=self.office.url, CLM_TOKEN=self.office.token, CLM_SECRET=self.office.secret,
            ASK_EVERY="0.2", DIARY=str(self.diary), ODOO_URL=self.box.url, ODOO_DB=self.box.database,
            ODOO_LOGIN=self.box.login, ODOO_KEY=self.box.api_key, **environment,
        )  # fmt: skip
        await self.hub.start()

    async def acquainted(self) -> None:
        """The hub and Odoo know suppliers and items."""
        for thing in self.examples.master_data():
            await self.post("/master", thing)
        await self.quiet()

    async def post(self, path: str, thing: BusinessObject) -> None:
        async def posted() -> bool:
            try:
                async with (
                    aiohttp.ClientSession() as session,
                    session.post(f"{self.url}{path}", data=write(thing)) as answer,
                ):
                    assert answer.status == 202
            except aiohttp.ClientError:
                return False  # the hub is dead; who posts tries again
            return True

        await eventually(posted, lambda: path)

    async def is_in(self, state: str) -> None:
        seen: list[Any] = []

        async def there() -> bool:
            async with self.database.cold() as connection:
                run = await store.run_of(connection, PROCESS, self.contract.number)
            seen[:] = [(run.state, run.status, run.waits_for)] if run else []
            return bool(run and run.state == state and (run.waits_for or run.ended_at))

        await eventually(there, lambda: f"{self.contract.number} {state}, not {seen}")

    async def quiet(self, *allowed: str) -> None:
        """Everything that came has arrived."""
        await all_quiet(self.database, *allowed)

    def prices(self) -> list[tuple[float, float, str]]:
        """Step, price and last day of the prices in Odoo that belong to no blanket order."""
        found = [row for row in self.box.records("product.supplierinfo") if not row["purchase_requisition_line_id"]]
        return sorted((row["min_qty"], row["price"], str(row["date_end"] or "")) for row in found)

    def agreements(self) -> list[str]:
        """The states of the blanket orders in Odoo."""
        return sorted(row["state"] for row in self.box.records("purchase.requisition"))

    def expected(self) -> list[tuple[float, float, str]]:
        """The prices that the contract has, while it is in force."""
        contract = self.contract.contract
        last = str(datetime.fromisoformat(contract["valid_to"]).date() - timedelta(days=1))
        return sorted(
            (float(tier.get("from_quantity", 0)), float(tier["unit_price"]), last)
            for line in contract["prices"]
            for tier in line["tiers"]
        )

    async def in_odoo(self, prices: list[tuple[float, float, str]], *agreements: str) -> None:
        wanted = (prices, sorted(agreements) if self.contract.commitments else [])
        await eventually(lambda: (self.prices(), self.agreements()) == wanted,
                         lambda: f"{wanted}, not {self.prices(), self.agreements()}")  # fmt: skip

    async def sent(self) -> list[Any]:
        """How many commands the run sent, by channel."""
        return await rows(
            self.database, "SELECT c.channel, count(*) FROM process_command c JOIN process_run r ON r.id = c.run_id"
            " WHERE r.key = %s GROUP BY 1 ORDER BY 1", [self.contract.number])  # fmt: skip

    async def way(self) -> list[str]:
        """The states that the run went through."""
        found = await rows(
            self.database, "SELECT h.words FROM process_history h JOIN process_run r ON r.id = h.run_id"
            " WHERE r.key = %s AND h.kind = 'moved' ORDER BY h.id", [self.contract.number])  # fmt: skip
        return [words for (words,) in found]


@asynccontextmanager
async def contract_story(url: str, folder: Path, seed: int, **troubles: float) -> AsyncIterator[ContractStory]:
    """CLM, Odoo and database are there; say `begin` with where it dies."""
    folder.mkdir(exist_ok=True)
    database = Database(url)
    await database.open()
    office = ContractOffice(
        clm="", esignature="", secret="opensesame", token="letmein", count=1, seed=seed, items=("GLV",),
        begins=datetime.now(UTC) - timedelta(days=70), troubles=Troubles(**troubles),
    )  # fmt: skip
    office.contracts[0].commitments = [{"item": "GLV", "quantity": "240"}]
    async with SandboxOdoo("19.0", "hilum") as box, office:
        story = ContractStory(folder, database, box, office)
        async with ending(story, database):
            yield story

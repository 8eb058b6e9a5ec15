"""`kill -9` of a whole hub while it works at Odoo: each effect is there once, and no change is lost or told twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from test_odoo_faults import BOOKS, MASTER, check_books, documents, settings, until_delivered

from hilum import canonical
from hilum.canonical import BusinessObject
from hilum.connectors.odoo import Odoo
from hilum.journal import Draft, intents, receive
from hilum.postgres import Database
from hilum.simulator.odoo import FaultKind, Faults, SandboxOdoo
from hilum.testing import eventually
from support.http_receiver import HttpReceiver
from support.looks import assert_sound, rows
from support.servers import LANES
from support.serving import HubProcess
from support.waits import deliveries, messages

TOML = """
[worker]
lease_seconds = 1.0
[endpoints.odoo.main]
url = "{url}"
database = "{database}"
login = "{login}"
api_key = "{key}"
timeout = 20.0
short_timeout = true
{more}"""

START = """
from hilum.connectors import http, odoo
from hilum.flow import Criticality, DataClass, Flow, Owners, Retry, Slo

OF = dict(
    version="1.0", summary="A test works at an Odoo", owners=Owners(business="Supply chain", technical="Integration"),
    data_class=DataClass.INTERNAL, criticality=Criticality.NORMAL, slo=Slo(percent=99, within="1m"), retention="P1Y",
    format="json", retry=Retry(attempts=500, first_wait=0.02, longest_wait=0.2),
)
"""
EFFECTS = """
import orjson
from hilum import canonical

flow = Flow("test.effects", order_by=lambda parsed: "", **OF)
flow.translate(lambda parsed, hub: canonical.read(orjson.dumps(parsed)))
for target in (odoo.stock_consumption, odoo.charge, odoo.purchase_order):
    flow.deliver_to(target("odoo.main"))
"""
CHANGES = """
flow = Flow("test.changes", **OF, source=odoo.changes(
    "odoo.main", models=["maintenance.equipment"], fields={"maintenance.equipment": ["name"]}, begin="all",
    poll=0.05, compare=0.1, vanished=100.0,  # people delete while no hub looks, and none looks for long
))
flow.translate(lambda parsed, hub: parsed)
flow.deliver_to(http.post("http.receiver"))
"""
MODEL = "maintenance.equipment"


def project(folder: Path, box: SandboxOdoo, flow: str, more: str = "") -> Path:
    """A project with this flow and the sandbox as its Odoo."""
    (folder / "flows").mkdir(parents=True)
    (folder / "flows" / "work.py").write_text(START + flow, encoding="utf-8")
    given = {"url": box.url, "database": box.database, "login": box.login, "key": box.api_key}
    (folder / "hilum.toml").write_text(TOML.format(**given, more=more), encoding="utf-8")
    return folder


async def received(database: Database, things: Sequence[BusinessObject]) -> None:
    """The journal has a message of each."""
    drafts = [
        Draft(flow="test.effects", body=canonical.write(each), content_type="application/json") for each in things
    ]
    async with database.hot() as connection:
        await receive(connection, drafts, LANES)


async def effects_under_kills(folder: Path, database: Database, url: str, kills: int) -> None:
    """Documents go to an Odoo that loses answers, through a hub that is killed somewhere in the middle of each lot."""
    faults = Faults(seed=kills)
    interrupted = 0
    async with SandboxOdoo(version="19.0", faults=faults) as box:
        first = Odoo(**settings(box))
        await first.open()
        await until_delivered(first, MASTER)
        await first.close()
        faults.add(FaultKind.LOST_REPLY, probability=0.1)
        faults.add(FaultKind.CLOSE, probability=0.05)
        faults.add(FaultKind.LATENCY, ms=10)
        hub = HubProcess(project(folder, box, EFFECTS), url, roles="worker")
        things: list[BusinessObject] = []
        try:
            for n in range(kills):
                lot = documents(12, name=f"K{n}-")
                things += lot
                await received(database, lot)
                before = box.calls.calls.total()
                await hub.start()
                enough = before + random.randint(3, 40)
                await eventually(lambda enough=enough: box.calls.calls.total() >= enough)
                await asyncio.sleep(random.uniform(0, 0.02))
                await hub.kill()
                interrupted += len(await rows(database, "SELECT 1 FROM intent WHERE state = 'open'"))
            faults.clear()
            await hub.start()
            await deliveries(database, delivered=len(things))
        finally:
            code = await hub.stop()
        assert code == 0, "\n".join(hub.output[-40:])
        check_books({model: box.records(model) for model in BOOKS}, things)
    assert interrupted, "no effect was under way when the hub was killed"
    await messages(database, completed=len(things))
    async with database.cold() as connection:
        assert await intents.unknown(connection) == {}
    assert await rows(database, "SELECT 1 FROM exception_case") == []
    await assert_sound(database)


@pytest.mark.req("NEW-1")
@pytest.mark.req("MSG-3")
@pytest.mark.timeout(120)
async def test_a_hub_is_killed_while_it_makes_effects(database: Database, postgres_url: str, tmp_path: Path) -> None:
    await effects_under_kills(tmp_path / "hub", database, postgres_url, 1)


@pytest.mark.long
@pytest.mark.req("NEW-1")
@pytest.mark.req("MSG-3")
@pytest.mark.timeout(1200)
async def test_a_hub_is_killed_thirty_times_while_it_makes_effects(
    database: Database, postgres_url: str, tmp_path: Path
) -> None:
    await effects_under_kills(tmp_path / "hub", database, postgres_url, 30)


class Busy:
    """People at work in Odoo: they make, change and remove records, until they are told to stop."""

    def __init__(self, box: SandboxOdoo, seed: int) -> None:
        self._box = box
        self._random = random.Random(seed)
        self._there: list[int] = []
        self._count = 0
        self.acts = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._work())

    async def stop(self) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            self._box.change(self._act)
            self.acts += 1
            await asyncio.sleep(self._random.uniform(0, 0.03))

    def _act(self, env: Any) -> None:
        self._count += 1
        kind = self._random.random()
        if not self._there or kind < 0.4:
            self._there.append(env[MODEL].create({"name": f"made {self._count}"}).id)
        elif kind < 0.9:
            env[MODEL].write(self._random.choice(self._there), {"name": f"changed {self._count}"})
        else:
            gone = self._there.pop(self._random.randrange(len(self._there)))
            env[MODEL].unlink(gone)

    def truth(self) -> dict[int, str]:
        """What is there."""
        return {row["id"]: row["name"] for row in self._box.records(MODEL)}


def known_to(far: HttpReceiver) -> dict[int, str]:
    """What somebody knows who heard every change and nothing else."""
    found: dict[int, str] = {}
    for each in far.taken:
        if each["kind"] == "deleted":
            found.pop(each["id"], None)
        else:
            found[each["id"]] = each["values"]["name"]
    return found


def assert_told_once(far: HttpReceiver) -> None:
    """Every change of a record is another one than the one before, and after its deletion nothing is told of it.

    `created` may come twice with other values: whether the journal had the first one, the killed hub took with it.
    """
    last: dict[int, tuple[str, Any]] = {}
    for each in far.taken:
        told = each["kind"], each["values"].get("name") if each["values"] else None
        before = last.get(each["id"])
        assert before != told, f"told twice: {each['id']} {told}"
        assert before is None or before[0] != "deleted", f"told after its deletion: {each['id']} {told}"
        last[each["id"]] = told


async def changes_under_kills(folder: Path, database: Database, url: str, kills: int, *, patient: bool) -> None:
    """People work in Odoo while the hub that tells of it is killed.

    `patient`: the next hub waits until the memory of the killed one is free; else the test ends that lease at once.
    """
    async with SandboxOdoo(version="19.0") as box, HttpReceiver() as far:
        more = f'[endpoints.http.receiver]\nurl = "{far.url}"\ndeduplicates = true\nanswer_timeout = 5\n'
        hub = HubProcess(project(folder, box, CHANGES, more), url)
        people = Busy(box, kills)
        people.start()
        try:
            for _ in range(kills):
                await hub.start()
                heard = len(far.taken) + random.randint(1, 20)
                await eventually(lambda heard=heard: len(far.taken) >= heard)
                await asyncio.sleep(random.uniform(0, 0.1))
                await hub.kill()
                if not patient:
                    await rows(database, "UPDATE memory_lease SET held_until = now() RETURNING scope")
            await hub.start()
            acts = people.acts + 10
            await eventually(lambda: people.acts >= acts)
            await people.stop()
            await eventually(
                lambda: known_to(far) == people.truth(),
                lambda: f"they differ in {dict(known_to(far).items() ^ people.truth().items())}",
            )
        finally:
            await people.stop()
            code = await hub.stop()
        assert code == 0, "\n".join(hub.output[-40:])
        assert people.truth(), "nothing was left to compare"
        assert_told_once(far)
    await assert_sound(database)


@pytest.mark.req("NEW-3")
@pytest.mark.req("MSG-2")
@pytest.mark.timeout(120)
async def test_a_hub_is_killed_while_it_follows_odoo(database: Database, postgres_url: str, tmp_path: Path) -> None:
    await changes_under_kills(tmp_path / "hub", database, postgres_url, 1, patient=False)


@pytest.mark.long
@pytest.mark.req("NEW-3")
@pytest.mark.req("MSG-2")
@pytest.mark.timeout(1800)
async def test_a_hub_is_killed_thirty_times_while_it_follows_odoo(
    database: Database, postgres_url: str, tmp_path: Path
) -> None:
    await changes_under_kills(tmp_path / "hub", database, postgres_url, 30, patient=True)

"""A whole hub over PostgreSQL that delivers to the Odoo under test, through a door that does harm on demand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson
from odoo_far_side import TARGETS, FarSide

from hilum import canonical
from hilum.canonical import BusinessObject
from hilum.flow import load_project
from hilum.journal import Draft, receive
from hilum.postgres import Database
from hilum.runtime import Hub
from support.looks import rows, states
from support.servers import LANES
from support.serving import HubProcess
from support.waits import messages

FLOW = "contract.effects"
_TOML = """
[worker]
lease_seconds = 1.0
[endpoints.odoo.main]
"""
_CODE = """
import orjson
from hilum import canonical
from hilum.connectors import odoo
from hilum.flow import Criticality, DataClass, Flow, Owners, Retry, Slo

flow = Flow(
    "contract.effects", version="1.0", summary="A test works at an Odoo", format="json", order_by=lambda parsed: "",
    owners=Owners(business="Supply chain", technical="Integration"), data_class=DataClass.INTERNAL, retention="P1Y",
    criticality=Criticality.NORMAL, slo=Slo(percent=99, within="1m"),
    retry=Retry(attempts=500, first_wait=0.02, longest_wait=0.2),
)
flow.translate(lambda parsed, hub: canonical.read(orjson.dumps(parsed)))
flow.deliver_to(odoo.{target}("odoo.main"))
"""


class HubAtOdoo:
    """`async with HubAtOdoo(far, kind, folder, url) as hub:` brings objects of one kind to Odoo, as a user's hub does.

    `process`: in a process of its own, which can be killed.
    """

    def __init__(
        self, far: FarSide, kind: type[BusinessObject], folder: Path, url: str, *, process: bool = False
    ) -> None:
        self.database = Database(url, hot=1, cold=2)
        self._folder = _project(folder, far, kind)
        self._in_process = process
        self._hub: Hub | None = None
        self.process = HubProcess(self._folder, url, roles="worker")
        self._received = 0

    async def __aenter__(self) -> Self:
        await self.database.open()
        if self._in_process:
            await self.process.start()
        else:
            self._hub = Hub(load_project(self._folder), self.database, roles=("worker",))
            await self._hub.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._hub is not None:
            await self._hub.stop()
        elif self.process.running:
            await self.process.stop()
        await self.database.close()

    async def receive(self, *things: BusinessObject) -> None:
        """The journal has a message of each."""
        drafts = [Draft(flow=FLOW, body=canonical.write(each), content_type="application/json") for each in things]
        async with self.database.hot() as connection:
            await receive(connection, drafts, LANES)
        self._received += len(drafts)

    async def completed(self) -> None:
        """Wait until all is delivered."""
        await messages(self.database, completed=self._received)

    async def all_completed(self) -> bool:
        """Is it all delivered now?"""
        return (await states(self.database)).get("completed", 0) == self._received

    async def deliver(self, *things: BusinessObject) -> None:
        """Both."""
        await self.receive(*things)
        await self.completed()

    async def references(self) -> list[str]:
        """What Odoo calls what was delivered, oldest first."""
        found = await rows(self.database, "SELECT reference FROM delivery ORDER BY message_id, ordinal")
        return [row[0] for row in found]

    async def answers(self) -> list[list[str]]:
        """Of each effect that Odoo had to be asked about: what it said, oldest first."""
        found = await rows(self.database, "SELECT proof FROM intent WHERE proof IS NOT NULL ORDER BY message_id")
        return [[one["answer"] for one in row[0]] for row in found]

    async def unsettled(self) -> Sequence[Any]:
        """Effects that are not known to be there."""
        return await rows(self.database, "SELECT effect, state FROM intent WHERE state <> 'landed'")


def _project(folder: Path, far: FarSide, kind: type[BusinessObject]) -> Path:
    (folder / "flows").mkdir(parents=True)
    target: str = TARGETS[kind].__name__
    (folder / "flows" / "effects.py").write_text(_CODE.format(target=target), encoding="utf-8")
    settings = {**far.reached_by(), "protocol": far.protocol, "timeout": far.patience, "short_timeout": True}
    lines = [f"{name} = {orjson.dumps(value).decode()}" for name, value in settings.items()]
    (folder / "hilum.toml").write_text(_TOML + "\n".join(lines) + "\n", encoding="utf-8")
    return folder

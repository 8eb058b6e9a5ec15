"""An Odoo whose changes are followed, and what was made of them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from hilum.connectors import odoo
from hilum.connectors.odoo.capture.feed import Feed
from hilum.flow import Flow
from hilum.simulator.odoo import SandboxOdoo
from hilum.simulator.odoo.orm.record import Env
from hilum.testing import eventually
from support.doubles import Receiver
from support.projects import make_flow, target

MODEL = "maintenance.equipment"
FIELDS = ("name", "serial_no")


class Clock:
    """The clock of an Odoo: it runs, and a test can push it on."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def push(self, **span: float) -> None:
        self.ahead += timedelta(**span)


class Losses(logging.Handler):
    """Hears when a feed lost what it remembers by: then it cannot know what reached the journal, and tells it again."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        if record.funcName == "_end" or "The database" in said or "nother hub goes on" in said:
            self.heard.append(said)


class Followed:
    """A sandbox, and what was told of its changes."""

    def __init__(self, spoken: str) -> None:
        """`spoken`: the version, and by which protocol where that is not the one it likes best: `18.0 by xmlrpc`."""
        version, _, protocol = spoken.partition(" by ")
        self.protocol = protocol or "auto"
        self.losses = Losses()
        self.clock = Clock()
        self.sandbox = SandboxOdoo(version, clock=self.clock)
        self.receiver = Receiver()

    def settings(self, **more: Any) -> dict[str, Any]:
        box = self.sandbox
        found = {"url": box.url, "api_key": box.api_key, "database": box.database, "login": box.login}
        found["protocol"] = self.protocol
        return found | {"models": [MODEL], "fields": {MODEL: FIELDS}, "poll": 0.05, **more}

    def changes(self, **more: Any) -> Feed:
        return odoo.changes(**self.settings(**{"compare": 0.05, "begin": "all", **more}))

    def outbox(self, **more: Any) -> Feed:
        return odoo.outbox(**self.settings(**more))

    def install_outbox(self, *models: str) -> None:
        self.sandbox.set_module("hilum_outbox", installed=True)
        noted = {"key": "hilum_outbox.models", "value": ", ".join(models or [MODEL])}
        self.change(lambda env: env["ir.config_parameter"].create(noted))

    def flow(self, source: Feed, receiver: Receiver | None = None, name: str = "test.changes") -> Flow:
        made = make_flow(source, name=name, order_by=None, dedup_by=None)
        made.deliver_to(target(receiver or self.receiver, f"memory.{name.rpartition('.')[2]}"))
        return made

    @property
    def sums(self) -> str:
        """The call that a comparison makes, as the sandbox counts it."""
        since_19 = self.sandbox.engine.registry.major >= 19
        return f"{MODEL}/{'formatted_read_group' if since_19 else 'read_group'}"

    # ---- what people do in Odoo

    def change(self, work: Callable[[Env], Any]) -> Any:
        return self.sandbox.change(work)

    def create(self, *names: str) -> list[int]:
        """All in one transaction, so at one instant."""
        return list(self.change(lambda env: [env[MODEL].create({"name": each}).id for each in names]))

    def write(self, record_id: int, **values: Any) -> None:
        self.change(lambda env: env[MODEL].write(record_id, values))

    def delete(self, *ids: int) -> None:
        self.change(lambda env: [env[MODEL].unlink(each) for each in ids])

    def truth(self) -> dict[int, tuple[str, bool]]:
        """What is there: name and whether it is active, by id."""
        return {row["id"]: (row["name"], bool(row["active"])) for row in self.sandbox.records(MODEL)}

    # ---- what came of it

    def events(self, receiver: Receiver | None = None) -> list[dict[str, Any]]:
        return [orjson.loads(each.body) for each in (receiver or self.receiver).taken]

    def kinds(self, record_id: int, receiver: Receiver | None = None) -> list[str]:
        return [each["kind"] for each in self.events(receiver) if (each["model"], each["id"]) == (MODEL, record_id)]

    def replica(self, receiver: Receiver | None = None) -> dict[int, tuple[str, bool]]:
        """What somebody knows who heard all events and nothing else."""
        found: dict[int, tuple[str, bool]] = {}
        for each in self.events(receiver):
            if each["kind"] == "deleted":
                found.pop(each["id"], None)
            else:
                found[each["id"]] = (each["values"]["name"], each["values"]["active"])
        return found

    async def agree(self, receiver: Receiver | None = None) -> None:
        """Wait until who heard all events knows what is there."""
        await eventually(
            lambda: self.replica(receiver) == self.truth(),
            lambda: f"{self.truth()}, but {self.replica(receiver)}",
        )

    async def told(self, record_id: int, *kinds: str, receiver: Receiver | None = None) -> None:
        """Wait until exactly these kinds were told of a record."""
        await eventually(
            lambda: self.kinds(record_id, receiver) == list(kinds), lambda: self.kinds(record_id, receiver)
        )

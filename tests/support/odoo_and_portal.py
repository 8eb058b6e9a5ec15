"""A sandbox Odoo and a supplier portal that tell each other of suppliers by a hub; people edit at both sides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from hilum.connector import Source
from hilum.connectors import http, odoo
from hilum.flow import Flow, Retry
from hilum.flow.matching import Matching
from hilum.postgres import Database
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.cluster import free_port
from support.looks import states
from support.portal import Portal
from support.projects import make_flow

PARTNER: Final = "res.partner"
FIELDS: Final = ("name", "phone", "email")
_SOON: Final = Retry(attempts=50, first_wait=0.05, longest_wait=0.2)


class OdooAndPortal:
    """Both, and the hub between them, which sees Odoo's side by polling or by the addon's outbox."""

    def __init__(self, box: SandboxOdoo, portal: Portal, database: Database, *, by: str) -> None:
        self.box, self.portal, self.database, self._by = box, portal, database, by
        if by == "outbox":
            box.set_module("hilum_outbox", installed=True)
            watched = {"key": "hilum_outbox.models", "value": PARTNER}
            box.change(lambda env: env["ir.config_parameter"].create(watched))
        self._port = free_port()
        portal.tell = f"http://127.0.0.1:{self._port}/srm"

    def from_srm(self, translate: Callable[[Any, Any], Any], *, matches: Sequence[Matching] = ()) -> Flow:
        """From the portal to Odoo."""
        flow = make_flow(
            http.Listener(host="127.0.0.1", port=self._port, path="/srm"),
            name="suppliers.from_srm",
            system="SRM",
            format="json",
            translate=translate,
            order_by=lambda m: m["number"],
            changed_at=lambda m: str(m["changed_at"]),
            retry=_SOON,
            matches=matches,
        )
        flow.deliver_to(self._in_odoo())
        flow.correct_to(self._in_portal())
        return flow

    def from_odoo(
        self,
        translate: Callable[[Any, Any], Any],
        *fields: str,
        order_by: Callable[[Any], str],
        matches: Sequence[Matching] = (),
    ) -> Flow:
        """From Odoo to the portal; these fields of contacts are read."""
        flow = make_flow(
            self._source(fields),
            name="suppliers.from_odoo",
            system="ODOO",
            translate=translate,
            order_by=order_by,
            dedup_by=None,
            changed_at=lambda m: m["write_date"],
            retry=_SOON,
            matches=matches,
        )
        flow.deliver_to(self._in_portal())
        flow.correct_to(self._in_odoo())
        return flow

    def in_odoo(self) -> dict[str, dict[str, str]]:
        """Name, phone and email by number, as Odoo has them."""
        found = [each for each in self.box.records(PARTNER) if each["ref"]]
        return {each["ref"]: {name: each[name] or "" for name in FIELDS} for each in found}

    async def settled(self) -> None:
        """Both show the same, everything was told and done, and further looks bring nothing."""
        found: dict[str, int] = {}

        async def quiet() -> bool:
            before, looks = self.portal.writes, self._looks()
            await eventually(lambda: self._looks() >= looks + 5)
            found.clear()
            found.update(await states(self.database))
            idle = set(found) <= {"completed"} and self.portal.idle and not self.box.records("hilum.outbox")
            same = self.in_odoo() == {number: record.values for number, record in self.portal.records.items()}
            return idle and same and self.portal.writes == before

        await eventually(quiet, lambda: (found, self.portal.idle, self.in_odoo(), self.portal.records))

    def _looks(self) -> int:
        """How often the hub has looked into Odoo."""
        asked = f"{PARTNER}/search_read" if self._by == "polling" else "hilum.outbox/pull"
        return self.box.calls.calls[asked]

    def _source(self, fields: Sequence[str]) -> Source:
        model: dict[str, Any] = {"models": [PARTNER], "fields": {PARTNER: fields}}
        if self._by == "outbox":
            return odoo.outbox(**model, poll=0.05, **self._where())
        return odoo.changes(**model, poll=0.05, compare=0.3, begin="all", **self._where())

    def _where(self) -> dict[str, str]:
        box = self.box
        return {"url": box.url, "database": box.database, "login": box.login, "api_key": box.api_key}

    def _in_odoo(self) -> Any:
        return odoo.supplier("odoo.main", **self._where())

    def _in_portal(self) -> Any:
        return http.post("http.srm", url=self.portal.url, deduplicates=True)

"""What an Odoo has, as a side of a comparison: its records read as business objects, and those as rows.

    InOdoo("odoo.main", {PurchaseOrder: order_row, PurchaseOrderCancelled: cancelled_row})

Records are read page by page through the same table that tells others what changes in Odoo (`objects.CAPTURED`), with
the hub's keys where the hub has made them, within the call budget of the endpoint.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from hilum.connectors.odoo import Odoo
from hilum.connectors.odoo.capture.reading import Reader
from hilum.connectors.odoo.capture.reading import Row as Read
from hilum.errors import SettingsError, Stop
from hilum.flow import Project
from hilum.packs.odoo.captured import Captured
from hilum.packs.odoo.conventions import Conventions
from hilum.packs.odoo.flows import captured_for
from hilum.packs.odoo.objects import objects_in
from hilum.packs.odoo.records import Record
from hilum.reconcile import Asked, Row, Side
from hilum.reconcile.sent import Tellings

DAY_OF: Final[Mapping[str, str]] = {
    "purchase.order": "date_order",
    "account.move": "date",
    "account.payment": "date",
    "account.bank.statement.line": "date",
    "stock.picking": "date_done",
}
"""By model: the field of the day by which Odoo is asked for a period. Other models are read whole."""

_PAGE: Final = 200


class InOdoo(Side):
    """Records of one Odoo.

    `tell`: by kind of object, its row. `company`: only what belongs to the company of this name; empty: all that the
    hub's user sees. `where`: a domain of Odoo besides.
    """

    def __init__(
        self,
        endpoint: str,
        tell: Tellings,
        *,
        called: str = "Odoo",
        company: str = "",
        where: Sequence[Any] = (),
        conventions: Conventions | None = None,
        page: int = _PAGE,
    ) -> None:
        self.endpoint = endpoint
        self.called = called
        self._tell = dict(tell)
        self._captured = captured_for(list(tell))
        self._company = company
        self._where = list(where)
        self._conventions = conventions or Conventions()
        self._page = page

    def needs(self, project: Project) -> None:
        """Raises `SettingsError` where the endpoint is neither in `hilum.toml` nor that of a flow."""
        kind, _, name = self.endpoint.partition(".")
        known = {target.endpoint for flow in project.flows.values() for target in flow.every_target}
        if self.endpoint not in known and name not in project.settings.endpoints.get(kind, {}):
            raise SettingsError(
                f"'{self.endpoint}' is not set up: add [endpoints.{kind}.{name or 'main'}] to hilum.toml."
            )

    async def rows(self, asked: Asked) -> AsyncIterator[Sequence[Row]]:
        """Raises what Odoo raises: `Down`, `TryAgain`, `Rejected`, `SettingsError`."""
        odoo = asked.endpoint(self.endpoint)
        if not isinstance(odoo, Odoo):
            raise SettingsError(f"'{self.endpoint}' is no Odoo.")
        conventions = replace(self._conventions, prefix=odoo.settings.prefix, hub=asked.project.lookup)
        await odoo.open()
        try:
            for model, lines in self._by_model().items():
                fields = tuple(dict.fromkeys(name for each in lines for name in each.fields))
                reader = await Reader.of(
                    await odoo.client(), model, fields, page=self._page, prefix=odoo.settings.prefix
                )
                low: int | None = 1
                while low is not None:
                    found = await reader.matching(self._domain(model, asked), low, self._page)
                    told = await reader.describe(found)
                    low = found[-1].id + 1 if len(found) == self._page else None
                    yield [row for each in found for row in self._rows(model, each, told[each.id], conventions, lines)]
        finally:
            await odoo.close()

    def _by_model(self) -> dict[str, list[Captured]]:
        found: dict[str, list[Captured]] = {}
        for each in self._captured:
            found.setdefault(each.model, []).append(each)
        return found

    def _domain(self, model: str, asked: Asked) -> list[Any]:
        domain = [*self._where]
        if self._company:
            domain.append(["company_id.name", "=", self._company])
        day = DAY_OF.get(model)
        if day is not None:
            domain += [[day, sign, at.isoformat()] for sign, at in ((">=", asked.since), ("<", asked.until)) if at]
        return domain

    def _rows(
        self, model: str, read: Read, told: Any, conventions: Conventions, lines: Sequence[Captured]
    ) -> list[Row]:
        """What one record is. One that cannot be read is told as such: it hides no other."""
        record = Record(model=model, id=read.id, external_id=told.external_id, values=told.values)
        place = f"{model} {read.id}"
        try:
            things = objects_in(record, conventions, lines)
        except Stop as wrong:
            return [Row(key=place, title=place, reference=place, problem=str(wrong))]
        made = (tell(thing) for thing in things if (tell := self._tell.get(type(thing))) is not None)
        at = datetime.fromtimestamp(read.seconds, UTC)
        return [replace(row, at=at, reference=place) for row in made if row is not None]

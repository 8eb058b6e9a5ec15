"""Where the levels of stores come from: spreadsheets, and the reordering rules of Odoo. Each may tell a part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any, Final

from pydantic import BaseModel

from hilum.canonical import ReorderRule
from hilum.connector import Source, Target
from hilum.connectors import odoo as from_odoo
from hilum.connectors.odoo.references import LOCATION
from hilum.errors import Invalid
from hilum.flow import DataClass, Flow, Lookup, Owners, Pattern
from hilum.packs.building import decimal_in, make, mapped_where_listed, yes_or_no
from hilum.packs.odoo.conventions import Conventions
from hilum.packs.odoo.records import DELETED, Record, record_of
from hilum.packs.rows import Row, master_data, text_in

OWNERS: Final = Owners(business="Supply chain", technical="Integration")
MODEL: Final = "stock.warehouse.orderpoint"
FIELDS: Final = (
    *("product_id", "location_id", "product_min_qty", "product_max_qty", "qty_multiple?", "product_uom?"),
    *("product_uom_id?", "active"),
)
_QUANTITIES: Final = ("reorder_at", "up_to", "pack", "daily_use", "critical")


class LevelRow(BaseModel):
    """A row of a spreadsheet of levels, as texts. An empty one says nothing."""

    location: str = ""
    item: str = ""
    unit: str = ""
    reorder_at: str = ""
    up_to: str = ""
    pack: str = ""
    lead_days: str = ""
    daily_use: str = ""
    critical: str = ""
    active: str = ""


def levels(
    *,
    source: Source,
    to: Sequence[Target],
    name: str = "inventory.levels",
    owners: Owners = OWNERS,
) -> Flow:
    """Rows `location,item` and where wanted `unit,reorder_at,up_to,pack,lead_days,daily_use,critical,active`.

    Each becomes a `ReorderRule`; an empty cell says nothing. Places and units go through the tables `locations` and
    `units` where there are such.
    """

    def level(written: LevelRow, hub: Lookup) -> ReorderRule:
        row = written.model_dump()
        where = f"{text_in(row, 'location', 'level')}, {text_in(row, 'item', 'level')}"
        days = _number(row, "lead_days", where)
        if days is not None and days != days.to_integral_value():
            raise Invalid("write whole days", where=f"{where}, lead_days")
        return make(
            ReorderRule,
            where,
            location=mapped_where_listed(hub, "locations", text_in(row, "location", where)),
            item=text_in(row, "item", where),
            unit=mapped_where_listed(hub, "units", row.get("unit", "").strip()),
            lead_days=int(days) if days is not None else None,
            active=yes_or_no(row.get("active", "") or "yes", f"{where}, active"),
            **{column: _number(row, column, where) for column in _QUANTITIES},
        )

    return master_data(
        name,
        level,
        summary="How much stores should have of their items is known",
        source=source,
        owners=owners,
        order_by=lambda row: f"{row.location.strip()}:{row.item.strip()}",
        input=LevelRow,
        targets=to,
    )


def _number(row: Row, column: str, where: str) -> Decimal | None:
    return decimal_in(row, column, where) if row.get(column, "").strip() else None


def levels_in_odoo(
    endpoint: str = "odoo.main",
    *,
    to: Sequence[Target],
    source: Callable[..., Source] = from_odoo.Changes,
    name: str = "inventory.levels_in_odoo",
    owners: Owners = OWNERS,
    conventions: Conventions | None = None,
    **feed: Any,
) -> Flow:
    """Reordering rules of Odoo become `ReorderRule`s: minimum, maximum, multiple. An archived one is not active.

    `source` and `feed` as in `hilum.packs.odoo.changed`. Odoo's own scheduler must not order by the same rules: set
    their trigger to manual. A rule that is deleted says no more where it was: archive it.
    """
    known = conventions or Conventions()
    flow = Flow(
        name,
        version="1.0",
        summary="Reordering rules that are kept in Odoo are known",
        owners=owners,
        pattern=Pattern.MASTER_DATA,
        data_class=DataClass.INTERNAL,
        source=source(endpoint=endpoint, models=[MODEL], fields={MODEL: FIELDS}, **{"begin": "all", **feed}),
        accepts_if=partial(_told, known),
    )

    @flow.translate
    def told(envelope: Any, hub: Lookup) -> ReorderRule:
        return rule_in(record_of(envelope), replace(known, hub=hub))

    flow.deliver_to(*to)
    return flow


def _told(odoo: Conventions, envelope: Any) -> bool | str:
    return record_of(envelope).kind != "deleted" or DELETED


def rule_in(record: Record, odoo: Conventions) -> ReorderRule:
    """A reordering rule. Until 18 it has a multiple, 0 for none. Raises `Invalid`, `Unmapped`."""
    least = record.number("product_min_qty")
    multiple = record.number("qty_multiple") if record.given("qty_multiple") else Decimal(0)
    has_unit = record.given("product_uom", "product_uom_id")
    return make(
        ReorderRule,
        record.where("product_max_qty"),
        location=odoo.of(record, "location_id", LOCATION),
        item=odoo.item(record, "product_id"),
        unit=odoo.unit(record, "product_uom", "product_uom_id") if has_unit else None,
        reorder_at=least,
        up_to=max(record.number("product_max_qty"), least),  # Odoo orders up to the greater of both, too
        pack=multiple if multiple > 0 else None,
        active=record.yes("active") and record.kind != "archived",
    )

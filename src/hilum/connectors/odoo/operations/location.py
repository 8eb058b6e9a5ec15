"""A store room, cupboard or theatre becomes a stock location in Odoo.

Its parent is the location that the sender names, else the stock location of the warehouse whose short name is the
facility, else the first warehouse's. The code goes into `barcode`, so that the code is unique in Odoo too. The Odoo
user needs Inventory/Administrator to create locations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hilum.canonical import Location
from hilum.connectors.odoo.operations.base import Needs, Upsert, found
from hilum.connectors.odoo.references import LOCATION, MISSING
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task
from hilum.errors import Rejected


class UpsertLocation(Upsert):
    """Location → stock.location."""

    name: ClassVar[str] = "location"
    accepts: ClassVar[tuple[type, ...]] = (Location,)
    needs: ClassVar[Needs] = {
        "stock.location": ("name", "barcode", "usage", "location_id", "active"),
        "stock.warehouse": ("code", "lot_stock_id"),
    }
    model = "stock.location"
    kind = "location"
    noun = "location"

    async def values(self, session: Session, thing: Location, task: Task) -> Mapping[str, Any]:
        """See `Upsert.values`."""
        return {
            "name": thing.title,
            "barcode": thing.code,
            "usage": "internal",
            "active": thing.active,
            "location_id/.id": await self._parent(session, thing, task),
        }

    async def _parent(self, session: Session, thing: Location, task: Task) -> int:
        if thing.parent:
            parents = await session.references.find(LOCATION, [thing.parent])
            return int(found(parents[thing.parent])["id"])
        fields = ["code", "lot_stock_id"]
        warehouses = await session.client.search_read("stock.warehouse", [], fields, order="id")
        if not warehouses:
            raise Rejected(MISSING, "Odoo has no warehouse. Create one in Odoo, then replay.")
        named = next((each for each in warehouses if each["code"] == thing.facility), None)
        if named is None and thing.facility:
            first = warehouses[0]["code"]
            task.remarks.append(f"Odoo has no warehouse {thing.facility}: the location was put under {first}.")
        return int((named or warehouses[0])["lot_stock_id"])

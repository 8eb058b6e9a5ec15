"""A supplier becomes a vendor in Odoo's contacts; the supplier number is the reference (`ref`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hilum.canonical import Supplier
from hilum.connectors.odoo.operations.base import Needs, Upsert
from hilum.connectors.odoo.operations.partners import ADDRESS, address
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task


class UpsertSupplier(Upsert):
    """Supplier → res.partner."""

    name: ClassVar[str] = "supplier"
    accepts: ClassVar[tuple[type, ...]] = (Supplier,)
    needs: ClassVar[Needs] = {"res.partner": (*ADDRESS, "name", "ref", "is_company", "supplier_rank", "active", "vat")}
    model = "res.partner"
    kind = "supplier"
    noun = "supplier"

    async def values(self, session: Session, thing: Supplier, task: Task) -> Mapping[str, Any]:
        """See `Upsert.values`."""
        return {
            "name": thing.title,
            "ref": thing.code,
            "is_company": True,
            "supplier_rank": 1,
            "active": thing.active,
            "vat": thing.tax_id,
            "phone": thing.phone,
            "email": thing.email,
            **await address(session, thing.address, task),
        }

"""The supplier list becomes suppliers in Odoo."""

from __future__ import annotations

from collections.abc import Sequence

from hilum.canonical import Address, Supplier
from hilum.connector import Source, Target
from hilum.connectors import odoo as to_odoo
from hilum.flow import DataClass, Flow, Lookup, Owners
from hilum.packs.building import make, targets_in, yes_or_no
from hilum.packs.procurement.ordering import OWNERS
from hilum.packs.rows import Row, column, master_data, text_in

ADDRESS_COLUMNS = ("street", "city", "state", "postal_code", "country")


def suppliers(
    *,
    source: Source,
    odoo: str | None = "odoo.main",
    name: str = "procurement.suppliers",
    owners: Owners = OWNERS,
    also: Sequence[Target] = (),
) -> Flow:
    """Rows `code,title`, and where wanted tax_id, gln, email, phone, street, city, state, postal_code, country, active.

    Each row becomes a `Supplier`. `country` is an ISO 3166-1 code, `active` yes or no (empty: yes).
    """

    def supplier(row: Row, hub: Lookup) -> Supplier:
        code = text_in(row, "code", "supplier")
        where = f"supplier {code}"
        parts = {part: row.get(part, "").strip() for part in ADDRESS_COLUMNS}
        return make(
            Supplier,
            where,
            code=code,
            title=text_in(row, "title", where),
            tax_id=row.get("tax_id", "").strip(),
            gln=row.get("gln", "").strip(),
            email=row.get("email", "").strip(),
            phone=row.get("phone", "").strip(),
            address=make(Address, where, **parts) if any(parts.values()) else None,
            active=yes_or_no(row.get("active", "") or "yes", f"{where}, active"),
        )

    return master_data(
        name,
        supplier,
        summary="Suppliers of the supplier list become vendors in Odoo",
        source=source,
        owners=owners,
        order_by=column("code"),
        targets=targets_in(odoo, (to_odoo.supplier,), also),
        data_class=DataClass.CONFIDENTIAL,
    )

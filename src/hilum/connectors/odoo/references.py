"""What a code of the hub (item, location, account, supplier) is in Odoo: by external identifier, else by its own code.

What the hub created carries the hub's external identifier. Where Odoo is the system of record, the record has its code
only (`default_code`, `ref`, `barcode`, name); it is used when exactly one record has it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hilum.connectors.odoo.client import OdooClient, Row
from hilum.connectors.odoo.external_ids import external_id
from hilum.errors import Rejected

MISSING: Final = "odoo.missing_reference"
AMBIGUOUS: Final = "odoo.ambiguous_reference"


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """One kind of thing that documents refer to."""

    model: str
    kind: str  # of the external identifier
    noun: str  # as people say it
    by: tuple[str, ...]  # fields that may hold the code
    fields: tuple[str, ...] = ()  # what the operations want to know of it
    domain: tuple[Any, ...] = ()
    fallback: bool = True  # may a record without the hub's identifier be used, when only one has the code?
    archived: bool = False  # may it be archived?
    advice: str = ""  # what to do when it is missing


ITEM: Final = Kind(
    model="product.product",
    kind="item",
    noun="item",
    by=("default_code",),
    fields=("uom_id", "tracking", "product_tmpl_id"),
    advice="Create it in Odoo with this internal reference, or send the item first; then replay.",
)
LOCATION: Final = Kind(
    model="stock.location",
    kind="location",
    noun="location",
    by=("barcode", "name", "complete_name"),
    fields=("warehouse_id",),
    domain=(("usage", "in", ["internal", "transit"]),),
    advice="Create it in Odoo with this name or barcode, or send the location first; then replay.",
)
SUPPLIER: Final = Kind(
    model="res.partner",
    kind="supplier",
    noun="supplier",
    by=("ref",),
    fields=("active",),
    domain=(("supplier_rank", ">", 0),),
    advice="Create the vendor in Odoo with this reference, or send the supplier first; then replay.",
)
ORDER: Final = Kind(
    model="purchase.order",
    kind="order",
    noun="purchase order",
    by=("name", "origin"),
    advice="Send or replay the order first, or correct its number.",
)
AGREEMENT: Final = Kind(
    model="purchase.requisition",
    kind="agreement",
    noun="blanket agreement",
    by=("name",),
    advice="Send or replay the agreement first, or correct its number.",
)
CATEGORY: Final = Kind(
    model="product.category",
    kind="category",
    noun="item category",
    by=("complete_name", "name"),
    advice="Create it in Odoo with this name, or send the category first; then replay.",
)
ACCOUNT: Final = Kind(
    model="res.partner",
    kind="account",
    noun="patient account",
    by=("ref",),
    archived=True,  # charges come late, after the account was closed
    fallback=False,  # `ref` is not unique, and a charge on the wrong person is worse than a held one
    advice="The registration of the account has not reached Odoo; send or replay it first.",
)
CUSTOMER: Final = Kind(
    model="res.partner",
    kind="customer",
    noun="customer",
    by=("ref",),
    domain=(("customer_rank", ">", 0),),
    advice="Create the customer in Odoo with this reference, or send the customer first; then replay.",
)
LEDGER_ACCOUNT: Final = Kind(
    model="account.account",
    kind="ledgeraccount",
    noun="ledger account",
    by=("code",),
    advice="Create it in Odoo's chart of accounts, or map the code in the flow; then replay.",
)
JOURNAL: Final = Kind(
    model="account.journal",
    kind="journal",
    noun="journal",
    by=("code",),
    fields=("type", "currency_id"),
    advice="Create it in Odoo with this short name, or map the name in the flow; then replay.",
)
ANALYTIC_PLAN: Final = Kind(
    model="account.analytic.plan",
    kind="analyticplan",
    noun="analytic plan",
    by=("name",),
    advice="Create it in Odoo with this name, or map the name in the flow; then replay.",
)
COST_CENTRE: Final = Kind(
    model="account.analytic.account",
    kind="costcentre",
    noun="cost centre",
    by=("code",),
    advice="Create the analytic account in Odoo with this reference, or send the cost centre first; then replay.",
)
ASSET: Final = Kind(
    model="maintenance.equipment",
    kind="asset",
    noun="asset",
    by=("serial_no",),
    advice="Create the equipment in Odoo with this serial number, or send the asset first; then replay.",
)
ASSET_CATEGORY: Final = Kind(
    model="maintenance.equipment.category",
    kind="assetcategory",
    noun="equipment category",
    by=("name",),
    advice="Create it in Odoo with this name, or map the name in the flow; then replay.",
)
TEAM: Final = Kind(
    model="maintenance.team",
    kind="maintenanceteam",
    noun="maintenance team",
    by=("name",),
    advice="Create it in Odoo with this name, or map the name in the flow; then replay.",
)
DEPARTMENT: Final = Kind(
    model="hr.department",
    kind="department",
    noun="department",
    by=("name",),
    advice="Create it in Odoo with this name, or send the department first; then replay.",
)
EMPLOYEE: Final = Kind(
    model="hr.employee",
    kind="employee",
    noun="employee",
    by=("name",),
    fallback=False,  # two people may have one name
    advice="Send or replay the employee first.",
)
PROJECT: Final = Kind(
    model="project.project",
    kind="project",
    noun="project",
    by=("name",),
    advice="Create it in Odoo with this name, or correct `cases_project` of the endpoint; then replay.",
)


class References:
    """Finds what codes stand for; remembers what was found for `seconds`."""

    def __init__(self, client: OdooClient, *, prefix: str, seconds: float) -> None:
        self._client = client
        self._prefix = prefix
        self._seconds = seconds
        self._known: dict[tuple[str, str], tuple[float, Row]] = {}

    def forget(self) -> None:
        """Look everything up again: Odoo refused something, perhaps because a record is gone."""
        self._known.clear()

    async def find(self, kind: Kind, codes: Iterable[str]) -> Mapping[str, Row | Rejected]:
        """Each code's record (`id` and `kind.fields`), or the `Rejected` that says what is missing.

        Usually one call for all codes; one more for each code whose record does not carry the hub's identifier.
        """
        wanted = list(dict.fromkeys(codes))
        found: dict[str, Row | Rejected] = {}
        now = time.monotonic()
        for code in wanted:
            deadline, row = self._known.get((kind.kind, code), (0.0, {}))
            if now < deadline:
                found[code] = row
        unknown = [code for code in wanted if code not in found]
        if unknown:
            found.update(await self._look_up(kind, unknown))
        return found

    async def _look_up(self, kind: Kind, codes: Sequence[str]) -> dict[str, Row | Rejected]:
        fields = list(dict.fromkeys((*kind.by, *kind.fields)))
        context = {"active_test": False} if kind.archived else None
        rows = await self._client.search_read(kind.model, _domain(kind, codes), fields, context=context)
        names = await self._client.external_ids(kind.model, [row["id"] for row in rows])
        found: dict[str, Row | Rejected] = {}
        for code in codes:
            found[code] = result = await self._one(kind, code, rows, names)
            if not isinstance(result, Rejected):
                # remembered at once: the call for the next code may fail, and the hub then comes again
                self._known[kind.kind, code] = (time.monotonic() + self._seconds, result)
        return found

    async def _one(self, kind: Kind, code: str, rows: Sequence[Row], names: Mapping[int, str]) -> Row | Rejected:
        xml_id = external_id(kind.kind, code, prefix=self._prefix)
        ours = next((row for row in rows if names.get(row["id"]) == xml_id), None)
        if ours is None:
            # its code may have been changed in Odoo, or it has several external identifiers
            target = await self._client.reference(xml_id)
            if target is not None and target[0] == kind.model and target[1]:
                read = await self._client.read(kind.model, [target[1]], list(kind.fields))
                ours = read[0] if read else None
        if ours is not None:
            return ours
        same = [row for row in rows if any(row[name] == code for name in kind.by)] if kind.fallback else []
        if len(same) == 1:
            return same[0]
        if same:
            return Rejected(
                AMBIGUOUS, f"Odoo has {len(same)} records for the {kind.noun} {code}: leave one, then replay."
            )
        return Rejected(MISSING, f"Odoo does not know the {kind.noun} {code}. {kind.advice}")


def _domain(kind: Kind, codes: Sequence[str]) -> list[Any]:
    """`(any of the fields in codes) and kind.domain`, in Odoo's prefix notation."""
    any_of: list[Any] = ["|"] * (len(kind.by) - 1)
    any_of += [[name, "in", list(codes)] for name in kind.by]
    return [*any_of, *(list(term) for term in kind.domain)]

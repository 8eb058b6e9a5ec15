"""Usage records of a theatre system: rows of a file, or JSON that is posted, one for each implant that was used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from hilum.canonical import DeviceLabel, ImplantUsed, Money, read_label
from hilum.connector import Source, Target
from hilum.errors import Invalid, Unmapped
from hilum.flow import Criticality, DataClass, Flow, Lookup, Owners, Slo
from hilum.packs.building import (
    date_in,
    decimal_in,
    make,
    mapped,
    mapped_where_listed,
    moment_in,
    yes_or_no,
    zone_of,
)
from hilum.packs.inventory import devices
from hilum.packs.inventory.implant_lines import BILL_ONLY, CONSIGNED, supplied
from hilum.packs.rows import Row, text_in

OWNERS = Owners(business="Theatre supplies", technical="Integration")


_Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]


class UsageRecord(BaseModel):
    """What a theatre system tells of one implant; numbers may be numbers or texts. Further columns are no matter."""

    model_config = ConfigDict(coerce_numbers_to_str=True, hide_input_in_errors=True)

    transaction: _Text
    case: _Text
    account: _Text
    location: _Text
    used_on: _Text
    udi: _Text = ""
    code: _Text = ""
    item: _Text = ""
    quantity: _Text = ""
    takes_back: _Text = ""
    unit: _Text = ""
    lot: _Text = ""
    consigned: _Text = ""
    supplier: _Text = ""
    encounter: _Text = ""
    used_at: _Text = ""
    amount: _Text = ""
    currency: _Text = ""
    description: _Text = ""
    department: _Text = ""
    facility: _Text = ""


def usage(
    *,
    source: Source,
    implants: Sequence[Target],
    name: str = "implants.usage",
    owners: Owners = OWNERS,
    timezone: str = "UTC",
    facility: str = "",
) -> Flow:
    """Rows `transaction,case,account,location,used_on` with one of `udi,code,item` → `ImplantUsed`.

    Where wanted `quantity` (1; negative: taken back, with `takes_back` the transaction of the use), `unit`, `lot`,
    `consigned` (yes or no), `supplier`, `encounter`, `used_at`, `amount` with `currency`, `description`,
    `department`, `facility`. A row told again with the same transaction and other content corrects the former one.
    """
    zone = zone_of(timezone)
    flow = Flow(
        name,
        version="1.0",
        summary="Implants that a theatre system recorded are ordered, billed and charged",
        owners=owners,
        data_class=DataClass.PHI,
        criticality=Criticality.HIGH,
        slo=Slo(percent=99.5, within="30s"),
        retention="P7Y",
        source=source,
        order_by=lambda record: record.case.strip(),
        input=UsageRecord,
        runbook="The case names the column. Have the record corrected and sent again, or edit it and resubmit.",
    )

    @flow.translate
    def used(record: UsageRecord, hub: Lookup) -> ImplantUsed:
        row = record.model_dump()
        where = f"use {text_in(row, 'transaction', 'row')}"
        label = _label(row, where)
        code, item, facts = _item(row, label, hub)
        return make(
            ImplantUsed,
            where,
            transaction=row["transaction"].strip(),
            takes_back=row.get("takes_back", "").strip(),
            case=text_in(row, "case", where),
            code=code,
            item=item,
            device=label,
            lot=row.get("lot", "").strip() or devices.lot_of(label, facts),
            quantity=decimal_in(row, "quantity", where) if row.get("quantity", "").strip() else 1,
            unit=mapped_where_listed(hub, "units", row.get("unit", "").strip()) or facts.get("unit", ""),
            consigned=_consigned(row, facts, item, where),
            supplier=row.get("supplier", "").strip() or facts.get("supplier", ""),
            location=mapped_where_listed(hub, "locations", row.get("location", "").strip()),
            account=text_in(row, "account", where),
            encounter=row.get("encounter", "").strip(),
            used_on=_day(row, where),
            used_at=moment_in(row, "used_at", where, zone),
            description=row.get("description", "").strip() or facts.get("description", ""),
            amount=_amount(row, where),
            department=row.get("department", "").strip(),
            facility=row.get("facility", "").strip() or facility,
        )

    flow.deliver_to(*implants)
    return flow


def _label(row: Row, where: str) -> DeviceLabel | None:
    text = row.get("udi", "")
    try:
        return read_label(text) if text.strip() else None
    except Invalid as error:
        raise Invalid(f"the device label (UDI) cannot be read: {error}", where=f"{where}, udi") from None


def _item(row: Row, label: DeviceLabel | None, hub: Lookup) -> tuple[str, str, Mapping[str, str]]:
    """The code that it came with, the item (empty: nobody knows the device yet), and what the table says of it."""
    sent = row.get("code", "").strip() or row.get("item", "").strip()
    try:
        code = devices.code_of(hub, sent, label, "row, code")
        return code, mapped(hub, "items", code), hub.row("items", code)
    except Unmapped:
        if label is None:
            raise
        return sent, "", {}


def _consigned(row: Row, facts: Mapping[str, str], item: str, where: str) -> bool | None:
    if row.get("consigned", "").strip():
        return yes_or_no(row["consigned"], f"{where}, consigned")
    kind = supplied(facts, f"lookup table items, item {item}") if item else ""
    return {CONSIGNED: True, BILL_ONLY: False}.get(kind)


def _day(row: Row, where: str) -> Any:
    found = date_in(row, "used_on", where)
    if found is None:
        raise Invalid("must not be empty", where=f"{where}, used_on")
    return found


def _amount(row: Row, where: str) -> Money | None:
    if not row.get("amount", "").strip():
        return None
    return make(
        Money, where, amount=abs(decimal_in(row, "amount", where)), currency=row.get("currency", "").strip().upper()
    )

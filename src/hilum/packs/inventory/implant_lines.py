"""A line of a charge message that tells of an implant the hospital buys only when it is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from hashlib import blake2s
from typing import Final

from hilum.canonical import DeviceLabel, ImplantUsed, Money
from hilum.errors import Invalid
from hilum.flow import Lookup
from hilum.formats import hl7v2 as hl7
from hilum.packs.building import make, mapped
from hilum.packs.hl7_reading import account_of, encounter_of, facility_of, payer_of
from hilum.packs.inventory import devices

CONSIGNED: Final = "consigned"
BILL_ONLY: Final = "bill only"
OWN: Final = "own"
SUPPLIED: Final = "supplied"
"""The column of the table `items` that says whose it is until it is used; empty: the hospital's own."""

CaseOf = Callable[[hl7.Message, hl7.Segment], str]
"""The number of the operation that a line belongs to."""


def day_in_theatre(msg: hl7.Message, line: hl7.Segment) -> str:
    """The operation is known by visit (else account) and day, where its system tells no number of it."""
    day = line.date("4.1") or msg.date("EVN-2") or msg.date("MSH-7")
    return operation_number(facility_of(msg), encounter_of(msg) or account_of(msg), day) if day is not None else ""


def operation_number(facility: str, visit: str, day: date) -> str:
    """`OP-7B0C1D2E3F4A5B`: one for each visit and day. Suppliers read it, so the visit is not in it."""
    told = f"{facility}|{visit}|{day.isoformat()}".encode()
    return f"OP-{blake2s(told, digest_size=7).hexdigest().upper()}"


def supplied(facts: Mapping[str, str], where: str) -> str:
    """Whose an item is until it is used: `CONSIGNED`, `BILL_ONLY` or `OWN`. Raises `Invalid`."""
    word = facts.get(SUPPLIED, "").strip().lower() or OWN
    if word not in (CONSIGNED, BILL_ONLY, OWN):
        raise Invalid(f"write {CONSIGNED}, {BILL_ONLY} or {OWN}", where=f"{where}, column {SUPPLIED}")
    return word


def used_implant(
    msg: hl7.Message,
    line: hl7.Segment,
    hub: Lookup,
    *,
    label: DeviceLabel | None,
    code: str,
    item: str,
    facts: Mapping[str, str],
    quantity: Decimal,
    transaction: str,
    takes_back: str,
    account: str,
    case: str,
    currency: str,
) -> ImplantUsed:
    """The line as a use; `item` is empty where nobody knows the device yet. Raises `Invalid`, `Unmapped`."""
    day = line.date("4.1") or msg.date("EVN-2") or msg.date("MSH-7")
    if day is None:
        raise Invalid("the transaction date is missing", where=f"{line}-4")
    if not case:
        raise Invalid("nothing tells which operation it belongs to", where=str(line))
    kind = supplied(facts, f"lookup table items, code {code}") if item else ""
    return make(
        ImplantUsed,
        str(line),
        transaction=transaction,
        takes_back=takes_back if quantity < 0 else None,
        case=case,
        code=code,
        item=item,
        device=label,
        lot=devices.lot_of(label, facts),
        quantity=quantity,
        unit=facts.get("unit", ""),
        consigned=kind == CONSIGNED if kind else None,
        supplier=facts.get("supplier", ""),
        location=mapped(hub, "locations", line["16.1"] or line["13.1"] or msg["PV1-3.1"]),
        account=account,
        encounter=encounter_of(msg),
        used_on=day,
        description=facts.get("description") or line["7.2"] or line["8"],
        amount=_amount(line, quantity, facts, currency),
        payer=payer_of(msg),
        department=line["13.1"],
        facility=facility_of(msg),
    )


def _amount(line: hl7.Segment, quantity: Decimal, facts: Mapping[str, str], currency: str) -> Money | None:
    """What the sender charges for all of it: FT1-11, else FT1-12 for each; none: it tells no amount."""
    for field, pieces in (("11", Decimal(1)), ("12", abs(quantity))):
        found = line.decimal(f"{field}.1.1")
        if found is not None:
            code = (line[f"{field}.1.2"] or facts.get("currency", "") or currency).upper()
            return make(Money, f"{line}-{field}", amount=abs(found) * pieces, currency=code)
    return None

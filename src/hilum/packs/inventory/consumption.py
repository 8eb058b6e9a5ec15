"""DFT^P03: what was used on a patient becomes a charge, and leaves the stock where the item is a stocked one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from hilum.canonical import BusinessObject, Charge, DeviceLabel, ImplantUsed, PatientAccount, SupplyConsumed
from hilum.canonical.udi import is_udi
from hilum.connector import Source, Target
from hilum.connectors import odoo as to_odoo
from hilum.errors import Invalid, Refused, Unmapped
from hilum.flow import Criticality, DataClass, Flow, Lookup, Owners, Slo
from hilum.formats import hl7v2 as hl7
from hilum.packs.building import make, mapped, mapped_where_listed, targets_in, yes_or_no, zone_of
from hilum.packs.clinical.person import name_of
from hilum.packs.hl7_reading import account_of, dedup_key, encounter_of, facility_of, payer_of, required_account
from hilum.packs.inventory import devices
from hilum.packs.inventory.implant_lines import OWN, CaseOf, day_in_theatre, supplied, used_implant
from hilum.packs.inventory.pricing import price_of

OWNERS = Owners(business="Supply chain", technical="Integration")

CHARGE = frozenset({"CG", ""})  # HL7 table 0017; FT1-6 is required, and an empty one has always meant a charge
CREDIT = frozenset({"CD", "CR"})  # CD is the code of the table, CR what many systems send


@dataclass(frozen=True, slots=True)
class _Setting:
    """What the flow was set up with."""

    currency: str
    zone: ZoneInfo
    accounts: bool
    case_of: CaseOf | None  # none: implants are supplies like all others


def consumption(
    *,
    source: Source,
    odoo: str | None = "odoo.main",
    name: str = "supply.consumption",
    owners: Owners = OWNERS,
    currency: str = "",
    timezone: str = "UTC",
    accounts: bool = True,
    implants: Sequence[Target] = (),
    case_of: CaseOf = day_in_theatre,
    also: Sequence[Target] = (),
) -> Flow:
    """DFT^P03 → for each FT1 a `Charge`, and a `SupplyConsumed` where the table `items` says that it is stocked.

    - Item: FT1-7, where it is empty FT1-29 (NDC), through the table `items`. A device may be named by its label (UDI)
      instead or as well: PRT-10 or an OBX (LOINC 74711-3) behind the FT1, or FT1-7. Its device identifier is looked up
      in the crosswalk (system GTIN or UDI), then in `items`; its lot or serial number goes with the consumption.
    - Quantity: FT1-10; empty means 1 for a service and is `Invalid` for a stocked item. A credit (FT1-6 `CD`, `CR`)
      has a negative quantity: it goes back into stock. Payments and adjustments are `Refused`.
    - Price: FT1-12 (unit), else FT1-11 (extended; a line whose amount cannot be divided exactly is charged as one lot),
      else the column `price` of `items`. Currency: that of the amount, else of `items`, else `currency`.
    - Place: FT1-16, else FT1-13 (department), else PV1-3, through the table `locations`.
    - Transaction: sending facility and FT1-2; without FT1-2 account, control id and set id.
    - Implants: with `implants`, where they go to, a line whose item has `consigned` or `bill only` in the column
      `supplied` of `items`, and one whose device nobody knows yet, becomes an `ImplantUsed` of the operation that
      `case_of` names (visit and day) instead: it is ordered, taken off stock and charged from there.
    - `accounts`: also write the patient account with number and name, so that a charge never waits for its admission.

    `timezone` is that of times without an offset.
    """
    setting = _Setting(currency, zone_of(timezone), accounts, case_of if implants else None)
    flow = Flow(
        name,
        version="1.0",
        summary="Supplies used on a patient leave Odoo stock and become charges",
        owners=owners,
        data_class=DataClass.PHI,
        criticality=Criticality.HIGH,
        slo=Slo(percent=99.5, within="30s"),
        retention="P7Y",
        source=source,
        format="hl7v2",
        order_by=account_of,
        dedup_by=dedup_key,
        identify_by=(encounter_of,),
        runbook="An unmapped code: add its row to lookups/items.csv or lookups/locations.csv, then replay the message.",
    )

    @flow.translate
    def used_supplies(msg: hl7.Message, hub: Lookup) -> Iterator[BusinessObject]:
        yield from _translated(msg, hub, setting)

    first = (to_odoo.patient_account,) if accounts else ()
    flow.deliver_to(*targets_in(odoo, (*first, to_odoo.stock_consumption, to_odoo.charge), [*implants, *also]))
    return flow


def _translated(msg: hl7.Message, hub: Lookup, setting: _Setting) -> Iterator[BusinessObject]:
    if msg.code != "DFT":
        raise Refused(f"{msg.type or 'a message without a type'} is no DFT message; this flow takes charges only.")
    account = required_account(msg)
    if not msg.segments("FT1"):
        raise Invalid("the message has no FT1 segment, so nothing to charge", where="FT1")
    if setting.accounts:
        yield make(PatientAccount, "PID", number=account, person=name_of(msg), facility=facility_of(msg))
    for group in msg.groups("FT1", *devices.GROUP):
        yield from _line(msg, group, hub, setting, account)


def _line(
    msg: hl7.Message, group: Sequence[hl7.Segment], hub: Lookup, setting: _Setting, account: str
) -> Iterator[SupplyConsumed | Charge | ImplantUsed]:
    line, label = group[0], devices.label_in(group)
    sent = "" if is_udi(line["7.1"]) else line["7.1"] or line["29.1"]
    if not sent and label is None:
        raise Invalid("neither a transaction code (FT1-7) nor an NDC (FT1-29)", where=f"{line}-7")
    code, item, facts = _item(line, sent, label, hub, setting)
    if setting.case_of is not None and (not item or supplied(facts, f"lookup table items, code {code}") != OWN):
        yield used_implant(
            msg, line, hub, label=label, code=sent, item=item, facts=facts, quantity=_quantity(line, True),
            transaction=_transaction(msg, line, account), takes_back=_reversed(msg, line), account=account,
            case=setting.case_of(msg, line), currency=setting.currency,
        )  # fmt: skip
        return
    stocked = yes_or_no(mapped(hub, "items", code, "stocked"), f"lookup table items, code {code}, column stocked")
    quantity = _quantity(line, stocked)
    # The service date is a day, and stays that of the sender; where it is sent with a time, stock moves at that time.
    day = line.date("4.1") or msg.date("EVN-2") or msg.date("MSH-7")
    if day is None:
        raise Invalid("the transaction date is missing", where=f"{line}-4")
    price = price_of(line, quantity, facts, setting.currency)
    title = facts.get("description") or line["7.2"] or line["8"] or item
    shared = {
        "transaction": _transaction(msg, line, account),
        "item": item,
        "account": account,
        "encounter": encounter_of(msg),
        "facility": facility_of(msg),
    }
    if stocked:
        yield make(
            SupplyConsumed,
            str(line),
            quantity=quantity,
            unit=mapped_where_listed(hub, "units", facts.get("unit", "")),
            location=mapped(hub, "locations", line["16.1"] or line["13.1"] or msg["PV1-3.1"]),
            used_at=line.timestamp("4.1", zone=setting.zone),
            lot=devices.lot_of(label, facts),
            device=label,
            **shared,
        )
    yield make(
        Charge,
        str(line),
        description=f"{quantity} × {title}" if price.lot else title,
        quantity=price.quantity,
        unit_price=price.unit_price,
        currency=price.currency,
        service_date=day,
        payer=payer_of(msg),
        department=line["13.1"],
        **shared,
    )


def _item(
    line: hl7.Segment, sent: str, label: DeviceLabel | None, hub: Lookup, setting: _Setting
) -> tuple[str, str, Mapping[str, str]]:
    """Its code in `items`, the item, and its row. With implants, a device that nobody knows yet has none of these."""
    try:
        code = devices.code_of(hub, sent, label, f"{line}-7")
        return code, mapped(hub, "items", code), hub.row("items", code)
    except Unmapped:
        if label is None or setting.case_of is None:
            raise
        return sent, "", {}


def _quantity(line: hl7.Segment, stocked: bool) -> Decimal:
    """FT1-10, negative for a credit. Raises `Invalid` and `Refused`."""
    kind = line["6.1"]
    if kind not in CHARGE | CREDIT:
        raise Refused(
            f"{line}-6: the transaction type '{kind}' is no charge (CG) and no credit (CD); it was not posted."
        )
    quantity = line.decimal("10")
    if quantity is None and stocked:
        raise Invalid("the quantity of a stocked item is missing", where=f"{line}-10")
    quantity = Decimal(1) if quantity is None else quantity
    if quantity == 0:
        raise Invalid("the quantity is 0, so nothing was used", where=f"{line}-10")
    return -abs(quantity) if kind in CREDIT else quantity


def _reversed(msg: hl7.Message, line: hl7.Segment) -> str:
    """The transaction that a credit takes back, where it has the number of one; else empty."""
    return f"{facility_of(msg)}:{line['2.1']}" if line["2.1"] else ""


def _transaction(msg: hl7.Message, line: hl7.Segment, account: str) -> str:
    """What makes a line the same when it comes again in another message.

    A credit may name the transaction that it reverses; it is another transaction all the same.
    """
    number = line["2.1"]
    credit = ":credit" if line["6.1"] in CREDIT else ""
    if number:
        return f"{facility_of(msg)}:{number}{credit}"
    return f"{account}:{msg.control_id}:{line['1'] or line.number}{credit}"

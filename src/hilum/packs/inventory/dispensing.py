"""RDS^O13: what the pharmacy hands out leaves the pharmacy's stock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from hilum.canonical import SupplyConsumed
from hilum.connector import Source, Target
from hilum.connectors import odoo as to_odoo
from hilum.errors import Invalid, Refused
from hilum.flow import Criticality, DataClass, Flow, Lookup, Owners, Slo
from hilum.formats import hl7v2 as hl7
from hilum.packs.building import make, mapped, mapped_where_listed, targets_in, zone_of
from hilum.packs.hl7_reading import account_of, dedup_key, encounter_of, facility_of

OWNERS = Owners(business="Pharmacy", technical="Integration")

# HL7 table 0119: new, observations to follow, accepted, refill. Everything else changes or cancels an order.
DISPENSED = frozenset({"NW", "RE", "OK", "RF", ""})


def dispensing(
    *,
    source: Source,
    store: str,
    odoo: str | None = "odoo.main",
    name: str = "pharmacy.dispensing",
    owners: Owners = OWNERS,
    timezone: str = "UTC",
    also: Sequence[Target] = (),
) -> Flow:
    """RDS^O13 → for each RXD a `SupplyConsumed` from `store`, the hub's location code of the pharmacy.

    - Item: RXD-2 through the table `items`; quantity RXD-4, unit RXD-5; time RXD-3; lot RXD-18.
    - Transaction: sending facility, prescription number RXD-7 (else filler order number ORC-3), dispense counter RXD-1.

    It makes no charge: pharmacies send charges as DFT^P03, which `consumption` takes. Cancellations and changes (ORC-1)
    are `Refused`: what comes back is counted in by the pharmacy. `timezone` is that of times without an offset.
    """
    zone = zone_of(timezone)
    flow = Flow(
        name,
        version="1.0",
        summary="Medicines that the pharmacy dispenses leave the pharmacy's stock in Odoo",
        owners=owners,
        data_class=DataClass.PHI,
        criticality=Criticality.HIGH,
        slo=Slo(percent=99.5, within="1m"),
        retention="P7Y",
        source=source,
        format="hl7v2",
        order_by=account_of,
        dedup_by=dedup_key,
        identify_by=(encounter_of,),
        runbook="An unmapped code: add its row to lookups/items.csv, then replay the message.",
    )

    @flow.translate
    def dispensed(msg: hl7.Message, hub: Lookup) -> Iterator[SupplyConsumed]:
        yield from _translated(msg, hub, store, zone)

    flow.deliver_to(*targets_in(odoo, (to_odoo.stock_consumption,), also))
    return flow


def _translated(msg: hl7.Message, hub: Lookup, store: str, zone: tzinfo) -> Iterator[SupplyConsumed]:
    if msg.code != "RDS":
        raise Refused(f"{msg.type or 'a message without a type'} is no RDS message; this flow takes dispenses only.")
    found = False
    for group in msg.groups("ORC", "RXD"):
        common, *dispenses = group
        if dispenses and common["1"] not in DISPENSED:
            raise Refused(
                f"{common}-1: the order control '{common['1']}' changes or cancels a dispense. "
                "Correct the pharmacy's stock in Odoo, then discard this message."
            )
        for line in dispenses:
            found = True
            yield _dispense(msg, common, line, hub, store, zone)
    if not found:
        raise Invalid("the message has no order (ORC) with a dispense (RXD)", where="RXD")


def _dispense(
    msg: hl7.Message, common: hl7.Segment, line: hl7.Segment, hub: Lookup, store: str, zone: tzinfo
) -> SupplyConsumed:
    code, quantity = line["2.1"], line.decimal("4")
    if not code:
        raise Invalid("the code of what was dispensed is missing", where=f"{line}-2")
    if quantity is None or quantity <= 0:
        raise Invalid("the dispensed amount must be there, and more than 0", where=f"{line}-4")
    number = line["7"] or common["3.1"]
    if not number:
        raise Invalid("neither a prescription number (RXD-7) nor a filler order number (ORC-3)", where=f"{line}-7")
    item = mapped(hub, "items", code)
    unit = line["5.1"] or hub.row("items", code).get("unit", "")
    return make(
        SupplyConsumed,
        str(line),
        transaction=f"{facility_of(msg)}:{number}:{line['1'] or line.number}",
        item=item,
        quantity=quantity,
        unit=mapped_where_listed(hub, "units", unit),
        location=store,
        account=account_of(msg),
        encounter=encounter_of(msg),
        used_at=line.timestamp("3", zone=zone),
        lot=line["18"],
        facility=facility_of(msg),
    )

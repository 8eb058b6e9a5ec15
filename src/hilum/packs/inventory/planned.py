"""What is planned to be used: operations (HL7 v2 SIU), laboratory and other orders (OML, ORM), plans of departments.

The lookup table `demand` says what each procedure or test takes: columns `code,items` with `STENT-35=2; GLV-M=10 EA`.
What is planned for the coming days is ordered before it is used; what was used is told by consumption.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Final

from hilum.canonical import PlannedDemand
from hilum.connector import Source, Target
from hilum.errors import Invalid, Refused, Unmapped
from hilum.flow import Criticality, DataClass, Flow, Lookup, Owners, Slo
from hilum.formats import hl7v2 as hl7
from hilum.packs.building import decimal_in, make, mapped, mapped_where_listed, moment_in, zone_of
from hilum.packs.hl7_reading import dedup_key
from hilum.packs.rows import Row, master_data, text_in

OWNERS: Final = Owners(business="Supply chain", technical="Integration")
TABLE: Final = "demand"

APPOINTMENTS: Final = frozenset({"S12", "S13", "S14", "S18", "S19"})  # booked, moved, changed, service added, changed
CANCELLED: Final = frozenset({"S15", "S16", "S17", "S26"})  # cancelled, discontinued, deleted, did not come
ORDERS: Final = frozenset({"OML", "ORM", "OMG"})
ENDED: Final = frozenset({"CA", "DC", "OC", "OD"})  # HL7 table 0119: the order is not wanted any more


def planned(
    *,
    source: Source,
    to: Sequence[Target],
    store: str = "",
    name: str = "inventory.planned",
    owners: Owners = OWNERS,
    timezone: str = "UTC",
) -> Flow:
    """SIU, OML, ORM and OMG → `PlannedDemand` for each item that the table `demand` has for the procedure or test.

    - SIU^S12 and the like: number SCH-2 (else SCH-1), procedures AIS-3, time AIS-4 (else SCH-11.4), place AIL-3.1.
      S15 to S17 and S26: nothing is planned for it any more.
    - Orders: number ORC-2 (else OBR-2), tests OBR-4, time TQ1-7, OBR-36, ORC-15 or OBR-7, the first that is sent.
      ORC-1 CA, DC, OC, OD: not any more. Urgent ones too: their time is near.

    `store`: which store it is taken from; empty: the place of the message, through the table `locations`. A procedure
    that the table has no row for needs nothing that is replenished.
    """
    zone = zone_of(timezone)
    flow = Flow(
        name,
        version="1.0",
        summary="Planned operations and laboratory orders tell what stores will need",
        owners=owners,
        data_class=DataClass.PHI,
        criticality=Criticality.NORMAL,
        slo=Slo(percent=99, within="5m"),
        retention="P1Y",
        source=source,
        format="hl7v2",
        order_by=number_of,
        dedup_by=dedup_key,
        runbook="The case names the field. Correct the row of the table demand, or let the schedule be sent again.",
    )

    @flow.translate
    def demanded(msg: hl7.Message, hub: Lookup) -> Iterator[PlannedDemand]:
        if msg.code == "SIU":
            yield from _appointment(msg, hub, store, zone)
        elif msg.code in ORDERS:
            yield from _orders(msg, hub, store, zone)
        else:
            raise Refused(f"{msg.type or 'a message without a type'} plans nothing; this flow takes SIU and orders.")

    flow.deliver_to(*to)
    return flow


def number_of(msg: hl7.Message) -> str:
    """What is planned: the appointment, or the first order."""
    found = (msg[path] for path in ("SCH-2.1", "SCH-1.1", "ORC-2.1", "OBR-2.1"))
    return next(filter(None, found), "")


def _appointment(msg: hl7.Message, hub: Lookup, store: str, zone: tzinfo) -> Iterator[PlannedDemand]:
    event, number = msg.trigger, number_of(msg)
    if event not in APPOINTMENTS | CANCELLED:
        raise Refused(f"SIU {event or '(no event)'} plans nothing that this flow knows; discard it.")
    if not number:
        raise Invalid("neither a placer nor a filler number of the appointment", where="SCH-1")
    at = msg.timestamp("AIS-4", zone=zone) or msg.timestamp("SCH-11.4", zone=zone)
    codes = [service["3.1"] for service in msg.segments("AIS")]
    place = store or mapped_where_listed(hub, "locations", msg["AIL-3.1"])
    yield from _needs(number, codes, hub, place, at, cancelled=event in CANCELLED)


def _orders(msg: hl7.Message, hub: Lookup, store: str, zone: tzinfo) -> Iterator[PlannedDemand]:
    place = store or mapped_where_listed(hub, "locations", msg["PV1-3.1"])
    for group in msg.groups("ORC", "TQ1", "OBR"):
        common = group[0]
        wanted = [each for each in group if each.name == "OBR"]
        number = common["2.1"] or next((each["2.1"] for each in wanted if each["2.1"]), "")
        if not number:
            raise Invalid("the order has no placer number", where=f"{common}-2")
        times = [
            *(each.timestamp("7", zone=zone) for each in group if each.name == "TQ1"),
            *(each.timestamp("36", zone=zone) for each in wanted),
            common.timestamp("15", zone=zone),
            *(each.timestamp("7", zone=zone) for each in wanted),
        ]
        at = next((each for each in times if each is not None), None)
        codes = [each["4.1"] for each in wanted]
        yield from _needs(number, codes, hub, place, at, cancelled=common["1"] in ENDED)


def _needs(
    number: str, codes: Sequence[str], hub: Lookup, place: str, at: datetime | None, *, cancelled: bool
) -> Iterator[PlannedDemand]:
    """Each item once, with what all procedures take of it together."""
    needed: dict[tuple[str, str], Decimal] = {}
    for code in filter(None, codes):
        with suppress(Unmapped):  # it takes nothing that is replenished
            for item, quantity, unit in items_in(mapped(hub, TABLE, code, "items"), code):
                needed[item, unit] = needed.get((item, unit), Decimal(0)) + quantity
    if needed and at is None:
        raise Invalid("nothing says when it is planned", where=f"{number}, time")
    if needed and not place:
        raise Invalid("nothing says from which store it is taken", where=f"{number}, place")
    for (item, unit), quantity in needed.items():
        yield make(
            PlannedDemand, number, number=number, location=place, item=item, unit=unit, needed_at=at,
            quantity=Decimal(0) if cancelled else quantity,
        )  # fmt: skip


def items_in(text: str, code: str) -> Iterator[tuple[str, Decimal, str]]:
    """`STENT-35=2; GLV-M=10 EA`: item, quantity, unit (empty: EA). Raises `Invalid`."""
    for part in filter(None, (each.strip() for each in text.split(";"))):
        item, _, said = part.rpartition("=")
        quantity, _, unit = said.strip().partition(" ")
        try:
            number = Decimal(quantity)
        except InvalidOperation:
            number = Decimal("NaN")
        if not item.strip() or not number.is_finite() or number <= 0:
            raise Invalid("write items as STENT-35=2; GLV-M=10 EA", where=f"lookup table {TABLE}, code {code}")
        yield item.strip(), number, unit.strip() or "EA"


def planned_rows(
    *,
    source: Source,
    to: Sequence[Target],
    name: str = "inventory.planned_rows",
    owners: Owners = OWNERS,
    timezone: str = "UTC",
) -> Flow:
    """Rows `number,location,item,quantity,needed_at` and where wanted `unit`: a quantity of 0 ends the plan."""
    zone = zone_of(timezone)

    def demand(row: Row, hub: Lookup) -> PlannedDemand:
        number = text_in(row, "number", "plan")
        where = f"plan {number}"
        return make(
            PlannedDemand,
            where,
            number=number,
            location=mapped_where_listed(hub, "locations", text_in(row, "location", where)),
            item=text_in(row, "item", where),
            quantity=decimal_in(row, "quantity", where),
            unit=mapped_where_listed(hub, "units", row.get("unit", "").strip()),
            needed_at=moment_in(row, "needed_at", where, zone),
        )

    return master_data(
        name,
        demand,
        summary="What departments plan to use is known",
        source=source,
        owners=owners,
        order_by=lambda row: row.get("number", "").strip(),
        targets=to,
    )

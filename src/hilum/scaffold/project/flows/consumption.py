"""Supplies used on a patient: each charge line of a DFT message for a stocked item becomes a consumption."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hilum.canonical import SupplyConsumed
from hilum.connectors import files, mllp
from hilum.errors import Invalid
from hilum.flow import Criticality, DataClass, Flow, Lookup, Owners, Slo
from hilum.formats import hl7v2 as hl7

OUT = Path(__file__).parent.parent / "out"

consumption = Flow(
    "supply.consumption",
    version="1.0",
    summary="Supplies used on a patient leave the stock of the place where they were used",
    owners=Owners(business="Supply chain", technical="Integration"),
    data_class=DataClass.PHI,
    criticality=Criticality.HIGH,
    slo=Slo(percent=99.5, within="30s"),
    retention="P7Y",
    source=mllp.Listener(host="127.0.0.1", port=2575, accepts=["DFT^P03"]),
    order_by=hl7.field("PID-18.1"),  # messages of one patient account stay in order
    dedup_by=lambda msg: f"{msg.sender}|{msg.control_id}",  # the same message sent twice counts once
)


@consumption.translate
def used_supplies(msg: hl7.Message, hub: Lookup) -> Iterator[SupplyConsumed]:
    """One consumption for each FT1 segment. An item or place without a row in its table holds the message."""
    for ft1 in msg.segments("FT1"):
        if hub.value("items", ft1["7.1"], "stocked") == "no":
            continue  # a service: nothing leaves the stock
        quantity = ft1.decimal("10")
        if quantity is None:
            raise Invalid("the quantity is missing", where=f"{ft1}-10")
        yield SupplyConsumed(
            transaction=f"{msg['MSH-4.1']}:{ft1['2.1']}",
            item=hub.item(ft1["7.1"]),
            quantity=-quantity if ft1["6"] == "CD" else quantity,  # a credit comes back into the stock
            location=hub.location(msg["PV1-3.1"]),
            account=msg["PID-18.1"] or None,
            used_at=ft1.timestamp("4.1"),
        )


consumption.deliver_to(files.write(url=str(OUT), name="{key}-{message_id}-{ordinal}.json"))
# With an Odoo: name it in hilum.toml as [endpoints.odoo.main], import odoo from hilum.connectors, and write here
# consumption.deliver_to(odoo.stock_consumption("odoo.main")) in place of the line above, or beside it.

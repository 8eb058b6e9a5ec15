"""The group's published items go out; orders of the southern hospital come in, in its own codes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from hilum.canonical import Item
from hilum.connectors import files, masterdata
from hilum.flow import DataClass, Flow, Lookup, Owners, Slo

OWNERS = Owners(business="Purchasing", technical="Integration")

items = Flow(
    "group.items",
    version="1.0",
    summary="Items that the group has published go to the ERP",
    owners=OWNERS,
    data_class=DataClass.INTERNAL,
    slo=Slo(percent=99, within="5m"),
    retention="P1Y",
    source=masterdata.Published(object="items"),
    order_by=lambda change: change["key"],
)


@items.translate
def to_erp(change: Mapping[str, Any], hub: Lookup) -> Iterator[Item]:
    if change["act"] == "set":
        yield Item(**change["content"])
    else:
        yield Item(code=change["key"], title=change["key"], active=False)


items.deliver_to(files.write("files.group", name="item-{key}-{message_id}.json"))

orders = Flow(
    "south.orders",
    version="1.0",
    summary="Order lines of the southern hospital, in the codes of the group",
    owners=OWNERS,
    data_class=DataClass.CONFIDENTIAL,
    slo=Slo(percent=99, within="5m"),
    retention="P1Y",
    source=files.Folder(url=os.environ.get("IN_DIR", "in"), pattern="*.csv", split="rows"),
    order_by=lambda row: row["order"],
)


@orders.translate
def in_group_codes(row: Mapping[str, str], hub: Lookup) -> Iterator[dict[str, str]]:
    yield {
        "order": row["order"],
        "supplier": hub.id("supplier", "SOUTH", row["supplier"], "NORTH"),
        "unit": hub.value("south_units", row["unit"]),
        "quantity": row["quantity"],
    }


orders.deliver_to(files.write("files.group", name="order-{key}-{message_id}-{ordinal}.json"))

"""The group's published items go out; orders of the southern hospital come in, in its own codes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field

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


class SouthernLine(BaseModel):
    """A row of the file that the southern hospital sends; a further column is no matter."""

    order: str = Field(min_length=1)
    supplier: str = Field(min_length=1)
    unit: str = Field(min_length=1)
    quantity: Decimal = Field(gt=0)


class GroupLine(BaseModel):
    """The same line in the codes of the group."""

    order: str
    supplier: str
    unit: str
    quantity: Decimal


orders = Flow(
    "south.orders",
    version="1.0",
    summary="Order lines of the southern hospital, in the codes of the group",
    owners=OWNERS,
    data_class=DataClass.CONFIDENTIAL,
    slo=Slo(percent=99, within="5m"),
    retention="P1Y",
    source=files.Folder(url=os.environ.get("IN_DIR", "in"), pattern="*.csv", split="rows"),
    input=SouthernLine,
    order_by=lambda line: line.order,
)


@orders.translate
def in_group_codes(line: SouthernLine, hub: Lookup) -> Iterator[GroupLine]:
    yield GroupLine(
        order=line.order,
        supplier=hub.id("supplier", "SOUTH", line.supplier, "NORTH"),
        unit=hub.value("south_units", line.unit),
        quantity=line.quantity,
    )


orders.deliver_to(files.write("files.group", name="order-{key}-{message_id}-{ordinal}.json"))

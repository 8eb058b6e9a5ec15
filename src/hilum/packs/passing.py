"""Flows that change nothing: what somebody posts, or a process sends, goes on as the business object that it is.

    master = passing.business_objects(
        "master.data", source=http.Listener(port=8096, path="/master"), owners=OWNERS,
        summary="Suppliers and items are known", to=[odoo.supplier("odoo.main"), odoo.item("odoo.main")],
    )

Each target takes the kinds of objects that it accepts, so one flow serves many kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson

from hilum.canonical import BusinessObject
from hilum.canonical.catalogue import read
from hilum.connector import Source, Target
from hilum.flow import Flow, Lookup, Owners, Pattern
from hilum.processes import Commands

__all__ = ["business_objects", "commands", "object_of"]


def of_one_order(thing: BusinessObject) -> str:
    """Papers about one order stay in order, and so do those of one thing."""
    return getattr(thing, "order", None) or thing.business_key


def business_objects(
    name: str,
    *,
    source: Source,
    summary: str,
    owners: Owners,
    version: str = "1.0",
    to: Sequence[Target] = (),
    pattern: Pattern = Pattern.TRANSACTION,
    order_by: Callable[[BusinessObject], str] = of_one_order,
) -> Flow:
    """Business objects as JSON, as `hilum.canonical.catalogue.write` writes them: each goes to whoever accepts it."""
    flow = Flow(
        name,
        version=version,
        summary=summary,
        owners=owners,
        pattern=pattern,
        source=source,
        format="object",
        order_by=order_by,
    )

    @flow.translate
    def as_it_is(thing: BusinessObject, _: Lookup) -> BusinessObject:
        return thing

    flow.deliver_to(*to)
    return flow


def commands(
    name: str,
    channel: str,
    *,
    summary: str,
    owners: Owners,
    version: str = "1.0",
    to: Sequence[Target] = (),
    pattern: Pattern = Pattern.TRANSACTION,
) -> Flow:
    """What processes send on a channel, in the order of the keys that they give."""
    flow = Flow(name, version=version, summary=summary, owners=owners, pattern=pattern, source=Commands(channel))

    @flow.translate
    def sent(parsed: dict[str, Any], _: Lookup) -> BusinessObject:
        return object_of(parsed)

    flow.deliver_to(*to)
    return flow


def object_of(command: dict[str, Any]) -> BusinessObject:
    """What a process sent, for flows that do more with it. Raises `Invalid` where it is no business object."""
    return read(orjson.dumps({"type": command.get("type"), "data": command.get("content")}))

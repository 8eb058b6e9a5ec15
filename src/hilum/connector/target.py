"""What a flow says of where its objects go, and what a target makes of one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from hilum.connector.destination import Destination
from hilum.connector.inspection import Needs
from hilum.message import NO_HEADERS


@dataclass(frozen=True, kw_only=True, slots=True)
class Outgoing:
    """What a target makes of one object: the body of a delivery."""

    body: bytes = field(repr=False)
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """One line of a flow: `flow.deliver_to(odoo.stock_consumption("odoo.main"))`.

    `endpoint` names the destination; deliveries of one ordering key to one endpoint stay in order even when several
    targets lead there. An endpoint is set up in `hilum.toml`, or given here as `connector`.
    """

    endpoint: str
    operation: str = ""
    accepts: tuple[type, ...] = (object,)  # objects of other types that the flow yields do not go here
    encode: Callable[[Any], Outgoing | None]  # None: this object is not for this target
    connector: Destination | None = None
    needs: Needs = field(default_factory=dict, hash=False)  # models and fields besides those of the operation itself
    may_be: tuple[type, ...] = ()  # business objects of which it must say whether it writes them, where one is governed
    no_object: str = ""  # why what it writes, in a model of such objects, is none of them
    adopts: bool = False  # the receiver has identifiers besides numbers; of what is matched it is told both
    # As `encode`, of an object of which these fields may only fill what is empty there; None: its header says enough.
    to_fill: Callable[[Any, Collection[str]], Outgoing | None] | None = None
    overwrites: tuple[type, ...] = ()  # objects of which the receiver cannot leave a field alone that has a value

    def takes(self, thing: object) -> bool:
        """Is an object of this type for this target?"""
        return isinstance(thing, self.accepts)

"""Numbers of things go into the crosswalk: a destination within the hub.

    flow.deliver_to(odoo.item("odoo.main"), crosswalk.link())

For each item, supplier, customer, location, facility and warehouse that the flow yields, all that it is known as
(GTINs, UDI, part number, GLN) is linked to the hub's own number of it, so that `hub.item(gtin, by="GTIN")` finds it. A
number that names another thing already is held for a steward.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from hilum import canonical
from hilum.canonical import BusinessObject
from hilum.connector import HubDestination, Outgoing, Target, Traits
from hilum.errors import Rejected
from hilum.masterdata.crosswalk import bringing
from hilum.message import Delivered, Delivery, Outcome

ENDPOINT: Final = "crosswalk.numbers"


class Numbers(HubDestination):
    """Links what things are known as, each once."""

    kind: ClassVar[str] = "crosswalk"
    traits: ClassVar[Traits] = Traits(batch_limit=100, deduplicates=True)
    needs: ClassVar[str] = "Numbers are linked"

    async def check(self) -> str:
        """What it does."""
        return "links the numbers of things in the crosswalk"

    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """Each in a transaction of its own, so that a number that is taken holds back only its own thing."""
        return [await self._one(delivery) for delivery in batch]

    async def _one(self, delivery: Delivery) -> Outcome:
        thing = canonical.read(delivery.body)
        reference = f"{thing.thing} {thing.business_key}"
        async with self.database.cold() as connection:
            if not await bringing.missing(connection, thing):
                return Delivered(reference=reference, words="All its numbers were linked already.")
        try:
            async with self.database.transaction() as connection:
                reason = f"brought by flow {delivery.flow}"
                count = await bringing.bring(connection, thing, actor="hub", reason=reason)
        except Rejected as rejected:
            return rejected
        return Delivered(reference=reference, words=f"{count} of its numbers were linked.")


def link() -> Target:
    """What a thing is known as (GTINs, UDI, part number, GLN) is linked to its own number in the crosswalk."""
    kinds = tuple(kind for kind in canonical.BY_NAME.values() if kind.thing)
    return Target(endpoint=ENDPOINT, operation="link", accepts=kinds, encode=_encoded, connector=Numbers())


def _encoded(thing: BusinessObject) -> Outgoing | None:
    """A thing that nobody else numbers is nothing to link."""
    return Outgoing(body=canonical.write(thing)) if thing.known_as else None

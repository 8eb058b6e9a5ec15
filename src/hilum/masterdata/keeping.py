"""What flows tell the hub to keep: business objects become rows of its own database, a batch in one transaction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from hilum.canonical import BusinessObject
from hilum.canonical.catalogue import read, write
from hilum.connector import Header, HubDestination, Outgoing
from hilum.errors import Invalid, Rejected
from hilum.message import Delivery, Outcome
from hilum.postgres import Connection


class Keeper(HubDestination, ABC):
    """Keeps business objects. One that says what is known already must change nothing."""

    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """Keep each; one that cannot be read is rejected alone."""
        found: list[Outcome] = []
        told: list[BusinessObject] = []
        async with self.database.transaction() as connection:
            for delivery in batch:
                try:
                    thing = read(delivery.body)
                except Invalid as error:
                    found.append(Rejected("invalid", str(error)))
                    continue
                found.append(await self.keep(connection, thing, delivery))
                told.append(thing)
            await self.settled(connection, told)
        return found

    @abstractmethod
    async def keep(self, connection: Connection, thing: BusinessObject, delivery: Delivery) -> Outcome:
        """Within the transaction of the batch."""

    async def settled(self, connection: Connection, things: Sequence[BusinessObject]) -> None:
        """Within the same transaction, once each of a batch is kept or rejected: what follows from them together."""


def kept(thing: BusinessObject) -> Outgoing:
    """What a `Keeper` is given of a thing: in order by its business key."""
    return Outgoing(body=write(thing), headers={Header.ORDERING_KEY: thing.business_key})

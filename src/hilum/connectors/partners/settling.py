"""The register as a destination: what a partner's answer settles is noted there, as everything through the journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from pydantic import TypeAdapter

from hilum.connector import HubDestination, Outgoing, Target, Traits
from hilum.connectors.encoding import encode
from hilum.errors import DatabaseUnavailable, TryAgain
from hilum.message import Delivered, Delivery, Outcome
from hilum.partners import Arrived, Settled, arrivals, register
from hilum.postgres import Connection

ENDPOINT: Final = "partners.register"

_THINGS: Final[TypeAdapter[Settled | Arrived]] = TypeAdapter(Settled | Arrived)


class Register(HubDestination):
    """Notes what answers settle, and the numbers of what came. The same again changes nothing."""

    kind: ClassVar[str] = "partners"
    traits: ClassVar[Traits] = Traits(batch_limit=1, deduplicates=True)
    needs: ClassVar[str] = "What partners answer is noted"

    @property
    def address(self) -> str:
        """What flows call it."""
        return ENDPOINT

    async def check(self) -> str:
        """It is a part of the hub."""
        return "the hub's own register"

    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """Note each."""
        return [await self._deliver(each) for each in batch]

    async def _deliver(self, delivery: Delivery) -> Outcome:
        try:
            async with self.database.transaction() as connection:
                return Delivered(words=await _noted(connection, delivery))
        except DatabaseUnavailable as error:
            return TryAgain(str(error))


async def _noted(connection: Connection, delivery: Delivery) -> str:
    """What is noted, in words."""
    thing = _THINGS.validate_json(delivery.body)
    if isinstance(thing, Arrived):
        told = await arrivals.note(connection, thing, delivery.message_id, delivery.flow)
        return "; ".join(told) or "its numbers are noted"
    count = await register.settle(connection, thing)
    return f"settles {count} of what was sent" if count else "settles nothing: not awaited, or answered before"


def settle() -> Target:
    """The target that takes what answers settle (`hilum.partners.answered`), and numbers that came (`arrived`)."""

    def encoded(thing: Any) -> Outgoing:
        return encode(thing)

    return Target(endpoint=ENDPOINT, accepts=(Settled, Arrived), encode=encoded, connector=Register())

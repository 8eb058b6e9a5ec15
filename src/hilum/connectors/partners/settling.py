"""The register as a destination: what a partner's answer settles is noted there, as everything through the journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from hilum.connector import HubDestination, Outgoing, Target, Traits
from hilum.connectors.encoding import encode
from hilum.errors import DatabaseUnavailable, TryAgain
from hilum.message import Delivered, Delivery, Outcome
from hilum.partners import Settled, register

ENDPOINT: Final = "partners.register"


class Register(HubDestination):
    """Notes what answers settle. The same answer again changes nothing."""

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
        settled = Settled.model_validate_json(delivery.body)
        try:
            async with self.database.transaction() as connection:
                count = await register.settle(connection, settled)
        except DatabaseUnavailable as error:
            return TryAgain(str(error))
        if count:
            return Delivered(words=f"settles {count} of what was sent")
        return Delivered(words="settles nothing: it is not awaited, or was answered before")


def settle() -> Target:
    """The target that takes what answers settle (`hilum.partners.answered`)."""

    def encoded(thing: Any) -> Outgoing:
        return encode(thing)

    return Target(endpoint=ENDPOINT, accepts=(Settled,), encode=encoded, connector=Register())

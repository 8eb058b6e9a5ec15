"""Where messages go out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from hilum.connector.base import Connector
from hilum.errors import Unsure
from hilum.message import Delivered, Delivery, Outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class Effort:
    """What a destination has cost since it was made: calls over the wire, and what they would be one by one."""

    calls: int = 0
    records: int = 0  # deliveries made
    alone: int = 0  # calls that the same deliveries take when each is sent alone
    seconds: float = 0.0  # that calls were under way


class Destination(Connector):
    """Gives messages out."""

    @abstractmethod
    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """Deliver 1 … `traits.batch_limit`, in this order where keys are equal; one outcome each, in the same order.

        Called from many tasks at once, never twice at once for one ordering key. Cancelled at shutdown: what was
        under way is then `Unsure`. May raise a `Failure`, which then holds for the whole batch: after `Rejected` and
        `TryAgain` the hub looks by halves for the delivery that is at fault.
        """

    async def landed(self, delivery: Delivery) -> Delivered | Unsure | None:
        """Did an earlier attempt of this delivery arrive? Asked after an attempt whose answer was lost.

        `Delivered`: it did; none: it surely did not; `Unsure`: this receiver cannot tell (and who does not implement
        this never can). May raise `TryAgain` or `Down` when it cannot be asked now.
        """
        return Unsure("This receiver cannot be asked whether it arrived.")

    def portion(self) -> int:
        """How many deliveries the next call should take, 1 … `traits.batch_limit`: asked before each."""
        return self.traits.batch_limit

    def effort(self) -> Effort | None:
        """What its calls came to; none: it makes one call for each `deliver`, or does not count."""
        return None

    def effect(self, delivery: Delivery) -> str:
        """What the receiver will know the effect of this delivery by, the same at each attempt; no I/O."""
        return delivery.idempotency_key

    @property
    def can_tell(self) -> bool:
        """Is `landed` worth asking?"""
        return type(self).landed is not Destination.landed

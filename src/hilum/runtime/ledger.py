"""The ledger of effects of one destination: notes what a call is to do, and files what the destination says of it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from hilum.connector import Destination
from hilum.errors import trail
from hilum.journal import intents
from hilum.journal.intents import Asked
from hilum.journal.leases import Leases
from hilum.journal.payloads import Ref
from hilum.message import Delivered, Delivery, Outcome
from hilum.postgres import Connection, Database

log = logging.getLogger("hilum.dispatcher")


class Ledger:
    """For destinations whose traits say so; everything raises `DatabaseUnavailable`, and then nothing is called."""

    def __init__(self, database: Database, leases: Leases, name: str, destination: Destination) -> None:
        self._database = database
        self._leases = leases
        self._name = name
        self._destination = destination

    async def begin(self, batch: Sequence[Delivery]) -> set[str]:
        """Note the intents of a call; which of its deliveries did an earlier call leave open?"""
        effects = [self._effect(each) for each in batch]
        async with self._database.hot() as connection:
            left = await intents.begin(connection, self._leases, self._name, batch, effects)
        return {each.id for each in batch if (each.message_id, each.ordinal) in left}

    async def file(self, asked: Sequence[tuple[Delivery, Outcome | None]]) -> None:
        """Keep what the destination said when it was asked about these; none: they surely did not arrive."""
        if not asked:
            return
        answers = [_asked(each, self._effect(each), said) for each, said in asked]
        async with self._database.hot() as connection:
            await intents.file(connection, answers)

    async def landed(self, connection: Connection, refs: Sequence[Ref]) -> None:
        """Within the transaction of the outcome: these are there."""
        await intents.answered(connection, refs, landed=True)

    async def not_landed(self, connection: Connection, refs: Sequence[Ref]) -> None:
        """Within the transaction of the outcome: these are surely not there."""
        await intents.answered(connection, refs, landed=False)

    def _effect(self, delivery: Delivery) -> str:
        try:
            return self._destination.effect(delivery)
        except Exception as error:  # noqa: BLE001 - a connector's defect; the call itself will show it
            log.error("%s: the connector cannot name an effect: %s", self._name, trail(error))
            return delivery.idempotency_key


def _asked(delivery: Delivery, effect: str, said: Outcome | None) -> Asked:
    ref = (delivery.message_id, delivery.ordinal)
    if said is None:
        return Asked(ref=ref, effect=effect, answer="not landed")
    if isinstance(said, Delivered):
        return Asked(ref=ref, effect=effect, answer="landed", words=said.words, reference=said.reference)
    answer = "cannot tell" if getattr(said, "checked", False) else "not to be asked now"
    return Asked(ref=ref, effect=effect, answer=answer, words=str(said))

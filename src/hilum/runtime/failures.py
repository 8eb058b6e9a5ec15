"""What follows a delivery that was not made: wait and repeat, or hold it with a case."""

from __future__ import annotations

from hilum.cases import classify, open_case
from hilum.connector import Destination, Header
from hilum.errors import Rejected, TryAgain, Unsure
from hilum.flow import Flow, Stake
from hilum.journal import intents
from hilum.journal.moves import fence, hold_delivery, since_first_attempt, wait
from hilum.journal.work import ToDeliver
from hilum.postgres import Connection
from hilum.runtime import retry
from hilum.runtime.ledger import Ledger
from hilum.runtime.share import Share


class Failures:
    """Settles the failures of one destination."""

    def __init__(self, share: Share, name: str, destination: Destination, ledger: Ledger | None = None) -> None:
        self._share = share
        self._name = name
        self._destination = destination
        self._ledger = ledger

    async def settle(self, taken: ToDeliver, outcome: TryAgain | Unsure | Rejected, milliseconds: int) -> bool:
        """Commit what follows; says whether the next one of the same key may go on at once.

        Raises `LeaseLost`, `DatabaseUnavailable`.
        """
        share, flow = self._share, self._share.flows.get(taken.flow)
        name = type(outcome).__name__
        async with share.database.transaction() as connection:
            await fence(connection, share.leases, {taken.lane})
            await self._note(connection, taken, outcome)
            follows = await self._follows(connection, taken, outcome, flow)
            if isinstance(follows, retry.Wait):
                await wait(
                    connection,
                    taken,
                    seconds=follows.seconds,
                    outcome=name,
                    words=str(outcome),
                    milliseconds=milliseconds,
                    worker=share.leases.name,
                )
                return False
            blocks = flow is None or flow.on_held == "hold_key"
            finding = classify(outcome, destination=self._name)
            held = await hold_delivery(
                connection,
                taken,
                blocks=blocks,
                outcome=name,
                words=str(outcome),
                milliseconds=milliseconds,
                worker=share.leases.name,
            )
            if held:
                await open_case(
                    connection,
                    finding,
                    flow=taken.flow,
                    declared=flow,
                    message_id=taken.message_id,
                    ordinal=taken.ordinal,
                    destination=self._name,
                    stake=Stake.read(taken.headers.get(Header.STAKE, "")),
                )
                await share.reporter.settled(connection, taken.message_id, "held", finding.title)
        if held:
            share.observer.held(taken, finding.category)
        return not blocks

    async def _note(self, connection: Connection, taken: ToDeliver, outcome: TryAgain | Unsure | Rejected) -> None:
        """In the ledger: is it known what became of it?"""
        if self._ledger is None:
            return
        if isinstance(outcome, Unsure):
            await intents.unsure(connection, taken.ref)
        else:
            await self._ledger.not_landed(connection, [taken.ref])

    async def _follows(
        self, connection: Connection, taken: ToDeliver, outcome: TryAgain | Unsure | Rejected, flow: Flow | None
    ) -> retry.Wait | retry.Hold:
        if flow is None or isinstance(outcome, Rejected):
            return retry.Hold()
        return retry.after(
            outcome,
            retry.rule_for(flow, retry.class_of(outcome), self._share.retries),
            attempts=taken.attempts + 1,
            elapsed=await since_first_attempt(connection, taken) if taken.attempts else 0.0,
            repeatable=self._destination.traits.deduplicates or self._destination.can_tell,
        )

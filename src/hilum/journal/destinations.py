"""The destinations as people see them: in order or left alone, since when and why, what waits, how much goes there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hilum.journal import efforts, intents, overview, tallies
from hilum.journal.breakers import BreakerRow, BreakerState, breakers
from hilum.journal.efforts import EffortRow
from hilum.journal.endpoint_states import EndpointState, states
from hilum.postgres import Connection

_MINUTES: Final = 5  # over which the rate is counted


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationRow:
    """One destination now."""

    name: str
    breaker: BreakerRow | None  # none: it was never left alone
    pending: int  # deliveries that are next
    waiting: int  # for their retry time, or behind their key
    oldest: datetime | None  # since when the oldest of those waits
    per_minute: float  # deliveries made, over the last minutes
    effort: EffortRow | None = None  # of the last day; none: it does not count its calls
    state_there: EndpointState | None = None  # what it said of itself; none: it was not looked at
    unknown: int = 0  # effects of which nobody knows whether they are there; normally none

    @property
    def state(self) -> BreakerState:
        """Of its breaker."""
        return self.breaker.state if self.breaker is not None else BreakerState.CLOSED

    @property
    def packing(self) -> str:
        """Calls of the last day, and what packing saved, for a table."""
        if self.effort is None or not self.effort.calls:
            return ""
        one = self.effort
        return f"{one.calls} calls, {one.per_call:.1f} records each, {one.saved} calls saved"

    @property
    def word(self) -> str:
        """The state in a word or two."""
        if self.state is BreakerState.HALF_OPEN:
            return "being tried"
        if self.state is BreakerState.CLOSED:
            return "in order"
        return "stopped" if self.breaker is not None and self.breaker.actor else "down"

    @property
    def why(self) -> str:
        """Why it is left alone, by whom, and what comes next; nothing where it is in order."""
        row = self.breaker
        if row is None or row.state is BreakerState.CLOSED:
            return ""
        words = row.words.removeprefix(f"{self.name}: ")
        by = f" (stopped by {row.actor})" if row.actor else ""
        if row.state is BreakerState.HALF_OPEN:
            return f"{words}{by}; one delivery finds out whether it works again"
        after = "after a while one delivery finds out" if row.until else "until a person lets it go on"
        return f"{words}{by}; {after}"


async def destinations(connection: Connection, names: Iterable[str] = ()) -> list[DestinationRow]:
    """These destinations and all that the journal knows of, those that are left alone first."""
    rows = await breakers(connection)
    queues = {queue.place: queue for queue in await overview.queues(connection) if queue.place != "translate"}
    looked = await states(connection)
    spent = await efforts.last_day(connection)
    lost = await intents.unknown(connection)
    made: dict[str, int] = {}
    for _, _, destination, state, entered in await tallies.rates(connection, minutes=_MINUTES):
        if destination and state == "delivered":
            made[destination] = made.get(destination, 0) + entered
    found = []
    for name in sorted({*names, *rows, *queues, *made, *lost}):
        queue = queues.get(name)
        found.append(
            DestinationRow(
                name=name,
                breaker=rows.get(name),
                pending=queue.pending if queue else 0,
                waiting=queue.waiting if queue else 0,
                oldest=queue.oldest if queue else None,
                per_minute=made.get(name, 0) / _MINUTES,
                effort=spent.get(name),
                state_there=looked.get(name),
                unknown=lost.get(name, 0),
            )
        )
    return sorted(found, key=lambda row: row.state is BreakerState.CLOSED)

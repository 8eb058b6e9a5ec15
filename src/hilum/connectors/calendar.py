"""The calendar: a source whose messages are runs, each at its time.

    source=calendar.Runs(when=Calendar("0 6 * * MON-FRI", zone="Europe/Berlin", holidays="holidays"))

A run is a message, so it is traced, retried, held, replayed and audited like any other. Its body is JSON:

    {"flow": "finance.statements", "run": "…", "by_hand": false,
     "scheduled_for": "2026-11-02T05:00:00Z", "since": "2026-10-30T05:00:00Z", "until": "2026-11-02T05:00:00Z"}

`since` is the end of the last run that was made, so that no span is left out, whatever was missed in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Protocol
from uuid import UUID

import orjson
import structlog
from pydantic import Field, InstanceOf

from hilum.connector import ConnectorSettings, Header, Receipt, Received
from hilum.connectors.declaring import checked
from hilum.connectors.hub_source import HubSource
from hilum.connectors.intake import Intake
from hilum.errors import Busy, DatabaseUnavailable, Invalid, NotAccepted
from hilum.flow.schedule import Calendar, Overlap

log = structlog.get_logger(__name__)

_MOST: int = 1_000  # runs in hand; the ledger gives one at a time, so this bounds a defect


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A run whose time has come."""

    id: UUID
    flow: str
    scheduled_for: datetime | None  # none: by hand
    since: datetime  # end of the last run that was made …
    until: datetime  # … up to its own time

    def body(self) -> bytes:
        """What the flow reads."""
        return orjson.dumps(
            {
                "flow": self.flow,
                "run": self.id,
                "by_hand": self.scheduled_for is None,
                "scheduled_for": self.scheduled_for and self.scheduled_for.astimezone(UTC),
                "since": self.since.astimezone(UTC),
                "until": self.until.astimezone(UTC),
            },
            option=orjson.OPT_UTC_Z,
        )

    @property
    def key(self) -> str:
        """The same for each hub and each start: a time of a flow is one run."""
        at = f"{self.scheduled_for.astimezone(UTC):%Y-%m-%dT%H:%MZ}" if self.scheduled_for else str(self.id)
        return f"{self.flow}@{at}"


class Ledger(Protocol):
    """Who knows which runs are due, and remembers which were made: the runtime, by the journal.

    Each method may raise `DatabaseUnavailable`.
    """

    async def due(self) -> Sequence[Run]:
        """Runs to be made now, in order. One that is not answered comes again later."""

    async def made(self, run: Run, receipt: Receipt) -> None:
        """The journal has it as a message."""

    async def refused(self, run: Run, words: str) -> None:
        """It was refused for good."""


class RunsSettings(ConnectorSettings):
    """Settings of a calendar."""

    when: InstanceOf[Calendar] = Field(
        description="Calendar of the runs, with time zone, holidays and what becomes of missed runs",
        examples=['Calendar("0 6 * * MON-FRI", zone="Europe/Berlin")'],
    )
    overlap: Overlap = Field(
        default="latest",
        description="What comes while the former run is under way: the latest waits (latest), none is made (skip), or"
        " all wait (queue)",
        examples=["queue"],
    )
    poll: float = Field(
        default=1,
        gt=0,
        description="Seconds between two looks at what is due or asked for by hand",
        examples=[5],
        json_schema_extra={"unit": "s"},
    )


class Runs(HubSource[Ledger, Intake]):
    """Hands over a message whenever a run is due: by its calendar, or because a person asked (`hilum run`).

    Each flow has a calendar of its own. Any number of hubs may have it: a time becomes one message. A run begins only
    when the former one is over, that is when its message is completed or discarded.
    """

    Settings = RunsSettings
    kind: ClassVar[str] = "calendar"
    needs: ClassVar[str] = "which runs were made"
    own: ClassVar[str] = "calendar.Runs"

    def __init__(self, **settings: Any) -> None:
        self.settings = checked(RunsSettings, self.kind, settings)
        super().__init__(self.settings.poll)
        self.schedule: Calendar = self.settings.when
        self._out: set[UUID] = set()  # handed over, not answered
        self._again: list[RunReceived] = []  # refused for now
        self._handed = 0

    @property
    def address(self) -> str:
        """The flow: two flows never share a calendar, even where their times are the same."""
        return f"calendar://{self.flow}"

    async def check(self) -> str:
        """When it runs, and when next."""
        after = self.settings.when.after(datetime.now(UTC))
        return f"{self.settings.when.words()}; next: {self.settings.when.at(after) if after else 'never'}"

    def _begin(self) -> Intake:
        self._out.clear()
        self._again.clear()
        return Intake(_MOST, 2**20)

    async def _look(self, ledger: Ledger, queue: Intake) -> None:
        again, self._again = sorted(self._again, key=lambda each: each.place), []
        queue.put_first(again)
        for run in await ledger.due():
            if run.id not in self._out:
                self._out.add(run.id)
                self._handed += 1
                queue.put(RunReceived(self, ledger, run, self._handed))

    # ---- answers

    def ended(self, run: Run) -> None:
        """It is answered for good."""
        self._out.discard(run.id)

    def again(self, received: RunReceived) -> None:
        """It was refused for now."""
        self._again.append(received)


class RunReceived(Received):
    """One run, to be answered."""

    def __init__(self, source: Runs, ledger: Ledger, run: Run, place: int) -> None:
        self._source = source
        self._ledger = ledger
        self._run = run
        self.place = place  # in the order of everything that the calendar hands over
        self.body = run.body()
        self.content_type = "application/json"
        self.headers = {
            Header.PEER: "by hand" if run.scheduled_for is None else "calendar",
            Header.IDEMPOTENCY_KEY: run.key,
        }

    async def accept(self, receipt: Receipt) -> None:
        """Note it. Where that fails the run is offered again, and the journal knows it as a duplicate."""
        try:
            await self._ledger.made(self._run, receipt)
        finally:
            self._source.ended(self._run)

    async def refuse(self, error: Exception) -> None:
        """For good: it is left out, and that is shown. For now: it comes again at the next look."""
        if isinstance(error, NotAccepted | Invalid):
            await self._ledger.refused(self._run, str(error))
            self._source.ended(self._run)
        else:
            if not isinstance(error, Busy | DatabaseUnavailable):
                log.warning("calendar_refused", calendar=self._source.address, reason=type(error).__name__)
            self._source.again(RunReceived(self._source, self._ledger, self._run, self.place))

"""What the loops of one worker have in common: the flows, the leases, the cache, the bells that wake them."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from hilum.errors import DatabaseUnavailable, LeaseLost, trail
from hilum.flow import Flow, Lookup, Windows
from hilum.journal.leases import Leases
from hilum.masterdata.ownership import Matrix
from hilum.masterdata.quality import Meter
from hilum.message import Priority
from hilum.postgres import Database
from hilum.runtime.arrivals import Arrivals
from hilum.runtime.cache import BodyCache
from hilum.runtime.cursor import Horizon
from hilum.runtime.observer import Observer
from hilum.runtime.precedence import Precedence
from hilum.runtime.reports import Reporter
from hilum.runtime.stewardship import Stewardship
from hilum.runtime.switches import Switches
from hilum.settings import DestinationSettings, RetryTable, WorkerSettings
from hilum.waiting import listen

log = logging.getLogger("hilum.worker")

_POLL = 0.2  # seconds; what another process stored is found within this time, one's own at once
_WATCHED = 5.0  # seconds between two looks of their own of those for whom the lookout looks
_AFTER_FAULT = 0.5  # seconds before a loop goes on after the database was away


_LOWEST = UUID(int=0)
_Who = TypeVar("_Who", str, Priority)


def _unwatched(flow: str, message_id: UUID) -> AbstractContextManager[None]:
    return nullcontext()


async def _nothing_newer(error: Exception) -> bool:
    return False


@dataclass(slots=True, kw_only=True)
class Share:
    """Shared by the translators and dispatchers of one worker."""

    database: Database
    leases: Leases
    flows: Mapping[str, Flow]
    lookup: Lookup
    reporter: Reporter
    settings: WorkerSettings
    retries: RetryTable = field(default_factory=RetryTable)
    quality: Meter = field(default_factory=Meter)
    limits: Mapping[str, DestinationSettings] = field(default_factory=dict)  # by destination
    hours: Mapping[str, Windows] = field(default_factory=dict)  # of destinations that may not be called at all times
    observer: Observer = field(default_factory=Observer)
    switches: Switches = field(default_factory=Switches)
    cache: BodyCache = field(default_factory=BodyCache)
    horizon: Horizon = field(default_factory=Horizon)
    precedence: Precedence = field(default_factory=Precedence)
    floor: UUID = _LOWEST  # nothing below this id has work to do
    draining: set[int] = field(default_factory=set)  # lanes that are about to be given back
    translate_bells: Mapping[Priority, asyncio.Event] = field(
        default_factory=lambda: {priority: asyncio.Event() for priority in Priority}
    )
    bells: dict[str, asyncio.Event] = field(default_factory=dict)  # by destination
    resting: set[Priority] = field(default_factory=set)  # translators with nothing to do, for which the lookout looks
    watched: set[str] = field(default_factory=set)  # destinations of which the same is so
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    watching: Callable[[str, UUID], AbstractContextManager[None]] = _unwatched  # around the translation of a message
    open_flows: Collection[str] = (
        frozenset()
    )  # whose values may be kept outside of payloads: neither protected nor sealed
    stewardship: Stewardship = field(default_factory=lambda: Stewardship(Matrix(), {}, b""))
    arrivals: Arrivals = field(default_factory=lambda: Arrivals({}, Matrix(), {}, b""))
    newer: Callable[[Exception], Awaitable[bool]] = _nothing_newer  # is there data by now that a translation lacked?
    _promises: dict[str, float] = field(default_factory=dict)  # seconds, by flow

    @property
    def lanes(self) -> list[int]:
        """The lanes in which new work may begin."""
        if self.stopping.is_set() or not self.leases.valid:
            return []
        return [lane for lane in self.leases.held if lane not in self.draining]

    def late(self, flow: str, message_id: UUID) -> bool:
        """Is it longer ago that this message was received than its flow promises to take?"""
        if flow not in self._promises:
            declared = self.flows.get(flow)
            self._promises[flow] = declared.slo.seconds if declared else math.inf
        return time.time() - (message_id.int >> 80) / 1000 > self._promises[flow]

    def batch_of(self, priority: Priority) -> int:
        """The most messages of this priority that are taken at once."""
        settings = self.settings
        batch = min(settings.batch, settings.bulk_batch) if priority is Priority.BULK else settings.batch
        return self.precedence.portion(priority, batch)

    def limits_of(self, destination: str) -> DestinationSettings:
        """What `hilum.toml` says of a destination, or the defaults."""
        return self.limits.get(destination) or DestinationSettings()

    def ring_translators(self, *priorities: Priority) -> None:
        """There is work for the translators of these priorities; without any: perhaps for all of them."""
        for priority in priorities or Priority:
            self.translate_bells[priority].set()

    def stop(self) -> None:
        """Nothing new begins; who rests because there is nothing to do hears of it."""
        self.stopping.set()
        self.ring_translators()
        for bell in self.bells.values():
            bell.set()

    def ring(self, destination: str) -> None:
        """There is work for this destination."""
        if bell := self.bells.get(destination):
            bell.set()

    async def rest_watched(self, bell: asyncio.Event, who: _Who, watched: set[_Who]) -> None:
        """Wait until the bell rings, which the lookout does as soon as there is work for whom it watches."""
        watched.add(who)
        try:
            await self.rest(bell, _WATCHED)
        finally:
            watched.discard(who)

    async def rest(self, bell: asyncio.Event, seconds: float | None = None) -> None:
        """Wait until the bell rings, or for a while; without `seconds`: until it is time to look again."""
        await listen(bell, seconds or self.settings.look_seconds or _POLL)


async def keep_going(share: Share, name: str, step: Callable[[], Awaitable[None]], reset: Callable[[], None]) -> None:
    """Repeat a step until the worker stops. Faults do not end it: what is in hand is dropped and read again.

    The journal is the truth, so forgetting what was in memory loses nothing.
    """
    while not share.stopping.is_set():
        try:
            await step()
        except LeaseLost as error:
            log.info("%s: %s", name, error)
            reset()
            await asyncio.sleep(_POLL)
        except DatabaseUnavailable as error:
            log.warning("%s: %s", name, error)
            reset()
            await asyncio.sleep(_AFTER_FAULT)
            await _revive(share, name)
        except Exception as error:  # noqa: BLE001 - a defect must not end the loop
            log.error("%s: a defect; going on: %s", name, trail(error))
            reset()
            await asyncio.sleep(_AFTER_FAULT)


async def _revive(share: Share, name: str) -> None:
    try:
        await share.database.revive()
    except DatabaseUnavailable as error:
        log.warning("%s: %s", name, error)

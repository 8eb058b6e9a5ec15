"""The worker: holds lanes, and runs the translators and dispatchers in them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from hilum.connector import Destination
from hilum.ending import cancel_all
from hilum.errors import DatabaseUnavailable, trail
from hilum.message import Priority
from hilum.runtime.dispatcher import Dispatcher
from hilum.runtime.lookout import Lookout
from hilum.runtime.share import Share, keep_going
from hilum.runtime.translator import Translator

log = logging.getLogger("hilum.worker")

_BEATS = 4
"""Heartbeats in the time of a lease."""


class Worker:
    """All loops of one process that work on the journal."""

    def __init__(self, share: Share, destinations: Mapping[str, Destination]) -> None:
        self._share = share
        self.translators = [Translator(share, priority) for priority in Priority]
        self.dispatchers = [Dispatcher(share, name, destination) for name, destination in destinations.items()]

    async def run(self) -> None:
        """Work until the share is told to stop and everything in hand is committed; then give the lanes back."""
        share = self._share
        await self._beat()
        beating = asyncio.create_task(self._beat_until_cancelled())
        lookout = Lookout(share)
        loops = [
            *(keep_going(share, "translate", each.step, each.reset) for each in self.translators),
            *(each.run() for each in self.dispatchers),
            keep_going(share, "lookout", lookout.step, lookout.reset),
        ]
        tasks = [asyncio.create_task(loop) for loop in loops]
        try:
            await asyncio.gather(*tasks)
        finally:
            await cancel_all([beating, *tasks])
        try:
            await share.leases.leave()
        except DatabaseUnavailable as error:
            log.info("the lanes go back when the lease ends: %s", error)

    async def _beat_until_cancelled(self) -> None:
        while True:
            await asyncio.sleep(self._share.leases.seconds / _BEATS)
            try:
                await self._beat()
            except Exception as error:  # noqa: BLE001 - without heartbeats it would do nothing, and nobody would know
                log.error("a defect in the heartbeat; going on: %s", trail(error))

    async def _beat(self) -> None:
        """Renew the leases, and give back the lanes above the fair share once nothing of theirs is in hand."""
        share = self._share
        had = dict(share.leases.held)
        try:
            share.draining = await share.leases.heartbeat()
            self._forget_changed(had)
            free = share.draining - self._busy()
            if free:
                await share.leases.release(free)
                share.draining -= free
        except DatabaseUnavailable as error:
            log.warning("no heartbeat: %s", error)
            return
        if set(share.leases.held) - set(had):
            share.ring_translators()
            for bell in share.bells.values():
                bell.set()

    def _forget_changed(self, had: Mapping[int, int]) -> None:
        """Lanes that another worker has, or had before: what was read of them is not up to date.

        That holds for a lane that comes back too: another worker may have written before the place that is read.
        """
        held = self._share.leases.held
        if changed := {lane for lane in (*had, *held) if held.get(lane) != had.get(lane)}:
            for dispatcher in self.dispatchers:
                dispatcher.lost(changed)

    def _busy(self) -> set[int]:
        return set().union(
            *(translator.busy for translator in self.translators),
            *(dispatcher.busy_lanes for dispatcher in self.dispatchers),
        )

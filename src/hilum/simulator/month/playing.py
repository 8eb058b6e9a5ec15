"""Plays a month: one day after the other, as fast as the hub comes to rest, with a hub that is killed on the way.

The clock of the hub's processes is a file (`processes.clock`). A day begins when everything of the day before is done,
so nothing depends on how fast the machine is, and no time is over too early.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel

from hilum.errors import Down
from hilum.formats.banking import Party
from hilum.journal.tallies import counts
from hilum.postgres import Database
from hilum.processes import store
from hilum.processes.clock import set_clock
from hilum.simulator.bank import Bank, Trouble
from hilum.simulator.month.findings import held
from hilum.simulator.month.hospitals import Hospitals
from hilum.simulator.month.hub import HubProcess
from hilum.simulator.month.people import People
from hilum.simulator.month.suppliers import Suppliers
from hilum.simulator.month.truth import CURRENCY, Month

_LOOK = 0.1  # seconds between two looks whether the hub is at rest
_HELD = 10  # times sooner the patience is over where something is held
_UNDER_WAY = ("received", "routed")


@dataclass(slots=True)
class World:
    """Everybody around the hub."""

    month: Month
    project: Path
    hub: HubProcess
    database: Database
    url: str  # where the hub listens
    account: Party  # of the hospitals, at their bank
    forms: Mapping[str, type[BaseModel]]
    kills: int = 0
    seed: int = 1
    patience: float = 300.0  # seconds in which no message comes or goes on
    tell: Callable[[str], None] = lambda words: None
    seconds: dict[int, float] = field(default_factory=dict)  # that each day took

    async def play(self) -> None:
        """The whole month. Raises `Down` where a day does not come to an end."""
        player = _Player(self)  # makes the folders that the hub looks into
        await player.hospitals.open()
        try:
            await self.hub.start()
            await player.play()
        finally:
            await self.hub.stop()
            await player.hospitals.close()


class _Player:
    def __init__(self, world: World) -> None:
        self.world = world
        self.month = world.month
        self.hospitals = Hospitals(self.month, world.url)
        self.suppliers = Suppliers(self.month, world.project / "mail")
        self.people = People(self.month, world.forms)
        self.bank = Bank(world.project / "bank", account=world.account, currency=CURRENCY)
        for name in ("matches", "refused", "status", "accounts"):
            (world.project / "out" / name).mkdir(parents=True, exist_ok=True)
        self._clock(0)
        self.killing: asyncio.Task[None] | None = None  # what kills and starts the hub on a day
        drawn = random.Random(world.seed)  # noqa: S311 - chooses moments, guards nothing
        self.kills: Counter[int] = Counter(drawn.choices(self.month.days, k=world.kills))
        self.drawn = drawn

    async def play(self) -> None:
        """Master data first, then day by day."""
        await self.hospitals.introduce(lambda: self._rest("master data", lambda: self._work(0)))
        for vendor in self.month.vendors:
            if vendor.returned:
                self.bank.trouble(vendor.account, Trouble.RETURN, times=1)
        for day in self.month.days:
            begun = time.monotonic()
            self._clock(day)
            self.killing = asyncio.create_task(self._kill(self.kills[day]))
            try:
                await self._day(day)
            finally:
                self.killing.cancel()
            self.world.seconds[day] = time.monotonic() - begun
            self.world.tell(f"{self.month.on(day)}: {self.world.seconds[day]:.1f} s")

    def _clock(self, day: int) -> None:
        self.now = self.month.at(day)
        set_clock(self.world.project / "clock", self.now)

    async def _day(self, day: int) -> None:
        await self.hospitals.ask(day)
        await self.hospitals.change(day)
        await self.hospitals.receive(day)
        await self._rest(f"day {day}", lambda: self._work(day))
        if day in self.month.payment_days:
            await self.hospitals.pay(day)
            await self._rest(f"payments of day {day}", lambda: self._work(day))
            self.bank.open_mail(self.now)
            await self._rest(f"the bank's answers of day {day}", lambda: self._work(day))
        if day in self.month.payment_days or day - 1 in self.month.payment_days:
            self.bank.end_of_day(self.month.on(day))
        if self.killing is not None:
            await self.killing
        await self._rest(f"the end of day {day}", lambda: self._work(day))

    async def _work(self, day: int) -> int:
        """What suppliers and people do of themselves; how much that was."""
        return await asyncio.to_thread(self.suppliers.work, day) + await self.people.work(self.world.database)

    async def _kill(self, times: int) -> None:
        for _ in range(times):
            await asyncio.sleep(self.drawn.uniform(0.05, 1.5))
            await self.world.hub.kill()
            await self.world.hub.start()

    async def _rest(self, what: str, work: Callable[[], Awaitable[int]] | None = None) -> None:
        """Until nothing is under way any more, at two looks in a row. Raises `Down` where nothing goes on any more."""
        begun, moved, quiet = time.monotonic(), await self._moved(), 0
        while quiet < 2:
            self._hub_is_there()
            done = await work() if work is not None else 0
            quiet = quiet + 1 if not done and await self._at_rest() else 0
            if time.monotonic() > begun + self.world.patience / (_HELD if await self._held() else 1):
                before, moved = moved, await self._moved()
                if moved == before:
                    raise Down(f"The hub does not come to rest: {what}, {await self._why()}.")
                begun = time.monotonic()
            await asyncio.sleep(_LOOK)

    def _hub_is_there(self) -> None:
        """Raises `Down` where the hub has ended by itself, or did not start again."""
        if self.killing is not None and not self.killing.done():
            return
        if self.killing is not None:
            self.killing.result()
        if self.world.hub.ended:
            raise Down(f"The hub of the month has ended by itself: see {self.world.project / 'hub.log'}.")

    async def _held(self) -> list[str]:
        """What waits for a person outside of the tasks: nobody in the month looks after it."""
        async with self.world.database.cold() as connection:
            return await held(connection)

    async def _moved(self) -> int:
        """How often a message has come, or gone on; retries do not count."""
        async with self.world.database.cold() as connection:
            return sum(each.entered for each in await counts(connection) if not each.destination)

    async def _at_rest(self) -> bool:
        if self.world.hub.ended or self._folders():
            return False
        async with self.world.database.cold() as connection:
            return await store.at_rest(connection, self.now) and not await _under_way(connection)

    def _folders(self) -> list[str]:
        """Folders in which something lies that was not taken."""
        bank = [each.name for each in (self.bank.answers, self.bank.statements) if any(each.glob("*.*ml"))]
        bank += ["statements"] if any(self.bank.statements.glob("*.txt")) else []
        return bank + (["mail"] if self.suppliers.untaken else [])

    async def _why(self) -> str:
        async with self.world.database.cold() as connection:
            facts = {
                "held": await held(connection),
                "untaken": self._folders(),
                "messages": await _under_way(connection),
                "processes at rest": await store.at_rest(connection, self.now),
                "hub ended": self.world.hub.ended,
            }
        return "; ".join(f"{name}: {fact}" for name, fact in facts.items())


async def _under_way(connection: object) -> dict[str, int]:
    """Messages that are not done, by flow."""
    found = await counts(connection)  # type: ignore[arg-type]
    return {each.flow: each.now for each in found if not each.destination and each.state in _UNDER_WAY and each.now}

"""Faults on demand: what the far side does to a client on a bad day, set by a test or over `/sandbox/faults`."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class FaultKind(StrEnum):
    """What happens to a call. `ms` matters to the two delays only."""

    LATENCY = "latency"  # wait `ms` before anything is done
    SLOW_COMMIT = "slow_commit"  # the transaction starts, and is carried out and committed `ms` later
    UNAVAILABLE = "503"  # an error page with status 503; nothing is done
    BAD_GATEWAY = "502"  # an error page with status 502; nothing is done
    HTML = "html"  # an HTML page with status 200 in place of the answer; nothing is done
    SERIALIZATION = "serialization"  # the call is carried out and taken back, the answer is SerializationFailure
    LOST_REPLY = "lost_reply"  # the call is carried out and committed, then the connection closes with no reply
    CLOSE = "close"  # the connection closes before anything is done
    HANG = "hang"  # no answer until `release`, then the connection closes; nothing is done
    DOWN = "down"  # like 503, meant for "the whole server": also the version and the login answer so


@dataclass(kw_only=True, slots=True)
class Fault:
    """One fault, and which calls it hits."""

    kind: FaultKind
    probability: float = 1.0  # of a matching call being hit, 0 to 1
    times: int | None = None  # hits left; None: no limit
    ms: int = 0  # milliseconds, for the delays
    model: str | None = None  # only calls on this model; None: all
    method: str | None = None  # only calls of this method; None: all

    def matches(self, model: str, method: str) -> bool:
        """True where the fault is meant for this call."""
        return self.model in (None, model) and self.method in (None, method) and self.times != 0


class Faults:
    """The faults in force. Empty by default.

    `seed` makes the random ones repeat from run to run.
    """

    def __init__(self, faults: Sequence[Fault] = (), *, seed: int = 0) -> None:
        self._faults = list(faults)
        self._random = random.Random(seed)  # noqa: S311 — chooses faults, guards nothing
        self._released = asyncio.Event()

    def add(
        self,
        kind: FaultKind | str,
        *,
        probability: float = 1.0,
        times: int | None = None,
        ms: int = 0,
        model: str | None = None,
        method: str | None = None,
    ) -> Fault:
        """Put a fault in force. Raises ValueError for an unknown kind or a probability outside 0 to 1."""
        if not 0 <= probability <= 1:
            raise ValueError(f"A probability is from 0 to 1, not {probability}.")
        fault = Fault(kind=FaultKind(kind), probability=probability, times=times, ms=ms, model=model, method=method)
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """End all faults and let hanging calls go."""
        self._faults.clear()
        self.release()

    def release(self) -> None:
        """Let the calls that hang now go: their connections close."""
        self._released.set()
        self._released = asyncio.Event()

    async def released(self) -> None:
        """Wait for the next `release`."""
        await self._released.wait()

    def draw(self, model: str, method: str) -> list[Fault]:
        """The faults that hit this call; counts their uses down."""
        hit = []
        for fault in self._faults:
            if fault.matches(model, method) and self._random.random() < fault.probability:
                if fault.times is not None:
                    fault.times -= 1
                hit.append(fault)
        return hit

    def to_json(self) -> list[dict[str, Any]]:
        """The faults in force, in the form that `replace` takes."""
        return [asdict(fault) for fault in self._faults if fault.times != 0]

    def replace(self, faults: Sequence[Mapping[str, Any]]) -> None:
        """Put these in force instead. Raises ValueError for what is not a fault; then nothing changes."""
        before = self._faults
        self._faults = []
        try:
            for fault in faults:
                self.add(**fault)
        except (TypeError, ValueError) as error:
            self._faults = before
            raise ValueError(str(error)) from None
        self.release()

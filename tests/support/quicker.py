"""What costs time in each test and proves nothing there: pauses between two looks of a hub, the cost of a password.

This holds in the processes of the tests. Hubs in processes of their own, as users run them, are as they are.
"""

from __future__ import annotations

from types import ModuleType
from typing import Final

from argon2 import PasswordHasher

from hilum import ending
from hilum.processes import engine
from hilum.runtime import breaker, errands, feed, maintenance, schedules, share
from hilum.security import passwords

_EVERY: Final[tuple[tuple[ModuleType, str, float], ...]] = (
    (share, "_POLL", 0.05),
    (share, "_AFTER_FAULT", 0.1),
    (ending, "_AGAIN", 0.1),
    (engine, "_EVERY", 0.03),
    (engine, "_SWEEP", 0.3),
    (feed, "_DUE_EVERY", 0.05),
    (feed, "_RESCAN_EVERY", 0.25),
    (breaker, "_LOOK_EVERY", 0.1),
    (breaker, "_ASK_AGAIN", 0.05),
    (errands, "_SWITCHES_EVERY", 0.1),
    (errands, "_JOBS_EVERY", 0.1),
    (maintenance, "_GATE_EVERY", 0.1),
    (maintenance, "_LOOKUPS_EVERY", 0.1),
    (maintenance, "_REFUSALS_EVERY", 0.1),
    (maintenance, "_REOPENED_EVERY", 0.1),
    (schedules, "_ASKED_EVERY", 0.1),
)
"""Module, constant, seconds."""


_PRODUCTION: Final = (65_536, 3, 4)
"""Memory in KiB, passes and lanes of a password's hash: RFC 9106 §4, second recommended option."""


def quicken() -> None:
    """From now on, in this process. What is made quicker is asserted to be slow elsewhere."""
    hasher = passwords._hasher
    assert (hasher.memory_cost, hasher.time_cost, hasher.parallelism) == _PRODUCTION
    passwords._hasher = PasswordHasher(memory_cost=8, time_cost=1, parallelism=1)
    for module, name, seconds in _EVERY:
        assert getattr(module, name) > seconds, f"{module.__name__}.{name} is as quick already"
        setattr(module, name, seconds)

"""How often and how long the hub repeats, by what happened and by how critical the flow is. Never for ever.

| criticality | attempts | waits (seconds, ± 20 %)                                   | gives up after about |
|-------------|----------|-----------------------------------------------------------|----------------------|
| low         | 5        | 1 2 4 8                                                   | 15 s                 |
| normal      | 10       | 1 2 4 8 16 32 64 128 256                                  | 9 min                |
| high        | 16       | … then 300 each                                           | 40 min               |
| vital       | 40       | … then 300 each                                           | 2 h 40 min           |

An endpoint that is down as a whole uses up no attempt: its deliveries wait until it answers again.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from hilum.errors import TryAgain, Unsure
from hilum.flow import Criticality

_FIRST_WAIT = 1.0  # seconds
_LONGEST_WAIT = 300.0  # seconds
_JITTER = 0.2  # of the wait, both ways, so that many that failed together do not come together again
_ATTEMPTS = {Criticality.LOW: 5, Criticality.NORMAL: 10, Criticality.HIGH: 16, Criticality.VITAL: 40}

_LONGEST_ASKED = 3600.0  # seconds; a receiver that asks for more (or for ever) is asked again after so long

_FIRST_PAUSE = 1.0  # seconds
_LONGEST_PAUSE = 30.0  # seconds: what is up again is found within this time


@dataclass(frozen=True, slots=True)
class Wait:
    """Repeat after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hold:
    """A person must decide."""


def after(failure: TryAgain | Unsure, *, attempts: int, criticality: Criticality, deduplicates: bool) -> Wait | Hold:
    """What follows the `attempts`-th failed attempt.

    After `Unsure` the hub repeats only where the destination recognises the repetition.
    """
    if isinstance(failure, Unsure) and not deduplicates:
        return Hold()
    if attempts >= _ATTEMPTS[criticality]:
        return Hold()
    seconds = min(_FIRST_WAIT * 2.0 ** (attempts - 1), _LONGEST_WAIT)
    seconds *= random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - spreading load, not a secret
    asked = failure.after if isinstance(failure, TryAgain) else None
    return Wait(max(seconds, _asked(asked)))


def pause(failures: int, asked: float | None) -> float:
    """Seconds to leave an endpoint alone that was down `failures` times in a row."""
    exponent = min(failures - 1, 30)  # a float ends at 2.0 ** 1023; the longest pause is reached long before
    return max(min(_FIRST_PAUSE * 2.0**exponent, _LONGEST_PAUSE), _asked(asked))


def _asked(seconds: float | None) -> float:
    """What a receiver asked for, within reason: its number goes into a date, and a mistake there must not last."""
    return min(seconds or 0.0, _LONGEST_ASKED)


def in_words(criticality: Criticality) -> str:
    """The policy as people read it."""
    return (
        f"{_ATTEMPTS[criticality]} attempts, waiting 1, 2, 4 … up to {_LONGEST_WAIT:.0f} seconds between them; "
        "then it is held for a person. While the receiver is down as a whole, nothing is used up."
    )

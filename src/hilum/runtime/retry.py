"""How often and how long the hub repeats, by what happened and by how critical the flow is. Never for ever.

What a receiver did not take is repeated until the attempts, or the time since the first one, are used up; then it is
held for a person. Deliveries to a destination that is left alone as a whole use up no attempt. After a lost answer
(`unsure`) the hub repeats only where the receiver recognises the repetition, or can be asked whether it has it; else it
is held at once.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from hilum.errors import TryAgain, Unsure
from hilum.flow import Criticality, Flow, Retry
from hilum.settings import RetryRule, RetrySettings, RetryTable

_LONGEST_ASKED: Final = 3600.0  # seconds; a receiver that asks for more (or for ever) is asked again after so long


class FailureClass(StrEnum):
    """Of what is repeated."""

    TRY_AGAIN = "try_again"  # surely nothing was done
    UNSURE = "unsure"  # the answer was lost; repeated where the receiver recognises it or can be asked


_LOW = Retry(attempts=5, total=600)
_NORMAL = Retry(attempts=10, total=3600)
_HIGH = Retry(attempts=16, total=6 * 3600)
_VITAL = Retry(attempts=40, total=24 * 3600)
_LATER: Final = 5.0  # seconds: after a lost answer the receiver may still be at it

DEFAULTS: Mapping[tuple[Criticality, FailureClass], Retry] = MappingProxyType(
    {
        (Criticality.LOW, FailureClass.TRY_AGAIN): _LOW,
        (Criticality.LOW, FailureClass.UNSURE): replace(_LOW, first_wait=_LATER),
        (Criticality.NORMAL, FailureClass.TRY_AGAIN): _NORMAL,
        (Criticality.NORMAL, FailureClass.UNSURE): replace(_NORMAL, first_wait=_LATER),
        (Criticality.HIGH, FailureClass.TRY_AGAIN): _HIGH,
        (Criticality.HIGH, FailureClass.UNSURE): replace(_HIGH, first_wait=_LATER),
        (Criticality.VITAL, FailureClass.TRY_AGAIN): _VITAL,
        (Criticality.VITAL, FailureClass.UNSURE): replace(_VITAL, first_wait=_LATER),
    }
)
"""The whole policy, where `hilum.toml` and the flow say nothing else."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Repeat after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hold:
    """A person must decide."""


def rule_for(flow: Flow, kind: FailureClass, settings: RetryTable) -> Retry:
    """The rule of a flow: its own; else that of its criticality, as `hilum.toml` changes it."""
    if flow.retry is not None:
        return flow.retry
    rule = DEFAULTS[flow.criticality, kind]
    changed: RetrySettings = getattr(settings, flow.criticality.value)
    return _changed(_changed(rule, changed), getattr(changed, kind.value))


def _changed(rule: Retry, by: RetryRule) -> Retry:
    values: dict[str, Any] = {
        "attempts": by.attempts,
        "first_wait": by.first_wait_seconds,
        "factor": by.factor,
        "longest_wait": by.longest_wait_seconds,
        "jitter": by.jitter_percent / 100 if by.jitter_percent is not None else None,
        "total": by.total_seconds,
    }
    return replace(rule, **{name: value for name, value in values.items() if value is not None})


def class_of(failure: TryAgain | Unsure) -> FailureClass:
    """Which column of the table."""
    return FailureClass.UNSURE if isinstance(failure, Unsure) else FailureClass.TRY_AGAIN


def after(failure: TryAgain | Unsure, rule: Retry, *, attempts: int, elapsed: float, repeatable: bool) -> Wait | Hold:
    """What follows the `attempts`-th failed attempt, `elapsed` seconds after the first one that failed.

    `repeatable`: the receiver recognises a repetition, or can be asked whether it has it.
    """
    if isinstance(failure, Unsure) and (failure.checked or not repeatable):
        return Hold()
    if attempts >= rule.attempts:
        return Hold()
    seconds = rule.wait(attempts) * random.uniform(1 - rule.jitter, 1 + rule.jitter)  # noqa: S311 - no secret
    asked = failure.after if isinstance(failure, TryAgain) else None
    # what a receiver asked for, within reason: its number goes into a date, and a mistake there must not last
    seconds = max(seconds, min(asked or 0.0, _LONGEST_ASKED))
    return Hold() if elapsed + seconds > rule.total else Wait(seconds)


def in_words(flow: Flow, settings: RetryTable) -> str:
    """The policy of a flow as people read it."""
    usual = rule_for(flow, FailureClass.TRY_AGAIN, settings).in_words()
    unsure = rule_for(flow, FailureClass.UNSURE, settings).in_words()
    lost = "the same" if unsure == usual else unsure
    return (
        f"{usual[:1].upper()}{usual[1:]}; then it is held for a person. After a lost answer: {lost}, where the "
        "receiver recognises a repetition or can be asked; else it is held at once. "
        "While the receiver is left alone as a whole, no attempt is used up."
    )

"""A batch for a receiver that answers each by itself: of one ordering key only one is on its way at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from hilum.errors import TryAgain
from hilum.message import Delivered, Delivery, Outcome

_Numbered = tuple[int, Delivery]


async def in_waves(
    batch: Sequence[Delivery], send: Callable[[Sequence[Delivery]], Awaitable[Sequence[Outcome]]]
) -> list[Outcome]:
    """One outcome each, in the order of the batch. After a failure those behind it in its key are not sent.

    Deliveries of different keys go together, in order; so a receiver that loses one cannot have a later one of its key.
    """
    found: dict[int, Outcome] = {}
    left = list(enumerate(batch))
    failed: set[str] = set()
    while left:
        wave, left = _next(left)
        for number, delivery in wave:
            if delivery.key in failed:
                found[number] = TryAgain("An earlier one of its key was not delivered.")
        wave = [each for each in wave if each[0] not in found]
        outcomes = await send([delivery for _, delivery in wave]) if wave else ()
        for (number, delivery), outcome in zip(wave, outcomes, strict=True):
            found[number] = outcome
            if delivery.key and not isinstance(outcome, Delivered):
                failed.add(delivery.key)
    return [found[number] for number in range(len(batch))]


def _next(left: Sequence[_Numbered]) -> tuple[list[_Numbered], list[_Numbered]]:
    """Those that may be on their way together: of each key the first. And the rest."""
    wave: list[_Numbered] = []
    rest: list[_Numbered] = []
    keys: set[str] = set()
    for each in left:
        key = each[1].key
        (rest if key in keys else wave).append(each)
        if key:
            keys.add(key)
    return wave, rest

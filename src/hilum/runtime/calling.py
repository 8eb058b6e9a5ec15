"""Calling a destination: an outcome for each delivery, whatever the connector does; a bad one in a batch is found."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from hilum.connector import Destination
from hilum.errors import DatabaseUnavailable, Down, Failure, Rejected, TryAgain, Unsure, trail
from hilum.message import Delivered, Delivery, Outcome
from hilum.runtime.ledger import Ledger

log = logging.getLogger("hilum.dispatcher")

_LONGEST_CALL = 1800.0  # seconds that a connector gets for one call; its own limits end what is slow long before


@dataclass(slots=True)
class _Whole:
    """The call failed as a whole, with this for each delivery."""

    failure: TryAgain | Unsure | Rejected | Down
    defect: bool = False  # it was no failure of the tree: what the connector did is unknown


class Calling:
    """Calls one destination."""

    def __init__(self, name: str, destination: Destination, ledger: Ledger | None = None) -> None:
        self._name = name
        self._ledger = ledger
        self._destination = destination
        self._deduplicates = destination.traits.deduplicates
        self._can_tell = destination.can_tell

    async def outcomes(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """Deliver, and say what became of each.

        What was repeated to a receiver that does not recognise a repetition is looked for there first. An outcome that
        is `Unsure` is looked for at once, where the destination can tell. Where there is a ledger, the intents are in
        it before the call, and what an earlier call left open there is asked about first. Raises `DatabaseUnavailable`
        before anything was called, or where it is a part of the hub that was called: it recognises what it has.
        """
        left_open = await self._ledger.begin(batch) if self._ledger is not None else set()
        if not self._can_tell:
            return await self._deliver(batch)
        known = await self._arrived_before(batch, left_open)
        fresh = [each for each in batch if each.id not in known]
        answers = iter(await self._deliver(fresh) if fresh else ())
        found = [known[each.id] if each.id in known else next(answers) for each in batch]
        lost = {
            each.id: outcome
            for each, outcome in zip(batch, found, strict=True)
            if each.id not in known and isinstance(outcome, Unsure) and not outcome.checked
        }
        looked = await self._ask([each for each in batch if each.id in lost], settling=True)
        return [
            _after_looking(lost[each.id], looked[each.id]) if each.id in lost else outcome
            for each, outcome in zip(batch, found, strict=True)
        ]

    # Did it arrive?

    async def _arrived_before(self, batch: Sequence[Delivery], left_open: Collection[str]) -> dict[str, Outcome]:
        """What earlier attempts came to, of those that must not be repeated blindly; not those that did not arrive.

        Where nobody can tell, a receiver that recognises a repetition may be called again.
        """
        repeated = [each for each in batch if each.id in left_open or (each.attempt > 1 and not self._deduplicates)]
        looked = await self._ask(repeated)
        return {
            name: outcome
            for name, outcome in looked.items()
            if outcome is not None and not (isinstance(outcome, Unsure) and self._deduplicates)
        }

    async def _ask(self, batch: Sequence[Delivery], *, settling: bool = False) -> dict[str, Outcome | None]:
        """What the destination says of each; none: it surely did not arrive. Kept in the ledger, where there is one.

        Where the first cannot be asked now, the others are not tried: each would cost a time-out of its own. Raises
        `DatabaseUnavailable`, unless `settling`: then the intents stay open, and are asked about again.
        """
        if not batch:
            return {}
        first = await self._landed(batch[0])
        others: Sequence[Outcome | None]
        if isinstance(first, TryAgain | Down):
            others = [first] * (len(batch) - 1)
        else:
            others = await asyncio.gather(*(self._landed(each) for each in batch[1:]))
        said = [first, *others]
        if self._ledger is not None:
            try:
                await self._ledger.file(list(zip(batch, said, strict=True)))
            except DatabaseUnavailable:
                if not settling:
                    raise
                return {each.id: Unsure("What it said when it was asked could not be noted.") for each in batch}
        return {each.id: outcome for each, outcome in zip(batch, said, strict=True)}

    async def _landed(self, delivery: Delivery) -> Outcome | None:
        """What the destination says of an earlier attempt; none: it surely did not arrive."""
        try:
            async with asyncio.timeout(_LONGEST_CALL):
                found = await self._destination.landed(delivery)
        except (TryAgain, Down) as failure:
            return failure
        except Failure as failure:
            return Unsure(str(failure), checked=True)
        except Exception as error:  # noqa: BLE001 - a connector's defect: nothing is known then
            log.error("%s: the connector has a defect: %s", self._name, trail(error))
            return Unsure("The connector failed when it was asked whether it arrived.", checked=True)
        if isinstance(found, Unsure):
            return Unsure(str(found), checked=True)
        return found

    # Batches

    async def _deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        answer = await self._call(batch)
        return await self._apart(batch, answer, _Budget(len(batch))) if isinstance(answer, _Whole) else answer

    async def _apart(self, batch: Sequence[Delivery], whole: _Whole, budget: _Budget) -> Sequence[Outcome]:
        """A batch failed as a whole, so nothing of it was done: find what is at fault by halves.

        Each delivery is made once: a half that went well is not called again. Where it is the receiver that is at
        fault, and not one delivery, that shows in the first two halves.
        """
        if len(batch) == 1 or not self._may_divide(whole):
            return [whole.failure] * len(batch)
        sure = isinstance(whole.failure, Rejected)
        middle = len(batch) // 2
        halves = (batch[:middle], batch[middle:])
        answers: list[Sequence[Outcome] | _Whole] = []
        for half in halves:
            answers.append(await self._call(half) if sure or budget.spend() else whole)
        first_time = all(each.attempt == 1 for each in batch)
        if not sure and first_time and all(isinstance(answer, _Whole) for answer in answers):
            return [whole.failure] * len(batch)
        found: list[Outcome] = []
        for half, answer in zip(halves, answers, strict=True):
            found += await self._apart(half, answer, budget) if isinstance(answer, _Whole) else answer
        return found

    def _may_divide(self, whole: _Whole) -> bool:
        """Was surely nothing done, or is what was done recognised?"""
        return isinstance(whole.failure, Rejected | TryAgain) or (whole.defect and self._deduplicates)

    async def _call(self, batch: Sequence[Delivery]) -> Sequence[Outcome] | _Whole:
        """One call; what the connector does wrong becomes a failure of the whole. Raises `DatabaseUnavailable`."""
        try:
            async with asyncio.timeout(_LONGEST_CALL):
                outcomes = await self._destination.deliver(batch)
        except (TryAgain, Unsure, Rejected, Down) as failure:
            return _Whole(failure)
        except Failure as failure:
            return _Whole(Unsure(str(failure)))
        except DatabaseUnavailable as error:
            if self._destination.in_hub:
                raise  # it is the hub's own: not an attempt at a receiver
            return _Whole(Unsure(str(error)))
        except Exception as error:  # noqa: BLE001 - a connector's defect, or no end: what it did is unknown
            log.error("%s: the connector has a defect: %s", self._name, trail(error))
            return _Whole(Unsure(f"The connector failed in an unforeseen way ({type(error).__name__})."), defect=True)
        if len(outcomes) != len(batch):
            return _Whole(Unsure(f"The connector gave {len(outcomes)} outcomes for {len(batch)} deliveries."))
        return [
            each if _is_outcome(each) else Unsure("The connector gave an answer that is none.") for each in outcomes
        ]


class _Budget:
    """Calls that the search for one bad delivery may take where it may as well be the receiver that is busy."""

    _FOR_TWO: Final = 4  # calls at each halving: enough for two that are at fault

    def __init__(self, size: int) -> None:
        self._left = self._FOR_TWO * size.bit_length()

    def spend(self) -> bool:
        self._left -= 1
        return self._left >= 0


def _after_looking(unsure: Unsure, said: Outcome | None) -> Outcome:
    """What an attempt whose answer was lost came to, after the destination was asked."""
    if isinstance(said, Delivered):
        return said
    if said is None:
        return TryAgain(f"{unsure} It did not arrive.")
    return unsure  # the receiver cannot be asked now, or does not know: before the next attempt it is asked again


def _is_outcome(answer: object) -> bool:
    """Can the journal keep it? One that it cannot would be delivered again and again."""
    if isinstance(answer, Delivered):
        return isinstance(answer.reference, str) and isinstance(answer.words, str)
    return isinstance(answer, Outcome)

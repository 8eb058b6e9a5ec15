"""The desks that must agree to a requisition: each is asked here, and may decide in the portal where rules say so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from pydantic import BaseModel

from hilum.canonical import Requisition, RequisitionDecision, RequisitionWithdrawn
from hilum.errors import Invalid
from hilum.packs.procurement.approval_rules import Step
from hilum.packs.procurement.portal_decisions import Decided, Place, in_portal, why_not
from hilum.processes import Answer, Cancelled, Open, Run, Task

ASKED: Final = (Requisition, RequisitionDecision, RequisitionWithdrawn)
"""What requesters and the portal say of it."""

TO_DECIDE: Final = "approval"
"""Status: a desk is asked that may decide in the portal."""

NOT_TAKEN: Final = "decision not taken"
"""Status: what somebody decided in the portal does not count, and why."""


class Desks:
    """Asks one desk after the other, for one run."""

    def __init__(
        self,
        run: Run,
        tell: Callable[[str, str], Awaitable[None]],
        changes: Callable[[Requisition], Awaitable[bool]],
        too_late: Callable[[], Awaitable[bool]],
        is_old: Callable[[RequisitionWithdrawn], bool],
    ) -> None:
        """`tell`: the requester, a status and words. `changes`: takes up another requisition, if it is one and it is
        possible. `too_late`: says whether something is ordered, and tells the requester so. `is_old`: is it of before
        the requisition that counts?"""
        self._run = run
        self._tell = tell
        self._changes = changes
        self._too_late = too_late
        self._is_old = is_old
        self._early: list[RequisitionDecision] = []  # of desks that are not asked yet

    async def ask(self, task: Task, step: Step, place: Place, others: Sequence[str]) -> Decided | None:
        """What the desk says, here or in the portal; none: the requester asks for something else now.

        `others` must not decide it: who asked, and who decided before. Raises `Cancelled` where it is withdrawn.
        """
        for told in place.early(self._early):
            if await self._counts(told, step, others, place):
                return in_portal(told)
        asked = await self._run.put(task)
        if step.portal:
            called = f" ({place.names[place.now]})" if place.names else ""
            await self._tell(TO_DECIDE, f"{step.team} are asked{called}: {task.words}")
        while True:
            heard = await self._run.next(*ASKED, answers_to=[asked])
            if isinstance(heard, Answer):
                return _here(heard)
            if isinstance(heard, RequisitionDecision):
                if decided := await self._in_portal(heard, asked, step, place, others):
                    return decided
            elif await self._ends(heard, asked):
                return None

    async def _ends(self, heard: BaseModel | None, asked: Open) -> bool:
        """Need the desk not be asked any more? Raises `Cancelled`."""
        if isinstance(heard, RequisitionWithdrawn) and not self._is_old(heard) and not await self._too_late():
            raise withdrawn(heard)
        if not isinstance(heard, Requisition) or not await self._changes(heard):
            return False
        if not await self._run.withdraw(asked):
            await self._run.next(answers_to=[asked])  # answered in this moment: it was about something else
        return True

    async def _in_portal(
        self, told: RequisitionDecision, asked: Open, step: Step, place: Place, others: Sequence[str]
    ) -> Decided | None:
        """What counts: the portal's decision, or what somebody answered here in this moment; none: nothing yet."""
        if place.is_for_later(told):
            self._early.append(told)
            return None
        if not await self._counts(told, step, others, place):
            return None
        if await self._run.withdraw(asked):
            return in_portal(told)
        answer = await self._run.next(answers_to=[asked])
        if not isinstance(answer, Answer):
            raise Invalid("a task that was answered has no answer")
        await self._tell(NOT_TAKEN, f"{answer.by} has decided it already")
        return _here(answer)

    async def _counts(self, told: RequisitionDecision, step: Step, others: Sequence[str], place: Place) -> bool:
        """Does the portal's decision count for this desk? If not, the portal hears why."""
        words = why_not(told, step, others) if place.is_for_now(told) else f"“{told.step}” is not asked"
        if words:
            await self._tell(NOT_TAKEN, words)
        return not words


def is_older(told: Requisition | RequisitionWithdrawn, known: Requisition) -> bool:
    """Was it said before what counts? It was lost on its way then, and found late."""
    return told.told_at is not None and known.told_at is not None and told.told_at < known.told_at


def is_nothing_new(told: Requisition, known: Requisition) -> bool:
    """Is it what counts already, or was it said before that?"""
    return told.model_copy(update={"told_at": known.told_at}) == known or is_older(told, known)


def withdrawn(told: BaseModel | None) -> Cancelled:
    """It is not wanted any more: what was done for it is undone."""
    who = told.by if isinstance(told, RequisitionWithdrawn) and told.by else "the requester"
    reason = f": {told.reason}" if isinstance(told, RequisitionWithdrawn) and told.reason else ""
    return Cancelled(f"withdrawn by {who}{reason}")


def _here(answer: Answer) -> Decided:
    """What somebody answered in the hub."""
    comment = f": {answer.content.comment}" if answer.content.comment else ""
    return Decided(answer.content.approved, answer.by, f"{answer.by}{comment}")

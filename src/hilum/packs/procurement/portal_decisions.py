"""Which decisions of the procurement portal count for a desk, and why others do not. Pure.

A decision counts where the rules of approval let that person decide it there (`portal` of the step), who neither asked
nor decided before. One for a later desk is kept until that is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from hilum.canonical import RequisitionDecision
from hilum.packs.procurement.approval_rules import Step

ANYBODY = "*"
"""Among those who may decide: whomever the portal lets."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What a desk has said."""

    approved: bool
    by: str
    words: str  # `ada: for the new ward`


def in_portal(told: RequisitionDecision) -> Decided:
    """What the portal told."""
    comment = f": {told.comment}" if told.comment else ""
    return Decided(told.approved, told.by, f"{told.by}, in the portal{comment}")


def why_not(told: RequisitionDecision, step: Step, others: Collection[str]) -> str:
    """Why the decision does not count for the desk, in words; empty: it counts.

    `others`: who asked, and who has decided before.
    """
    may = {name.casefold() for name in step.portal}
    if told.by.casefold() in {name.casefold() for name in others}:
        return f"{told.by} had a part in it: somebody else must decide"
    if ANYBODY not in may and told.by.casefold() not in may:
        return f"{told.by} may not decide it in the portal for {step.team}"
    return ""


@dataclass(frozen=True, slots=True)
class Place:
    """Which desk is asked, among all."""

    names: tuple[str, ...]  # of the steps; empty: not known
    now: int  # counted from 0

    def is_for_now(self, told: RequisitionDecision) -> bool:
        """Is it about the desk that is asked?"""
        return not told.step or (bool(self.names) and told.step == self.names[self.now])

    def is_for_later(self, told: RequisitionDecision) -> bool:
        """Is it about one that is asked afterwards?"""
        return told.step in self.names[self.now + 1 :]

    def early(self, kept: Iterable[RequisitionDecision]) -> list[RequisitionDecision]:
        """Those that were told before the desk was asked."""
        return [told for told in kept if told.step and self.is_for_now(told)]

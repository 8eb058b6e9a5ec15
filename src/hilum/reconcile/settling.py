"""What stays different becomes a case of the owner's, in business words; what is mended ends it."""

from __future__ import annotations

from typing import Final

from hilum import cases
from hilum.connector import Condition, Misfit
from hilum.postgres import Connection
from hilum.reconcile import store
from hilum.reconcile.declaration import Comparison
from hilum.reconcile.store import DifferenceRow
from hilum.reconcile.words import sentence

DIFFERENT, FAILED = "reconcile.different", "reconcile.failed"

MOST: Final = 100
"""More lasting differences than this are one case beside the longest-lasting ones: then it is a path that is broken."""


def place(comparison: str) -> str:
    """What cases of a comparison name as their place."""
    return f"reconciliation.{comparison}"


async def settle(connection: Connection, comparison: Comparison) -> None:
    """Within the transaction of a run that was done: cases are as the differences are. The runs themselves work."""
    wanted = MOST if comparison.case_after else 0
    found, count = await store.lasting(connection, comparison.name, comparison.case_after, wanted)
    conditions = [_condition(each, comparison) for each in found]
    if comparison.case_after and count > len(found):
        conditions.append(_many(comparison, count - len(found)))
    mended = f"The two agree: {comparison.sides[0]} and {comparison.sides[1]} say the same now."
    await cases.settle(connection, place(comparison.name), conditions, {}, owners=comparison.owners, reason=mended)
    await cases.settle(connection, f"{place(comparison.name)} run", [], {}, reason="It was compared again.")


async def failed(connection: Connection, comparison: Comparison, words: str) -> None:
    """Within a transaction: a run could not look. Who keeps it running hears of it; differences stay as they are."""
    misfit = Misfit(what=comparison.name, expected="both sides can be read", found="one cannot", words=words)
    condition = Condition(
        category=FAILED, subject="run", title=f"{comparison.name} could not be compared", misfits=(misfit,)
    )
    await cases.settle(connection, f"{place(comparison.name)} run", [condition], {}, owners=comparison.owners)


def _condition(found: DifferenceRow, comparison: Comparison) -> Condition:
    here, there = comparison.sides
    whole = Misfit(what=found.title, expected="", found=found.kind.value, words=f"{sentence(found, (here, there))}.")
    parts = tuple(
        Misfit(what=f"{found.title}, {each.label}", expected=f"{each.here} in {here}", found=f"{each.there} in {there}",
               words="")
        for each in found.apart
    )  # fmt: skip
    title = f"{found.title}: {here} and {there} differ"
    return Condition(category=DIFFERENT, subject=found.key, title=title, misfits=(whole, *parts))


def _many(comparison: Comparison, more: int) -> Condition:
    words = (
        f"{more} more differ. With so many it is the path between {comparison.sides[0]} and {comparison.sides[1]} that"
        f" is broken, not each of them. All are listed under Reconciliation, {comparison.name}."
    )
    misfit = Misfit(what="many", expected="none", found="many", words=words)
    return Condition(category=DIFFERENT, subject="(many)", title=f"Much differs: {comparison.name}", misfits=(misfit,))

"""What becomes of times that have come: which are made, which are made up, which are left out. Pure, like the calendar.

Two rules meet here. `catch_up` is for times that nobody saw come, because no hub ran. `overlap` is for times that came
while the former run was still under way: a run never begins before the former one is over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from hilum.flow.schedule.calendar import CATCH_UP_LIMIT, Calendar

Overlap = Literal["latest", "skip", "queue"]
"""What becomes of a time that comes while the former run is under way: it waits and only the latest is made, it is left
out, or all wait for their turn."""

ON_TIME: Final = timedelta(seconds=60)
"""A time that is seen within so long is on time: a hub that is started again in between has missed nothing."""

OVERLAP_WORDS: Final = {
    "latest": "the latest waits until the former run is over",
    "skip": "what comes while the former run is under way is left out",
    "queue": "all wait for their turn",
}


@dataclass(slots=True)
class Decision:
    """What became of the times up to a moment."""

    made: list[tuple[datetime, str]] = field(default_factory=list)  # in order; with `due` or `missed`
    left_out: list[tuple[datetime, str]] = field(default_factory=list)  # with the reason
    supersedes: bool = False  # those that came on time before and still wait are left out for these
    remark: str = ""  # what is said once about many


def decide(
    calendar: Calendar, overlap: Overlap, *, decided: datetime, now: datetime, busy: bool, waiting: int = 0
) -> Decision:
    """What becomes of the times after `decided`. `busy`: a run is under way or waits; `waiting`: how many wait."""
    decision = Decision()
    edge = max(decided, now - ON_TIME)
    on_time = list(calendar.between(edge, now))
    decision.made = [(at, "missed") for at in _made_up(calendar, decided, edge, decision, later=bool(on_time))]
    for at in on_time:
        _come(decision, at, overlap, busy or bool(decision.made), waiting)
    return decision


def _made_up(
    calendar: Calendar, decided: datetime, edge: datetime, decision: Decision, *, later: bool
) -> list[datetime]:
    """Those that nobody saw come. `later`: one that came on time follows, and makes up for them where one is enough."""
    found = calendar.latest(decided, edge, CATCH_UP_LIMIT + 1 if calendar.catch_up == "all" else 1)
    if not found or calendar.catch_up == "latest":
        return [] if later else found
    if calendar.catch_up == "skip":
        decision.remark = f"Runs up to that of {calendar.at(found[-1])} were missed and are left out."
        return []
    if len(found) > CATCH_UP_LIMIT:
        decision.remark = (
            f"Of the runs that were missed the latest {CATCH_UP_LIMIT} are made up; those up to that of"
            f" {calendar.at(found[0])} are left out."
        )
    return found[-CATCH_UP_LIMIT:]


def _come(decision: Decision, at: datetime, overlap: Overlap, busy: bool, waiting: int) -> None:
    """One came on time."""
    if not busy:
        decision.made.append((at, "due"))
    elif overlap == "skip":
        decision.left_out.append((at, "left out: the former run was still under way"))
    elif overlap == "queue" and waiting + len(decision.made) >= CATCH_UP_LIMIT:
        decision.left_out.append((at, f"left out: {CATCH_UP_LIMIT} runs wait already"))
    elif overlap == "queue":
        decision.made.append((at, "due"))
    else:
        decision.supersedes = True
        decision.left_out += [(each, SUPERSEDED) for each, why in decision.made if why == "due"]
        decision.made = [each for each in decision.made if each[1] != "due"]
        decision.made.append((at, "due"))


SUPERSEDED: Final = "left out: a later one came while it waited"

"""What the hub found in a month, by order, in the words of `troubles`; and the table of what was injected and found."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from hilum.journal.tallies import counts
from hilum.partners import register
from hilum.postgres import Connection
from hilum.processes import store
from hilum.processes.tasks import Asked, asked_by
from hilum.simulator.month.expected import moves
from hilum.simulator.month.people import billed
from hilum.simulator.month.troubles import STRAIGHT, found_as
from hilum.simulator.month.truth import Month, Story

ORDER: Final = "procurement.order"
REQUISITION: Final = "procurement.requisition"
SETTLEMENT: Final = "payables.settlement"

_ANSWERS = {" comes instead": "item", " for one ": "price", "it comes on ": "day", " come, ": "quantity"}
"""What the question about an answer says, and what it is then."""

_BESIDE: Final[Mapping[str, set[str]]] = {
    "answer: item": {"answer: price"},
    "bill: duplicate": {"bill: over ordered"},
    "held: supplier is blocked": {"approval: off contract"},
}
"""What may be said beside it: a substitute costs what it costs, what is billed twice is more than was ordered, and who
is chosen instead of a blocked supplier has agreed nothing."""

_APPROVALS = {"rule “off contract”": "approval: off contract", "rule “over budget”": "approval: over budget"}
"""What the question of an approval says, and why it was asked; that something is dear is no trouble."""

_ORDERS = ("850", "860", "ORDERS", "ORDCHG", "OrderRequest")


@dataclass(slots=True)
class Findings:
    """What was found."""

    orders: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    came_back: Counter[str] = field(default_factory=Counter)  # payments that came back, by supplier
    repetitions: int = 0  # messages that came a second time, and were recognised
    asked: int = 0  # questions to people in all
    held: list[str] = field(default_factory=list)  # cases: what waits for a person although nothing should

    def of(self, order: str) -> set[str]:
        """What was found of an order."""
        return self.orders.get(order) or {STRAIGHT}


async def look(connection: Connection, month: Month, project: Path) -> Findings:
    """Ask the hub's tables, and what it told."""
    found = Findings()
    causes = _causes(project / "out" / "matches")
    for task in await asked_by(connection, ORDER):
        found.orders[task.key] |= _question(task, causes)
    for task in await asked_by(connection, REQUISITION):
        found.orders[f"{task.key}-R1"] |= _requested(task)
    for task in await asked_by(connection, SETTLEMENT):
        found.came_back[_supplier(task, month)] += 1
    for order in await _told_before(connection):
        found.orders[order].add("told before")
    for each in await register.outstanding(connection):
        if each.code in _ORDERS:
            found.orders[each.document].add("not acknowledged")
    cursor = await connection.execute("SELECT count(*) FROM process_task")
    found.asked = (await cursor.fetchone() or [0])[0]
    found.repetitions = sum(each.entered for each in await counts(connection) if each.state == "duplicate")
    found.held = await held(connection)
    return found


def _question(task: Asked, causes: Mapping[str, set[str]]) -> set[str]:
    if task.form == "AnswerDecision":
        return {f"answer: {what}" for words, what in _ANSWERS.items() if words in task.words}
    return {f"bill: {cause}" for cause in causes.get(billed(task), {"?"})}


def _requested(task: Asked) -> set[str]:
    if task.form == "Sourcing":
        return {"held: supplier is blocked" if "is blocked" in task.words else "sourcing"}
    if task.form == "Review":
        return {"review: ordered at once"}
    return {why for words, why in _APPROVALS.items() if words in task.words}


def _causes(folder: Path) -> dict[str, set[str]]:
    """Why bills did not match, by their number: what the last comparison that was asked about said."""
    last: dict[str, tuple[int, set[str]]] = {}
    for path in folder.glob("*.json"):
        match: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        number, told = match["bill"].split(":", 1)[1], {each["cause"] for each in match["findings"]}
        if told and match["round"] >= last.get(number, (0, set()))[0]:
            last[number] = (match["round"], told)
    return {number: told for number, (_, told) in last.items()}


async def _told_before(connection: Connection) -> list[str]:
    """Orders to which a bill came of which nothing was posted, refused or asked: the hub had it already."""
    balance: Counter[str] = Counter()
    for key, kind, words, count in await store.told_of(connection, ORDER):
        if (kind, words) == ("heard", "hilum.supplier.bill"):
            balance[key] += count
        elif kind == "sent" and words.endswith(("to payables.bills", "to payables.refused")):
            balance[key] -= count
    return [order for order, count in balance.items() if count > 0]


def _supplier(task: Asked, month: Month) -> str:
    return next((vendor.code for vendor in month.vendors if vendor.code in task.title), task.title)


async def held(connection: Connection) -> list[str]:
    """Messages that wait for a person, in words."""
    cursor = await connection.execute(
        "SELECT flow || ': ' || title || ' (' || category || ')' FROM exception_case WHERE closed_at IS NULL ORDER BY 1"
    )
    return [row[0] for row in await cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what was injected, and as what it was found how often."""

    injected: str
    wanted: str  # as what it must be found
    found: Mapping[str, int]

    @property
    def count(self) -> int:
        """How often it was injected."""
        return sum(self.found.values())

    @property
    def right(self) -> int:
        """How often it was found as what it is."""
        return self.found.get(self.wanted, 0)


def _verdict(story: Story, found: Findings) -> str:
    """As what it was found; an order of which more was found counts as that, unless it is told."""
    wanted, labels = found_as(story.trouble), found.of(story.order)
    rest = labels - {wanted} - _BESIDE.get(wanted, set())
    return wanted if wanted in labels and not rest else " + ".join(sorted(labels))


def table(month: Month, found: Findings) -> Sequence[Row]:
    """What was injected × what it was found as."""
    rows: dict[str, tuple[str, Counter[str]]] = {}
    for story in month.stories:
        _, counted = rows.setdefault(story.trouble.value, (found_as(story.trouble), Counter()))
        counted[_verdict(story, found)] += 1
    made = [Row(injected, wanted, dict(counted)) for injected, (wanted, counted) in sorted(rows.items())]
    return [*made, *_payments(month, found)]


LANGUAGES: Final[Mapping[str, str]] = {
    "x12": "X12", "edifact": "EDIFACT", "cxml": "cXML", "peppol": "EDIFACT, bills by Peppol",
}  # fmt: skip


def by_language(month: Month, found: Findings) -> Mapping[str, tuple[int, int]]:
    """Of the orders of suppliers that speak so: how many there were, and how many were found as what they are."""
    counted: dict[str, list[bool]] = defaultdict(list)
    for story in month.stories:
        counted[LANGUAGES[story.vendor.speaks]].append(_verdict(story, found) == found_as(story.trouble))
    return {name: (len(right), sum(right)) for name, right in sorted(counted.items())}


def _payments(month: Month, found: Findings) -> Sequence[Row]:
    back = Counter(move.vendor for move in moves(month) if move.amount < 0)
    if not back and not found.came_back:
        return []
    wanted = "payment came back"
    counted: Counter[str] = Counter()
    for vendor in back.keys() | found.came_back.keys():
        right = min(back[vendor], found.came_back[vendor])
        counted[wanted] += right
        counted["not found"] += back[vendor] - right
        counted["asked for nothing"] += found.came_back[vendor] - right
    return [Row("payment returned by the bank", wanted, {key: n for key, n in counted.items() if n})]

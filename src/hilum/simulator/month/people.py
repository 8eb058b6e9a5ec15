"""The people of the hospitals: they answer what the hub asks, as somebody would who knows what is true."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from hilum.errors import Invalid
from hilum.postgres import Database
from hilum.processes import answer_of, decide, inbox
from hilum.processes.tasks import Asked
from hilum.simulator.month.truth import Bill, Month, Story

PAYMENTS_ASKED_BY: Final = "carla"
ACCOUNTS_ENTERED_BY: Final = "paula"
_LINE: Final = re.compile(r"line ([0-9]+) of")
_BUYER, _CLERK, _APPROVER, _RELEASER, _CALLER = "bert", "paula", "ada", "bob", "fiona"

_ALWAYS: Final[Mapping[str, tuple[str, dict[str, Any]]]] = {
    "Approval": (_APPROVER, {"approved": True}),
    "Review": (_APPROVER, {"justified": True}),
    "ProposalDecision": (_APPROVER, {"approve": True}),
    "ReleaseDecision": (_RELEASER, {"release": True}),
    "CallBack": (_CALLER, {"confirmed": True, "spoke_with": "their accountant"}),
    "ReturnDecision": (_CLERK, {"decision": "again"}),
    "RejectedDecision": (_CLERK, {"decision": "again"}),
    "UnpaidDecision": (_CLERK, {"decision": "wait"}),
}
"""Who answers what, whatever it is about."""


class People:
    """Buyers, payables, treasury. `forms`: of the hub's processes, by name."""

    def __init__(self, month: Month, forms: Mapping[str, type[BaseModel]]) -> None:
        self._forms = forms
        self._orders = {story.order: story for story in month.stories}
        self._requisitions = {story.requisition: story for story in month.stories}
        self._bills: dict[tuple[str, str], Bill] = {
            (story.order, bill.number): bill for story in month.stories for bill in story.bills
        }

    async def work(self, database: Database) -> int:
        """Answer everything that is asked now; how many answers that were."""
        async with database.cold() as connection:
            asked = await inbox(connection)
        for task in asked:
            actor, content = self.answer(task)
            given = answer_of(self._forms[task.form], content)
            async with database.transaction() as connection:
                await decide(connection, task.id, given, actor=actor, permissions={task.permission})
        return len(asked)

    def answer(self, task: Asked) -> tuple[str, dict[str, Any]]:
        """Who answers, and what. Raises `Invalid` for what nobody thought of."""
        if task.form in _ALWAYS:
            return _ALWAYS[task.form]
        match task.form:
            case "AnswerDecision":
                return _BUYER, {"accept": self._accepted(self._orders[task.key])}
            case "BillDecision":
                bill = self._bills.get((task.key, billed(task)))
                right = bill is not None and bill.posted is not None
                return _CLERK, {"decision": "accept" if right else "refuse"}
            case "Sourcing":
                return _BUYER, self._instead(task)
        raise Invalid(f"nobody in this month knows what to answer to {task.form}: {task.title}")

    def _instead(self, task: Asked) -> dict[str, Any]:
        """Another supplier delivers it, at the same price."""
        story, line = self._requisitions[task.key], _LINE.search(task.title)
        price = next(each.price for each in story.wanted if line is not None and each.number == int(line[1]))
        return {"supplier": story.vendor.code, "unit_price": str(price)}

    def _accepted(self, story: Story) -> bool:
        return story.answer is not None and story.answer.accepted


def billed(task: Asked) -> str:
    """The number of the bill that a task is about."""
    return task.title.removeprefix("Bill ").split(" of ", 1)[0]

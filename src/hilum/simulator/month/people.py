"""The people of the hospitals: they answer what the hub asks, as somebody would who knows what is true."""

from __future__ import annotations

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
_BUYER, _CLERK, _APPROVER, _RELEASER, _CALLER = "bert", "paula", "ada", "bob", "fiona"


class People:
    """Buyers, payables, treasury. `forms`: of the hub's processes, by name."""

    def __init__(self, month: Month, forms: Mapping[str, type[BaseModel]]) -> None:
        self._forms = forms
        self._orders = {story.order: story for story in month.stories}
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
        match task.form:
            case "AnswerDecision":
                return _BUYER, {"accept": self._accepted(self._orders[task.key])}
            case "BillDecision":
                bill = self._bills.get((task.key, billed(task)))
                right = bill is not None and bill.posted is not None
                return _CLERK, {"decision": "accept" if right else "refuse"}
            case "Approval":
                return _APPROVER, {"approved": True}
            case "ProposalDecision":
                return _APPROVER, {"approve": True}
            case "ReleaseDecision":
                return _RELEASER, {"release": True}
            case "CallBack":
                return _CALLER, {"confirmed": True, "spoke_with": "their accountant"}
            case "ReturnDecision" | "RejectedDecision":
                return _CLERK, {"decision": "again"}
            case "UnpaidDecision":
                return _CLERK, {"decision": "wait"}
        raise Invalid(f"nobody in this month knows what to answer to {task.form}: {task.title}")

    def _accepted(self, story: Story) -> bool:
        return story.answer is not None and story.answer.accepted


def billed(task: Asked) -> str:
    """The number of the bill that a task is about."""
    return task.title.removeprefix("Bill ").split(" of ", 1)[0]

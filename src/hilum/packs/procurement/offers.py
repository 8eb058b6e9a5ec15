"""Who delivers each line of a requisition, and at what price: as agreed, or as a buyer says.

It is looked up again when everybody has agreed: what counted at the asking may be over by then.
"""

from __future__ import annotations

from collections.abc import Callable

from hilum.canonical import Requisition, RequisitionWithdrawn
from hilum.canonical.conversions import plain
from hilum.packs.procurement.beside_requisition import beside_source
from hilum.packs.procurement.desks import withdrawn
from hilum.packs.procurement.judging import sourced
from hilum.packs.procurement.requisition_rules import RequisitionRules, Sourcing
from hilum.packs.procurement.sourcing import Choice, Sourced
from hilum.postgres import Connection
from hilum.processes import Answer, Run, Task


class Offers:
    """The offers that one run buys by."""

    def __init__(self, run: Run, rules: RequisitionRules, is_old: Callable[[RequisitionWithdrawn], bool]) -> None:
        """`is_old`: is it of before the requisition that counts?"""
        self.lines: list[Sourced] = []
        self._run = run
        self._rules = rules
        self._is_old = is_old
        self._choices: dict[int, Choice] = {}  # by line, what buyers have said

    async def find(self, requisition: Requisition) -> None:
        """Find supplier and price of each line; a buyer names one where there is none, or where it is blocked.

        Raises `Cancelled` where it is withdrawn meanwhile.
        """
        choices: dict[int, Choice] = {}
        await self._price(requisition, choices)
        while open_lines := [line for line in self.lines if not line.supplier]:
            for line in open_lines:
                choices[line.number] = await self._ask(requisition, line)
            await self._price(requisition, choices)
        self._choices = choices

    async def are_over(self, requisition: Requisition) -> bool:
        """Does what was approved not count any more: a contract has ended, a supplier is blocked, a price differs?

        Then it is judged anew, and the decision was about something else.
        """
        approved = [line.offer for line in self.lines]
        await self._price(requisition, self._choices)
        return [line.offer for line in self.lines] != approved

    async def _ask(self, requisition: Requisition, line: Sourced) -> Choice:
        await self._run.move("sourcing")
        title = f"Name a supplier for line {line.number} of requisition {requisition.number}"
        words = f"{plain(line.quantity)} {line.unit} {line.item}; {line.words}"
        wanted = next(each for each in requisition.lines if each.number == line.number)
        task = Task(title, Sourcing, team=self._rules.buyers, words=words, due=self._rules.source_within,
                    papers=beside_source(line, wanted))  # fmt: skip
        asked = await self._run.put(task)
        heard = await self._run.next(RequisitionWithdrawn, answers_to=[asked])
        while isinstance(heard, RequisitionWithdrawn) and self._is_old(heard):
            heard = await self._run.next(RequisitionWithdrawn, answers_to=[asked])
        if not isinstance(heard, Answer):
            raise withdrawn(heard)
        return Choice(supplier=heard.content.supplier, unit_price=heard.content.unit_price)

    async def _price(self, requisition: Requisition, choices: dict[int, Choice]) -> None:
        on = (await self._run.now()).date()

        async def look(connection: Connection) -> list[dict[str, object]]:
            found = await sourced(connection, self._rules, requisition, choices, on)
            return [line.model_dump(mode="json") for line in found]

        self.lines = [Sourced.model_validate(line) for line in await self._run.query("sources", look)]

"""A bill that was read from paper becomes one that is matched: a process, one run for each reading.

    clear = reading_process(ReadingRules(), owners=OWNERS)

What is sure goes on by itself; what is not is asked of Payables, field by field. The paper may come before or after.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from hilum.canonical import BillReading, Document, Money, ReadBill, SupplierBill
from hilum.canonical.worth import worth
from hilum.errors import Invalid
from hilum.flow import Owners
from hilum.packs.payables import readers
from hilum.packs.payables.readers import BillResult
from hilum.packs.payables.reading import ReadingRules, bill_of, doubts, filed
from hilum.postgres import Connection
from hilum.processes import Process, Run, States, Task

NAME = "payables.reading"
STATES = States(
    "bill that was read",
    {"read": ("asked", "clear", "refused"), "asked": ("clear", "refused"), "clear": (), "refused": ()},
)


class ReadingDecision(BaseModel):
    """What the paper says, by somebody who has looked at it."""

    decision: Literal["take", "refuse"] = Field(description="take: it is so, with the corrections; refuse: no bill.")
    corrections: dict[str, str] = Field(
        default={}, description="Fields that were read wrong or not found: `total`, `lines.2.quantity`."
    )
    comment: str = Field("", max_length=1000)


def reading_process(rules: ReadingRules, *, owners: Owners, name: str = NAME, version: str = "1.0") -> Process:
    """The process. It starts on a `BillReading`, and hears the `Document` whose number is that of the reading."""
    process = Process(
        name,
        version=version,
        summary="A bill that was read from paper is clear, and goes to be matched",
        owners=owners,
        states=STATES,
        forms=[ReadingDecision],
    )
    process.starts_on(BillReading, key=lambda reading: reading.business_key)
    process.hears(Document, key=lambda document: document.number, matters_late=False)

    @process.run
    async def read(run: Run, reading: BillReading) -> str:
        return await _Reading(run, rules, reading).to_the_end()

    return process


class _Reading:
    """One reading."""

    def __init__(self, run: Run, rules: ReadingRules, reading: BillReading) -> None:
        self.run = run
        self.rules = rules
        self.reading = reading

    async def to_the_end(self) -> str:
        paper, missing = await self._paper()
        wrong = [*missing, *doubts(self.reading, self.rules)]
        corrections: dict[str, str] = {}
        by = ""
        while True:
            bill, problem = self._bill(corrections) if not wrong else (None, "")
            if bill is not None:
                return await self._clear(bill, paper, by)
            answer, by = await self._asked([*wrong, *([problem] if problem else [])])
            if answer.decision == "refuse":
                return await self._refuse(answer, by)
            corrections |= answer.corrections
            wrong = []

    async def _paper(self) -> tuple[Document | None, list[str]]:
        """The paper with its content, where that comes by itself."""
        if not self.reading.expects_document:
            return self.reading.document, []
        came = await self.run.wait(Document, within=self.rules.wait_for_document)
        if came is None:
            return self.reading.document, ["its document did not come"]
        return came, []

    def _bill(self, corrections: dict[str, str]) -> tuple[SupplierBill | None, str]:
        try:
            return bill_of(self.reading, corrections, self.rules), ""
        except Invalid as error:
            return None, f"this is no bill yet: {error}"

    async def _asked(self, wrong: list[str]) -> tuple[ReadingDecision, str]:
        await self.run.move("asked")
        named = {each.field: each.value for each in self.reading.fields}
        title = f"Look at bill {named.get('number') or '(no number)'} that {self.reading.system} has read"
        task = Task(title, ReadingDecision, team=self.rules.desk, words="; ".join(wrong)[:2000],
                    due=self.rules.decide_within, value=self._worth())  # fmt: skip
        answer, by = await self.run.asked(task)
        return answer, by

    def _worth(self) -> Money | None:
        bill, _ = self._bill({})
        return worth(bill) if bill is not None else None

    async def _clear(self, bill: SupplierBill, paper: Document | None, by: str) -> str:
        reading = self.reading

        async def note(connection: Connection) -> None:
            await readers.note(connection, bill.business_key, reading.system, reading.number)

        await self.run.query("read", note)
        told = ReadBill(system=reading.system, number=reading.number, bill=bill.business_key, order=bill.order,
                        document=filed(paper, bill))  # fmt: skip
        await self.run.send(self.rules.bills, told, key=bill.business_key)
        await self.run.send(self.rules.bills, bill, key=bill.business_key)
        await self.run.move("clear")
        return f"bill {bill.business_key}{f', looked at by {by}' if by else ''}"

    async def _refuse(self, answer: ReadingDecision, by: str) -> str:
        comment = f": {answer.comment}" if answer.comment else ""
        said = BillResult(system=self.reading.system, number=self.reading.number, status="refused",
                          words=f"refused by {by}{comment}")  # fmt: skip
        await self.run.send(self.rules.results, said)
        await self.run.move("refused")
        return f"refused by {by}{comment}"

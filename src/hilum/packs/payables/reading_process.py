"""A bill that was read from paper becomes one that is matched: a process, one run for each reading.

    clear = reading_process(ReadingRules(), owners=OWNERS)

What is sure goes on by itself; what is not is asked of Payables, field by field. The paper may come before or after.
A reading that comes again, by webhook and by REST, is asked once; one that says something else meanwhile counts.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Literal

from pydantic import BaseModel, Field

from hilum.canonical import BillReading, Document, Money, ReadBill, SupplierBill
from hilum.canonical.worth import worth
from hilum.errors import Invalid
from hilum.flow import Owners
from hilum.packs.payables import readers
from hilum.packs.payables.readers import BillResult
from hilum.packs.payables.reading import ReadingRules, beside_reading, bill_of, doubts, filed
from hilum.postgres import Connection
from hilum.processes import Answer, Process, Run, States, Task

NAME = "payables.reading"
FORMER: Final = "1.0"
"""The version that asked again for what was told again. Runs that are open on it take its steps to their end."""

STATES = States(
    "bill that was read",
    {
        "read": ("asked", "clear", "refused", "known"),
        "asked": ("clear", "refused"),
        "clear": (),
        "refused": (),
        "known": (),
    },
)


class ReadingDecision(BaseModel):
    """What the paper says, by somebody who has looked at it."""

    decision: Literal["take", "refuse"] = Field(description="take: it is so, with the corrections; refuse: no bill.")
    corrections: dict[str, str] = Field(
        default={},
        description="What the paper says where it was read wrong or not found: total = 81.00, lines.2.quantity = 12.",
    )
    comment: str = Field("", max_length=1000)


def reading_process(rules: ReadingRules, *, owners: Owners, name: str = NAME, version: str = "1.1") -> Process:
    """The process. It starts on a `BillReading`, and hears the `Document` whose number is that of the reading.

    With `version="1.0"` it is the former one: keep it beside this one until the runs that are open on it have ended.
    """
    process = Process(
        name,
        version=version,
        summary="A bill that was read from paper is clear, and goes to be matched",
        owners=owners,
        states=STATES,
        forms=[ReadingDecision],
        retired=version == FORMER,
    )
    process.starts_on(BillReading, key=lambda reading: reading.business_key)
    process.hears(Document, key=lambda document: document.number, matters_late=False)

    @process.run
    async def read(run: Run, reading: BillReading) -> str:
        return await (_Former if version == FORMER else _Reading)(run, rules, reading).to_the_end()

    return process


class _Reading:
    """One reading."""

    def __init__(self, run: Run, rules: ReadingRules, reading: BillReading) -> None:
        self.run = run
        self.rules = rules
        self.reading = reading

    async def to_the_end(self) -> str:
        if before := await self._before():
            await self.run.move("known")
            return f"told before: {before}"
        paper, missing = await self._paper()
        wrong = [*missing, *doubts(self.reading, self.rules)]
        corrections: dict[str, str] = {}
        by = ""
        while True:
            bill, problem = self._bill(corrections) if not wrong else (None, "")
            if bill is not None and not await self._is_another_now():
                return await self._clear(bill, paper, by)
            answer = await self._asked([*wrong, *([problem] if problem else [])], paper) if bill is None else None
            if answer is None:  # it says something else now: what was corrected was of the former one
                wrong, corrections, by = [*missing, *doubts(self.reading, self.rules)], {}, ""
                continue
            by, decided = answer.by, answer.content
            if decided.decision == "refuse":
                return await self._refuse(decided, by)
            corrections |= decided.corrections
            wrong = []

    async def _before(self) -> str:
        """What became of it when it was told so before; empty: it was not."""

        async def look(connection: Connection) -> str:
            return await readers.settled(connection, self.reading)

        return str(await self.run.query("before", look))

    async def _is_another_now(self) -> bool:
        """Has it been told otherwise meanwhile? Then that counts."""
        while (again := await self.run.wait(BillReading, within=timedelta())) is not None:
            if self._takes(again):
                return True
        return False

    def _takes(self, again: BillReading) -> bool:
        differs = readers.digest_of(again) != readers.digest_of(self.reading)
        if differs:
            self.reading = again
        return differs

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

    async def _asked(self, wrong: list[str], paper: Document | None) -> Answer | None:
        """What somebody says; none: it was told otherwise meanwhile, and nobody has looked at that."""
        await self.run.move("asked")
        asked = await self.run.put(self._task(wrong, paper))
        another = False
        while True:
            heard = await self.run.next(BillReading, answers_to=[asked])
            if isinstance(heard, Answer):
                return None if another else heard
            if isinstance(heard, BillReading) and self._takes(heard):
                another = True
                if await self.run.withdraw(asked):
                    return None

    def _task(self, wrong: list[str], paper: Document | None) -> Task:
        named = {each.field: each.value for each in self.reading.fields}
        title = f"Look at bill {named.get('number') or '(no number)'} that {self.reading.system} has read"
        return Task(title, ReadingDecision, team=self.rules.desk, words="; ".join(wrong)[:2000],
                    due=self.rules.decide_within, value=self._worth(),
                    papers=beside_reading(self.reading, paper, self.rules))  # fmt: skip

    def _worth(self) -> Money | None:
        bill, _ = self._bill({})
        return worth(bill) if bill is not None else None

    async def _clear(self, bill: SupplierBill, paper: Document | None, by: str) -> str:
        reading = self.reading
        words = f"bill {bill.business_key}{f', looked at by {by}' if by else ''}"

        async def note(connection: Connection) -> None:
            await readers.note(connection, bill.business_key, reading.system, reading.number)
            await readers.settle(connection, reading, words)

        await self.run.query("read", note)
        told = ReadBill(system=reading.system, number=reading.number, bill=bill.business_key, order=bill.order,
                        document=filed(paper, bill))  # fmt: skip
        await self.run.send(self.rules.bills, told, key=bill.business_key)
        await self.run.send(self.rules.bills, bill, key=bill.business_key)
        await self.run.move("clear")
        return words

    async def _refuse(self, answer: ReadingDecision, by: str) -> str:
        comment = f": {answer.comment}" if answer.comment else ""
        said = BillResult(system=self.reading.system, number=self.reading.number, status="refused",
                          words=f"refused by {by}{comment}")  # fmt: skip
        await self._settle(said.words)
        await self.run.send(self.rules.results, said)
        await self.run.move("refused")
        return said.words

    async def _settle(self, words: str) -> None:
        async def note(connection: Connection) -> None:
            await readers.settle(connection, self.reading, words)

        await self.run.query("refused", note)


class _Former(_Reading):
    """One of the former version: what is told again is not heard, and each run asks."""

    async def _before(self) -> str:
        return ""

    async def _is_another_now(self) -> bool:
        return False

    async def _asked(self, wrong: list[str], paper: Document | None) -> Answer | None:
        await self.run.move("asked")
        answer = await self.run.next(answers_to=[await self.run.put(self._task(wrong, paper))])
        return answer if isinstance(answer, Answer) else None

    async def _settle(self, words: str) -> None:
        """It notes nothing."""

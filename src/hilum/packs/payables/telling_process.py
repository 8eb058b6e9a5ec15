"""The AP product hears what becomes of the bills that it has read, and their papers are filed: a process.

    tell = telling_process(ReadingRules(), owners=OWNERS)

Give it what the matching sends (`payables.matches`, `payables.refused`, `payables.bills`) and what readings come to
(`payables.read`). Of bills that nobody has read its runs end at once.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from hilum.canonical import BillMatch, Document, DocumentStatus, ReadBill, SupplierBill
from hilum.flow import Owners
from hilum.packs.payables import readers
from hilum.packs.payables.readers import result_of
from hilum.packs.payables.reading import ReadingRules
from hilum.postgres import Connection
from hilum.processes import Process, Run, States

NAME = "payables.telling"
STATES = States(
    "bill that its reader hears of",
    {
        "told": ("followed", "posted", "refused", "known"),
        "followed": ("posted", "refused"),
        "posted": ("refused",),
        "refused": ("posted",),
        "known": (),
    },
)


def telling_process(rules: ReadingRules, *, owners: Owners, name: str = NAME, version: str = "1.0") -> Process:
    """The process. Its runs are of bills, by their business keys."""
    process = Process(
        name,
        version=version,
        summary="The AP product hears what becomes of a bill, and its paper is filed",
        owners=owners,
        states=STATES,
    )
    process.starts_on(ReadBill, key=lambda told: told.bill)
    # the run of a bill that nobody has read ends at once, and may leave what came with the first word of it
    process.starts_on(BillMatch, key=lambda match: match.bill, matters_late=False)
    process.starts_on(DocumentStatus, key=lambda status: status.document, matters_late=False)
    process.starts_on(SupplierBill, key=lambda bill: bill.business_key, matters_late=False)

    @process.run
    async def tell(run: Run, first: BaseModel) -> str:
        return await _Telling(run, rules).to_the_end(first)

    return process


class _Telling:
    """One bill."""

    def __init__(self, run: Run, rules: ReadingRules) -> None:
        self.run = run
        self.rules = rules
        self.paper: Document | None = None
        self.outcome = ""  # posted or refused, at last: what comes then comes soon
        self.posted = False
        self.told = 0

    async def to_the_end(self, first: BaseModel) -> str:
        async def look(connection: Connection) -> Any:
            reader = await readers.reader_of(connection, self.run.key)
            return [reader.system, reader.number, reader.outcome] if reader is not None else None

        found = await self.run.query("reader", look)
        if found is None:
            await self.run.move("known")
            return "nobody has read it: it came as data"
        system, number, *closed = found
        self.outcome = closed[0] if closed else ""  # runs from before did not ask for it
        self.posted = self.outcome == "posted"
        await self.run.move(self.outcome or "followed")
        heard: BaseModel | None = first
        while heard is not None:
            await self._take(heard, system, number)
            patience = self.rules.linger if self.outcome else self.rules.give_up
            heard = await self.run.wait(ReadBill, BillMatch, DocumentStatus, SupplierBill, within=patience)
        return await self._close(system)

    async def _close(self, system: str) -> str:
        async def note(connection: Connection) -> None:
            await readers.close(connection, self.run.key, self.outcome)

        await self.run.query("outcome", note)
        never = "" if self.outcome else ", and nobody has said what became of it"
        return f"{system} was told {'once' if self.told == 1 else f'{self.told} times'}{never}"

    async def _take(self, heard: BaseModel, system: str, number: str) -> None:
        if isinstance(heard, ReadBill):
            self.paper = heard.document
        else:
            await self._tell(heard, system, number)
        if self.posted and self.paper is not None:
            paper, self.paper = self.paper, None
            await self.run.send(self.rules.documents, paper)

    async def _tell(self, heard: Any, system: str, number: str) -> None:
        result = result_of(heard, system=system, number=number)
        if result is None or (self.outcome and isinstance(heard, BillMatch)):
            return  # what came of it is told already: the comparison before that was overtaken on its way
        if result.status in ("posted", "refused"):
            self.outcome = result.status
            self.posted = self.posted or result.status == "posted"
            await self.run.move(result.status)
        await self.run.send(self.rules.results, result)
        self.told += 1

"""An operation from its first implant to its last bill: use, bill-only order, supplier's bill, patient's charge.

    closing = closing_process(ImplantRules(lookups=Path("lookups")), owners=OWNERS)
    theatre = inventory.consumption(source=…, implants=handle(closing))
    bills.deliver_to(*handle(closing))
    out = implants.commands()

One run follows one operation; everything that it sends is what should be, less what it has sent. What is missing is a
break: a task of the team that owns it, with words, that is withdrawn when the missing part comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import BaseModel

from hilum.canonical import BillMatch, BusinessObject, Charge, DocumentStatus, ImplantUsed, SupplierBill
from hilum.flow import DataClass, Owners
from hilum.packs.implants import register
from hilum.packs.implants.beside import beside_break
from hilum.packs.implants.case import Case, Earlier, Of
from hilum.packs.implants.knowing import Known, known
from hilum.packs.implants.missing import Break
from hilum.packs.implants.rules import FORMS, STATES, ImplantRules
from hilum.packs.procurement.bought import note_bought
from hilum.packs.procurement.order_rules import BillDecision
from hilum.packs.procurement.same_bills import billed_of, seen
from hilum.postgres import Connection
from hilum.processes import Answer, Open, Process, Run, Task
from hilum.processes.periods import duration

HEARD: Final = (ImplantUsed, SupplierBill)
_AT_LEAST: Final = timedelta(seconds=1)


def closing_process(
    rules: ImplantRules, *, owners: Owners, name: str = "implants.closing", version: str = "1.1"
) -> Process:
    """The process. It begins on an `ImplantUsed`, or on a bill of an order that was made of an operation."""
    process = Process(
        name,
        version=version,
        summary="An operation from its implants to their orders, bills and charges",
        owners=owners,
        states=STATES,
        data_class=DataClass.PHI,
        forms=list(FORMS),
    )
    process.starts_on(ImplantUsed, key=lambda used: used.case)
    process.starts_on(SupplierBill, key=rules.case_of_bill)

    @process.run
    async def follow(run: Run, first: ImplantUsed | SupplierBill) -> str:
        return await _Closing(run, rules).to_the_end(first)

    return process


class _Closing:
    """One operation. It comes to the same again when it is repeated: all that it knows is what its run was told."""

    def __init__(self, run: Run, rules: ImplantRules) -> None:
        self.run = run
        self.rules = rules
        self.case = Case(run.key, rules)
        self.asked: dict[Of, Open] = {}
        self.told: dict[Of, Break] = {}  # as it was asked
        self.answered: list[Open] = []  # in the moment in which they were withdrawn
        self.noted: list[dict[str, Any]] = []

    async def to_the_end(self, first: BaseModel) -> str:
        """Until all is there and nothing more is listened for."""
        await self._remember()
        heard: BaseModel | Answer | None = first
        while True:
            if heard is not None:
                await self._take(heard)
            until = self.case.next_look(await self._go_on())
            at = await self.run.now()
            lingers = until is None and self.case.is_closed and not self.asked
            within = duration(self.rules.linger) if lingers else max(until - at, _AT_LEAST) if until else None
            heard = await self.run.next(*HEARD, answers_to=self._open(), within=within)
            if heard is None and lingers:
                return self._outcome()

    async def _remember(self) -> None:
        """What an earlier run of the same operation has closed."""

        async def look(connection: Connection) -> list[Any]:
            found, first = await register.earlier(connection, self.run.key, self.run.id)
            return [[[name, str(each.quantity), each.called, each.order] for name, each in found.items()], first]

        rows, self.case.first_order = await self.run.query("closed before", look)
        self.case.earlier = {
            name: Earlier(quantity=quantity, called=called, order=order) for name, quantity, called, order in rows
        }

    async def _take(self, heard: BaseModel | Answer) -> None:
        match heard:
            case Answer():
                await self._decided(heard)
            case ImplantUsed():
                self.case.take(heard, await self.run.now())
            case SupplierBill():
                await self._bill(heard)

    async def _bill(self, bill: SupplierBill) -> None:
        if bill.business_key in self.case.bills.known():
            return
        told = billed_of(bill)

        async def look(connection: Connection) -> list[str]:
            return [each.words for each in await seen(connection, told)]

        self.case.bills.take(bill, await self.run.query("seen before", look), await self.run.now())

    async def _decided(self, answer: Answer) -> None:
        of = next((of for of, each in self.asked.items() if each == answer.to), None)
        if of is None:  # it was withdrawn in the same moment: the question is another one by now
            self.answered = [each for each in self.answered if each != answer.to]
            return
        del self.asked[of], self.told[of]
        at = await self.run.now()
        if isinstance(answer.content, BillDecision):
            await self._send_all(self.case.bills.decide(of[1], answer.content, at))
        else:
            self.case.decide(of, answer.content, at)

    # What follows from what was told

    async def _go_on(self) -> datetime:
        """Look up what is not known, send what is due, ask for what is missing, note how it is.

        Returns the moment as of which all that was done: what is due after it is still to be waited for, also where the
        hub was down meanwhile.
        """
        await self._look_up()
        at = await self.run.now()
        await self._send_all([*self.case.advance(at)])
        await self._send_all([*self.case.bills.compare()])
        breaks = self.case.breaks(at)
        await self._ask(breaks)
        await self._note(breaks)
        await self.run.move(self.case.state(breaks))
        return at

    async def _look_up(self) -> None:
        questions = [use.question() for use in self.case.unknown()]
        if not questions:
            return

        async def look(connection: Connection) -> dict[str, Any]:
            found = await known(connection, self.rules, questions)
            return {name: each.model_dump(mode="json") for name, each in found.items()}

        found = await self.run.query("what is known", look)
        self.case.learn({name: Known.model_validate(each) for name, each in found.items()})

    async def _send_all(self, things: Any) -> None:
        for thing in things:
            await self.run.send(self.rules.channel, thing, key=self._key(thing))
            if isinstance(thing, SupplierBill):
                await self._note_bought(thing)

    async def _note_bought(self, bill: SupplierBill) -> None:
        """It is settled: rebates accrue from it."""
        order, on, facility = self.case.bought(bill)

        async def note_it(connection: Connection) -> None:
            await note_bought(
                connection, bill, order, on=on, holds_for=facility, run_id=self.run.id, packs_of=self.rules.packs_of,
            )  # fmt: skip

        await self.run.query("what was bought", note_it)

    def _key(self, thing: BusinessObject) -> str:
        """Order, receipt, use, return and bill of an operation reach Odoo in their order; a charge follows its account.

        A supplier may bill an order before it is in Odoo.
        """
        if isinstance(thing, BillMatch | DocumentStatus):
            return thing.business_key
        return thing.account if isinstance(thing, Charge) else self.run.key

    async def _ask(self, breaks: dict[Of, Break]) -> None:
        """Every break is a task of who owns it, as long as it is one and as it is now."""
        for of in [of for of, told in self.told.items() if breaks.get(of) != told]:
            asked = self.asked.pop(of)
            del self.told[of]
            if not await self.run.withdraw(asked):
                self.answered.append(asked)
        for of, each in breaks.items():
            if of not in self.asked:
                task = Task(each.title, each.form, team=each.team, words=each.words[:2000],
                            due=self.rules.decide_within, papers=beside_break(self.case, of))  # fmt: skip
                self.asked[of], self.told[of] = await self.run.put(task), each

    def _open(self) -> Sequence[Open]:
        return [*self.asked.values(), *self.answered]

    async def _note(self, breaks: dict[Of, Break]) -> None:
        rows = register.rows_of(self.case, breaks)
        changed = [row for row in rows if row not in self.noted]
        if not changed:
            return

        async def write(connection: Connection) -> None:
            await register.note(connection, self.run.id, changed)

        await self.run.query("register", write)
        self.noted = rows

    def _outcome(self) -> str:
        uses = [use for use in self.case.uses.values() if use.left]
        back = len(self.case.uses) - len(uses)
        parts = [f"{len(uses)} uses closed", f"{len(self.case.orders)} orders", f"{len(self.case.bills.settled)} bills"]
        parts += [f"{back} taken back"] if back else []
        return ", ".join(parts)

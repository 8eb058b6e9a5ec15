"""Lines of bank statements meet the payments that the bank was instructed to make: a process, one run for a line.

    settle = settlement_process(PaymentRules(…), owners=OWNERS)
    statements = finance.bank_statements(source=…, also=handle(settle))

What is as instructed is booked by itself; anything else is asked of Treasury, in words; what came back, of Payables.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from hilum.canonical import BankTransaction, Payment, PaymentDirection, SupplierBill
from hilum.canonical.worth import worth
from hilum.flow import Lookup, Owners
from hilum.packs.finance import discounts, instructed, told_twice
from hilum.packs.finance.advice import Advice, PaidPart, Settled
from hilum.packs.finance.beside import beside_line, beside_return
from hilum.packs.finance.payment_rules import DESK, TREASURY, PaymentRules
from hilum.packs.finance.settling import Instructed, after, identity, ids_in, judge, money
from hilum.postgres import Connection
from hilum.processes import Answer, Open, Process, Run, States, Task

STATES = States(
    "line of a statement",
    {"told": ("booked", "asked", "known"), "asked": ("booked", "known", "left"), "booked": (), "known": (), "left": ()},
)


class LineDecision(BaseModel):
    """What to do with a line that is not as instructed."""

    decision: Literal["book", "leave"] = Field(
        description="book: it is of that payment, book what was open of it; leave: it is settled by hand in the ledger."
    )
    end_to_end_id: str = Field(default="", description="Of which payment it is, where the line does not say it.")
    comment: str = ""


class ReturnDecision(BaseModel):
    """What to do with money that came back."""

    decision: Literal["again", "close"] = Field(
        description="again: the next payment run pays it; close: it is settled with the supplier by hand."
    )
    comment: str = ""


def settlement_process(
    rules: PaymentRules, *, owners: Owners, name: str = "payables.settlement", version: str = "1.0"
) -> Process:
    """The process. It listens to money that left, and to what came in under an end-to-end id of ours."""
    process = Process(
        name,
        version=version,
        summary="A line of a bank statement meets the payment that it is of",
        owners=owners,
        states=STATES,
        forms=[LineDecision, ReturnDecision],
    )

    def key(line: BankTransaction) -> str | None:
        wanted = bool(ids_in(line)) or (line.amount < 0 and line.journal in rules.journals and not rules.passes(line))
        return identity(line) if wanted else None

    process.starts_on(BankTransaction, key=key, matters_late=False)  # a line that is told again is the same line

    @process.run
    async def settle(run: Run, line: BankTransaction) -> str:
        return await _Line(run, rules, line).settled()

    return process


class _Line:
    """One line."""

    def __init__(self, run: Run, rules: PaymentRules, line: BankTransaction) -> None:
        self.run = run
        self.rules = rules
        self.line = line

    async def settled(self) -> str:
        found = await self._look("")
        if found["asks"]:
            await self.run.move("asked")
            found = await self._decided(found["asks"])
        if found["moved"] is None:
            known = found["outcome"] == _KNOWN
            await self.run.move("known" if known else "left")
            return str(found["outcome"])
        await self._book(Settled.model_validate(found["moved"]))
        await self.run.move("booked")
        return str(found["outcome"])

    async def _look(self, forced: str) -> dict[str, Any]:
        """Compare, and note what comes of it. `forced`: the payment that somebody says it is of."""

        async def look(connection: Connection) -> dict[str, Any]:
            return await settle_line(
                connection, self.line, self.run.id, forced=forced, discount_account=self.rules.discount_account
            )

        found: dict[str, Any] = await self.run.query("compare", look)
        return found

    async def _decided(self, words: str) -> dict[str, Any]:
        title = f"A line of {self.line.journal} of {self.line.booked_on} is not as instructed"
        while True:
            task = Task(title, LineDecision, team=TREASURY, words=words[:2000], due=self.rules.decide_within,
                        value=worth(self.line), papers=beside_line(self.line))  # fmt: skip
            answered = await self._answered(await self.run.put(task))
            if not isinstance(answered, Answer):
                return answered
            answer = answered.content
            if answer.decision == "leave":
                return {"asks": "", "moved": None, "outcome": f"left to be settled by hand, by {answered.by}"}
            found = await self._look(answer.end_to_end_id or (ids_in(self.line) or ["?"])[0])
            if not found["asks"]:
                return found
            words = str(found["asks"])

    async def _answered(self, asked: Open) -> Answer | dict[str, Any]:
        """What Treasury says; or what the line is, where that has become clear meanwhile."""
        while True:
            heard = await self.run.next(answers_to=[asked], within=self.rules.look_every)
            if isinstance(heard, Answer):
                return heard
            found = await self._look("")
            if not found["asks"] and await self.run.withdraw(asked):
                return found

    async def _book(self, moved: Settled) -> None:
        channel = self.rules.payments
        for note in moved.discounts:  # before the payment that settles what is left of their bills, or beside a return
            await self.run.send(channel, note, key=note.supplier)
        await self.run.send(channel, moved.payment, key=moved.payment.supplier or "")
        if moved.payment.direction is PaymentDirection.SENT:
            if self.rules.advise == "settled":
                await self.run.send(self.rules.remittances, Advice.of(moved), key=moved.payment.supplier or "")
            return
        await self._came_back(moved)

    async def _came_back(self, moved: Settled) -> None:
        payment = moved.payment
        amount = money(payment.amount, payment.currency)
        why = self.line.return_reason or "the bank does not say why"
        words = f"{amount} to {payment.supplier} came back on {payment.paid_on}: {why}. Payment {moved.end_to_end_id}"
        title = f"A payment to {payment.supplier} came back"
        task = Task(title, ReturnDecision, team=DESK, words=words[:2000], due=self.rules.decide_within,
                    value=worth(payment), papers=beside_return(self.line, moved.end_to_end_id))  # fmt: skip
        answer, by = await self.run.asked(task)
        again, told = answer.decision == "again", f"came back; closed by {by}"

        async def give_up(connection: Connection) -> None:
            await instructed.give_up(connection, moved.end_to_end_id, again=again, words=told)

        await self.run.query("decided", give_up)


def to_book(parsed: Any, _: Lookup) -> Payment | SupplierBill:
    """The translation of the flow of `payables.payments`: payments, and notes of discounts before those that use them.

    Let the flow have `order_by` the supplier, so that the note is in the ledger first.
    """
    kind = SupplierBill if parsed["type"] == SupplierBill.name else Payment
    return kind.model_validate(parsed["content"])


_KNOWN = "told before"


async def settle_line(
    connection: Connection, line: BankTransaction, run: UUID, *, forced: str = "", discount_account: str = ""
) -> dict[str, Any]:
    """Within a transaction: what the line is, noted once. `asks`: what somebody must decide; `moved`: what to book.

    The same run gets the same answer again; for another one the line is known.
    """
    await told_twice.lock(connection, line.journal)
    noted = await told_twice.noted(connection, line)
    if noted is not None and (noted.twin or noted.run != run or noted.movement is not None):
        mine = noted.run == run and noted.movement is not None
        return _answer(noted.movement["moved"], noted.movement["outcome"]) if mine else _answer(None, _KNOWN)
    twins = [] if forced else await told_twice.twins_of(connection, line)
    if twins:
        await told_twice.pair(connection, line, run, twins)
        return _answer(None, _KNOWN)
    known = await instructed.candidates(connection, [forced] if forced else ids_in(line), -line.amount, line.currency)
    finding = judge(line.model_copy(update={"end_to_end_id": forced}) if forced else line, known)
    payment, words = finding.payment, finding.words
    later = after(payment, line.amount) if payment is not None else None
    if payment is None or later is None or (words and not forced) or line.currency != payment.currency:
        return await _asks(connection, line, run, words)
    if later.open == payment.open:
        return await _asks(connection, line, run, f"{words}; nothing of it is open, it cannot be booked on it")
    parts = await instructed.parts_of(connection, payment.end_to_end_id)
    moved = await _discounted(connection, _moved(line, payment, later, parts), discount_account)
    if line.amount > 0:
        moved = await _without_discounts(connection, moved, payment, later, discount_account)
    outcome = f"{money(moved.payment.amount, line.currency)} of {payment.title}"
    await connection.execute(
        "UPDATE supplier_payment SET booked = %s, returned = %s, parts = %s, state = %s WHERE end_to_end_id = %s",
        [later.booked, later.returned, later.parts, later.state.value, payment.end_to_end_id],
    )
    await instructed.count(connection, [payment.end_to_end_id])
    movement = {"moved": moved.model_dump(mode="json"), "outcome": outcome}
    await told_twice.note(connection, line, run, payment=payment.end_to_end_id, movement=movement)
    return _answer(movement["moved"], outcome)


def _answer(moved: Any, outcome: str) -> dict[str, Any]:
    return {"asks": "", "moved": moved, "outcome": outcome}


async def _asks(connection: Connection, line: BankTransaction, run: UUID, words: str) -> dict[str, Any]:
    """The line is this run's, so that nobody is asked twice."""
    await told_twice.note(connection, line, run)
    return {"asks": words, "moved": None, "outcome": ""}


async def _discounted(connection: Connection, moved: Settled, account: str) -> Settled:
    """With the notes of the discounts that count on this day; of one that was taken too late nothing is booked."""
    paid = moved.payment
    if paid.direction is not PaymentDirection.SENT:
        return moved
    notes, late = await discounts.settle(connection, moved.end_to_end_id, paid.paid_on, account=account)
    missing = {each for each in paid.documents if each.endswith(discounts.SUFFIX)} - {each.number for each in notes}
    left = tuple(each for each in paid.documents if each not in missing)
    told = tuple(each for each in moved.documents if not discounts.is_own(each))
    parts = () if late else moved.parts
    return moved.model_copy(
        update={"payment": paid.model_copy(update={"documents": left}), "discounts": tuple(notes), "documents": told,
                "parts": parts}
    )  # fmt: skip


async def _without_discounts(
    connection: Connection, moved: Settled, payment: Instructed, later: Instructed, account: str
) -> Settled:
    """Money came back: so do the discounts that were taken with it."""
    bills = await discounts.take_back(
        connection, payment.end_to_end_id, returned=moved.payment.amount, of=payment.booked - payment.returned,
        parts=later.parts, booked_on=moved.payment.paid_on, account=account,
    )  # fmt: skip
    return moved.model_copy(update={"discounts": tuple(bills)})


def _moved(line: BankTransaction, payment: Instructed, later: Instructed, parts: Sequence[PaidPart]) -> Settled:
    """What to book. The first line of a payment has its end-to-end id, further ones count on."""
    back = line.amount > 0
    amount = later.returned - payment.returned if back else later.booked - payment.booked
    number = payment.end_to_end_id + (f"-{later.parts}" if payment.parts else "")
    loose = back or payment.on_account or payment.returned > 0
    booked = Payment(
        number=number,
        direction=PaymentDirection.RECEIVED if back else PaymentDirection.SENT,
        supplier=payment.supplier,
        amount=abs(Decimal(amount)),
        currency=payment.currency,
        paid_on=line.booked_on,
        journal=line.journal,
        # what came back settles nothing, and what is paid after that finds its bill settled in the ledger
        documents=() if loose else payment.documents,
        words=f"{'returned: ' if back else ''}{' '.join(payment.documents)}"[:2000],
    )
    return Settled(end_to_end_id=payment.end_to_end_id, payment=booked, documents=payment.documents, parts=tuple(parts))

"""A payment run, from what is due to what the bank has paid: a process, made for a hospital's own rules.

    pay = payment_process(PaymentRules(accounts={…}), owners=OWNERS)
    for target in handle(pay): flow.deliver_to(target)

One person approves, another one releases; then one file goes to the bank. What the bank rejects, or does not make in
time, comes back to a desk, and its bills stay taken until somebody has decided.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel

from hilum.canonical import (
    Money,
    OrderedPayment,
    Payee,
    Payment,
    PaymentDirection,
    PaymentOrder,
    PaymentRun,
    PaymentStatusReport,
)
from hilum.canonical.worth import together
from hilum.flow import Owners
from hilum.packs.finance import instructed, payables
from hilum.packs.finance.advice import Advice, PaidPart, Settled
from hilum.packs.finance.beside import beside_bank, beside_payments
from hilum.packs.finance.discounts import is_own
from hilum.packs.finance.payment_rules import (
    DESK,
    TREASURY,
    DebtorAccount,
    PaymentRules,
    ProposalDecision,
    RejectedDecision,
    ReleaseDecision,
    UnpaidDecision,
)
from hilum.packs.finance.settling import EXPECTED, Instructed, PaymentState, money
from hilum.postgres import Connection
from hilum.processes import Answer, Failed, Open, Process, Run, States, Task
from hilum.processes.periods import duration

Value = TypeVar("Value")

STATES = States(
    "payment run",
    {
        "proposed": ("approved", "refused", "empty"),
        "approved": ("instructed", "refused", "empty"),
        "instructed": ("exception", "settled"),
        "exception": ("instructed", "settled"),
        "settled": (),
        "refused": (),
        "empty": (),
    },
)
_SETTLED = frozenset({PaymentState.BOOKED, PaymentState.RETURNED})
_SHOWN = 25  # payments that a task names


def payment_process(
    rules: PaymentRules, *, owners: Owners, name: str = "payables.payment", version: str = "1.1"
) -> Process:
    """The process. It starts on a `PaymentRun`, and hears what the bank says of its file."""
    process = Process(
        name,
        version=version,
        summary="A payment run from what is due to what the bank has paid",
        owners=owners,
        states=STATES,
        forms=[ProposalDecision, ReleaseDecision, RejectedDecision, UnpaidDecision],
    )
    process.starts_on(PaymentRun, key=lambda asked: asked.number)
    process.hears(PaymentStatusReport, key=lambda told: told.order)

    @process.run
    async def pay(run: Run, asked: PaymentRun) -> str:
        return await _Paying(run, rules, asked).to_the_end()

    return process


class _Paying:
    """One run."""

    def __init__(self, run: Run, rules: PaymentRules, asked: PaymentRun) -> None:
        self.run = run
        self.rules = rules
        self.asked = asked
        self.open: dict[Open, str] = {}  # what is asked of which payment
        self.asked_of: set[str] = set()  # rejected payments that somebody was asked about
        self.patient_until: datetime | None = None

    async def to_the_end(self) -> str:
        account = self.rules.accounts.get(self.asked.account)
        if account is None:
            raise Failed(f"There is no account {self.asked.account} to pay from: name it in the rules of payments.")

        async def propose(connection: Connection, run: UUID) -> list[str]:
            return await payables.propose(
                connection, self.asked, currencies=account.currencies, journal=account.journal, run=run,
                holidays=self.rules.bank_holidays,
            )  # fmt: skip

        left = await self._query("propose", propose)
        if not await self._payments():
            return await self._ended("empty", "nothing is due", left)
        approver = await self._approved(left)
        if not approver:
            return await self._refused("not approved")
        if not await self._payments():
            return await self._ended("empty", "everything was left out", [])
        await self.run.move("approved")
        if not await self._released(approver):
            return await self._refused("not released")
        return await self._instructed(account)

    # Two persons

    async def _approved(self, left: Sequence[str]) -> str:
        """Who approved; empty: nobody."""
        payments = await self._payments()
        paid = {each.supplier for each in payments}
        strange: list[str] = []  # whom the last answer left out, and who is paid nothing
        while True:
            answer, by = await self.run.asked(self._proposal(payments, left, strange))
            if not answer.approve:
                return ""
            strange = sorted(set(answer.leave_out) - paid)
            if not strange:
                break
        if answer.leave_out:
            await self._query("leave out", lambda c, run: instructed.leave_out(c, run, answer.leave_out))
        return by

    def _proposal(self, payments: Sequence[Instructed], left: Sequence[str], strange: Sequence[str]) -> Task:
        words = [*_lines(payments), *(f"left out: {each}" for each in left)]
        if strange:
            names = ", ".join(strange)
            words.insert(0, f"no payment of this run is to {names}: leave out suppliers as they are written here")
        return Task(
            f"Approve payment run {self.asked.number}: {_sums(payments)}", ProposalDecision, team=DESK,
            words="; ".join(words)[:2000], due=self.rules.decide_within,
            not_by=[self.asked.requested_by] if self.asked.requested_by else [], value=_worth(payments),
            papers=beside_payments(payments),
        )  # fmt: skip

    async def _released(self, approver: str) -> bool:
        payments = await self._payments()
        title = f"Release payment run {self.asked.number}: {_sums(payments)}, approved by {approver}"
        not_by = [approver, *([self.asked.requested_by] if self.asked.requested_by else [])]
        task = Task(title, ReleaseDecision, team=TREASURY, words="; ".join(_lines(payments))[:2000],
                    due=self.rules.decide_within, not_by=not_by, value=_worth(payments),
                    papers=beside_payments(payments))  # fmt: skip
        return bool((await self.run.ask(task)).release)

    async def _refused(self, words: str) -> str:
        await self._query("leave out", lambda c, run: instructed.leave_out(c, run))
        return await self._ended("refused", words, [])

    # The bank

    async def _instructed(self, account: DebtorAccount) -> str:
        async def instruct(connection: Connection, run: UUID) -> list[Any]:
            payees, left = await instructed.instruct(connection, run)
            return [{id: payee.model_dump(mode="json") for id, payee in payees.items()}, left]

        payees, left = await self._query("instruct", instruct)
        payments = await self._payments()
        if not payments:
            return await self._ended("empty", "nothing is paid", left)
        order = PaymentOrder(
            number=self.asked.number,
            created_at=await self.run.now(),
            execute_on=self.asked.execute_on,
            payer=account.payer,
            payments=tuple(_ordered(each, Payee.model_validate(payees[each.end_to_end_id])) for each in payments),
        )
        await self.run.send(self.rules.orders, order)
        if self.rules.advise == "sent":
            await self._advise(payments, account)
        await self.run.move("instructed")
        self.patient_until = _end_of(self.asked) + duration(self.rules.expect_within)
        while await self._waits():
            heard = await self.run.next(PaymentStatusReport, answers_to=[*self.open], within=self.rules.look_every)
            await self._take(heard)
            await self._settled_meanwhile()
            await self.run.move("exception" if self.open else "instructed")
        return await self._ended("settled", "", left)

    async def _advise(self, payments: Sequence[Instructed], account: DebtorAccount) -> None:
        """Suppliers hear that they are being paid, before the bank has done it."""
        for each in payments:
            paid = Payment(
                number=each.end_to_end_id, direction=PaymentDirection.SENT, supplier=each.supplier, amount=each.amount,
                currency=each.currency, paid_on=each.execute_on, journal=account.journal, documents=each.documents,
            )  # fmt: skip

            async def look(connection: Connection, _: UUID, id: str = each.end_to_end_id) -> list[dict[str, Any]]:
                return [part.model_dump(mode="json") for part in await instructed.parts_of(connection, id)]

            parts = tuple(PaidPart.model_validate(part) for part in await self._query("parts", look))
            said = Settled(end_to_end_id=each.end_to_end_id, payment=paid, documents=each.documents, parts=parts)
            await self.run.send(self.rules.remittances, Advice.of(said), key=each.supplier)

    async def _take(self, heard: Any) -> None:
        if isinstance(heard, PaymentStatusReport):
            rejected = await self._query("report", lambda c, run: instructed.report(c, run, heard))
            payments = [x for x in await self._payments() if x.end_to_end_id in rejected]
            new = [x for x in payments if x.end_to_end_id not in self.asked_of]
            self.asked_of.update(x.end_to_end_id for x in new)
            await self._ask("The bank rejects a payment", new)
        elif isinstance(heard, Answer):
            await self._decided(heard)
        elif self.patient_until is not None and await self.run.now() >= self.patient_until:
            asked = set(self.open.values())
            late = [x for x in await self._payments() if x.state in EXPECTED and x.end_to_end_id not in asked]
            await self._ask("A payment is on no statement", late)

    async def _ask(self, title: str, payments: Sequence[Instructed]) -> None:
        for each in payments:
            rejected = each.state is PaymentState.REJECTED
            told = f"{each.title}, {each.words or 'of which the bank says nothing'}"
            if not rejected:
                told = f"{told}; {money(each.open, each.currency)} of it is on no statement until now"
            form: type[BaseModel] = RejectedDecision if rejected else UnpaidDecision
            task = Task(f"{title}: {each.supplier}", form, team=DESK if rejected else TREASURY, words=told[:2000],
                        due=self.rules.decide_within, value=_worth([each]), papers=beside_bank(each))  # fmt: skip
            self.open[await self.run.put(task)] = each.end_to_end_id

    async def _settled_meanwhile(self) -> None:
        """A question about a payment that is on a statement now need not be answered."""
        settled = {each.end_to_end_id for each in await self._payments() if each.state in _SETTLED}
        for task in [each for each, id in self.open.items() if id in settled]:
            if await self.run.withdraw(task):
                del self.open[task]

    async def _decided(self, answer: Answer) -> None:
        id = self.open.pop(answer.to)
        if answer.content.decision == "wait":
            self.patient_until = await self.run.now() + duration(self.rules.expect_within)
            return
        again, words = answer.content.decision == "again", f"not paid; closed by {answer.by}"
        await self._query("decided", lambda c, _: instructed.give_up(c, id, again=again, words=words))

    async def _waits(self) -> bool:
        return bool(self.open) or any(each.state in EXPECTED for each in await self._payments())

    # What is known

    async def _ended(self, state: str, words: str, left: Sequence[str]) -> str:
        await self.run.move(state)
        payments = await self._payments() if state == "settled" else []
        told = [words, *(f"{count} {each}" for each, count in Counter(x.state.value for x in payments).items())]
        if payments:
            told.append(_sums(payments))
        return "; ".join(each for each in [*told, *left] if each)[:1000]

    async def _payments(self) -> list[Instructed]:
        async def look(connection: Connection, run: UUID) -> list[dict[str, Any]]:
            return [instructed.as_json(each) for each in await instructed.payments_of(connection, run)]

        return [instructed.from_json(each) for each in await self._query("payments", look)]

    async def _query(self, name: str, act: Callable[[Connection, UUID], Awaitable[Value]]) -> Value:
        return await self.run.query(name, lambda connection: act(connection, self.run.id))


def _ordered(payment: Instructed, payee: Payee) -> OrderedPayment:
    return OrderedPayment(
        end_to_end_id=payment.end_to_end_id,
        supplier=payment.supplier,
        amount=payment.amount,
        currency=payment.currency,
        payee=payee,
        documents=tuple(each for each in payment.documents if not is_own(each)),
    )


def _end_of(asked: PaymentRun) -> datetime:
    return datetime.combine(asked.execute_on, time(), UTC) + timedelta(days=1)


def _worth(payments: Sequence[Instructed]) -> Money | None:
    """What they come to; none: in several currencies."""
    return together(Money(amount=each.amount, currency=each.currency) for each in payments)


def _sums(payments: Sequence[Instructed]) -> str:
    """`3 payments, 1204.50 EUR`."""
    sums: dict[str, Decimal] = {}
    for each in payments:
        sums[each.currency] = sums.get(each.currency, Decimal(0)) + each.amount
    count = f"{len(payments)} payment{'s' if len(payments) != 1 else ''}"
    return ", ".join([count, *(money(amount, currency) for currency, amount in sorted(sums.items()))])


def _lines(payments: Sequence[Instructed]) -> list[str]:
    told = [
        f"{each.supplier}: {money(each.amount, each.currency)} for {', '.join(each.documents)}"
        for each in payments[:_SHOWN]
    ]
    more = len(payments) - _SHOWN
    return [*told, f"and {more} more"] if more > 0 else told

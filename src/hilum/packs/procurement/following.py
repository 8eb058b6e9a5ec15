"""An order from the moment it is sent until its bills are settled: a process, made for a hospital's own rules.

    follow = order_process(OrderRules(tolerances_of=tolerances, wait_for_goods="P14D"), owners=OWNERS)
    for target in handle(follow): flow.deliver_to(target)

It hears the supplier's answers, ship notices, receipts, returns and bills of its order, in any order. What differs is
decided by people: answers by the buyer; bills by buyer, receiver or payables, as the cause says. A bill that matches
goes on to be posted by itself; one whose goods are still to come waits for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Final

from pydantic import BaseModel

from hilum.canonical import (
    BillApproval,
    BillMatch,
    DocumentStatus,
    GoodsReceipt,
    MatchCause,
    Money,
    OrderAcknowledgement,
    PurchaseOrder,
    PurchaseOrderCancelled,
    ShipNotice,
    SupplierBill,
    SupplierReturn,
)
from hilum.canonical.worth import worth
from hilum.cases.side_by_side import SideBySide
from hilum.facts import Fact, note
from hilum.flow import Owners
from hilum.flow.stakes import highest
from hilum.masterdata.terms import book_for
from hilum.packs.procurement import order_facts
from hilum.packs.procurement.answers import as_answered, differences
from hilum.packs.procurement.beside import beside_answer, beside_bill, items_of
from hilum.packs.procurement.bought import note_bought
from hilum.packs.procurement.followed import Followed, Pending
from hilum.packs.procurement.order_rules import BUYER, STATES, TEAMS, AnswerDecision, BillDecision, OrderRules
from hilum.packs.procurement.same_bills import Alike, billed_of, seen
from hilum.postgres import Connection
from hilum.processes import Answer, Open, Process, Run, Task
from hilum.processes.periods import Period, duration


def order_process(
    rules: OrderRules, *, owners: Owners, name: str = "procurement.order", version: str = "1.1"
) -> Process:
    """The process. Its objects are `PurchaseOrder` and everything that names an order."""
    process = Process(
        name,
        version=version,
        summary="An order from its sending to its settled bills",
        owners=owners,
        states=STATES,
        forms=[AnswerDecision, BillDecision],
    )
    process.starts_on(PurchaseOrder, key=lambda order: order.number)
    # The run's own cancellation comes back to it where orders are also told to it, often when it has ended already.
    process.hears(PurchaseOrderCancelled, key=lambda cancelled: cancelled.number, matters_late=False)
    # What comes after the end answers a cancellation, or repeats itself. A supplier's no to it is told by the register.
    process.hears(OrderAcknowledgement, key=lambda answer: answer.order, matters_late=False)
    process.hears(ShipNotice, key=lambda notice: notice.lines[0].order)
    process.hears(GoodsReceipt, key=lambda receipt: receipt.order)
    process.hears(SupplierReturn, key=lambda back: back.order)
    process.hears(SupplierBill, key=lambda bill: bill.order)
    process.hears(BillApproval, key=lambda told: told.order, matters_late=False)

    @process.run
    async def follow(run: Run, order: PurchaseOrder) -> str:
        return await _Following(run, rules, order).to_the_end()

    return process


@dataclass(frozen=True, slots=True)
class _Question:
    """What somebody is asked about an order."""

    title: str
    form: type[BaseModel]
    team: str
    told: Sequence[str]
    value: Money | None
    items: Sequence[str]
    papers: SideBySide


class _Following:
    """One order. What it does depends on nothing but what its run was told, so it comes to the same when repeated."""

    def __init__(self, run: Run, rules: OrderRules, order: PurchaseOrder) -> None:
        self.run = run
        self.rules = rules
        self.known = Followed(order, rules)
        self.answers: dict[Open, OrderAcknowledgement] = {}
        self.counted: list[Fact] = []  # to be noted by the next move

    async def to_the_end(self) -> str:
        """Until nothing more is to come, or the order is cancelled and no bill of it is open."""
        self.known.agreed = await self._agreed()
        while True:
            await self.run.move(self.known.state(asked=bool(self._asked())), facts=self.counted)
            self.counted = []
            if self.known.cancelled and not self.known.pending:
                return self.known.cancelled
            heard = await self.run.next(*HEARD, answers_to=self._asked(), within=await self._patience())
            if heard is not None:
                await self._take(heard)
            elif not self.known.pending:
                return self.known.outcome()
            await self._settle()

    async def _take(self, heard: BaseModel | Answer) -> None:
        match heard:
            case Answer():
                await self._decided(heard)
            case PurchaseOrderCancelled():
                await self._cancel(f"cancelled: {heard.reason}" if heard.reason else "cancelled")
            case PurchaseOrder():
                await self._revise(heard)
            case OrderAcknowledgement():
                await self._acknowledge(heard)
            case GoodsReceipt():
                if not self.known.receipts:
                    self.counted += order_facts.first_deliveries(self.known.order, heard, self.rules)
                self.known.receipts.setdefault(heard.number, heard)
            case SupplierReturn():
                self.known.returns.setdefault(heard.number, heard)
            case SupplierBill():
                await self._bill(heard)
            case BillApproval():
                await self._decided_elsewhere(heard)

    async def _revise(self, order: PurchaseOrder) -> None:
        if order.revision >= self.known.order.revision:
            self.known.order = order
            self.known.agreed = await self._agreed()

    async def _cancel(self, words: str) -> None:
        self.known.cancelled = words
        await self._agreed()  # what was cancelled is not counted any more

    # The supplier's answer

    async def _acknowledge(self, answer: OrderAcknowledgement) -> None:
        told = differences(self.known.order, answer)
        if not self.known.acknowledged:
            began = self.run.started_at
            self.counted.append(order_facts.acknowledgement(self.known.order, self.rules, began, differs=bool(told)))
        self.known.acknowledged = True
        if told:
            title = f"{answer.supplier} answers order {self.known.order.number} otherwise"
            question = _Question(
                title, AnswerDecision, BUYER, told, worth(self.known.order), items_of(self.known.order),
                beside_answer(self.known.order, answer, self.known.agreed),
            )  # fmt: skip
            self.answers[await self._ask(question)] = answer

    async def _answer_decided(self, asked: Open, accepted: bool, by: str) -> None:
        answer = self.answers.pop(asked)
        order = as_answered(self.known.order, answer) if accepted else None
        if order is not None:
            await self._revise(order)
            await self.run.send(self.rules.orders, order)
            return
        words = f"{answer.supplier} answered otherwise; {by} does not accept it"
        if accepted:
            words = f"{answer.supplier} delivers nothing of it; {by} agrees"
        await self.run.send(self.rules.orders, PurchaseOrderCancelled.of(self.known.order, words))
        await self._cancel(f"cancelled: {words}")

    # Bills

    async def _bill(self, bill: SupplierBill) -> None:
        if self.known.has(bill):
            return
        told = billed_of(bill)

        async def look(connection: Connection) -> list[dict[str, str]]:
            return [each.as_json() for each in await seen(connection, told)]

        alike = [Alike.from_json(each) for each in await self.run.query("seen before", look)]
        now = await self.run.now()
        self.known.pending.append(Pending(bill, alike, came=now, until=now + duration(self.rules.wait_for_goods)))

    async def _settle(self) -> None:
        """Compare every bill again that is not settled; once more where a credit note took back what it may be."""
        while await self._compare_all():
            pass

    async def _compare_all(self) -> bool:
        """In the order in which they came, each after those before. Is one of the first to be compared once more?"""
        now = await self.run.now() if self.known.pending else None
        settled = len(self.known.settled)
        before: list[SupplierBill] = [*self.known.settled]
        for each in [*self.known.pending]:
            found = self.known.compare(each, before)
            if each.round == 0:
                self.counted += order_facts.billed_prices(self.known.order, each.bill, found, self.rules)
            if not found.findings:
                await self._accept(each, found)
            elif now is not None:
                await self._hold(each, found, now)
            if each in self.known.pending or each.bill in self.known.settled:
                before.append(each.bill)
        return any(bill.credit for bill in self.known.settled[settled:]) and self.known.one_is_credited

    async def _hold(self, each: Pending, found: BillMatch, now: datetime) -> None:
        """It does not match: it waits for its goods, or somebody is asked; again where other things are wrong now."""
        findings = list(found.findings)
        changed = findings != each.found
        if changed:
            each.found, each.round = findings, each.round + 1
            each.patient = False
            await self.run.send(self.rules.matches, found, key=each.bill.business_key)
        only_goods = {finding.cause for finding in findings} == {MatchCause.NOT_RECEIVED} and not self.known.all_came
        if each.asked is not None and changed:
            await self._withdraw(each)
        if now < each.until and (each.patient or only_goods):
            return
        if each.asked is None:
            team = next(team for cause, team in TEAMS.items() if cause in {f.cause for f in findings})
            title = f"Bill {each.bill.number} of {each.bill.supplier} does not match order {self.known.order.number}"
            question = _Question(
                title, BillDecision, team, [finding.words for finding in findings], worth(each.bill),
                items_of(self.known.order, each.bill), beside_bill(self.known.order, each.bill, found),
            )  # fmt: skip
            each.asked = await self._ask(question)

    async def _withdraw(self, each: Pending) -> None:
        if each.asked is not None and await self.run.withdraw(each.asked):
            each.asked = None

    async def _accept(self, each: Pending, found: BillMatch | None) -> None:
        if each.asked is not None:
            await self._withdraw(each)
        each.asked = None
        if found is not None:
            await self.run.send(self.rules.matches, found, key=each.bill.business_key)
        await self.run.send(self.rules.bills, each.bill, key=each.bill.business_key)
        await self._note_bought(each.bill)
        self._count(each, "accepted" if found is None else "matched")
        self.known.settled.append(each.bill)
        self.known.pending.remove(each)

    async def _note_bought(self, bill: SupplierBill) -> None:
        order, on = self.known.order, self._day()

        async def note_it(connection: Connection) -> None:
            await note_bought(
                connection, bill, order, on=on, holds_for=order.deliver_to, run_id=self.run.id,
                packs_of=self.rules.packs_of, category_of=self.rules.category_of,
                facility=self.rules.facility_of(order),
            )  # fmt: skip

        await self.run.query("what was bought", note_it)

    def _count(self, each: Pending, outcome: str) -> None:
        causes = [finding.cause for finding in each.found]
        self.counted.append(
            order_facts.settled(
                self.known.order, each.bill, self.rules, outcome=outcome, causes=causes, came_at=each.came,
                first_time=outcome == "matched" and each.round == 0,
            )
        )  # fmt: skip

    async def _decided(self, answer: Answer) -> None:
        if answer.to in self.answers:
            await self._answer_decided(answer.to, answer.content.accept, answer.by)
            return
        each = next(each for each in self.known.pending if each.asked == answer.to)
        each.asked = None
        if answer.content.decision == "accept":
            await self._accept(each, None)
        elif answer.content.decision == "refuse":
            await self._refuse(each, answer.content.comment)
        else:
            each.patient, each.until = True, await self.run.now() + duration(self.rules.wait_for_goods)

    async def _decided_elsewhere(self, told: BillApproval) -> None:
        """Somebody has decided in another system that the rules trust: an open question about it is over."""
        each = next((one for one in self.known.pending if one.bill.business_key == told.bill), None)
        if each is None or told.system not in self.rules.approvals_from:
            return
        if each.asked is not None and not await self.run.withdraw(each.asked):
            return  # answered here in the same moment: that counts, and comes next
        each.asked = None
        if told.approved:
            await self._accept(each, None)
        else:
            await self._refuse(each, f"{told.by} of {told.system}{f': {told.words}' if told.words else ''}")

    async def _refuse(self, each: Pending, comment: str) -> None:
        words = "; ".join(finding.words for finding in each.found)
        status = DocumentStatus(
            document=each.bill.business_key,
            flow="procurement.order",
            status="refused",
            references=(each.bill.number, self.known.order.number),
            words=f"{words}{f' ({comment})' if comment else ''}"[:2000],
            at=await self.run.now(),
        )
        await self.run.send(self.rules.refused, status, key=each.bill.business_key)
        self._count(each, "refused")
        self.known.pending.remove(each)
        self.known.refused += 1

    # What is asked, waited for, and known

    async def _ask(self, asks: _Question) -> Open:
        critical = [found for item in asks.items if (found := self.rules.criticality_of(item)) is not None]
        return await self.run.put(
            Task(
                asks.title,
                asks.form,
                team=asks.team,
                words="; ".join(asks.told)[:2000],
                due=self.rules.decide_within,
                value=asks.value,
                criticality=highest(*critical) if critical else None,
                papers=asks.papers,
            )
        )

    def _asked(self) -> list[Open]:
        return [*self.answers, *(each.asked for each in self.known.pending if each.asked is not None)]

    async def _patience(self) -> Period | None:
        """How long to wait for the next thing; none: until it comes, for somebody is asked."""
        waiting = [each.until for each in self.known.pending if each.asked is None]
        if waiting:
            return max(min(waiting) - await self.run.now(), duration("PT1S"))
        over = not self._asked() and not self.known.pending and self.known.all_billed
        return self.rules.linger if over else None

    def _day(self) -> date:
        """Whose prices count: the day of the order; that of its run where it says none."""
        return (self.known.order.ordered_at or self.run.started_at).date()

    async def _agreed(self) -> dict[str, Fraction]:
        """What contracts say of each item of the order: for one of the unit of its line, on the day of the order.

        Its lines are noted with it.
        """
        order, on = self.known.order, self._day()

        async def look(connection: Connection) -> dict[str, str]:
            book = await book_for(connection, order.supplier, [line.item for line in order.lines])
            cancelled, run = bool(self.known.cancelled), self.run.id
            lines = order_facts.order_lines(order, self.rules, book, on, cancelled=cancelled, run_id=run)
            await note(connection, lines)
            answers = {line.item: book.price(self.known.price_asked(line, on)) for line in order.lines}
            return {item: str(found.price) for item, found in answers.items() if found.is_agreed}

        said = await self.run.query("agreed prices", look)
        return {item: Fraction(price) for item, price in said.items()}


HEARD: Final = (
    PurchaseOrder, PurchaseOrderCancelled, OrderAcknowledgement, ShipNotice, GoodsReceipt, SupplierReturn, SupplierBill,
    BillApproval,
)  # fmt: skip

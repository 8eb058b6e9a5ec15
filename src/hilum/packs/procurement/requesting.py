"""A requisition from its asking to its last goods: priced, held against its budget, approved, ordered, told back.

    process = requisition_process(RequisitionRules(approvals=load_approvals(folder)), owners=OWNERS)
    for target in handle(process): flow.deliver_to(target)

Who approves says a table of rules, and it is never who asked. Urgent requisitions of critical items are ordered first
and looked at afterwards. Nothing is ordered twice, and what is not bought is not bound any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum, auto
from functools import partial
from typing import Final, TypeVar

from pydantic import BaseModel

from hilum.canonical import (
    DocumentStatus,
    GoodsReceipt,
    OrderAcknowledgement,
    PurchaseOrder,
    PurchaseOrderCancelled,
    Requisition,
    RequisitionDecision,
    RequisitionWithdrawn,
    SupplierBill,
)
from hilum.facts import Approval as ApprovalFact
from hilum.facts import Fact
from hilum.flow import Criticality, Owners, Stake
from hilum.packs.procurement import budgets
from hilum.packs.procurement.approval_rules import task_of
from hilum.packs.procurement.beside_requisition import beside_requisition
from hilum.packs.procurement.desks import ASKED, NOT_TAKEN, Desks, is_nothing_new, is_older
from hilum.packs.procurement.judging import Plan, judged, note_order, ordered_before
from hilum.packs.procurement.offers import Offers
from hilum.packs.procurement.ordered import Ordered, outcome_of, state_of
from hilum.packs.procurement.portal_decisions import Place
from hilum.packs.procurement.requisition_rules import (
    STATES,
    Approval,
    RequisitionRules,
    Review,
    Sourcing,
    order_number,
    requisition_of_order,
)
from hilum.packs.procurement.sourcing import Sourced, cost_of, orders_of, total
from hilum.postgres import Connection
from hilum.processes import Answer, Open, Process, Run

HEARD: Final = (*ASKED, PurchaseOrder, PurchaseOrderCancelled, OrderAcknowledgement, GoodsReceipt, SupplierBill)

NOTHING: Final = Decimal(0)

Paper = TypeVar("Paper", bound=BaseModel)


def requisition_process(
    rules: RequisitionRules, *, owners: Owners, name: str = "procurement.requisition", version: str = "1.1"
) -> Process:
    """The process. It begins on a `Requisition`, and hears everything that names one of the orders that it made."""
    process = Process(
        name,
        version=version,
        summary="A requisition from its asking to its last goods",
        owners=owners,
        states=STATES,
        forms=[Approval, Review, Sourcing],
    )
    process.starts_on(Requisition, key=lambda requisition: requisition.number)
    process.hears(RequisitionDecision, key=lambda told: told.requisition, matters_late=False)
    process.hears(RequisitionWithdrawn, key=lambda withdrawn: withdrawn.number, matters_late=False)

    def hears(kind: type[Paper], order_of: Callable[[Paper], str | None]) -> None:
        """What comes after everything has come and is billed, such as a credit note, is for the order alone."""
        process.hears(kind, key=lambda paper: requisition_of_order(order_of(paper)), matters_late=False)

    hears(PurchaseOrder, lambda order: order.number)
    hears(PurchaseOrderCancelled, lambda cancelled: cancelled.number)
    hears(OrderAcknowledgement, lambda answer: answer.order)
    hears(GoodsReceipt, lambda receipt: receipt.order)
    hears(SupplierBill, lambda bill: bill.order)

    @process.run
    async def follow(run: Run, requisition: Requisition) -> str:
        return await _Requested(run, rules, requisition, name).to_the_end()

    return process


class _Verdict(Enum):
    APPROVED = auto()
    REFUSED = auto()
    CHANGED = auto()  # the requester asks for something else: begin again


class _Requested:
    """One requisition. What it does depends on nothing but what its run was told, so it comes to the same again."""

    def __init__(self, run: Run, rules: RequisitionRules, requisition: Requisition, flow: str) -> None:
        self.run = run
        self.rules = rules
        self.requisition = requisition
        self.flow = flow
        self.offers = Offers(run, rules, self._is_old)
        self.orders: dict[str, Ordered] = {}
        self.review: Open | None = None
        self.approvers: list[str] = []
        self.counted: list[Fact] = []  # to be noted with what follows from it
        self.desks = Desks(run, self._tell_of_orders, self._changes, self._too_late, self._is_old)

    async def to_the_end(self) -> str:
        """Until it is refused, or all that was ordered has come and is billed."""
        if before := await self._ordered_before():
            words = f"{self.requisition.number} was ordered already, as {', '.join(before)}"
            await self.run.move("refused")
            await self._tell("refused", f"{words}; ask for more under a new number", before)
            return words
        self.run.undo("tell the requester", self._cancelled)
        self.run.undo("release the budget", self._release)
        verdict = _Verdict.CHANGED
        while verdict is _Verdict.CHANGED:
            await self.offers.find(self.requisition)
            plan = await self._plan()
            await self._order_first(plan)
            verdict = await self._decide(plan)
            if verdict is _Verdict.APPROVED and plan.steps and not self.orders and await self._is_over():
                verdict = _Verdict.CHANGED
        rest = self._not_first(plan)
        if verdict is _Verdict.APPROVED and rest:
            await self._order(rest)
        if not self.orders:
            await self.run.move("refused")
            return "refused"
        await self._follow()
        return outcome_of(self.orders.values())

    # Before it is ordered

    async def _ordered_before(self) -> list[str]:
        async def look(connection: Connection) -> list[str]:
            return await ordered_before(connection, self.requisition.number, self.run.id)

        return await self.run.query("ordered before", look)

    async def _is_over(self) -> bool:
        """Has what was approved changed meanwhile? Then that people decided counts for nothing."""
        if not await self.offers.are_over(self.requisition):
            return False
        self.counted.clear()
        return True

    async def _plan(self) -> Plan:
        on = (await self.run.now()).date()

        async def judge(connection: Connection) -> dict[str, object]:
            found = await judged(connection, self.rules, self.requisition, self.offers.lines, on)
            return found.model_dump(mode="json")

        return Plan.model_validate(await self.run.query("rule and budget", judge))

    async def _order_first(self, plan: Plan) -> None:
        lines = [line for line in self.offers.lines if line.number in plan.first]
        if not lines or plan.review is None:
            return
        await self._order(lines)
        title = f"Requisition {self.requisition.number} was ordered at once: was that right?"
        papers = beside_requisition(self.requisition, lines)
        task = task_of(plan.review, title, Review, plan.words, plan.requesters, self._stake(lines), papers=papers)
        self.review = await self.run.put(task)

    async def _decide(self, plan: Plan) -> _Verdict:
        """Every desk of the rule agrees, one after the other, each time another person."""
        if not self._not_first(plan):
            return _Verdict.APPROVED
        agreed: list[str] = []
        title = f"Approve requisition {self.requisition.number}"
        for place, step in enumerate(plan.steps):
            await self.run.move("approval")
            others = [*plan.requesters, *agreed]
            rest = self._not_first(plan)
            papers = beside_requisition(self.requisition, rest)
            task = task_of(step, title, Approval, plan.words, others, self._stake(rest), papers=papers)
            said = await self.desks.ask(task, step, Place(plan.names, place), others)
            if said is None:
                return _Verdict.CHANGED
            if not said.approved:
                self._count(plan, "refused", len(agreed) + 1)
                await self._refuse(plan, f"{step.team}, {said.words}")
                return _Verdict.REFUSED
            agreed.append(said.by)
        if agreed:
            self.approvers = agreed
            self._count(plan, "approved", len(agreed))
        return _Verdict.APPROVED

    def _count(self, plan: Plan, outcome: str, people: int) -> None:
        """People have decided, so many of them."""
        currency = self.rules.approvals.currency
        suppliers = {line.supplier for line in self.offers.lines}
        categories = {self.rules.category_of(line.item) for line in self.offers.lines}
        self.counted.append(
            ApprovalFact(
                document=self.requisition.number,
                facility=self.rules.facility_of(self.requisition),
                supplier=suppliers.pop() if len(suppliers) == 1 else "",
                category=categories.pop() if len(categories) == 1 else "",
                currency=currency,
                outcome=outcome,
                asked_at=self.run.started_at,
                rule=plan.rule,
                people=people,
                urgent=self.requisition.urgent,
                amount=total(self.offers.lines, currency),
            )
        )

    def _stake(self, lines: Sequence[Sourced]) -> Stake:
        """What these lines cost, as far as it is known; what is urgent or critical comes before other requisitions."""
        presses = self.requisition.urgent or any(self.rules.is_critical(line.item) for line in lines)
        return Stake(value=cost_of(lines), criticality=Criticality.HIGH if presses else None)

    def _is_old(self, told: RequisitionWithdrawn) -> bool:
        return is_older(told, self.requisition)

    async def _too_late(self) -> bool:
        """Is it ordered already? Then the requester hears that a buyer must be asked."""
        if self.orders:
            await self._tell_of_orders("ordered", "It is ordered, and was not changed: a buyer does that.")
        return bool(self.orders)

    async def _changes(self, told: Requisition) -> bool:
        """Told again: is it another one now, that can still be taken up? If not, the requester hears why."""
        if is_nothing_new(told, self.requisition):
            return False
        if await self._too_late():
            return False
        self.requisition = told
        return True

    async def _refuse(self, plan: Plan, whose: str) -> None:
        lines = [line.number for line in self._not_first(plan)]
        await self._leave(dict.fromkeys(lines, NOTHING))
        what = f"lines {', '.join(map(str, lines))}: " if self.orders else ""
        await self._tell("refused", f"{what}{whose}")

    def _not_first(self, plan: Plan) -> list[Sourced]:
        return [line for line in self.offers.lines if line.number not in plan.first]

    # The orders

    async def _order(self, lines: Sequence[Sourced]) -> None:
        """One order per supplier; each is noted before it is sent, and sent once."""
        number = self.requisition.number
        made = orders_of(
            self.requisition, lines, number_of=partial(order_number, number), first=len(self.orders) + 1,
            at=await self.run.now(), name_agreements=self.rules.name_agreements,
        )  # fmt: skip
        for order in made:

            async def note(connection: Connection, order: PurchaseOrder = order) -> None:
                await note_order(connection, number, self.run.id, order.number, order.supplier)

            await self.run.query("note the order", note)
            await self.run.send(self.rules.orders, order, key=order.number)
            self.orders[order.number] = Ordered(order, self.rules.packs_of)
            self.run.undo(f"cancel {order.number}", partial(self._cancel, order.number))
        await self.run.move("ordered", facts=self._to_note())
        suppliers = ", ".join(f"{order.number} from {order.supplier}" for order in made)
        agreed = f"; approved by {', '.join(self.approvers)}" if self.approvers else ""
        await self._tell("ordered", f"{suppliers}{agreed}", [order.number for order in made])

    async def _follow(self) -> None:
        """What becomes of the orders is told to the requester, until nothing more is to come."""
        while self.review is not None or not all(each.over for each in self.orders.values()):
            waiting = [self.review] if self.review is not None else []
            within = None if waiting else self.rules.follow
            heard = await self.run.next(*HEARD, answers_to=waiting, within=within)
            if heard is None:
                break
            await self._take(heard)
        await self._release()
        if not all(each.received for each in self.orders.values()):
            await self._tell("closed", "Nothing more is waited for.", [*self.orders])
        await self.run.move("cancelled" if all(each.cancelled for each in self.orders.values()) else "completed")

    async def _take(self, heard: BaseModel | Answer) -> None:
        match heard:
            case Answer():
                await self._reviewed(heard)
            case Requisition():
                await self._changes(heard)
            case RequisitionWithdrawn() if not self._is_old(heard):
                await self._too_late()
            case RequisitionDecision():
                await self._tell_of_orders(NOT_TAKEN, "it is decided already")
            case PurchaseOrder() | PurchaseOrderCancelled():
                await self._paper(heard.number, heard)
            case OrderAcknowledgement() | GoodsReceipt() | SupplierBill():
                await self._paper(heard.order or "", heard)

    async def _paper(self, number: str, paper: BaseModel) -> None:
        """A paper about one of the orders: what is new of it is told, and what is billed is not bound any more."""
        order = self.orders.get(number)
        told = order.take(paper) if order is not None else None
        if order is None or told is None:
            return
        if isinstance(paper, SupplierBill | PurchaseOrderCancelled):
            await self._leave(order.unbilled())
        state = state_of(self.orders.values())
        if state is not None:
            await self.run.move(state)
        if told.status:
            await self._tell(told.status, told.words, [number])

    async def _reviewed(self, answer: Answer) -> None:
        self.review = None
        comment = f": {answer.content.comment}" if answer.content.comment else ""
        verdict = "it was right to order at once" if answer.content.justified else "it should have waited"
        await self._tell("reviewed", f"{answer.by}, {verdict}{comment}", [*self.orders])

    # When it is undone, and what is told

    async def _cancel(self, number: str) -> None:
        """Undo: what has not come is not wanted any more."""
        if self.orders[number].untouched:
            words = f"requisition {self.requisition.number} was cancelled"
            await self.run.send(
                self.rules.orders, PurchaseOrderCancelled.of(self.orders[number].order, words), key=number
            )

    async def _cancelled(self) -> None:
        await self.run.move("cancelled")
        await self._tell("withdrawn", "", [*self.orders])

    async def _release(self) -> None:
        await self._leave({line.number: NOTHING for line in self.offers.lines})

    async def _leave(self, lines: Mapping[int, Decimal]) -> None:
        """So much of these lines stays bound."""

        async def write(connection: Connection) -> None:
            await budgets.leave(connection, self.requisition.number, lines)

        await self.run.query("budget", write)

    async def _tell(self, status: str, words: str, orders: Sequence[str] = ()) -> None:
        at: datetime = await self.run.now()
        told = DocumentStatus(
            document=self.requisition.number, flow=self.flow, status=status, references=tuple(orders),
            words=words[:2000], at=at,
        )  # fmt: skip
        await self.run.send(self.rules.status, told, facts=self._to_note())

    async def _tell_of_orders(self, status: str, words: str) -> None:
        await self._tell(status, words, [*self.orders])

    def _to_note(self) -> list[Fact]:
        noting, self.counted = self.counted, []
        return noting

"""Bills that name no order (rent, energy, fees): approved by their value, then posted. A process, one run for a bill.

    approve = unordered_bill_process(UnorderedRules(approvals=approvals_of(TABLE)), owners=OWNERS)
    for target in handle(approve): flow.deliver_to(target)

The order process leaves such bills alone, so one flow delivers to both. Whoever approves can also say which order a
bill is of: then it is compared with that order as any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from pydantic import BaseModel, Field

from hilum.canonical import BillApproval, DocumentStatus, SupplierBill
from hilum.canonical.base import Code
from hilum.canonical.conversions import priced
from hilum.canonical.worth import worth
from hilum.flow import Owners, Stake
from hilum.packs.procurement.approval_rules import Approvals, Facts, Step, task_of
from hilum.packs.procurement.beside_unordered import beside_unordered
from hilum.packs.procurement.order_rules import PAYABLES
from hilum.packs.procurement.same_bills import billed_of, named_order, note_posted, seen, still_stands, was_posted
from hilum.packs.procurement.three_way import wrong_total
from hilum.packs.procurement.tolerances import Tolerances
from hilum.postgres import Connection
from hilum.processes import Answer, Process, Run, States

NAME: Final = "payables.bill"

STATES = States(
    "bill without an order",
    {
        "told": ("approval", "posted", "known"),
        "approval": ("posted", "refused", "ordered"),
        "posted": (),
        "refused": (),
        "ordered": (),
        "known": (),
    },
)


class UnorderedDecision(BaseModel):
    """Is it to be paid?"""

    approved: bool = Field(description="Post it; otherwise the supplier hears that it was refused.")
    order: Code | None = Field(
        default=None, description="Which order it is of after all: it is compared with that order instead."
    )
    comment: str = Field("", max_length=1000, description="The supplier reads it where the bill is refused.")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnorderedRules:
    """A hospital's own rules."""

    approvals: Approvals  # by amount with tax; what nobody need approve is posted at once
    desk: Step = field(
        default_factory=lambda: Step(team=PAYABLES)
    )  # is asked where something looks wrong, whatever the amount
    total: Decimal = Decimal("0.02")  # by so much the total may differ from the lines
    approvals_from: frozenset[str] = frozenset()  # systems whose people may approve too: the AP product
    bills: str = "payables.bills"  # the channel of bills to post
    refused: str = "payables.refused"  # of bills that were refused, to tell the supplier
    ordered: str = "payables.ordered"  # of bills of which somebody said the order, for the order process


def unordered_bill_process(rules: UnorderedRules, *, owners: Owners, name: str = NAME, version: str = "1.0") -> Process:
    """The process. It starts on a `SupplierBill` without an order."""
    process = Process(
        name,
        version=version,
        summary="A bill without an order is approved by its value, and posted",
        owners=owners,
        states=STATES,
        forms=[UnorderedDecision],
    )
    process.starts_on(SupplierBill, key=lambda bill: bill.business_key if bill.order is None else None)
    process.hears(BillApproval, key=lambda told: told.bill if told.order is None else None, matters_late=False)

    @process.run
    async def follow(run: Run, bill: SupplierBill) -> str:
        return await _Unordered(run, rules, bill).to_the_end()

    return process


class _Unordered:
    """One bill."""

    def __init__(self, run: Run, rules: UnorderedRules, bill: SupplierBill) -> None:
        self.run = run
        self.rules = rules
        self.bill = bill

    async def to_the_end(self) -> str:
        found: dict[str, Any] = await self.run.query("seen before", self._look)
        if found["posted"]:
            await self.run.move("known")
            return "told before"
        wrong = [*found["alike"], *(each.words for each in wrong_total(self.bill, Tolerances(total=self.rules.total)))]
        asked: list[str] = []
        for step in self._steps(wrong):
            answer = await self._ask(step, wrong, asked)
            if answer.content.order is not None:
                return await self._hand_over(answer)
            if not answer.content.approved:
                return await self._refuse(answer)
            asked.append(answer.by)
        return await self._post(asked)

    async def _look(self, connection: Connection) -> dict[str, Any]:
        if await was_posted(connection, self.bill):
            return {"posted": True, "alike": []}
        order = await named_order(connection, self.bill)
        alike = [each.words for each in await seen(connection, billed_of(self.bill))]
        before = [f"it came before as a bill of order {order}"] if order else []
        return {"posted": False, "alike": [*before, *await still_stands(connection, self.bill), *alike]}

    def _steps(self, wrong: Sequence[str]) -> list[Step]:
        """The desks of the table; where something looks wrong, somebody in any case."""
        rule = self.rules.approvals.route(Facts(amount=self._amount()))
        steps = [self.rules.approvals.step[name] for name in rule.steps]
        return steps or ([self.rules.desk] if wrong else [])

    def _amount(self) -> Decimal | None:
        """With tax, in the currency of the table; none: nobody can tell, so it may be large."""
        if self.bill.currency != self.rules.approvals.currency:
            return None
        told = self.bill.amount
        return None if told is None else abs(told)

    async def _ask(self, step: Step, wrong: Sequence[str], asked: Sequence[str]) -> Answer:
        """Each step is answered by another person."""
        await self.run.move("approval")
        bill = self.bill
        kind = "credit note" if bill.credit else "bill"
        title = f"Approve {kind} {bill.number} of {bill.supplier} without an order"
        words = "; ".join([*wrong, *_said(bill)])[:2000]
        stake = Stake(value=worth(self.bill))
        put = await self.run.put(
            task_of(step, title, UnorderedDecision, words, asked, stake, papers=beside_unordered(bill))
        )
        while True:
            heard = await self.run.next(SupplierBill, BillApproval, answers_to=[put])
            if isinstance(heard, Answer):
                return heard  # the same bill told again meanwhile changes nothing
            if isinstance(heard, BillApproval) and self._counts(heard, asked) and await self.run.withdraw(put):
                decided = UnorderedDecision(approved=heard.approved, comment=heard.words[:1000])
                return Answer(put, decided, heard.by)

    def _counts(self, told: BillApproval, asked: Sequence[str]) -> bool:
        """Somebody has decided in another system that the rules trust, and has not approved it before."""
        return told.system in self.rules.approvals_from and told.by not in asked

    async def _post(self, asked: Sequence[str]) -> str:
        async def note(connection: Connection) -> None:
            await note_posted(connection, self.bill)

        await self.run.query("posted", note)
        await self.run.send(self.rules.bills, self.bill, key=self.bill.business_key)
        await self.run.move("posted")
        return f"approved by {', '.join(asked)}" if asked else "posted: nobody need approve it"

    async def _hand_over(self, answer: Answer) -> str:
        order = answer.content.order
        bill = self.bill.model_copy(update={"order": order})
        await self.run.send(self.rules.ordered, bill, key=order)
        await self.run.move("ordered")
        return f"it is of order {order}, says {answer.by}"

    async def _refuse(self, answer: Answer) -> str:
        comment = f": {answer.content.comment}" if answer.content.comment else ""
        status = DocumentStatus(
            document=self.bill.business_key,
            flow=NAME,
            status="refused",
            references=(self.bill.number,),
            words=f"the bill names no order, and was not approved{comment}"[:2000],
            at=await self.run.now(),
        )
        await self.run.send(self.rules.refused, status, key=self.bill.business_key)
        await self.run.move("refused")
        return f"refused by {answer.by}{comment}"


def _said(bill: SupplierBill) -> list[str]:
    """What the bill asks for, in words."""
    amount = bill.amount
    asks = f"{priced(amount)} {bill.currency}" if amount is not None else f"an unknown sum in {bill.currency}"
    lines = [line.description or line.item or f"line {line.number}" for line in bill.lines]
    return [f"{asks} of {bill.billed_on}", *lines]

"""Documents: orders, invoices, transfers. Written as a draft by external identifier, then confirmed or posted.

The steps, each for all deliveries of the batch together, and each safe to begin again at any time:

    plan     what is to be written; what it refers to is looked up
    find     documents that are there, by external identifier, whatever people have made of their reference
    weigh    look closer at what is there before anything is written: may it be begun, or changed?
    write    the missing ones, and drafts, in few calls; a document and its identifier in one transaction
    view     read them back: is it what was wanted? A finished one that differs is a conflict, and is left alone
    act      confirm or post what is still a draft; an error means look again, because another may have done it
    finish   what follows an action, and may be missing after a crash between the two
    settle   read the state that resulted, and say it in words

Odoo answers `true` where it did nothing, and an error where another client was quicker, so only the state counts.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.external_ids import external_id
from hilum.connectors.odoo.faults import Refusal
from hilum.connectors.odoo.loading import Record, touched
from hilum.connectors.odoo.operations.base import Operation, prepare
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task, exact, still_open
from hilum.errors import Failure, Rejected, Unsure
from hilum.message import Delivered

CONFLICT = "odoo.conflict"
ACT = "act"
"""What confirming and posting are called where the time of calls is measured, whatever the method."""


@dataclass(eq=False, slots=True, kw_only=True)
class Plan:
    """One document that is to exist."""

    task: Task
    xml_id: str
    reference: str  # the business key as the document shows it (`ref`, `origin`)
    about: str  # how people call it: `charge T-1`
    records: Sequence[Record] = field(repr=False)  # usually one; several where its lines have different columns
    wanted: Any = field(default=None, repr=False)  # what `differences` compares with
    act: bool = True  # is it to be confirmed or posted?
    number: int | None = None  # its id in Odoo
    row: Row = field(default_factory=dict, repr=False)  # as last read
    lines: list[Row] = field(default_factory=list, repr=False)
    refused: Failure | None = None  # what Odoo said to an action; forgotten when the state is right after all


class DocumentOperation(Operation):
    """A document of one model. Subclasses say what is written, how it is compared, and what is done with a draft."""

    model: ClassVar[str]
    kind: ClassVar[str] = ""  # of the external identifier that its business key gives; empty: it has another
    reference_field: ClassVar[str]
    fields: ClassVar[tuple[str, ...]]  # of the head, `state` among them
    line_model: ClassVar[str]
    line_parent: ClassVar[str]  # the field of a line that leads to its document
    line_fields: ClassVar[tuple[str, ...]]
    line_domain: ClassVar[tuple[Any, ...]] = ()
    alone: ClassVar[int] = 2  # written, and confirmed or posted
    drafts: ClassVar[frozenset[str]] = frozenset({"draft"})

    @abstractmethod
    async def look_up(self, session: Session, tasks: Sequence[Task]) -> Any:
        """Everything that the documents of these tasks refer to, in few calls."""

    @abstractmethod
    async def plan(self, session: Session, task: Task, known: Any) -> Plan:
        """What is to be written for one delivery. `known` is what `look_up` found. Raises `Rejected`."""

    @abstractmethod
    def differences(self, plan: Plan) -> str:
        """In what the document in Odoo differs from the delivery, in words; empty: in nothing that matters."""

    @abstractmethod
    async def act(self, session: Session, plans: Sequence[Plan]) -> None:
        """Confirm, validate or post these drafts in one call. Raises a `Failure`."""

    @abstractmethod
    def settle(self, plan: Plan) -> None:
        """Give the task its outcome, from the state that was read after acting."""

    def context(self, session: Session) -> Mapping[str, Any]:
        """The context in which drafts are written. Ledgers and transfers are always tracked, whatever the settings."""
        return {}

    async def complete(self, session: Session, plan: Plan) -> None:
        """Anything that `load` cannot write, on a draft and before acting. Raises a `Failure`."""

    async def weigh(self, session: Session, plans: Sequence[Plan]) -> None:
        """Settle what must not be written: not begun (`refuse`), or not changed. Raises a `Failure`."""

    async def remember(self, session: Session, plans: Sequence[Plan]) -> None:
        """They are as they were sent: note what must be known at a later delivery. Raises a `Failure`."""

    async def look_once_more(self, session: Session, plans: Sequence[Plan]) -> None:
        """Drafts are written and others can see them: settle what must not be acted upon. Raises a `Failure`."""

    async def finish(self, session: Session, plans: Sequence[Plan]) -> None:
        """What follows an action, where another call is needed; it may be done already. Raises a `Failure`."""

    async def finished(self, session: Session, plan: Plan) -> bool:
        """Would `finish` find nothing left to do for this document? Reads only. Raises a `Failure`."""
        return True

    async def refuse(self, session: Session, plan: Plan, refused: Rejected) -> None:
        """Keep this refusal of a new document, unless another hub has made the document meanwhile."""
        await self._find_one(session, plan)
        await self._view(session, [plan])
        if plan.number is None:
            plan.task.fail(refused)

    async def run(self, session: Session, tasks: Sequence[Task]) -> None:
        """See `Operation.run`."""
        known = await self.look_up(session, tasks)

        async def plan(task: Task) -> Plan:
            return await self.plan(session, task, known)

        plans = await prepare(tasks, plan)
        for round_ in _rounds(plans):
            await self._round(session, round_, tasks)

    def effect(self, thing: Any, prefix: str) -> str:
        """See `Operation.effect`."""
        return external_id(self.kind, thing.business_key, prefix=prefix) if self.kind else ""

    async def landed(self, session: Session, task: Task) -> Delivered | Unsure | None:
        """See `Operation.landed`: the document is there by its external identifier, is what was sent, and is confirmed
        or posted where it is to be, and what follows that is done. One that is there and is still to be finished did
        not land: a repetition finishes it. One that differs did not land either: a repetition says in what, and leaves
        it alone."""
        known = await self.look_up(session, [task])
        plan = await self.plan(session, task, known)
        await self._find_one(session, plan)
        await self._view(session, [plan])
        if plan.number is None or self.differences(plan) or (plan.act and self.is_draft(plan)):
            return None
        if not await self.finished(session, plan):
            return None
        self.settle(plan)
        return task.outcome if isinstance(task.outcome, Delivered) else None

    async def _round(self, session: Session, plans: Sequence[Plan], tasks: Sequence[Task]) -> None:
        """All steps for documents that are all different."""
        await self.find(session, _open(plans, tasks))
        await self._view(session, _open(plans, tasks))
        await self.weigh(session, _open(plans, tasks))
        writing = [plan for plan in _open(plans, tasks) if plan.number is None or self.to_update(plan)]
        if writing:
            await self.write(session, writing, tasks)
        await self._view(session, [plan for plan in _open(plans, tasks) if plan in writing])
        for plan in _open(plans, tasks):
            self._compare(plan)
        await self.remember(session, _open(plans, tasks))
        await self._complete(session, _open(plans, tasks))
        await self.look_once_more(session, [plan for plan in _open(plans, tasks) if plan.act and self.is_draft(plan)])
        acting = [plan for plan in _open(plans, tasks) if plan.act and self.is_draft(plan)]
        while acting:
            most = session.client.budget.portion(self.model, ACT, session.settings.documents_per_call)
            await self._act(session, acting[:most], tasks)
            acting = acting[most:]
        await self.finish(session, _open(plans, tasks))
        for plan in _open(plans, tasks):
            self.settle(plan)

    def is_draft(self, plan: Plan) -> bool:
        """Does the document in Odoo still wait for its action?"""
        return plan.row.get("state") in self.drafts

    def to_update(self, plan: Plan) -> bool:
        """Was the document there, still a draft, and other than it should be (cut off, or sent anew with changes)?"""
        return self.is_draft(plan) and bool(self.differences(plan))

    async def find(self, session: Session, plans: Sequence[Plan]) -> None:
        """Set `number` of the documents that exist already.

        One search by reference finds them in the usual case. What it does not find is asked for by external
        identifier, at every attempt: somebody may have changed the reference in Odoo, and `load` would then write over
        a finished document.
        """
        if not plans:
            return
        domain = self.search_domain(plans)
        rows = await session.client.search_read(self.model, domain, [self.reference_field])
        names = await session.client.external_ids(self.model, [row["id"] for row in rows])
        numbers = {xml_id: number for number, xml_id in names.items()}
        for plan in plans:
            plan.number = numbers.get(plan.xml_id)
        missing = [plan for plan in plans if plan.number is None]
        known = await session.client.references([plan.xml_id for plan in missing])
        for plan in missing:
            target = known[plan.xml_id]
            plan.number = target[1] if target is not None and target[0] == self.model else None

    def search_domain(self, plans: Sequence[Plan]) -> list[Any]:
        """What finds the documents of these plans by their reference, and perhaps some more."""
        return [[self.reference_field, "in", [plan.reference for plan in plans]]]

    async def _find_one(self, session: Session, plan: Plan) -> None:
        target = await session.client.reference(plan.xml_id)
        if target is not None and target[0] == self.model:
            plan.number = target[1]

    async def write(self, session: Session, plans: Sequence[Plan], tasks: Sequence[Task]) -> None:
        """Write the documents, and set `number`.

        A refused one may have been made and finished by another hub meanwhile, so look again.
        """
        records = [record for plan in plans for record in plan.records]
        await session.loader(self.model, self.context(session)).load(records, tasks)
        for plan in plans:
            if plan.task.outcome is None:
                plan.number = plan.records[-1].number
            elif isinstance(plan.task.outcome, Rejected):
                await self._refused(session, plan, plan.task.outcome)

    async def _refused(self, session: Session, plan: Plan, refused: Rejected) -> None:
        """Keep the refusal of `load`, unless the document is there and finished by now."""
        try:
            if plan.number is None:
                await self._find_one(session, plan)
            await self._heads(session, [plan])
        except Failure as failure:
            # whether it was finished is not known: the hub comes again
            plan.task.fail(failure, plan.about)
            return
        if plan.number is not None and not self.is_draft(plan):
            plan.task.outcome, plan.refused = None, refused
        else:
            plan.task.outcome = refused

    async def _view(self, session: Session, plans: Iterable[Plan]) -> None:
        """Read head and lines of the documents that exist."""
        by_number = {plan.number: plan for plan in plans if plan.number is not None}
        if not by_number:
            return
        await self._heads(session, list(by_number.values()))
        domain = [[self.line_parent, "in", list(by_number)], *(list(term) for term in self.line_domain)]
        fields = [self.line_parent, *self.line_fields_of(session)]
        for plan in by_number.values():
            plan.lines = []
        for line in await session.client.search_read(self.line_model, domain, fields):
            by_number[line[self.line_parent]].lines.append(line)

    async def _heads(self, session: Session, plans: Sequence[Plan]) -> None:
        numbers = [plan.number for plan in plans if plan.number is not None]
        if not numbers:
            return
        rows = {row["id"]: row for row in await session.client.read(self.model, numbers, self.fields_of(plans))}
        for plan in plans:
            plan.row = rows.get(plan.number or 0, {})
            if not plan.row:
                plan.number = None  # deleted in Odoo since

    def fields_of(self, plans: Sequence[Plan]) -> Sequence[str]:
        """The fields that are read of the heads of these documents."""
        return self.fields

    def line_fields_of(self, session: Session) -> Sequence[str]:
        """The fields of a line, where their names depend on the version."""
        return self.line_fields

    def _compare(self, plan: Plan) -> None:
        """Reject what is in Odoo but is not what was sent: a person has to decide."""
        if plan.number is None:
            plan.task.fail(Rejected("odoo.missing", f"The {plan.about} was deleted in Odoo while the hub wrote it."))
            return
        words = self.differences(plan)
        if words and plan.refused is not None:
            plan.task.fail(plan.refused, plan.about)  # nobody else has done it
        elif words:
            title = plan.row.get("name") or plan.row.get("display_name") or plan.number
            state = "is still a draft and was left as it is" if self.is_draft(plan) else "was left as it is"
            text = f"The {plan.about} is in Odoo as {title}, and differs: {words}. The document {state}; decide there."
            plan.task.fail(Rejected(CONFLICT, text))

    async def _complete(self, session: Session, plans: Sequence[Plan]) -> None:
        for plan in plans:
            if self.is_draft(plan):
                try:
                    await self.complete(session, plan)
                except Failure as failure:
                    plan.refused = failure
                    await self._look_again(session, plan)

    async def _act(self, session: Session, plans: Sequence[Plan], tasks: Sequence[Task]) -> None:
        """Act on all in one call; where Odoo refuses, or leaves one a draft, on smaller parts, down to single ones."""
        parts = [list(plans)]
        while parts:
            part = _open(parts.pop(0), tasks)
            if not part:
                continue
            refusal: Refusal | None = None
            records = [record for plan in part for record in plan.records]
            try:
                async with session.client.budget.measured(
                    self.model, ACT, len(part), touched(ACT, self.model, records)
                ):
                    await self.act(session, part)
            except Refusal as refused:
                refusal = refused
            except Failure as failure:
                for plan in part:
                    plan.task.fail(failure, plan.about)
                continue
            await self._heads(session, part)
            left = [plan for plan in part if self.is_draft(plan)]
            if len(part) > 1:
                parts = [[plan] for plan in left] + parts if refusal is None else _halves(left) + parts
            elif refusal is not None and left:
                part[0].task.fail(refusal, part[0].about)

    async def _look_again(self, session: Session, plan: Plan) -> None:
        """After a refused step: if the document is finished, another client did it and all is well."""
        failure = plan.refused
        await self._heads(session, [plan])
        if failure is not None and (plan.number is None or self.is_draft(plan)):
            plan.task.fail(failure, plan.about)


def _open(plans: Iterable[Plan], tasks: Sequence[Task]) -> list[Plan]:
    """The plans whose tasks may go on."""
    ready = {id(task) for task in still_open(tasks)}
    return [plan for plan in plans if id(plan.task) in ready]


def _halves(plans: list[Plan]) -> list[list[Plan]]:
    middle = len(plans) // 2
    return [half for half in (plans[:middle], plans[middle:]) if half]


def _rounds(plans: Sequence[Plan]) -> list[list[Plan]]:
    """The plans in rounds in which no document comes twice, and no plan before an earlier one of its ordering key."""
    rounds: list[list[Plan]] = []
    document: dict[str, int] = {}  # external identifier → first round that is free for it
    order: dict[str, int] = {}  # ordering key → round of its latest plan
    for plan in plans:
        key = plan.task.key
        number = max(document.get(plan.xml_id, 0), order.get(key, 0) if key else 0)
        document[plan.xml_id] = number + 1
        order[key] = number
        rounds += [[] for _ in range(len(rounds), number + 1)]
        rounds[number].append(plan)
    return rounds


def same_lines(wanted: Sequence[Mapping[str, Any]], lines: Sequence[Row]) -> bool:
    """Do the lines in Odoo say what was sent, in any order? Numbers are compared as exact decimals.

    A wanted value None means that Odoo decides.
    """
    left = list(lines)
    for want in sorted(wanted, key=lambda line: sum(value is None for value in line.values())):
        match = next((line for line in left if _same_line(want, line)), None)
        if match is None:
            return False
        left.remove(match)
    return not left


def _same_line(want: Mapping[str, Any], line: Row) -> bool:
    for name, value in want.items():
        if value is None:
            continue
        if isinstance(value, int):
            if line[name] != value:
                return False
        elif exact(line[name]) != value:
            return False
    return True

"""What is found of a requisition before anybody is asked: prices, budget, the rule that fits, in words.

Each is looked up in one transaction and remembered by the run: it goes on with what it saw, whatever changes meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from hilum.canonical import Requisition
from hilum.canonical.conversions import plain, priced
from hilum.masterdata.terms import book_of_items
from hilum.packs.procurement import budgets
from hilum.packs.procurement.approval_rules import Facts, Step
from hilum.packs.procurement.budgets import Bound, Room
from hilum.packs.procurement.requisition_rules import RequisitionRules
from hilum.packs.procurement.sourcing import Choice, Market, Sourced, total
from hilum.packs.suppliers import standing
from hilum.postgres import Connection


class Plan(BaseModel):
    """How a requisition goes on."""

    model_config = ConfigDict(frozen=True)

    rule: str  # the name of the rule that fits
    steps: tuple[Step, ...]
    names: tuple[str, ...] = ()  # what the table calls these steps; of older runs they are not known
    first: tuple[int, ...] = ()  # lines that are ordered before anybody is asked
    review: Step | None = None  # who looks at those afterwards
    requesters: tuple[str, ...] = ()
    words: str  # what one must know to decide


async def sourced(
    connection: Connection,
    rules: RequisitionRules,
    requisition: Requisition,
    choices: Mapping[int, Choice],
    on: date,
) -> list[Sourced]:
    """Each line with its supplier and price; without a supplier where nobody is known that is not blocked."""
    market = Market(
        prices=await book_of_items(connection, [line.item for line in requisition.lines]),
        on=on,
        facility=rules.facility_of(requisition) or None,
        currency=rules.approvals.currency,
        packs_of=rules.packs_of,
    )
    while True:
        found = market.source(requisition, choices)
        blocked = await standing.blocked(connection, {line.supplier for line in found if line.supplier})
        if not blocked:
            return found
        market = replace(market, blocked={**market.blocked, **blocked})


async def judged(
    connection: Connection, rules: RequisitionRules, requisition: Requisition, lines: Sequence[Sourced], on: date
) -> Plan:
    """Bind the money, and find the rule that fits."""
    centre = rules.cost_centre_of(requisition)
    room = await budgets.room(connection, centre, on, apart_from=requisition.number) if centre else None
    if room is not None and any(line.currency != room.currency for line in lines if line.currency):
        room = None
    bound = [Bound(line=line.number, amount=line.amount, currency=line.currency) for line in lines if line.amount]
    await budgets.bind(connection, requisition.number, centre, on, bound if centre else ())
    cost = total(lines, rules.approvals.currency)
    facts = Facts(
        amount=cost,
        categories=frozenset(filter(None, (rules.category_of(line.item) for line in lines))),
        facility=rules.facility_of(requisition),
        off_contract=any(not line.contract for line in lines),
        over_budget=room is not None and sum((each.amount for each in bound), Decimal(0)) > room.available,
        no_budget=room is None,
        urgent=requisition.urgent,
    )
    rule = rules.approvals.route(facts)
    first = _first(rules, requisition, lines)
    return Plan(
        rule=rule.name,
        steps=tuple(rules.approvals.step[name] for name in rule.steps),
        names=rule.steps,
        first=first,
        review=rules.approvals.step[rules.approvals.order_first.review] if first and rules.approvals.order_first
        else None,
        requesters=tuple(sorted(set(rules.requesters_of(requisition)))),
        words=_words(requisition, lines, cost, room, centre, rule.name, rules.approvals.currency),
    )  # fmt: skip


def _first(rules: RequisitionRules, requisition: Requisition, lines: Sequence[Sourced]) -> tuple[int, ...]:
    """The lines that do not wait: urgent, critical, and together known to cost little enough."""
    if not requisition.urgent:
        return ()
    found = [line for line in lines if rules.is_critical(line.item)]
    if not found or not rules.approvals.may_go_first(total(found, rules.approvals.currency)):
        return ()
    return tuple(line.number for line in found)


def _words(
    requisition: Requisition,
    lines: Sequence[Sourced],
    cost: Decimal | None,
    room: Room | None,
    centre: str,
    rule: str,
    currency: str,
) -> str:
    asked = requisition.requested_by or "nobody says who asked"
    parts = [
        f"Asked by {asked}{f' for {requisition.department}' if requisition.department else ''}",
        f"{priced(cost)} {currency} in all" if cost is not None else "nobody knows what it costs in all",
        room.words if room is not None else f"no budget is known for {centre or 'it'}",
        f"rule “{rule}”",
    ]
    if requisition.urgent:
        parts.insert(1, "urgent")
    return "; ".join([*parts, *(words_of(line) for line in lines)])[:2000]


def words_of(line: Sourced) -> str:
    """`line 1: 12 BX GLV from V1 at 38 EUR, contract C-7`."""
    price = f" at {priced(line.unit_price)} {line.currency}" if line.unit_price is not None else ""
    whose = line.words if line.contract else f"off contract ({line.words})"
    return f"line {line.number}: {plain(line.quantity)} {line.unit} {line.item} from {line.supplier}{price}, {whose}"


async def ordered_before(connection: Connection, requisition: str, run: UUID) -> list[str]:
    """The orders that an earlier run made of this requisition."""
    cursor = await connection.execute(
        "SELECT order_number FROM requisition_order WHERE requisition = %s AND run_id <> %s ORDER BY ordered_at, 1",
        [requisition, run],
    )
    return [row[0] for row in await cursor.fetchall()]


async def note_order(connection: Connection, requisition: str, run: UUID, order: str, supplier: str) -> None:
    """Remember that this order was made of it."""
    await connection.execute(
        "INSERT INTO requisition_order (order_number, requisition, run_id, supplier) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (order_number) DO NOTHING",
        [order, requisition, run, supplier],
    )

"""A small process for tests: an order is approved by a person, sent, acknowledged, and undone where it fails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from hilum.flow import Flow, Lookup
from hilum.processes import Commands, Failed, Process, Run, States, Task, handle
from support.doubles import Feed, Receiver
from support.projects import OWNERS, make_flow


class Wanted(BaseModel):
    """Somebody wants something."""

    model_config = ConfigDict(extra="ignore")
    order: str
    amount: int = 1


class Confirmed(BaseModel):
    """The supplier says so."""

    model_config = ConfigDict(extra="ignore")
    order: str
    amount: int = 1


class Ordered(BaseModel):
    """What is sent."""

    order: str
    amount: int
    act: str = "order"


class Approval(BaseModel):
    """The answer of a person."""

    approved: bool
    comment: str = ""


STATES = States(
    "order",
    {
        "wanted": ("ordered", "refused"),
        "ordered": ("confirmed", "cancelled"),
        "confirmed": (),
        "refused": (),
        "cancelled": (),
    },
)


def empty(version: str = "1.0", *, retired: bool = False) -> Process:
    """The declaration, without what its runs do."""
    process = Process(
        "test.order",
        version=version,
        summary="An order",
        owners=OWNERS,
        states=STATES,
        retired=retired,
        forms=[Approval],
    )
    process.starts_on(Wanted, key=lambda wanted: wanted.order)
    process.hears(Confirmed, key=lambda confirmed: confirmed.order)
    return process


def approved_orders(**task: Any) -> Process:
    """Ask, order, wait for the confirmation; what was ordered is cancelled where none comes or the amount differs."""
    process = empty()

    @process.run
    async def follow(run: Run, wanted: Wanted) -> str:
        asked = Task("Approve the order", Approval, **{"team": "Purchasing", **task})
        answer, by = await run.asked(asked)
        if not answer.approved:
            await run.move("refused")
            return f"refused by {by}"
        await send(run, wanted)
        confirmed = await run.wait(Confirmed, within="PT30S")
        if confirmed is None or confirmed.amount != wanted.amount:
            await run.move("cancelled")
            raise Failed("The supplier confirmed another amount.")
        await run.move("confirmed")
        return f"approved by {by}"

    return process


async def send(run: Run, wanted: Wanted) -> None:
    """The order goes out, and would be taken back."""
    await run.move("ordered")
    await run.send(
        "orders",
        Ordered(order=wanted.order, amount=wanted.amount),
        undo=("orders", Ordered(order=wanted.order, amount=wanted.amount, act="cancel")),
    )


def kinds(parsed: Any, _: Lookup) -> Wanted | Confirmed:
    """What a test sends is one of the two."""
    return (Confirmed if parsed.get("confirmed") else Wanted).model_validate(parsed)


def passed_on(parsed: Any, _: Lookup) -> Any:
    """A command as it is, for the receiver."""
    return {"key": parsed["content"]["order"], **parsed["content"]}


def flows_of(process: Process, feed: Feed, receiver: Receiver) -> Sequence[Flow]:
    """One that brings to the process what the feed sends, and one that takes its commands to the receiver."""
    heard = make_flow(feed, name="test.heard", translate=kinds, order_by=lambda parsed: parsed["order"])
    for target in handle(process):
        heard.deliver_to(target)
    sent = make_flow(
        Commands("orders", poll=0.02), receiver, name="test.sent", translate=passed_on,
        order_by=lambda parsed: parsed["content"]["order"], dedup_by=None,
    )  # fmt: skip
    return [heard, sent]

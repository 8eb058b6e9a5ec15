"""Contracts that a CLM tells by webhooks, by REST, or by both: one end, and what was lost is found by comparing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest

from hilum.canonical import ScreeningOutcome, ScreeningResult, Supplier
from hilum.canonical.catalogue import read, write
from hilum.cases import Case, cases
from hilum.connectors import http
from hilum.packs.contracts import clm
from hilum.packs.contracts.comparing import CATEGORY, compare
from hilum.packs.contracts.contract_rules import ContractRules
from hilum.packs.contracts.lifecycle import contract_process
from hilum.packs.suppliers import standing
from hilum.postgres import Database
from hilum.processes import Commands, handle, store
from hilum.processes.engine import Engine
from hilum.simulator.contracts import ContractOffice, SimulatedContract, Troubles
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.looks import rows, states
from support.projects import OWNERS, make_flow, target
from support.waits import Start

pytestmark = pytest.mark.req("SYS-11", "SYS-13")

SECRET, TOKEN = "opensesame", "letmein"
CHANNELS = ("terms", "prices", "agreements")


class Work:
    """A hub with the process, and the CLM that tells it."""

    def __init__(self, database: Database, office: ContractOffice) -> None:
        self.database, self.office = database, office
        self.commands = {name: Receiver() for name in CHANNELS}
        self.polls: list[http.Poll] = []

    async def is_in(self, contract: SimulatedContract, state: str) -> None:
        seen: list[str] = []

        async def there() -> bool:
            async with self.database.cold() as connection:
                run = await store.run_of(connection, "contracts.contract", contract.number)
            seen[:] = [run.state] if run is not None else []
            return seen == [state]

        await eventually(there, lambda: f"{contract.number} {state}, not {seen}")

    async def missed(self, count: int) -> list[Case]:
        """So many open cases of words that were lost."""
        found: list[Case] = []

        async def there() -> bool:
            async with self.database.cold() as connection:
                found[:] = await cases(connection, category=CATEGORY)
            return len(found) == count

        await eventually(there, lambda: [each.words for each in found])
        return found

    async def quiet(self) -> None:
        async def done() -> bool:
            return set(await states(self.database)) == {"completed"}

        await eventually(done)

    def sent(self, channel: str) -> list[Any]:
        return [each["content"] for each in self.commands[channel].bodies]


Begin = Callable[..., Awaitable[Work]]


@pytest.fixture
async def begin(hub: Start, database: Database) -> AsyncIterator[Begin]:
    """`await begin(poll=True, compared="PT0S", troubles=…)`: with webhooks always."""
    async with AsyncExitStack() as stack:

        async def start(*, poll: bool, compared: str = "", **more: Any) -> Work:
            process = contract_process(ContractRules(), owners=OWNERS)
            doors = [_door(name) for name in ("clm", "esignature")]
            office = ContractOffice(clm="", esignature="", secret=SECRET, token=TOKEN, count=1, **more)
            await stack.enter_async_context(office)
            made = Work(database, office)
            polls: list[tuple[str, str, Any, dict[str, Any]]] = []
            if poll:
                polls += [("contracts", "contract.number", clm.read_of_clm, {}),
                          ("envelopes", "envelope", clm.read_of_esignature, {})]  # fmt: skip
            if compared:
                polls.append(("contracts", "contract.number", clm.all_of_clm, {"tell": "whole", "every": 3600}))
            flows = []
            for door, translate in zip(doors, (clm.told_by_clm, clm.told_by_esignature), strict=True):
                flows.append(make_flow(door, name=f"hook.{door.settings.path[1:]}", translate=translate,
                                       dedup_by=clm.event_id, order_by=None))  # fmt: skip
            for what, name, translate, how in polls:
                source = http.Poll(url=f"{office.url}/{what}?page_size=1", token=TOKEN, items=what, item_id=name,
                                   changed="changed_at", since="changed_since", cursor="next", read_all=0,
                                   **{"every": 0.1, **how})  # fmt: skip
                made.polls.append(source)
                flows.append(make_flow(source, name=f"read.{what}{len(flows)}", translate=translate, dedup_by=None,
                                       order_by=None))  # fmt: skip
            for flow in flows:
                flow.deliver_to(*handle(process), compare(process, under_way=compared or "PT0S"))
            for channel in CHANNELS:
                flows.append(make_flow(Commands(f"contracts.{channel}", poll=0.02), name=f"contracts.{channel}",
                                       translate=lambda parsed, _: parsed, dedup_by=None, order_by=None))  # fmt: skip
                flows[-1].deliver_to(target(made.commands[channel], f"memory.{channel}"))
            masters = Feed()
            flows.append(make_flow(masters, name="masters", format="bytes", translate=lambda body, _: read(body),
                                   order_by=None, dedup_by=None))  # fmt: skip
            flows[-1].deliver_to(standing.keep())
            started = await hub(*flows)
            office.clm, office.esignature = (door.address for door in doors)
            assert started.share is not None
            engine = Engine(started.project, database, [process], started.share.leases.id)
            await engine.start()
            stack.push_async_callback(engine.stop)
            for code in office.suppliers:
                await masters.send(write(Supplier(code=code, title=code)))
                await masters.send(write(ScreeningResult(
                    screening=f"S-{code}", subject_type="supplier", subject=code, list_name="exclusions",
                    outcome=ScreeningOutcome.CLEAR, screened_at=office.begins,
                )))  # fmt: skip
            return made

        yield start


def _door(name: str) -> http.Listener:
    return http.Listener(
        host="127.0.0.1", port=0, path=f"/{name}", hmac_secret=SECRET, hmac_header="X-Signature",
        hmac_timestamp="X-Signature-Timestamp",
    )  # fmt: skip


async def test_rest_alone_brings_a_contract_to_its_end_when_all_webhooks_are_lost(begin: Begin) -> None:
    work = await begin(poll=True, troubles=Troubles(lost=1, unavailable=0.2))
    contract = work.office.contracts[0]
    await work.office.live(contract)
    await work.is_in(contract, "active")
    await work.office.tell(contract, "on_hold")
    await work.is_in(contract, "suspended")
    assert not work.office.answers, "no webhook was posted"


async def _a_second_later() -> None:
    """A server tells the time of its answer in whole seconds: what is of the same second may be later."""
    await asyncio.sleep(1.1)


async def test_webhook_and_rest_together_have_one_effect(begin: Begin) -> None:
    work = await begin(poll=True, troubles=Troubles(doubled=0.5, overtaken=0.3))
    contract = work.office.contracts[0]
    await work.office.live(contract)
    await work.is_in(contract, "active")
    await work.quiet()
    read = await rows(work.database, "SELECT count(*) FROM message WHERE flow LIKE 'read.%' AND state = 'completed'")
    assert read[0][0] >= 2, "REST has told it, too"
    await eventually(lambda: [each["status"] for each in work.sent("terms")][-1:] == ["active"])
    await eventually(lambda: len(work.sent("prices")) == 1)
    assert len(work.sent("agreements")) == bool(contract.commitments)


async def test_what_was_lost_is_found_settled_and_shown_until_it_fits(begin: Begin) -> None:
    work = await begin(poll=False, compared="PT0S", begins=_long_ago())
    (contract,), (compared,) = work.office.contracts, work.polls
    await work.is_in(contract, "draft")  # it was there before the hub was
    await work.office.live(contract)
    await work.is_in(contract, "active")
    await work.office.tell(contract, "on_hold")
    await work.is_in(contract, "suspended")
    await work.office.tell(contract, "executed", lost=True)
    await _a_second_later()
    assert await compared.take_now(None) == "1 messages came of it"
    await work.is_in(contract, "active")
    now, before = "active, revision 1", "suspended, revision 1"
    words = f"contract {contract.number}: in the CLM it is now {now}; the hub had heard {before}"
    acts = await rows(work.database, "SELECT words FROM audit WHERE action = 'contract_told' ORDER BY id DESC")
    assert acts[0] == (words,) and len(acts) == 2
    await work.missed(1)
    await compared.take_now(None)
    await work.missed(0)
    ended = await rows(work.database, "SELECT title, closed_by, reason FROM exception_case WHERE category = %s"
                       " ORDER BY id DESC LIMIT 1", [CATEGORY])  # fmt: skip
    title = f"A word of the CLM on contract {contract.number} was lost"
    assert ended == [(title, "hub", "The CLM and the hub say the same.")]


async def test_a_contract_that_the_clm_lost_is_shown_and_left_as_it_is(begin: Begin) -> None:
    work = await begin(poll=False, compared="PT0S", begins=_long_ago())
    (contract,), (compared,) = work.office.contracts, work.polls
    await work.office.live(contract)
    await work.is_in(contract, "active")
    work.office.contracts.clear()
    await _a_second_later()
    await compared.take_now(None)

    async def gone() -> bool:
        async with work.database.cold() as connection:
            words = [each.words for each in await cases(connection, category=CATEGORY)]
        return words == [f"Contract {contract.number} is active here, and the CLM does not have it any more."]

    await eventually(gone)
    work.office.contracts.append(contract)
    await compared.take_now(None)
    await work.missed(0)
    await work.is_in(contract, "active")


async def test_what_is_still_under_way_is_left_to_webhook_and_poll(begin: Begin) -> None:
    work = await begin(poll=False, compared="P3650D")
    contract = work.office.contracts[0]
    await work.office.tell(contract, "draft", lost=True)
    for _ in range(2):
        await work.polls[0].take_now(None)
    await work.quiet()
    assert await rows(work.database, "SELECT count(*) FROM process_item WHERE key = %s", [contract.number]) == [(0,)]


def _long_ago() -> Any:
    return ContractOffice.begins - timedelta(days=30)

"""A settlement of a payment gateway meets its line on the bank's statement: a process, one run for each of them.

    settle = gateway_process(GatewayRules(gateways={…}), owners=OWNERS)

A settlement is compared with the moves that were told before; when its line is there, one journal entry moves it from
the gateway to the bank, less fees. What is missing or different is asked of Treasury.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from hilum.canonical import BankTransaction, EntryLine, GatewayMove, GatewaySettlement, JournalEntry, Money
from hilum.canonical.worth import worth
from hilum.flow import Owners
from hilum.packs.finance import gateway_settling
from hilum.packs.finance.beside import beside_payout, beside_settlement
from hilum.packs.finance.gateway_rules import GatewayAccounts, GatewayRules, PayoutDecision, SettlementDecision
from hilum.packs.finance.settling import identity, money
from hilum.postgres import Connection
from hilum.processes import Answer, Open, Process, Run, States, Task
from hilum.processes.periods import duration

NAME = "receivables.settlement"
STATES = States(
    "settlement of a gateway",
    {
        "told": ("waits", "asked", "booked", "known", "left"),
        "waits": ("asked", "booked", "known", "left"),
        "asked": ("waits", "booked", "known", "left"),
        "booked": (),
        "known": (),
        "left": (),
    },
)


def gateway_process(rules: GatewayRules, *, owners: Owners, name: str = NAME, version: str = "1.0") -> Process:
    """The process. It starts on a `GatewaySettlement`, and on each line of a statement that is a payout."""
    process = Process(
        name,
        version=version,
        summary="A settlement of a payment gateway meets its line on the statement",
        owners=owners,
        states=STATES,
        forms=[SettlementDecision, PayoutDecision],
    )
    process.starts_on(GatewaySettlement, key=lambda told: told.business_key)
    process.starts_on(
        BankTransaction,
        key=lambda line: f"line {identity(line)}" if rules.gateway_of(line) else None,
        matters_late=False,  # a line that is told again is the same line
    )

    @process.run
    async def settle(run: Run, first: GatewaySettlement | BankTransaction) -> str:
        if isinstance(first, BankTransaction):
            return await _Payout(run, rules, first).to_the_end()
        return await _Settlement(run, rules, first).to_the_end()

    return process


class _Settlement:
    """What the gateway says that it has paid out."""

    def __init__(self, run: Run, rules: GatewayRules, told: GatewaySettlement) -> None:
        self.run = run
        self.rules = rules
        self.told = told

    async def to_the_end(self) -> str:
        async def begin(connection: Connection) -> bool:
            return await gateway_settling.begin(connection, self.told, self.run.id)

        if not await self.run.query("begin", begin):
            await self.run.move("known")
            return "told before"
        await self.run.move("waits")
        return await self._moves_are_known() or await self._line_is_there()

    async def _moves_are_known(self) -> str:
        """Wait for moves that are told late. Not empty: somebody closed it."""
        until = await self.run.now() + duration(self.rules.expect_moves)
        while wrong := await self._wrong():
            if await self.run.now() < until:
                await self.run.sleep(self.rules.look_every)
                continue
            title = f"Settlement {self.told.business_key} is not what was told before"
            answer = await self._answer(title, wrong, self._is_as_told)
            if answer is None or answer.content.decision == "book":
                return ""
            if answer.content.decision == "close":
                return await self._leave(answer.by)
            until = await self.run.now() + duration(self.rules.expect_moves)
        return ""

    async def _wrong(self) -> list[str]:
        async def look(connection: Connection) -> list[str]:
            return await gateway_settling.unlike(connection, self.told)

        found: list[str] = await self.run.query("moves", look)
        return found

    async def _is_as_told(self) -> bool:
        return not await self._wrong()

    async def _line_is_there(self) -> str:
        patient = datetime.combine(self.told.paid_on, time(), UTC) + duration(self.rules.expect_line)
        until = max(patient, await self.run.now())
        while True:
            line, words = await self._line()
            if line is not None:
                return await self._book(date.fromisoformat(line["booked_on"]))
            if await self.run.now() < until:
                await self.run.sleep(self.rules.look_every)
                continue
            title = f"Settlement {self.told.business_key} is not on the statement"
            answer = await self._answer(title, [words], self._is_there)
            if answer is None:
                continue
            if answer.content.decision == "book":
                return await self._book(self.told.paid_on)
            if answer.content.decision == "close":
                return await self._leave(answer.by)
            until = await self.run.now() + duration(self.rules.expect_line)

    async def _line(self) -> tuple[Any, str]:
        async def look(connection: Connection) -> list[Any]:
            line, words = await gateway_settling.pair(connection, self.told.business_key)
            return [gateway_settling.as_json(line), words]

        line, words = await self.run.query("line", look)
        return line, str(words)

    async def _is_there(self) -> bool:
        line, _ = await self._line()
        return line is not None

    async def _answer(self, title: str, wrong: list[str], is_settled: Callable[[], Awaitable[bool]]) -> Answer | None:
        told = self.told
        words = f"{money(told.amount, told.currency)} paid out on {told.paid_on}: {'; '.join(wrong)}"
        task = Task(title, SettlementDecision, team=self.rules.desk, words=words[:2000], due=self.rules.decide_within,
                    value=Money(amount=abs(told.amount), currency=told.currency),
                    papers=beside_settlement(told))  # fmt: skip
        return await _answer_to(self.run, self.rules, task, is_settled)

    async def _leave(self, by: str) -> str:
        async def close(connection: Connection) -> None:
            await gateway_settling.close(connection, self.told.business_key, f"closed by {by}")

        await self.run.query("close", close)
        await self.run.move("left")
        return f"left to be settled by hand, by {by}"

    async def _book(self, on: date) -> str:
        entry = entry_of(self.told, self.rules.of(self.told.gateway), on)
        if entry is not None:
            await self.run.send(self.rules.entries, entry, key=self.told.gateway)
        await self.run.move("booked")
        fees = money(self.told.fees, self.told.currency)
        return f"{money(self.told.amount, self.told.currency)} on {on}, {len(self.told.moves)} moves, fees {fees}"


class _Payout:
    """A line of a statement that a gateway has paid."""

    def __init__(self, run: Run, rules: GatewayRules, line: BankTransaction) -> None:
        self.run = run
        self.rules = rules
        self.line = line

    async def to_the_end(self) -> str:
        async def begin(connection: Connection) -> bool:
            gateway = self.rules.gateway_of(self.line)
            return await gateway_settling.begin_line(connection, self.line, gateway, self.run.key, self.run.id)

        if self.line.notified or not await self.run.query("begin", begin):
            await self.run.move("known")
            return "told before" if not self.line.notified else "the statement tells it again"
        await self.run.move("waits")
        until = await self.run.now() + duration(self.rules.expect_line)
        while True:
            settlement = await self.run.query("settlement", self._look)
            if settlement is not None:
                await self.run.move("known")
                return f"settlement {settlement}"
            if await self.run.now() < until:
                await self.run.sleep(self.rules.look_every)
                continue
            answer = await self._answer()
            if answer is not None and answer.content.decision == "leave":
                await self.run.move("left")
                return f"left to be settled by hand, by {answer.by}"
            until = await self.run.now() + duration(self.rules.expect_line)

    async def _look(self, connection: Connection) -> str | None:
        return await gateway_settling.settlement_of(connection, self.run.key)

    async def _is_known(self) -> bool:
        return await self.run.query("settlement", self._look) is not None

    async def _answer(self) -> Answer | None:
        line, gateway = self.line, self.rules.gateway_of(self.line)
        amount = money(line.amount, line.currency)
        words = f"{amount} came in on {line.journal} on {line.booked_on}, entry {line.number}"
        task = Task(f"{gateway} has told of no settlement for a payout", PayoutDecision, team=self.rules.desk,
                    words=words[:2000], due=self.rules.decide_within, value=worth(line),
                    papers=beside_payout(line, gateway))  # fmt: skip
        return await _answer_to(self.run, self.rules, task, self._is_known)


async def _answer_to(
    run: Run, rules: GatewayRules, task: Task, is_settled: Callable[[], Awaitable[bool]]
) -> Answer | None:
    """What somebody says; none: it has settled itself meanwhile, and need not be answered."""
    await run.move("asked")
    asked: Open = await run.put(task)
    while True:
        heard = await run.next(answers_to=[asked], within=rules.look_every)
        if isinstance(heard, Answer) or (await is_settled() and await run.withdraw(asked)):
            await run.move("waits")
            return heard if isinstance(heard, Answer) else None


def entry_of(told: GatewaySettlement, accounts: GatewayAccounts, on: date) -> JournalEntry | None:
    """From what the gateway holds to the account between the journals, less fees; none: nothing has moved.

    Adjustments of the gateway are booked with its fees.
    """
    extra = sum((each.amount for each in told.moves if each.move is GatewayMove.ADJUSTMENT), Decimal(0))
    fees = told.fees - extra
    sides = [(accounts.transfer, told.amount), (accounts.fees, fees), (accounts.clearing, -told.amount - fees)]
    lines = [
        EntryLine(account=account, debit=max(amount, Decimal(0)), credit=max(-amount, Decimal(0)),
                  description=f"Settlement {told.business_key}")
        for account, amount in sides
        if amount
    ]  # fmt: skip
    if len(lines) < 2:
        return None
    return JournalEntry(
        number=f"{told.gateway}-{told.number}",
        journal=accounts.moves_journal,
        booked_on=on,
        words=f"Settlement {told.business_key}",
        currency=told.currency,
        lines=tuple(lines),
    )

"""What a question about money is about, side by side: lines of statements, payments, bills, settlements of gateways.

Whoever sees the hub sees these, so they say no name of a party, no text of a bank, and of accounts the last four
characters only; whether two accounts are the same is said in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from hilum.canonical import BankTransaction, GatewaySettlement
from hilum.cases.side_by_side import Member, SideBySide, member
from hilum.packs.finance import gateway_settling, instructed
from hilum.packs.finance.advice import PaidPart
from hilum.packs.finance.settling import Instructed, ids_in, money, print_of, words_in
from hilum.postgres import Connection
from hilum.processes.tasks import LookUp

MOST: Final = 4
"""Candidates that stand beside a line: a table with more is not read."""

LINE: Final = 0


def beside_line(line: BankTransaction) -> LookUp:
    """The line | the payments that it may be of: those that it names, else those nearest by amount and day."""

    async def look(connection: Connection) -> SideBySide:
        return line_and_payments(line, await instructed.near(connection, ids_in(line), line, most=MOST))

    return look


def line_and_payments(line: BankTransaction, found: Sequence[Instructed]) -> SideBySide:
    """As `beside_line`, of what was found."""
    heads = [f"Payment {each.end_to_end_id} of run {each.run}" for each in found]
    documents = (f"Line {line.number} of {line.journal}", *(heads or ["No payment of this hub is near to it"]))
    if not found:
        told = (("Amount", money(line.amount, line.currency)), ("Day", str(line.booked_on)))
        return SideBySide(documents=documents, members=tuple(member(name, said, "") for name, said in told))
    return SideBySide(documents=documents, members=tuple(_line_members(line, found)))


def _line_members(line: BankTransaction, found: Sequence[Instructed]) -> Iterator[Member]:
    paid, named = -line.amount, words_in(line)
    same = [(x.amount, x.currency) == (abs(paid), line.currency) for x in found]
    yield _row("Amount", money(line.amount, line.currency),
               [(money(-x.amount, x.currency), not fits) for x, fits in zip(found, same, strict=True)])  # fmt: skip
    yield _row("Still open", "", [(money(x.open, x.currency), line.amount < 0 and x.open != paid) for x in found])
    yield _row("Day", str(line.booked_on), [(_day(line.booked_on, x.execute_on), False) for x in found])
    yield _row("End-to-end id", " ".join(ids_in(line)), [(x.end_to_end_id, _unnamed(line, x)) for x in found])
    yield _row("Account of the other party", _ending(line.party_account),
               [_account(line.party_account, x.payee) for x in found])  # fmt: skip
    yield member("Supplier", "", *(x.supplier for x in found))
    yield _row("Documents", "", [_documents(x.documents, named) for x in found])
    yield member("Where it is", "", *(f"{x.state.value}{f': {x.words}' if x.words else ''}" for x in found))
    if line.return_reason:
        yield member("Why it came back", line.return_reason, *[""] * len(found))


def _row(name: str, said: str, others: Sequence[tuple[str, bool]]) -> Member:
    """What the line says, and each payment; those that contradict it stand out."""
    marked = [at for at, (_, apart) in enumerate(others, start=1) if apart]
    return member(name, said, *(value for value, _ in others), marked=marked)


def _day(booked: date, execute_on: date) -> str:
    days = (booked - execute_on).days
    if not days:
        return f"{execute_on}, the same day"
    apart = f"{abs(days)} day{'s' if abs(days) != 1 else ''}"
    return f"{execute_on}: the line is {apart} {'later' if days > 0 else 'earlier'}"


def _unnamed(line: BankTransaction, payment: Instructed) -> bool:
    ids = ids_in(line)
    return bool(ids) and payment.end_to_end_id not in ids


def _ending(account: str) -> str:
    compact = "".join(letter for letter in account if letter.isalnum())
    return f"…{compact[-4:]}" if compact else ""


def _account(account: str, payee: str) -> tuple[str, bool]:
    if not account:
        return "", False
    same = print_of(account) == payee
    return ("the same as instructed", False) if same else ("another than instructed", True)


def _documents(documents: Sequence[str], named: set[str]) -> tuple[str, bool]:
    told = [f"{each} (named by the line)" if each in named else each for each in documents]
    return ", ".join(told), False


def beside_return(line: BankTransaction, end_to_end_id: str) -> LookUp:
    """What was paid | what came back."""

    async def look(connection: Connection) -> SideBySide:
        (payment,) = await instructed.named(connection, [end_to_end_id])
        parts = await instructed.parts_of(connection, end_to_end_id)
        return payment_and_return(line, payment, parts)

    return look


def payment_and_return(line: BankTransaction, payment: Instructed, parts: Sequence[PaidPart]) -> SideBySide:
    """As `beside_return`, of what was found."""
    whole = payment.returned >= payment.booked
    members = [
        member("Amount", money(payment.booked, payment.currency), money(line.amount, line.currency),
               marked=() if whole else (0, 1)),
        member("Day", str(payment.execute_on), str(line.booked_on)),
        member("Account", "", _account(line.party_account, payment.payee)[0]),
        member("Why", "", line.return_reason or "the bank does not say"),
        member("Back in all", "", money(payment.returned, payment.currency)),
        *(member(f"Bill {part.number}", money(part.amount, payment.currency), "") for part in parts),
    ]  # fmt: skip
    return SideBySide(
        documents=(f"Payment {payment.end_to_end_id} to {payment.supplier}", f"Line {line.number} of {line.journal}"),
        members=tuple(members),
    )


def beside_payments(payments: Sequence[Instructed], *, most: int = 60) -> LookUp:
    """What is owed, bill by bill | what the run pays; a discount, and what is paid without a bill, stand out."""

    async def look(connection: Connection) -> SideBySide:
        members: list[Member] = []
        for each in payments:
            members += _payment(each, await instructed.parts_of(connection, each.end_to_end_id))
        left = len(members) - most
        if left > 0:
            members = [*members[:most], member(f"and {left} more", "", "")]
        return SideBySide(documents=("Bills", "To be paid"), members=tuple(members))

    return look


def _payment(payment: Instructed, parts: Sequence[PaidPart]) -> Iterator[Member]:
    who = payment.supplier
    for part in parts:
        owed, paid = money(part.amount + part.discount, payment.currency), money(part.amount, payment.currency)
        less = f" less a discount of {money(part.discount, payment.currency)}" if part.discount else ""
        yield member(f"{who}, {part.number}", owed, f"{paid}{less}", marked=(1,) if part.discount else ())
    owed = "" if parts else f"no bill of its own: {', '.join(payment.documents)}"
    told = f"{money(payment.amount, payment.currency)} on {payment.execute_on}"
    yield member(f"{who}: payment", owed, told, marked=() if parts else (0,))


def beside_bank(payment: Instructed) -> SideBySide:
    """What was instructed | what the bank says | what is on statements."""
    said = payment.words or "nothing yet"
    words = said if said.startswith(payment.state.value) else f"{payment.state.value}: {said}"
    missing = payment.open > 0
    members = (
        member("Amount", money(payment.amount, payment.currency), "", money(payment.booked, payment.currency),
               marked=(0, 2) if missing else ()),
        member("Still open", money(payment.open, payment.currency), "", ""),
        member("Day", str(payment.execute_on), "", ""),
        member("Where it is", "instructed", words, "", marked=(1,) if payment.words else ()),
        member("Documents", ", ".join(payment.documents), "", ""),
        member("Came back", "", "", money(payment.returned, payment.currency) if payment.returned else ""),
    )  # fmt: skip
    return SideBySide(
        documents=(f"Payment {payment.end_to_end_id} to {payment.supplier}", "The bank says", "On statements"),
        members=members,
    )


def beside_settlement(told: GatewaySettlement) -> LookUp:
    """The settlement, move by move | what was told before | lines of the statement that may be its payout."""

    async def look(connection: Connection) -> SideBySide:
        known = await gateway_settling.moves_of(connection, told)
        lines = await gateway_settling.near(connection, told, most=MOST)
        return settlement_and_lines(told, known, lines)

    return look


def settlement_and_lines(
    told: GatewaySettlement, known: dict[str, tuple[str, Decimal, str]], lines: Sequence[gateway_settling.Line]
) -> SideBySide:
    """As `beside_settlement`, of what was found."""
    heads = [f"Line {each.line.removeprefix('line ')}" for each in lines] or ["On no statement"]
    rest = [""] * len(heads)
    amounts = [money(each.amount, told.currency) for each in lines] or [""]
    off = [at for at, each in enumerate(lines, start=2) if each.amount != told.amount]
    days = [_day(each.booked_on, told.paid_on) for each in lines] or [""]
    named = ["named" if each.names(told.reference or told.number) else "not named" for each in lines] or [""]
    members = [
        member("Paid out", money(told.amount, told.currency), "", *amounts, marked=off),
        member("Day", str(told.paid_on), "", *days),
        member("Reference", told.reference or told.number, "", *named),
        member("Fees", money(told.fees, told.currency), "", *rest),
        *(_move(each, told.currency, known, rest) for each in told.moves),
    ]
    return SideBySide(documents=(f"Settlement {told.business_key}", "Told before", *heads), members=tuple(members))


def _move(each: Any, currency: str, known: dict[str, tuple[str, Decimal, str]], rest: Sequence[str]) -> Member:
    said, name = money(each.amount, currency), f"{each.move.value.capitalize()} {each.number}"
    if each.number not in known:
        wanted = each.move.value not in ("fee", "adjustment")
        return member(name, said, "never" if wanted else "", *rest, marked=(0, 1) if wanted else ())
    kind, amount, other = known[each.number]
    before = f"{kind if kind != each.move.value else ''} {money(amount, other)}".strip()
    return member(name, said, before, *rest, marked=(0, 1) if before != said else ())


def beside_payout(line: BankTransaction, gateway: str) -> LookUp:
    """The line of a payout | settlements of its gateway that wait for one, the nearest by amount first."""

    async def look(connection: Connection) -> SideBySide:
        return payout_and_settlements(line, await gateway_settling.waiting(connection, gateway, line, most=MOST))

    return look


def payout_and_settlements(line: BankTransaction, found: Sequence[gateway_settling.Waiting]) -> SideBySide:
    """As `beside_payout`, of what was found."""
    heads = [f"Settlement {each.settlement}" for each in found] or ["No settlement waits for a line"]
    amounts = [(money(each.amount, each.currency), (each.amount, each.currency) != (line.amount, line.currency))
               for each in found] or [("", False)]  # fmt: skip
    days = [(_day(line.booked_on, each.paid_on), False) for each in found] or [("", False)]
    members = (
        _row("Amount", money(line.amount, line.currency), amounts),
        _row("Day", str(line.booked_on), days),
        member("Reference", "", *([each.reference for each in found] or [""])),
    )
    return SideBySide(documents=(f"Line {line.number} of {line.journal}", *heads), members=members)

"""`hilum terms`: what was agreed with suppliers, what lines should cost, what leaks, rebates, and what if."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer

from hilum.canonical import Contract
from hilum.canonical.catalogue import read
from hilum.canonical.conversions import plain as number
from hilum.canonical.conversions import six_places
from hilum.cli.opening import HERE, ProjectFolder, journal, run
from hilum.cli.output import AsJson, emit_json, fail, out, plain, table
from hilum.errors import HilumError
from hilum.flow.prices import Ask, Expected
from hilum.masterdata.terms import Book, Checked, WhatIf, book, checked, what_if
from hilum.masterdata.terms.rebates import Accrual, accruals
from hilum.masterdata.terms.store import facts, facts_of, head_of, heads

app = typer.Typer(help="Agreed prices: contracts, what a line should cost, what leaks, and what if.")

Since = Annotated[str, typer.Option("--from", help="The first day, 2026-03-01; without it: 30 days ago.")]
Until = Annotated[str, typer.Option("--to", help="The first day that is not included; without it: tomorrow.")]
Supplier = Annotated[str, typer.Option(help="Only of this supplier.")]


@app.command("list")
def list_contracts(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """List the contracts that are known, with their days and prices."""
    known = run(_book(project, None))
    counts: dict[str, int] = {}
    for fact in run(_facts(project)):
        counts[fact.contract] = counts.get(fact.contract, 0) + 1
    found: list[dict[str, Any]] = [
        {"contract": h.number, "supplier": h.supplier, "title": h.title, "status": h.status.value,
         "revision": h.revision, "from": h.valid_from, "to": h.valid_to, "facilities": sorted(h.facilities),
         "prices": counts.get(h.number, 0)}
        for h in known.heads.values()
    ]  # fmt: skip
    if as_json:
        emit_json({"contracts": found, "catalogue_prices": counts.get("", 0)})
        return
    rows = [[f["contract"], f["supplier"], f["title"], f["status"], str(f["revision"]), str(f["from"]),
             str(f["to"] or ""), ", ".join(f["facilities"]) or "all", str(f["prices"])] for f in found]  # fmt: skip
    columns = ["contract", "supplier", "title", "status", "revision", "from", "to", "facilities", "prices"]
    table(columns, rows, empty="No contract is known.", right=["revision", "prices"], wrap=["title", "facilities"])
    out.print(f"{counts.get('', 0)} prices of catalogues")


@app.command()
def price(
    supplier: Annotated[str, typer.Argument(help="The supplier.")],
    item: Annotated[str, typer.Argument(help="The item.")],
    quantity: Annotated[str, typer.Argument(help="How much.")] = "1",
    unit: Annotated[str, typer.Option(help="Of which unit.")] = "EA",
    on: Annotated[str, typer.Option(help="On this day; without it: today.")] = "",
    facility: Annotated[str, typer.Option(help="Who buys.")] = "",
    known: Annotated[str, typer.Option(help="As it was known at the end of this day (UTC); without it: now.")] = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Say what so much of an item should cost, why, and who else has agreed a price."""
    try:
        amount = Decimal(quantity)
    except InvalidOperation:
        fail(f"'{quantity}' is not a number.")
    ask = Ask(
        supplier=supplier, item=item, quantity=amount, unit=unit, on=_day(on, "--on") or _today(),
        facility=facility or None,
    )  # fmt: skip
    answers = run(_book(project, _day(known, "--known")))
    expected, sources = answers.price(ask), answers.sources(ask)
    if as_json:
        emit_json({"expected": _plain(expected), "sources": [_plain(each) for each in sources]})
        return
    out.print(plain(f"{_money(expected)}: {expected.words}"))
    rows = [[each.supplier, _money(each), each.words] for each in sources]
    table(["supplier", f"for one {unit}", "because of"], rows, empty="Nobody has agreed a price.", wrap=["because of"])


@app.command()
def leaks(
    since: Since = "",
    until: Until = "",
    supplier: Supplier = "",
    everything: Annotated[bool, typer.Option("--all", help="Also lines that cost what was agreed.")] = False,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """List lines that cost other than agreed, or were bought off contract."""
    days = _days(since, until)
    lines = [each for each in run(_checked(project, *days, supplier)) if everything or _leaks(each)]
    if as_json:
        emit_json([asdict(each) for each in lines])
        return
    rows = [
        [each.document_type, each.document, str(each.line), str(each.ask.on), each.ask.supplier, each.ask.item,
         f"{number(each.ask.quantity)} {each.ask.unit}", _number(each.unit_price), _number(each.expected_price),
         _number(each.leak), each.ask.currency or "", each.words]
        for each in lines
    ]  # fmt: skip
    columns = [
        "document",
        "number",
        "line",
        "day",
        "supplier",
        "item",
        "quantity",
        "price",
        "agreed",
        "leak",
        "",
        "why",
    ]
    right = ["line", "quantity", "price", "agreed", "leak"]
    table(columns, rows, empty="Every line of these days cost what was agreed.", right=right, wrap=["why"])


@app.command("what-if")
def ask_what_if(
    since: Since = "",
    until: Until = "",
    supplier: Supplier = "",
    contract: Annotated[
        list[Path] | None,
        typer.Option(help="A contract as JSON (hilum catalog shows its form), instead of or besides."),
    ] = None,
    without: Annotated[list[str] | None, typer.Option(help="As if this contract were not there.")] = None,
    known: Annotated[str, typer.Option(help="By what was known at the end of this day (UTC); without it: now.")] = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Say what the documents of these days would have leaked under other contracts. Nothing is changed."""
    days = _days(since, until)
    other = run(_other(project, _day(known, "--known"), [_contract(path) for path in contract or ()], without or []))
    found = what_if([each for each in run(_checked(project, *days, supplier)) if each.document_type != "requisition"],
                    other)  # fmt: skip
    if as_json:
        emit_json([asdict(each) | {"difference": each.difference} for each in found])
        return
    _table(found)


@app.command()
def rebates(
    contract: Annotated[str, typer.Option(help="Only of this contract.")] = "",
    on: Annotated[str, typer.Option(help="As of the end of this day; without it: today.")] = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Say what suppliers owe by rebates, which step was reached, and what is missing to the next."""
    found = run(_accruals(project, _day(on, "--on") or _today(), contract))
    if as_json:
        emit_json([_owed(each) for each in found])
        return
    rows = [
        [each.bought.contract, number(each.bought.amount), number(each.accrued), number(each.missing),
         each.bought.currency, each.words]
        for each in found
    ]  # fmt: skip
    columns = ["contract", "bought", "accrued", "missing", "", "in words"]
    table(columns, rows, empty="No contract has rebates.", right=columns[1:4], wrap=["in words"])


def _owed(each: Accrual) -> dict[str, Any]:
    return {
        "contract": each.bought.contract, "currency": each.bought.currency, "bought": each.bought.amount,
        "since": each.since, "percent": each.reached.percent if each.reached else None, "accrued": each.accrued,
        "next_percent": each.next.percent if each.next else None, "missing": each.missing, "words": each.words,
    }  # fmt: skip


async def _accruals(folder: Path, on: date, contract: str) -> list[Accrual]:
    async with journal(folder) as database, database.cold() as connection:
        return await accruals(connection, on, contract)


def _table(found: Sequence[WhatIf]) -> None:
    rows = [
        [f"{each.document_type}s", each.supplier, each.currency, str(each.lines), number(each.spent),
         f"{each.agreed} → {each.agreed_then}",
         number(each.leak), number(each.leak_then), number(each.difference)]
        for each in found
    ]  # fmt: skip
    columns = ["of", "supplier", "", "lines", "asked for", "agreed lines", "leak", "leak then", "would be saved"]
    table(columns, rows, empty="No lines with a price in these days.", right=columns[3:])


async def _book(folder: Path, known: date | None) -> Book:
    at = datetime.combine(known + timedelta(days=1), datetime.min.time(), UTC) if known else None
    async with journal(folder) as database, database.cold() as connection:
        return await book(connection, at=at)


async def _facts(folder: Path) -> Sequence[Any]:
    async with journal(folder) as database, database.cold() as connection:
        return await facts(connection)


async def _checked(folder: Path, since: date, until: date, supplier: str) -> list[Checked]:
    async with journal(folder) as database, database.cold() as connection:
        return await checked(connection, since=since, until=until, supplier=supplier)


async def _other(folder: Path, known: date | None, contracts: Sequence[Contract], without: Sequence[str]) -> Book:
    at = datetime.combine(known + timedelta(days=1), datetime.min.time(), UTC) if known else None
    async with journal(folder) as database, database.cold() as connection:
        there, said = await heads(connection, at=at), await facts(connection, at=at)
    known_numbers = {head.number for head in there}
    if unknown := [name for name in without if name not in known_numbers]:
        fail(f"There is no contract {', '.join(unknown)}.")
    gone = {*without, *(contract.number for contract in contracts)}
    return Book.of(
        [*(h for h in there if h.number not in gone), *map(head_of, contracts)],
        [*(f for f in said if f.contract not in gone), *(f for c in contracts for f in facts_of(c))],
    )


def _contract(path: Path) -> Contract:
    try:
        found = read(path.read_bytes())
    except (OSError, HilumError) as error:
        fail(f"{path}: {error}")
    if not isinstance(found, Contract):
        fail(f"{path}: this is not a contract ({found.name}).")
    return found


def _leaks(each: Checked) -> bool:
    return not each.contract or bool(each.leak)


def _plain(expected: Expected) -> dict[str, Any]:
    made = asdict(expected)
    return made | {"price": six_places(expected.price) if expected.price is not None else None}


def _money(expected: Expected) -> str:
    if expected.price is None:
        return "no price"
    return f"{number(six_places(expected.price))} {expected.currency}"


def _number(value: Decimal | None) -> str:
    return "" if value is None else number(value)


def _days(since: str, until: str) -> tuple[date, date]:
    first = _day(since, "--from") or _today() - timedelta(days=30)
    last = _day(until, "--to") or _today() + timedelta(days=1)
    if last <= first:
        fail("--to must be after --from.")
    return first, last


def _day(text: str, option: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        fail(f"{option}: '{text}' is not a day; write 2026-03-31.")


def _today() -> date:
    return datetime.now(UTC).date()

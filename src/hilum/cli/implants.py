"""`hilum implants`: what is missing of implants that were used, one operation, and where a recalled lot went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from hilum.canonical.conversions import plain as number
from hilum.cli.acting import As, Reason, acting, login_of, reasoned
from hilum.cli.opening import HERE, ProjectFolder, journal, run
from hilum.cli.output import AsJson, emit_json, fail, out, plain, table
from hilum.journal.audit import record
from hilum.packs.implants.register import Implant, broken, used
from hilum.security import Permission

app = typer.Typer(help="Implants that are bought when they are used: open breaks, one operation, recalls.")

PATIENT = frozenset({"account", "encounter"})
"""What leads to the patient: shown for a recall only, with a reason that is kept in the audit."""


@app.command()
def breaks(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """List uses of which something is missing, the oldest first: what, and whose it is."""
    found = run(_broken(project))
    if as_json:
        emit_json([_told(each) for each in found])
        return
    rows = [
        [each.case_number, each.item or each.code or each.device, each.lot, str(each.used_on), each.order_number, words]
        for each in found
        for words in each.breaks
    ]
    columns = ["operation", "item", "lot", "used on", "order", "what is missing"]
    table(columns, rows, empty="Nothing is missing of any implant.", wrap=["what is missing"])


@app.command()
def show(
    case: Annotated[str, typer.Argument(help="The operation.")], project: ProjectFolder = HERE, as_json: AsJson = False
) -> None:
    """Show the implants of one operation, and what there is of each: order, bill, charge."""
    found = run(_of_case(project, case))
    if as_json:
        emit_json([_told(each) for each in found])
        return
    rows = [
        [each.item or each.code or each.device, each.lot, each.serial, _quantity(each), each.whose, each.supplier,
         each.order_number, ", ".join(each.bills), "yes" if each.charge else "no", each.standing]
        for each in found
    ]  # fmt: skip
    columns = ["item", "lot", "serial", "quantity", "whose", "supplier", "order", "bills", "charged", "standing"]
    table(columns, rows, empty=f"No implant of {case} is known.")
    for each in found:
        for words in each.breaks:
            out.print(plain(words))


@app.command()
def recall(
    item: Annotated[str, typer.Option(help="The hub's item number.")] = "",
    device: Annotated[str, typer.Option(help="The device identifier of the label: a GTIN of 14 digits, or HIBC.")] = "",
    lot: Annotated[str, typer.Option(help="Only of this lot.")] = "",
    serial: Annotated[str, typer.Option(help="Only of this serial number.")] = "",
    reason: Reason = "",
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Say on whom implants of an item, device, lot or serial number were used: patient account, encounter, day."""
    if not (item or device or lot or serial):
        fail("Say what is recalled: --item, --device, --lot or --serial.")
    which = {"item": item, "device": device, "lot": lot, "serial": serial}
    found = run(_recalled(project, as_user, reasoned(reason), which))
    if as_json:
        emit_json([asdict(each) | {"standing": each.standing} for each in found])
        return
    rows = [
        [each.account, each.encounter, each.facility, str(each.used_on), each.item or each.code or each.device,
         each.lot, each.serial, _quantity(each), each.case_number, each.standing]
        for each in found
    ]  # fmt: skip
    columns = ["account", "encounter", "facility", "used on", "item", "lot", "serial", "quantity", "operation",
               "standing"]  # fmt: skip
    table(columns, rows, empty="No such implant was used.")


def _told(each: Implant) -> dict[str, Any]:
    """Without what leads to the patient."""
    return {name: value for name, value in asdict(each).items() if name not in PATIENT} | {"standing": each.standing}


def _quantity(each: Implant) -> str:
    return f"{number(each.quantity - each.taken_back)} {each.unit}"


async def _broken(folder: Path) -> list[Implant]:
    async with journal(folder) as database, database.cold() as connection:
        return await broken(connection)


async def _of_case(folder: Path, case: str) -> list[Implant]:
    async with journal(folder) as database, database.cold() as connection:
        return await used(connection, case=case)


async def _recalled(folder: Path, as_user: str, reason: str, which: Mapping[str, str]) -> list[Implant]:
    async with acting(folder, login_of(as_user), Permission.VIEW_PAYLOAD) as (connection, who):
        found = await used(
            connection, item=which["item"], device=which["device"], lot=which["lot"], serial=which["serial"]
        )
        what = ", ".join(f"{name} {value}" for name, value in which.items() if value)
        words = f"{what}: {len(found)} uses; {reason}"
        await record(connection, actor=who.name, action="implants_recalled", words=words)
        return found

"""Which bills were read for us by whom, and what their reader is told of them."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from hilum.canonical import BillMatch, DocumentStatus, MatchFinding, SupplierBill
from hilum.postgres import Connection


class BillResult(BaseModel):
    """What has become of a bill, for the product that has read it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    name: ClassVar[str] = "payables.bill.result"

    system: str
    number: str  # of the reading, as its product knows it
    status: Literal["matched", "exception", "posted", "refused"]
    bill: str = ""  # the hub's key of it; an approval names it again
    order: str | None = None
    round: int = 0  # which comparison; 0: none
    words: str = ""
    findings: tuple[MatchFinding, ...] = ()


def result_of(thing: BillMatch | DocumentStatus | SupplierBill, *, system: str, number: str) -> BillResult | None:
    """In the words of the AP product; none: it need not know."""
    match thing:
        case BillMatch():
            words = "; ".join(each.words for each in thing.findings)[:2000]
            return BillResult(
                system=system, number=number, status="matched" if thing.matched else "exception", bill=thing.bill,
                order=thing.order, round=thing.round, words=words, findings=thing.findings,
            )  # fmt: skip
        case DocumentStatus(status="refused"):
            return BillResult(
                system=system, number=number, status="refused", bill=thing.document, words=thing.words[:2000]
            )
        case SupplierBill():
            return BillResult(system=system, number=number, status="posted", bill=thing.business_key, order=thing.order)
    return None


async def note(connection: Connection, bill: str, system: str, number: str) -> None:
    """This bill was read so; a later reading of the same bill takes the place of the former one."""
    await connection.execute(
        "INSERT INTO read_bill (bill, system, number) VALUES (%s, %s, %s)"
        " ON CONFLICT (bill) DO UPDATE SET system = excluded.system, number = excluded.number",
        [bill, system, number],
    )


async def reader_of(connection: Connection, bill: str) -> tuple[str, str] | None:
    """System and number of the reading of a bill; none: it was not read, but sent as data."""
    cursor = await connection.execute("SELECT system, number FROM read_bill WHERE bill = %s", [bill])
    row = await cursor.fetchone()
    return (str(row[0]), str(row[1])) if row is not None else None

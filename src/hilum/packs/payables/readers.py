"""Which bills were read for us by whom, and what their reader is told of them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from hilum.canonical import BillMatch, BillReading, DocumentStatus, MatchFinding, SupplierBill
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
    """This bill was read so; a later reading of the same bill takes the place of the former one, and is open again."""
    await connection.execute(
        "INSERT INTO read_bill (bill, system, number) VALUES (%s, %s, %s)"
        " ON CONFLICT (bill) DO UPDATE SET system = excluded.system, number = excluded.number, outcome = ''",
        [bill, system, number],
    )


@dataclass(frozen=True, slots=True)
class Reader:
    """Who has read a bill."""

    system: str
    number: str
    outcome: str  # of the bill, where a run has followed it to its end: posted or refused; empty: not known


async def reader_of(connection: Connection, bill: str) -> Reader | None:
    """Who has read a bill; none: it was not read, but sent as data."""
    cursor = await connection.execute("SELECT system, number, outcome FROM read_bill WHERE bill = %s", [bill])
    row = await cursor.fetchone()
    return Reader(*row) if row is not None else None


async def close(connection: Connection, bill: str, outcome: str) -> None:
    """Nobody waits for the bill any more. What comes late finds what has become of it."""
    await connection.execute("UPDATE read_bill SET outcome = %s WHERE bill = %s", [outcome, bill])


def digest_of(reading: BillReading) -> str:
    """Of what it says: the same by webhook and by REST, whatever its document's address is at the moment."""
    fields = sorted(f"{each.field}\n{each.value}\n{each.confidence.normalize():f}" for each in reading.fields)
    paper = reading.document.sha256 if reading.document is not None else None
    bill = reading.bill.model_dump_json() if reading.bill is not None else ""
    return sha256("\n".join([*fields, paper or "", bill]).encode()).hexdigest()


async def settle(connection: Connection, reading: BillReading, words: str) -> None:
    """What became of a reading; of a later one of the same number that says something else, too."""
    await connection.execute(
        "INSERT INTO settled_reading (system, number, digest, words) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (system, number) DO UPDATE SET digest = excluded.digest, words = excluded.words,"
        " settled_at = now()",
        [reading.system, reading.number, digest_of(reading), words],
    )


async def settled(connection: Connection, reading: BillReading) -> str:
    """What became of this very reading when it was told before; empty: it is new, or says something else now."""
    cursor = await connection.execute(
        "SELECT words FROM settled_reading WHERE system = %s AND number = %s AND digest = %s",
        [reading.system, reading.number, digest_of(reading)],
    )
    row = await cursor.fetchone()
    return str(row[0]) if row is not None else ""

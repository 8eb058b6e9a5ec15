"""Is a supplier known, not blocked, and cleared by screening? What the hub has heard of suppliers, and the answer.

    masters.deliver_to(standing.keep())      # `Supplier` and `ScreeningResult`, from whatever flow

Onboarding notes here by itself what becomes of the suppliers that it takes in and watches; flows tell of the others.
What was said last counts. A supplier of the crosswalk is known too, though nothing else is said of it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar, Final
from uuid import UUID

from hilum.canonical import BusinessObject, ScreeningOutcome, ScreeningResult, Supplier
from hilum.canonical.catalogue import write
from hilum.connector import Header, Outgoing, Target
from hilum.errors import Rejected
from hilum.journal.text import storable
from hilum.masterdata.keeping import Keeper
from hilum.message import Delivered, Delivery, Outcome
from hilum.postgres import Connection

_SUPPLIER: Final = "supplier"  # as screenings and the crosswalk call it


async def standing(connection: Connection, supplier: str) -> list[str]:
    """What is wrong with it, in words; none: a contract with it may begin. One that nobody screened is not cleared."""
    cursor = await connection.execute(
        "SELECT blocked, reason FROM supplier_standing WHERE supplier = %(supplier)s UNION ALL"
        " (SELECT false, '' FROM crosswalk WHERE object = 'supplier' AND identifier = %(supplier)s LIMIT 1)"
        " ORDER BY 1 DESC LIMIT 1",
        {"supplier": supplier},
    )
    said = await cursor.fetchone()
    wrong = [] if said else [f"supplier {supplier} is not known"]
    if said and said[0]:
        wrong.append(words_of_block(supplier, said[1]))
    cursor = await connection.execute(
        "SELECT outcome, list_name FROM supplier_screening WHERE supplier = %s ORDER BY list_name", [supplier]
    )
    screened = await cursor.fetchall()
    if not screened:
        wrong.append(f"supplier {supplier} was not screened")
    listed = [f"supplier {supplier} is {_OUTCOMES[said]} {name}" for said, name in screened if said in _OUTCOMES]
    return wrong + listed


def words_of_block(supplier: str, reason: str) -> str:
    """`supplier V1 is blocked: a recall`."""
    return f"supplier {supplier} is blocked{f': {reason}' if reason else ''}"


async def blocked(connection: Connection, suppliers: Collection[str]) -> dict[str, str]:
    """Of which of them nothing may be ordered, and why; empty where nobody gave a reason."""
    cursor = await connection.execute(
        "SELECT supplier, reason FROM supplier_standing WHERE blocked AND supplier = ANY(%s)", [[*suppliers]]
    )
    return dict(await cursor.fetchall())


_OUTCOMES: Final = {
    ScreeningOutcome.POSSIBLE.value: "possibly on the list",
    ScreeningOutcome.LISTED.value: "on the list",
}


class Standings(Keeper):
    """Keeps what is said of suppliers."""

    kind: ClassVar[str] = "terms"
    needs: ClassVar[str] = "What is said of suppliers is kept"

    def __repr__(self) -> str:
        return "<standing.keep()>"

    async def keep(self, connection: Connection, thing: BusinessObject, delivery: Delivery) -> Outcome:
        """Within the transaction of the batch."""
        if isinstance(thing, Supplier):
            await _know(connection, thing, delivery.message_id)
            return Delivered(reference=f"supplier {thing.code}")
        if isinstance(thing, ScreeningResult):
            await note_screening(connection, thing.subject, thing.list_name, thing.outcome, delivery.message_id)
            return Delivered(reference=f"screening {thing.business_key}")
        return Rejected("invalid", "Only suppliers and their screenings are kept here.")


def keep() -> Target:
    """Suppliers and screenings become what contracts are checked against."""
    return Target(
        endpoint="terms.suppliers",
        operation="keep",
        accepts=(Supplier, ScreeningResult),
        encode=_encode,
        connector=Standings(),
    )


def _encode(thing: BusinessObject) -> Outgoing | None:
    if isinstance(thing, ScreeningResult):
        if thing.subject_type != _SUPPLIER:
            return None
        return Outgoing(body=write(thing), headers={Header.ORDERING_KEY: thing.subject})
    return Outgoing(body=write(thing), headers={Header.ORDERING_KEY: thing.business_key})


async def _know(connection: Connection, thing: Supplier, said_by: UUID) -> None:
    """One that says nothing of a block makes it known, and leaves a block as it was."""
    reason = thing.block_reason or ("" if thing.active else "it is no longer a supplier")
    told = not {"blocked", "active"} & (thing.left_out or frozenset())
    await note_block(connection, thing.code, thing.blocked or not thing.active, reason, said_by, told=told)


async def note_block(
    connection: Connection, supplier: str, blocked: bool, reason: str, said_by: UUID, *, told: bool = True
) -> None:
    """Within a transaction: it is known, and may be bought of or not. `told`: false where only the first is said."""
    await connection.execute(
        "INSERT INTO supplier_standing AS s (supplier, blocked, reason, said_by) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (supplier) DO UPDATE SET blocked = excluded.blocked, reason = excluded.reason,"
        " said_by = excluded.said_by WHERE %s AND s.said_by <= excluded.said_by",
        [storable(supplier), blocked, storable(reason), said_by, told],
    )


async def note_screening(
    connection: Connection, supplier: str, list_name: str, outcome: ScreeningOutcome, said_by: UUID
) -> None:
    """Within a transaction: this is what looking it up in a list has come to."""
    await connection.execute(
        "INSERT INTO supplier_screening AS s (supplier, list_name, outcome, said_by) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (supplier, list_name) DO UPDATE SET outcome = excluded.outcome,"
        " said_by = excluded.said_by WHERE s.said_by <= excluded.said_by",
        [storable(supplier), storable(list_name), outcome.value, said_by],
    )

"""What payments may still take of what is due: one bill is not paid twice, whoever pays it at the same moment.

A payment that is written as a draft claims what it pays. Every hub writes its draft first, looks at the claims of
others then, and posts last: of two payments that come at one time at least the later one sees the other. What does not
fit together waits, and then the payment that Odoo made first goes first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import exact

DUE_ACCOUNTS: Final = ("asset_receivable", "liability_payable")


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """What one payment takes of some documents."""

    number: int | None  # the payment's id in Odoo, if it is there
    title: str  # as people find it in Odoo
    draft: bool
    amount: Decimal
    documents: frozenset[int]


def due(documents: Iterable[Row], *, pays: str) -> Decimal:
    """What is left of these documents together. `pays`: the end of the move types that the money goes to.

    Those of another type are offset.
    """
    total = Decimal(0)
    for row in documents:
        left = exact(row["amount_residual"])
        total += left if row["move_type"].endswith(pays) else -left
    return total


def free(documents: Sequence[Row], claims: Iterable[Claim], *, pays: str) -> Decimal:
    """What is left of these documents when each of these claims takes as much of them as it can."""
    left = due(documents, pays=pays)
    for claim in claims:
        shared = [row for row in documents if row["id"] in claim.documents]
        paid = [row for row in shared if row["move_type"].endswith(pays)]
        offset = due((row for row in shared if row not in paid), pays="")
        left -= min(claim.amount + offset, due(paid, pays=pays))
    return left


async def claims_on(session: Session, documents: Sequence[Row]) -> list[Claim]:
    """Payments in Odoo that are drafts or not matched yet, by the memo that names what they pay.

    Two calls, and a third where some are posted. A payment goes one way: draft, posted, matched. So drafts are asked
    for first, and one that is posted meanwhile is among the open lines; what is left of the documents is read after
    that, when one that was matched meanwhile has lowered it. The other way round it would be seen nowhere.
    """
    memo = session.client.dialect.payment_memo
    fields = ["name", "state", "amount", memo]
    partners = sorted({row["partner_id"] for row in documents})
    drafts = [["partner_id", "in", partners], ["state", "=", "draft"]]
    found = {row["id"]: row for row in await session.client.search_read("account.payment", drafts, fields)}
    lines = await open_lines(session, [["partner_id", "in", partners], ["payment_id", "!=", False]])
    if posted := sorted({line["payment_id"] for line in lines}):
        found |= {row["id"]: row for row in await session.client.read("account.payment", posted, fields)}
    return [
        Claim(
            number=row["id"],
            title=str(row["name"] or f"draft {row['id']}"),
            draft=row["state"] == "draft",
            amount=exact(row["amount"]),
            documents=frozenset(each["id"] for each in documents if _named(str(row[memo] or ""), each)),
        )
        for _, row in sorted(found.items())
    ]


def others(claims: Iterable[Claim], number: int | None, documents: Collection[int]) -> list[Claim]:
    """The claims of other payments on any of these documents. `number`: the payment's own id, if it has one."""
    return [
        each for each in claims if (number is None or each.number != number) and each.documents.intersection(documents)
    ]


def _named(memo: str, document: Row) -> bool:
    return any(f" {document[name]} " in f" {memo} " for name in ("ref", "name") if document[name])


async def open_lines(session: Session, domain: Sequence[Any]) -> list[Row]:
    """Posted ledger lines that wait to be matched."""
    waiting = [
        ["parent_state", "=", "posted"],
        ["reconciled", "=", False],
        ["account_id.account_type", "in", list(DUE_ACCOUNTS)],
    ]
    return await session.client.search_read(
        "account.move.line", [*domain, *waiting], ["payment_id", "move_id", "account_id"], order="date_maturity, id"
    )

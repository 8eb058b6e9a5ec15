"""Settlement files of gateways and card acquirers: a row for each move, with the payout that it is in.

    reports = finance.gateway_reports(
        source=files.Folder(url="in/cards", pattern="*.csv", split="none"), gateway="CARDS", rules=rules,
        to=handle(settle),
    )

A file says what webhooks say, and may come beside them or instead: each move and each payout counts once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from hilum.canonical import BusinessObject, GatewayMove, GatewaySettlement, GatewayTransaction, SettledMove
from hilum.connector import Source, Target
from hilum.errors import Invalid
from hilum.flow import Flow, Lookup, Owners
from hilum.formats import read_delimited
from hilum.packs.building import date_in, decimal_in, make, moment_in
from hilum.packs.finance.gateway import OWNERS, booked, gateway_flow
from hilum.packs.finance.gateway_rules import GatewayRules
from hilum.packs.rows import Row, text_in

Placed = tuple[str, Row]
"""Where a row is, for errors, and the row."""

ReportTold = Callable[[str, bytes, GatewayRules], Iterator[BusinessObject]]
"""What a file of a gateway says, given its code here."""

_KINDS: Final[Mapping[str, GatewayMove]] = {each.value: each for each in GatewayMove}


def told_by_report(gateway: str, body: bytes, rules: GatewayRules) -> Iterator[BusinessObject]:
    """CSV: `payout,paid_on,paid_out,reference,currency,id,type,amount,fee,at,of,customer,account,documents`.

    `type` is payment, refund, chargeback, chargeback won, fee or adjustment; `documents` are apart by spaces. A row
    with a time (`at`, in the rules' zone where it has no offset) is a move by itself; one without is only settled, as
    where webhooks have told of it. Raises `Invalid` with row and column.
    """
    rows: list[Placed] = [(f"row {number}", row) for number, row in read_delimited(body)]
    if not rows:
        raise Invalid("the file has a head line at most, and no payout", where="row 1")
    payouts: dict[str, list[Placed]] = {}
    for where, row in rows:
        payouts.setdefault(text_in(row, "payout", where), []).append((where, row))
    zone = ZoneInfo(rules.zone)
    for number, placed in payouts.items():
        yield from (_moved(gateway, where, row, zone) for where, row in placed if row.get("at", "").strip())
        yield _settlement(gateway, number, placed)


def gateway_reports(
    *,
    source: Source,
    gateway: str,
    rules: GatewayRules,
    to: Sequence[Target],
    odoo: str | None = "odoo.main",
    told: ReportTold = told_by_report,
    name: str = "finance.gateway_reports",
    owners: Owners = OWNERS,
    also: Sequence[Target] = (),
) -> Flow:
    """Whole settlement files of one gateway → a `Payment` for each move, and the settlements for `to`.

    A wrong row holds the file: its payout would not add up.
    """
    flow = gateway_flow(
        name, f"Settlement files of {gateway} come to the ledger", source=source, order_by=lambda _: gateway,
        dedup_by=None, to=to, odoo=odoo, rules=rules, owners=owners, also=also, format="bytes",
    )  # fmt: skip

    @flow.translate
    def read(body: bytes, _: Lookup) -> Iterator[BusinessObject]:
        for thing in told(gateway, body, rules):
            yield from booked(thing, rules)

    return flow


def _moved(gateway: str, where: str, row: Row, zone: ZoneInfo) -> GatewayTransaction:
    return make(
        GatewayTransaction,
        where,
        gateway=gateway,
        number=text_in(row, "id", where),
        move=_kind(where, row),
        amount=decimal_in(row, "amount", where),
        fee=decimal_in(row, "fee", where) if row.get("fee", "").strip() else None,
        currency=text_in(row, "currency", where),
        moved_at=moment_in(row, "at", where, zone),
        of=row.get("of", "").strip(),
        customer=row.get("customer", "").strip(),
        account=row.get("account", "").strip(),
        documents=tuple(row.get("documents", "").split()),
        words=row.get("description", "").strip(),
    )


def _settlement(gateway: str, number: str, placed: Sequence[Placed]) -> GatewaySettlement:
    """What all rows of a payout say of it must be the same: a file that was put together wrong is found so."""
    where, first = placed[0]
    for other, row in placed[1:]:
        for column in ("paid_on", "paid_out", "reference", "currency"):
            if row.get(column, "").strip() != first.get(column, "").strip():
                raise Invalid(f"it is not what {where} says of the same payout", where=f"{other}, {column}")
    text_in(first, "paid_on", where)
    return make(
        GatewaySettlement,
        f"payout of {where}",
        gateway=gateway,
        number=number,
        amount=decimal_in(first, "paid_out", where),
        currency=text_in(first, "currency", where),
        paid_on=date_in(first, "paid_on", where),
        reference=first.get("reference", "").strip(),
        moves=tuple(
            make(
                SettledMove, at, number=text_in(row, "id", at), move=_kind(at, row),
                amount=decimal_in(row, "amount", at),
                fee=decimal_in(row, "fee", at) if row.get("fee", "").strip() else None,
            )
            for at, row in placed
        ),
    )  # fmt: skip


def _kind(where: str, row: Row) -> GatewayMove:
    found = _KINDS.get(text_in(row, "type", where).lower())
    if found is None:
        raise Invalid(f"write one of {', '.join(_KINDS)}", where=f"{where}, type")
    return found

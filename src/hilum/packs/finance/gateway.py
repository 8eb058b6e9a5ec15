"""Payment gateways: what they post becomes payments in the ledger, and settlements that meet the bank's statement.

    rules = finance.GatewayRules(gateways={"CARDS": finance.GatewayAccounts(journal="BNK1", moves_journal="CARDS", …)})
    settle = finance.gateway_process(rules, owners=OWNERS)
    events = finance.gateway_events(
        source=http.Listener(port=8099, path="/cards", hmac_secret=…, hmac_header=…, hmac_timestamp=…),
        gateway="CARDS", rules=rules, to=handle(settle),
    )
    statements = finance.bank_statements(source=…, also=handle(settle))

Webhooks of a product differ: give `told=` a translation of your own to `GatewayTransaction` and `GatewaySettlement`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Final

from hilum.canonical import (
    BusinessObject,
    GatewayMove,
    GatewaySettlement,
    GatewayTransaction,
    Payment,
    PaymentDirection,
    SettledMove,
)
from hilum.connector import Source, Target
from hilum.connectors import odoo as to_odoo
from hilum.errors import Invalid, Rejected
from hilum.flow import Criticality, DataClass, Flow, Lookup, Owners, Pattern
from hilum.flow.declaration import Selector
from hilum.masterdata.keeping import Keeper, kept
from hilum.message import Delivered, Delivery, Outcome
from hilum.packs.building import make, targets_in
from hilum.packs.finance import chargebacks, gateway_settling
from hilum.packs.finance.gateway_rules import GatewayRules
from hilum.postgres import Connection
from hilum.processes.periods import duration

OWNERS: Final = Owners(business="Treasury", technical="Integration")
Told = Callable[[str, Mapping[str, Any]], BusinessObject | None]
"""What a webhook of a gateway says, given its code here; none: no money moved."""

_MOVES: Final[Mapping[str, GatewayMove]] = {
    "payment.succeeded": GatewayMove.PAYMENT,
    "refund.succeeded": GatewayMove.REFUND,
    "chargeback.opened": GatewayMove.CHARGEBACK,
    "chargeback.won": GatewayMove.CHARGEBACK_WON,
    "fee.charged": GatewayMove.FEE,
    "balance.adjusted": GatewayMove.ADJUSTMENT,
}
_PAID_OUT: Final = "payout.paid"
_RECEIVED: Final = frozenset({GatewayMove.PAYMENT, GatewayMove.CHARGEBACK_WON})
_BOOKED_WITH_THE_SETTLEMENT: Final = frozenset({GatewayMove.FEE, GatewayMove.ADJUSTMENT})


def told_by_gateway(gateway: str, said: Mapping[str, Any]) -> BusinessObject | None:
    """`{"id", "type": "payment.succeeded", "at", "data": {"id", "amount": "120.00", "fee": "1.68", "currency", …}}`.

    `data` has `of` (the payment of a refund or chargeback), `customer` or `account`, `documents`, `description`; of
    `payout.paid` it has `paid_on`, `reference`, and `moves` with `id, type, amount, fee` of each. Types in which no
    money moves (`payment.created`, `payment.failed`) change nothing. Raises `Invalid`.
    """
    kind, data = str(said.get("type", "")), said.get("data")
    if kind != _PAID_OUT and kind not in _MOVES:
        return None
    if not isinstance(data, Mapping):
        raise Invalid("a JSON object is expected", where="data")
    if kind == _PAID_OUT:
        return _settlement(gateway, data)
    return make(
        GatewayTransaction,
        "data",
        gateway=gateway,
        number=data.get("id"),
        move=_MOVES[kind],
        amount=data.get("amount"),
        fee=data.get("fee"),
        currency=data.get("currency"),
        moved_at=said.get("at"),
        of=data.get("of"),
        customer=data.get("customer"),
        account=data.get("account"),
        documents=tuple(data.get("documents") or ()),
        words=data.get("description"),
    )


def _settlement(gateway: str, data: Mapping[str, Any]) -> GatewaySettlement:
    moves = data.get("moves")
    if not isinstance(moves, list) or not all(isinstance(each, Mapping) for each in moves):
        raise Invalid("a payout lists its moves", where="data.moves")
    return make(
        GatewaySettlement,
        "data",
        gateway=gateway,
        number=data.get("id"),
        amount=data.get("amount"),
        currency=data.get("currency"),
        paid_on=data.get("paid_on"),
        reference=data.get("reference"),
        moves=tuple(_move(each, f"data.moves[{place}]") for place, each in enumerate(moves)),
    )


def _move(told: Mapping[str, Any], where: str) -> SettledMove:
    kind = _MOVES.get(str(told.get("type", "")))
    if kind is None:
        raise Invalid("this is no move of money that is known here", where=f"{where}.type")
    return make(SettledMove, where, number=told.get("id"), move=kind, amount=told.get("amount"), fee=told.get("fee"))


def gateway_events(
    *,
    source: Source,
    gateway: str,
    rules: GatewayRules,
    to: Sequence[Target],
    odoo: str | None = "odoo.main",
    told: Told = told_by_gateway,
    name: str = "finance.gateway_events",
    owners: Owners = OWNERS,
    also: Sequence[Target] = (),
) -> Flow:
    """Signed webhooks of one gateway → a `Payment` in the ledger for each move, and settlements for `to`.

    Each event counts once, and they may come in any order. A move of which nobody says who paid is held.
    """
    flow = gateway_flow(
        name, f"Payments, refunds, chargebacks and settlements of {gateway} come to the ledger", source=source,
        order_by=_payment_of, dedup_by=_event_of, to=to, odoo=odoo, rules=rules, owners=owners, also=also,
    )  # fmt: skip

    @flow.translate
    def read(parsed: Any, hub: Lookup) -> Iterator[BusinessObject]:
        if not isinstance(parsed, Mapping):
            raise Invalid("The webhook is no JSON object.")
        yield from booked(told(gateway, parsed), rules)

    return flow


def gateway_flow(
    name: str,
    summary: str,
    *,
    source: Source,
    order_by: Selector,
    dedup_by: Selector | None,
    to: Sequence[Target],
    odoo: str | None,
    rules: GatewayRules,
    owners: Owners,
    also: Sequence[Target],
    format: str | None = None,
) -> Flow:
    """What webhooks and files of a gateway have in common; the caller adds the translation."""
    flow = Flow(
        name,
        version="1.0",
        summary=summary,
        owners=owners,
        pattern=Pattern.TRANSACTION,
        data_class=DataClass.CONFIDENTIAL,
        criticality=Criticality.HIGH,
        retention="P10Y",
        source=source,
        format=format,
        order_by=order_by,
        dedup_by=dedup_by,
        runbook="Nobody says who paid: add it at the gateway and send the event again, or book it by hand.",
    )
    flow.deliver_to(moves_kept(rules, owners), *targets_in(odoo, (to_odoo.payment,), also), *to)
    return flow


def booked(thing: BusinessObject | None, rules: GatewayRules) -> Iterator[BusinessObject]:
    """What a gateway told, and the payment that it is in the ledger; nothing where no money moved."""
    if thing is None:
        return
    yield thing
    if isinstance(thing, GatewayTransaction) and thing.move not in _BOOKED_WITH_THE_SETTLEMENT:
        yield payment_of(thing, rules)


def payment_of(moved: GatewayTransaction, rules: GatewayRules) -> Payment:
    """What is booked of a move. Raises `Invalid` where nobody says who paid."""
    if moved.customer is None and moved.account is None:
        raise Invalid("nobody says who paid: customer or account is missing", where=f"move {moved.number}")
    paid = moved.move is GatewayMove.PAYMENT
    words = " ".join(x for x in (moved.move.value, moved.words, f"of {moved.of}" if moved.of else "") if x)
    return Payment(
        number=f"{moved.gateway}-{moved.number}",
        direction=PaymentDirection.RECEIVED if moved.move in _RECEIVED else PaymentDirection.SENT,
        customer=moved.customer,
        account=moved.account,
        amount=moved.amount,
        currency=moved.currency,
        paid_on=rules.day_of(moved.moved_at),
        journal=rules.of(moved.gateway).moves_journal,
        documents=moved.documents if paid else (),
        words=words[:2000],
    )


class _Moves(Keeper):
    """Remembers what moved, to be compared with what is settled; what was taken back becomes a case."""

    kind: ClassVar[str] = "gateway"
    needs: ClassVar[str] = "Moves of payment gateways are kept"

    def __init__(self, owners: Owners, answer_within: timedelta) -> None:
        super().__init__()
        self._owners = owners
        self._answer_within = answer_within

    def __repr__(self) -> str:
        return "<moves_kept()>"

    async def keep(self, connection: Connection, thing: BusinessObject, delivery: Delivery) -> Outcome:
        """Within the transaction of the batch."""
        if not isinstance(thing, GatewayTransaction):
            return Rejected("invalid", "Only moves of a gateway are kept here.")
        await gateway_settling.keep(connection, thing)
        await chargebacks.keep(connection, thing)
        return Delivered(reference=thing.business_key)

    async def settled(self, connection: Connection, things: Sequence[BusinessObject]) -> None:
        """See `Keeper.settled`."""
        moved = [each for each in things if isinstance(each, GatewayTransaction)]
        disputed = {each.gateway for each in moved if each.move in chargebacks.DISPUTES}
        await chargebacks.settle(connection, disputed, owners=self._owners, answer_within=self._answer_within)


def moves_kept(rules: GatewayRules, owners: Owners = OWNERS) -> Target:
    """Moves of gateways are remembered until they are settled; chargebacks are cases of the business owner."""
    return Target(
        endpoint="receivables.gateway",
        operation="keep",
        accepts=(GatewayTransaction,),
        encode=kept,
        connector=_Moves(owners, duration(rules.answer_chargebacks)),
    )


def _payment_of(parsed: Any) -> str:
    """A refund comes after its payment, where the gateway tells them so."""
    data = parsed.get("data") if isinstance(parsed, Mapping) else None
    return str(data.get("of") or data.get("id") or "") if isinstance(data, Mapping) else ""


def _event_of(parsed: Any) -> str:
    return str(parsed.get("id", "")) if isinstance(parsed, Mapping) else ""

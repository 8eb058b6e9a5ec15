"""What goes to the bank and what it answers: payment orders as pain.001, its status reports (pain.002) as objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC

from hilum.canonical import Payee, PaymentOrder, PaymentStanding, PaymentStatus, PaymentStatusReport, StatusLevel
from hilum.connector import Source, Target
from hilum.errors import Refused
from hilum.flow import Criticality, DataClass, Flow, Lookup, Owners, Slo
from hilum.formats import iso20022
from hilum.formats.banking import Party, Remittance
from hilum.packs.building import make
from hilum.processes import Commands

OWNERS = Owners(business="Treasury", technical="Integration")
_TEXT = 140  # characters that every bank carries to the receiver


def initiation_for(order: PaymentOrder, *, service_level: str = "") -> iso20022.Initiation:
    """The order as pain.001, one run of payments. The same order is the same file, byte by byte.

    Numbers of documents that have no room in 140 characters are counted: the advice names them all.
    """
    return iso20022.Initiation(
        number=order.number,
        created_at=order.created_at.astimezone(UTC),
        initiator=order.payer.title,
        runs=(
            iso20022.PaymentRun(
                number=order.number,
                execute_on=order.execute_on,
                debtor=_party(order.payer),
                service_level=service_level,
                transfers=tuple(
                    iso20022.Transfer(
                        end_to_end_id=each.end_to_end_id,
                        amount=each.amount,
                        currency=each.currency,
                        creditor=_party(each.payee),
                        remittance=Remittance(texts=(_named(each.documents),) if each.documents else ()),
                    )
                    for each in order.payments
                ),
            ),
        ),
    )


def _party(payee: Payee) -> Party:
    return Party(name=payee.title, account=payee.account, bank=payee.bank)


def _named(documents: Sequence[str]) -> str:
    told = list(documents)
    while len(words := " ".join([*told, *_more(len(documents) - len(told))])) > _TEXT and told:
        told.pop()
    return words[:_TEXT]


def _more(count: int) -> list[str]:
    return [f"and {count} more"] if count else []


def status_of(found: iso20022.StatusReport) -> PaymentStatusReport:
    """A pain.002 as an object, with its reasons in words. Raises `Invalid`."""
    at = found.created_at
    return make(
        PaymentStatusReport,
        "CstmrPmtStsRpt",
        number=found.number,
        order=found.original,
        reported_at=at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at,
        statuses=tuple(
            make(
                PaymentStatus,
                each.where,
                level=StatusLevel(each.level),
                number=each.number,
                standing=PaymentStanding(each.standing.value),
                code=each.code,
                reasons=tuple(reason.code for reason in each.reasons if reason.code),
                words=each.words[:2000],
            )
            for each in found.statuses
            if each.code
        ),
    )


def bank_orders(
    *,
    to: Sequence[Target],
    channel: str = "payables.orders",
    version: int = 9,
    service_level: str = "",
    name: str = "finance.payment_orders",
    owners: Owners = OWNERS,
) -> Flow:
    """Released payment runs → pain.001 for the bank, one file for each; `version` as it takes it (9 or 3)."""
    flow = Flow(
        name,
        version="1.0",
        summary="Released payment runs go to the bank, one file each",
        owners=owners,
        data_class=DataClass.CONFIDENTIAL,
        criticality=Criticality.HIGH,
        slo=Slo(percent=99.5, within="15m"),
        retention="P10Y",
        source=Commands(channel),
        runbook="An account or a name that a bank would refuse: mend it at the supplier, then replay.",
    )

    @flow.translate
    def written(parsed: dict[str, object], hub: Lookup) -> Iterator[bytes]:
        order = PaymentOrder.model_validate(parsed["content"])
        yield iso20022.write_initiation(initiation_for(order, service_level=service_level), version=version)

    for target in to:
        flow.deliver_to(target)
    return flow


def bank_answers(
    *,
    source: Source,
    to: Sequence[Target],
    name: str = "finance.payment_statuses",
    owners: Owners = OWNERS,
) -> Flow:
    """pain.002 → `PaymentStatusReport`, for the process of the run that it answers."""
    flow = Flow(
        name,
        version="1.0",
        summary="What the bank says of payment files comes to their runs",
        owners=owners,
        data_class=DataClass.CONFIDENTIAL,
        criticality=Criticality.HIGH,
        slo=Slo(percent=99, within="15m"),
        retention="P10Y",
        source=source,
        format="iso20022",
    )

    @flow.translate
    def told(found: object, hub: Lookup) -> Iterator[PaymentStatusReport]:
        if not isinstance(found, iso20022.StatusReport):
            raise Refused("This message is no status of payments; this flow takes pain.002.")
        yield status_of(found)

    for target in to:
        flow.deliver_to(target)
    return flow

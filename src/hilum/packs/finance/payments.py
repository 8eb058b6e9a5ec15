"""Payments that are to be made become one file of orders for the bank (pain.001)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from hilum.canonical import Payment, PaymentDirection
from hilum.errors import Invalid, Unmapped
from hilum.formats.banking import Party, Remittance
from hilum.formats.iso20022 import Initiation, PaymentRun, Transfer


def initiation_of(
    payments: Sequence[Payment],
    *,
    number: str,
    created_at: datetime,
    execute_on: date,
    debtor: Party,
    creditors: Mapping[str, Party],
    service_level: str = "",
) -> Initiation:
    """The payments as one run from the account of `debtor`, for `iso20022.write_initiation`.

    `creditors` has name, account and bank for each supplier or customer. The number of a payment is its end-to-end id,
    which the bank's status and statement bring back; `number` is message and run. Raises `Unmapped` for a creditor
    that is not there, `Invalid` for money that was received.
    """
    return Initiation(
        number=number,
        created_at=created_at,
        initiator=debtor.name,
        runs=(
            PaymentRun(
                number=number,
                execute_on=execute_on,
                debtor=debtor,
                transfers=tuple(_transfer(payment, creditors) for payment in payments),
                service_level=service_level,
            ),
        ),
    )


def _transfer(payment: Payment, creditors: Mapping[str, Party]) -> Transfer:
    if payment.direction is not PaymentDirection.SENT:
        raise Invalid("money that was received is not paid out", where=f"payment {payment.number}")
    party = payment.supplier or payment.customer or payment.account or ""
    if party not in creditors:
        raise Unmapped("creditors", party)
    words = payment.words or " ".join(payment.documents)
    return Transfer(
        end_to_end_id=payment.number,
        amount=payment.amount,
        currency=payment.currency,
        creditor=creditors[party],
        remittance=Remittance(texts=(words,) if words else ()),
    )

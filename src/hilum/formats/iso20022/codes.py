"""Codes of ISO 20022's external code sets that banks answer with, in words (a selection; any other is shown as it is).

ExternalPaymentTransactionStatus1Code, ExternalPaymentGroupStatus1Code, ExternalStatusReason1Code and
ExternalReturnReason1Code of the ISO 20022 registration authority.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Standing(StrEnum):
    """What a status means for the payment."""

    UNKNOWN = "unknown"  # the bank says nothing of it, or in a code of its own
    ACCEPTED = "accepted"  # checked; nothing has moved
    PENDING = "pending"
    PARTLY = "partly"  # of a group: some of its payments
    EXECUTED = "executed"  # the money has left the account
    REJECTED = "rejected"
    CANCELLED = "cancelled"


STATUSES: Mapping[str, tuple[Standing, str]] = MappingProxyType(
    {
        "RCVD": (Standing.PENDING, "received by the bank"),
        "PDNG": (Standing.PENDING, "pending; further checks are made"),
        "PATC": (Standing.PENDING, "some of the persons who must sign have signed"),
        "ACTC": (Standing.ACCEPTED, "technically correct"),
        "ACCP": (Standing.ACCEPTED, "accepted after the check of the customer"),
        "ACFC": (Standing.ACCEPTED, "accepted, the account has the money"),
        "ACWC": (Standing.ACCEPTED, "accepted with a change"),
        "ACWP": (Standing.ACCEPTED, "accepted, not yet booked for the receiver"),
        "ACSP": (Standing.ACCEPTED, "accepted, being settled"),
        "ACSC": (Standing.EXECUTED, "settled on the account of the sender"),
        "ACCC": (Standing.EXECUTED, "settled on the account of the receiver"),
        "PART": (Standing.PARTLY, "some payments accepted, others not"),
        "RJCT": (Standing.REJECTED, "rejected"),
        "BLCK": (Standing.REJECTED, "blocked; the money is kept by the bank"),
        "CANC": (Standing.CANCELLED, "cancelled before it was executed"),
    }
)

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "AC01": "the account number is wrong",
        "AC02": "the account number of the sender is wrong",
        "AC03": "the account number of the receiver is wrong",
        "AC04": "the account is closed",
        "AC05": "the account of the sender is closed",
        "AC06": "the account is blocked",
        "AC07": "the account of the receiver is closed",
        "AC13": "the account of the debtor is one of a consumer",
        "AC14": "the kind of the receiver's account does not allow this payment",
        "AG01": "such payments are not allowed on this account",
        "AG02": "the bank does not know this kind of payment",
        "AG03": "such payments are not supported or agreed",
        "AG09": "the payment was not received by the bank",
        "AM01": "the amount is zero",
        "AM02": "the amount is above the agreed maximum",
        "AM03": "the currency is not possible",
        "AM04": "there is not enough money on the account",
        "AM05": "the same payment has come before",
        "AM06": "the amount is below the agreed minimum",
        "AM07": "the amount is blocked",
        "AM09": "the amount is not the agreed or expected one",
        "AM10": "the control sum is not the sum of the payments",
        "AM12": "the amount is not valid",
        "AM14": "the amount is above the agreed limit",
        "AM18": "the number of payments is wrong",
        "AM21": "the amount is above the limit of the day",
        "BE01": "name and account do not belong together",
        "BE04": "the address of the receiver is missing or wrong",
        "BE05": "the party that sent the message is not known",
        "BE06": "the customer is not known",
        "BE07": "the address of the sender is missing or wrong",
        "BE08": "the name is missing or not allowed",
        "BE16": "the identification of the sender is wrong",
        "BE22": "the name of the receiver is missing",
        "CH03": "the day of execution is too far away",
        "CH04": "the day of execution is too far in the past",
        "CH13": "the account of the sender does not allow this",
        "CH16": "an element is wrong in its form",
        "CH20": "the number of decimals is wrong for the currency",
        "CH21": "a required element is missing",
        "CURR": "the currency is wrong",
        "CUST": "the sender wants it back",
        "CNOR": "the bank of the receiver cannot be reached in this system",
        "DNOR": "the bank of the sender cannot be reached in this system",
        "DT01": "the day is not valid, or not a business day",
        "DT06": "the day of execution was changed by the bank",
        "DU01": "the message was sent twice",
        "DU02": "the payment information was sent twice",
        "DU03": "the payment was sent twice",
        "DU04": "the end-to-end id was used twice",
        "DUPL": "it was paid twice",
        "ED05": "the settlement failed",
        "ERIN": "the option is not supported",
        "FF01": "the form of the file is wrong",
        "FF05": "the local instrument is wrong",
        "FOCR": "it comes back after a request to cancel it",
        "FR01": "fraud",
        "FRAD": "it is said to be fraud",
        "LEGL": "a law forbids it",
        "MD01": "there is no mandate",
        "MD02": "data of the mandate is missing or wrong",
        "MD06": "the debtor wants the money back",
        "MD07": "the customer has died",
        "MS02": "the customer gave no reason",
        "MS03": "the bank gives no reason",
        "NARR": "see the words of the bank",
        "NOAS": "the customer did not answer",
        "NOCM": "the customer's account does not comply with the rules",
        "RC01": "the bank identifier (BIC) is wrong",
        "RC03": "the bank identifier of the sender is wrong",
        "RC04": "the bank identifier of the receiver is wrong",
        "RC07": "the BIC of the receiver's bank is wrong",
        "RF01": "the transaction reference is not unique",
        "RR01": "the account or id of the sender is missing for the regulator",
        "RR02": "the name or address of the sender is missing for the regulator",
        "RR03": "the name or address of the receiver is missing for the regulator",
        "RR04": "a regulation forbids it",
        "RR12": "an identifier that the regulator wants is missing or wrong",
        "SL01": "a service of the sender's bank keeps it back",
        "SL11": "the receiver is not on the sender's white list",
        "TA01": "the transmission was stopped",
        "TD01": "the transport data is missing",
        "TD03": "the file is incomplete",
        "TECH": "a technical problem",
        "TM01": "it came after the closing time",
        "TS04": "it was sent, and its file was not signed in time",
    }
)


def standing_of(status: str) -> Standing:
    """What a status code means."""
    return STATUSES.get(status, (Standing.UNKNOWN, ""))[0]


def reason_words(code: str) -> str:
    """A reason in words; the code itself where it is a bank's own."""
    words = REASONS.get(code)
    return f"{words} ({code})" if words else code

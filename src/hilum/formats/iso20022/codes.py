"""Codes of ISO 20022's external code sets that banks answer with, in words (a selection; any other is shown as it is).

ExternalPaymentTransactionStatus1Code and ExternalPaymentGroupStatus1Code (`STATUSES`), ExternalStatusReason1Code
(`REASONS`, with a few of the sets of cancellations) and ExternalReturnReason1Code (`RETURNS`, where it differs) of the
ISO 20022 registration authority.
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
        "ACFW": (Standing.PENDING, "accepted, the account has the money; the sender has to confirm it"),
        "ACPD": (Standing.ACCEPTED, "accepted by the clearing"),
        "ACWC": (Standing.ACCEPTED, "accepted with a change"),
        "ACWP": (Standing.ACCEPTED, "accepted, not yet booked for the receiver"),
        "ACSP": (Standing.ACCEPTED, "accepted, being settled"),
        "ACSC": (Standing.EXECUTED, "settled on the account of the sender"),
        "ACCC": (Standing.EXECUTED, "settled on the account of the receiver"),
        "RVNC": (Standing.PENDING, "the check of the receivers' names is not complete"),
        "RCVC": (Standing.PENDING, "the receivers' names match"),
        "RVCM": (Standing.PENDING, "names of receivers do not match: see each payment"),
        "RVMC": (Standing.PENDING, "the receiver's name matches nearly"),
        "RVNM": (Standing.PENDING, "the receiver's name does not match"),
        "RVNA": (Standing.PENDING, "the receiver's name cannot be checked"),
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
        "AC13": "the kind of the sender's account is missing or wrong",
        "AC14": "the kind of the receiver's account is missing or wrong",
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
        "AM07": "an authority has blocked the amount",
        "AM09": "the amount is not the agreed or expected one",
        "AM10": "the control sum is not the sum of the payments",
        "AM12": "the amount is not valid",
        "AM14": "the amount is above the agreed limit",
        "AM18": "the number of payments is wrong",
        "AM21": "the amount is above the limit that is agreed with the bank",
        "BE01": "name and account do not belong together",
        "BE04": "the address of the receiver is missing or wrong",
        "BE05": "the customer does not know who has sent the message",
        "BE06": "the customer is not known",
        "BE07": "the address of the sender is missing or wrong",
        "BE08": "the name of the sender is missing",
        "BE16": "the identification of the sender is wrong",
        "BE22": "the name of the receiver is missing",
        "CH03": "the day of execution is too far away",
        "CH04": "the day of execution is too far in the past",
        "CH13": "the former account of the sender is not to be named",
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
        "ERIN": "extended remittance information is not supported",
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
        "RC01": "the bank identifier (BIC) is wrong in its form",
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
        "TD01": "there is no data",
        "TD03": "the file is incomplete or wrong in its form",
        "TECH": "a technical problem",
        "TM01": "it came after the closing time",
        "TS04": "it waits for an accompanying note that is signed by hand",
    }
)

RETURNS: Mapping[str, str] = MappingProxyType({**REASONS, "BE08": "the bank has made an error"})


def standing_of(status: str) -> Standing:
    """What a status code means."""
    return STATUSES.get(status, (Standing.UNKNOWN, ""))[0]


def reason_words(code: str, reasons: Mapping[str, str] = REASONS) -> str:
    """A reason in words, of a refusal or, with `RETURNS`, of a return; the code itself where it is a bank's own."""
    words = reasons.get(code)
    return f"{words} ({code})" if words else code

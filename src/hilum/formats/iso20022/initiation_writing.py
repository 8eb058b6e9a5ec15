"""Writing pain.001: payment orders as banks take them, or a clear word why they would not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from hilum.canonical import identifiers
from hilum.errors import Invalid
from hilum.formats.banking import Party
from hilum.formats.iso20022.building import Writer, encoded, is_bic, message, time_of, written
from hilum.formats.iso20022.initiation import Initiation, PaymentRun, Transfer
from hilum.formats.iso20022.texts import identifier, latin, name, purpose

VERSIONS = (3, 9)
"""Those that can be written: pain.001.001.03 of 2009 and pain.001.001.09 of 2019, which most banks ask for."""

_CHARGES = frozenset({"", "SLEV", "SHAR", "DEBT", "CRED"})


def write_initiation(initiation: Initiation, *, version: int = 9) -> bytes:
    """The message, with counts and control sums. Claims of a message that was read are not looked at.

    Names are put into the banks' character set and cut at 70 characters, texts are put into it; identifiers stay as
    they are. Raises `Invalid` naming the run or payment where a bank would refuse it: identifiers that are too long,
    have other characters or come twice, accounts with wrong check digits, amounts of 0 or with too many decimals.
    """
    if version not in VERSIONS:
        raise Invalid(f"pain.001.001.{version:02d} is not written; there are versions {VERSIONS}")
    if not initiation.transfers:
        raise Invalid("a message needs at least one payment", where="PmtInf")
    _unique("PmtInfId", (run.number for run in initiation.runs))
    _unique("EndToEndId", (transfer.end_to_end_id for transfer in initiation.transfers))
    document, body = message("pain.001", version, "CstmrCdtTrfInitn")
    header = body.add("GrpHdr")
    header.add("MsgId", identifier(initiation.number, "GrpHdr/MsgId"))
    header.add("CreDtTm", time_of(initiation.created_at))
    header.add("NbOfTxs", str(len(initiation.transfers)))
    header.add("CtrlSum", _sum(run.total for run in initiation.runs))
    header.add("InitgPty/Nm", name(initiation.initiator, "GrpHdr/InitgPty"))
    for number, run in enumerate(initiation.runs, 1):
        _run(body.add("PmtInf"), run, f"PmtInf[{number}]")
    return encoded(document)


def _unique(kind: str, numbers: Iterable[str]) -> None:
    for number, times in Counter(numbers).items():
        if times > 1:
            raise Invalid("the same identifier is there twice", where=f"{kind} {number[:35]}")


def _sum(parts: Iterable[Decimal]) -> str:
    total = sum(parts, Decimal(0))
    return f"{total.normalize():f}" if total != total.to_integral_value() else f"{total:.0f}"


def _run(element: Writer, run: PaymentRun, where: str) -> None:
    if not run.transfers:
        raise Invalid("the run has no payment", where=where)
    if run.charges not in _CHARGES:
        raise Invalid("who pays the fees is one of SLEV, SHAR, DEBT and CRED", where=f"{where}/ChrgBr")
    element.add("PmtInfId", identifier(run.number, f"{where}/PmtInfId"))
    element.add("PmtMtd", "TRF")
    if run.batch_booking is not None:
        element.add("BtchBookg", "true" if run.batch_booking else "false")
    element.add("NbOfTxs", str(len(run.transfers)))
    element.add("CtrlSum", _sum([run.total]))
    element.optional("PmtTpInf/SvcLvl/Cd", run.service_level)
    element.add("ReqdExctnDt/Dt" if element.version >= 8 else "ReqdExctnDt", run.execute_on.isoformat())
    element.add("Dbtr/Nm", name(run.debtor.name, f"{where}/Dbtr"))
    element.account("DbtrAcct", _account(run.debtor, f"{where}/DbtrAcct"))
    element.bank("DbtrAgt", _known(run.debtor, f"{where}/DbtrAgt"), always=True)
    element.optional("ChrgBr", run.charges)
    for number, transfer in enumerate(run.transfers, 1):
        _transfer(element.add("CdtTrfTxInf"), transfer, f"{where}/CdtTrfTxInf[{number}]")


def _transfer(element: Writer, transfer: Transfer, where: str) -> None:
    if transfer.amount <= 0:
        raise Invalid("the amount must be above 0", where=f"{where}/Amt")
    try:
        text = written(transfer.amount, transfer.currency)
    except Invalid as error:
        raise Invalid(str(error), where=f"{where}/Amt") from None
    ids = element.add("PmtId")
    if transfer.instruction_id:
        ids.add("InstrId", identifier(transfer.instruction_id, f"{where}/PmtId/InstrId"))
    ids.add("EndToEndId", identifier(transfer.end_to_end_id, f"{where}/PmtId/EndToEndId"))
    element.add("Amt/InstdAmt", text, Ccy=transfer.currency)
    element.bank("CdtrAgt", _known(transfer.creditor, f"{where}/CdtrAgt"))
    element.add("Cdtr/Nm", name(transfer.creditor.name, f"{where}/Cdtr"))
    element.account("CdtrAcct", _account(transfer.creditor, f"{where}/CdtrAcct"))
    _remittance(element, transfer, where)


def _account(party: Party, where: str) -> str:
    if not party.account.strip():
        raise Invalid("the account is missing", where=where)
    compact = "".join(party.account.split()).upper()
    if not identifiers.is_iban(compact):
        if len(party.account) > 34 or latin(party.account) != party.account:
            raise Invalid("an account number has 1 to 34 letters and digits", where=where)
        return party.account
    try:
        return identifiers.iban(compact)
    except Invalid as error:
        raise Invalid(str(error), where=where) from None


def _known(party: Party, where: str) -> Party:
    """The party, whose bank is a BIC, the number of a clearing system, or not told."""
    if party.bank and not is_bic(party.bank) and (latin(party.bank) != party.bank or len(party.bank) > 35):
        raise Invalid("the bank is neither a BIC nor the number of a clearing system", where=where)
    return party


def _remittance(element: Writer, transfer: Transfer, where: str) -> None:
    """A structured reference where there is one, else the text: many banks take one of both only."""
    references = transfer.remittance.references
    if len(references) > 1:
        raise Invalid("a payment has one structured reference", where=f"{where}/RmtInf")
    if references:
        structured = element.add("RmtInf/Strd/CdtrRefInf")
        if references[0].startswith("RF"):  # ISO 11649
            structured.add("Tp/CdOrPrtry/Cd", "SCOR")
        structured.add("Ref", identifier(references[0], f"{where}/RmtInf/Strd/CdtrRefInf/Ref"))
        return
    element.optional("RmtInf/Ustrd", purpose(transfer.remittance.words, f"{where}/RmtInf/Ustrd"))

"""The payments within an entry of camt.05x: references, the other side, what it is for, why it came back."""

from __future__ import annotations

from decimal import Decimal

from hilum.formats.banking import Detail, Party, Remittance
from hilum.formats.iso20022.document import Node

NOTHING = frozenset({"NOTPROVIDED", "NONREF"})


def detail_of(node: Node, sign: int, currency: str) -> Detail:
    """One TxDtls; `sign` is that of the entry, and holds where the detail has none of its own."""
    amount, own_currency = _amount(node, currency)
    own = node.text("CdtDbtInd")
    sign = {"CRDT": 1, "DBIT": -1}.get(own, sign)
    references = node.first("Refs")
    return Detail(
        amount=amount * sign if amount is not None else None,
        currency=own_currency,
        **({} if references is None else _references(references)),
        code=code_of(node),
        party=_counterpart(node, sign),
        remittance=remittance_of(node.first("RmtInf")),
        return_code=node.text("RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry", "RtrInf/RtrRsn/Cd", "RtrInf/RtrRsn/Prtry"),
        return_words=" ".join(node.texts("RtrInf/AddtlInf", "RtrInf/AddtlRtrRsnInf")),
    )


def code_of(node: Node) -> str:
    """Bank transaction code: `PMNT-RCDT-ESCT`; the bank's own where there is no other."""
    domain = node.first("BkTxCd/Domn")
    if domain is not None:
        return "-".join(part for part in (domain.text("Cd"), *domain.texts("Fmly/Cd", "Fmly/SubFmlyCd")) if part)
    return node.text("BkTxCd/Prtry/Cd")


def _amount(node: Node, currency: str) -> tuple[Decimal | None, str]:
    """In the entry's currency where one of the amounts is; else as the bank gives it first."""
    paths = ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt")
    found = [each.money() for path in paths for each in node.each(path)]
    same = [each for each in found if each[1] == currency and each[0]]
    return next(iter(same or found), (None, ""))


def _references(refs: Node) -> dict[str, str]:
    found = {
        "end_to_end_id": refs.text("EndToEndId"),
        "transaction_id": refs.text("TxId", "UETR"),
        "instruction_id": refs.text("InstrId"),
        "payment_id": refs.text("PmtInfId"),
        "message_id": refs.text("MsgId"),
        "mandate_id": refs.text("MndtId"),
        "reference": refs.text("AcctSvcrRef"),
    }
    return {name: text for name, text in found.items() if text not in NOTHING}


def _counterpart(node: Node, sign: int) -> Party:
    """Money that came in: from the debtor; that went out: to the creditor. The ultimate one names it where told.

    What comes back keeps the roles of the payment that it was.
    """
    parties = node.first("RltdPties")
    role, other = ("Dbtr", "Cdtr") if sign > 0 else ("Cdtr", "Dbtr")
    if node.first("RtrInf") is not None and parties is not None and parties.first(other, f"{other}Acct") is not None:
        role = other
    agent = f"{role}Agt"
    if parties is None:
        return Party(bank=bank_of(node.first(f"RltdAgts/{agent}")))
    # Since version 8 a party is wrapped: Pty, or Agt where a bank pays for itself.
    name = parties.text(f"{role}/Pty/Nm", f"{role}/Nm", f"{role}/Agt/FinInstnId/Nm", f"Ultmt{role}/Pty/Nm")
    ids = [f"{role}/{wrap}Id/{which}/{path}" for wrap in ("Pty/", "") for which in ("OrgId", "PrvtId") for path in _IDS]
    account = parties.first(f"{role}Acct")
    return Party(
        name=name or parties.text(f"Ultmt{role}/Nm"),
        account=account.text("Id/IBAN", "Id/Othr/Id", "Id/PrtryAcct/Id", "Id/BBAN") if account is not None else "",
        bank=bank_of(node.first(f"RltdAgts/{agent}")),
        identity=parties.text(*ids),
    )


_IDS = ("Othr/Id", "AnyBIC", "BICOrBEI", "PrtryId/Id")


def bank_of(agent: Node | None) -> str:
    """BIC of a bank, else its clearing number; empty where neither is told."""
    if agent is None:
        return ""
    names = ("BICFI", "BIC", "ClrSysMmbId/MmbId", "CmbndId/BIC", "Othr/Id")
    found = agent.text(*(f"FinInstnId/{name}" for name in names))
    return "" if found in NOTHING else found


def remittance_of(node: Node | None) -> Remittance:
    """RmtInf: free text, references of the creditor, numbers of documents."""
    if node is None:
        return Remittance()
    return Remittance(
        texts=(*node.texts("Ustrd"), *node.texts("Strd/AddtlRmtInf")),
        references=node.texts("Strd/CdtrRefInf/Ref", "Strd/CdtrRefInf/CdtrRef"),
        documents=node.texts("Strd/RfrdDocInf/Nb", "Strd/RfrdDocInf/RfrdDocNb"),
    )

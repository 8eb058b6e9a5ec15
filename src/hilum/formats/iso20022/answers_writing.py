"""Writing what a bank sends: camt.052, camt.053, camt.054 and pain.002, for a simulated bank and for tests."""

from __future__ import annotations

from datetime import UTC, datetime

from hilum.errors import Invalid
from hilum.formats.banking import Balance, BalanceKind, Detail, Entry, EntryStatus, Report, Statement, StatementKind
from hilum.formats.iso20022.building import Writer, encoded, message, time_of
from hilum.formats.iso20022.status import Status, StatusReport

# Kind → message, element of the message, element of an account's part.
_MESSAGES = {
    StatementKind.REPORT: ("camt.052", "BkToCstmrAcctRpt", "Rpt"),
    StatementKind.STATEMENT: ("camt.053", "BkToCstmrStmt", "Stmt"),
    StatementKind.NOTIFICATION: ("camt.054", "BkToCstmrDbtCdtNtfctn", "Ntfctn"),
}
_BALANCES = {
    BalanceKind.OPENING: "OPBD",
    BalanceKind.CLOSING: "CLBD",
    BalanceKind.OPENING_AVAILABLE: "OPAV",
    BalanceKind.CLOSING_AVAILABLE: "CLAV",
    BalanceKind.FORWARD_AVAILABLE: "FWAV",
    BalanceKind.INTERIM: "ITBD",
}
_STATUSES = {
    EntryStatus.BOOKED: "BOOK",
    EntryStatus.PENDING: "PDNG",
    EntryStatus.FUTURE: "FUTR",
    EntryStatus.INFORMATION: "INFO",
}


def write_statements(report: Report, *, version: int = 8) -> bytes:
    """camt.052, .053 or .054, by the kind of its statements, of version 2 to 8. Raises `Invalid`."""
    kinds = {statement.kind for statement in report.statements}
    if len(kinds) != 1 or not 2 <= version <= 8:
        raise Invalid("a message has statements of one kind, and is written in version 2 to 8")
    kind, name, part = _MESSAGES[kinds.pop()]
    document, body = message(kind, version, name)
    header = body.add("GrpHdr")
    header.add("MsgId", report.number)
    header.add("CreDtTm", time_of(report.created_at or datetime.now(UTC)))
    for statement in report.statements:
        _statement(body.add(part), statement)
    return encoded(document)


def _statement(element: Writer, statement: Statement) -> None:
    element.add("Id", statement.number)
    if statement.created_at is not None:
        element.add("CreDtTm", time_of(statement.created_at))
    if statement.from_day is not None and statement.to_day is not None:
        period = element.add("FrToDt")
        period.add("FrDtTm", f"{statement.from_day}T00:00:00")
        period.add("ToDtTm", f"{statement.to_day}T23:59:59")
    account = element.account("Acct", statement.account)
    account.optional("Ccy", statement.currency)
    account.optional("Ownr/Nm", statement.owner)
    for balance in statement.balances:
        _balance(element.add("Bal"), balance)
    for entry in statement.entries:
        _entry(element.add("Ntry"), entry)
    element.optional(f"Addtl{element.element.tag.rpartition('}')[2]}Inf", statement.words)


def _balance(element: Writer, balance: Balance) -> None:
    code = _BALANCES.get(balance.kind)
    element.add("Tp/CdOrPrtry/Cd" if code else "Tp/CdOrPrtry/Prtry", code or balance.code)
    element.money("Amt", balance.amount, balance.currency)
    element.add("CdtDbtInd", _indicator(balance.amount >= 0))
    if balance.day is not None:
        element.add("Dt/Dt", balance.day.isoformat())


def _indicator(credit: bool) -> str:
    return "CRDT" if credit else "DBIT"


def _entry(element: Writer, entry: Entry) -> None:
    element.optional("NtryRef", entry.customer_reference)
    element.money("Amt", entry.amount, entry.currency)
    element.add("CdtDbtInd", _indicator(entry.amount >= 0))
    if entry.reversal:
        element.add("RvslInd", "true")
    element.add("Sts/Cd" if element.version >= 7 else "Sts", _STATUSES[entry.status])
    if entry.booked_on is not None:
        element.add("BookgDt/Dt", entry.booked_on.isoformat())
    if entry.value_on is not None:
        element.add("ValDt/Dt", entry.value_on.isoformat())
    element.optional("AcctSvcrRef", entry.reference)
    _code(element, entry.code)
    if entry.details or entry.batch_count is not None:
        details = element.add("NtryDtls")
        if entry.batch_count is not None:
            details.add("Btch/NbOfTxs", str(entry.batch_count))
        for detail in entry.details:
            _detail(details.add("TxDtls"), detail, credit=entry.amount >= 0)
    element.optional("AddtlNtryInf", entry.words)


def _code(element: Writer, code: str) -> None:
    parts = code.split("-")
    code_element = element.add("BkTxCd")
    if len(parts) != 3:
        code_element.add("Prtry/Cd", code or "NTAV")
        return
    domain = code_element.add("Domn")
    domain.add("Cd", parts[0])
    family = domain.add("Fmly")
    family.add("Cd", parts[1])
    family.add("SubFmlyCd", parts[2])


def _detail(element: Writer, detail: Detail, *, credit: bool) -> None:
    references = {
        "MsgId": detail.message_id,
        "AcctSvcrRef": detail.reference,
        "PmtInfId": detail.payment_id,
        "InstrId": detail.instruction_id,
        "EndToEndId": detail.end_to_end_id,
        "TxId": detail.transaction_id,
        "MndtId": detail.mandate_id,
    }
    if any(references.values()):
        refs = element.add("Refs")
        for name, text in references.items():
            refs.optional(name, text)
    if detail.amount is not None:
        credit = detail.amount >= 0
        # Before version 3 an amount of its own has no place but the amount of the transaction, without a sign.
        element.money("Amt" if element.version >= 3 else "AmtDtls/TxAmt/Amt", detail.amount, detail.currency)
        if element.version >= 3:
            element.add("CdtDbtInd", _indicator(credit))
    if detail.code:
        _code(element, detail.code)
    _counterpart(element, detail, "Dbtr" if credit else "Cdtr")
    _remittance(element, detail)
    if detail.return_code:
        back = element.add("RtrInf")
        back.add("Rsn/Cd", detail.return_code)
        back.optional("AddtlInf", detail.return_words)


def _counterpart(element: Writer, detail: Detail, role: str) -> None:
    party = detail.party
    if party.name or party.account or party.identity:
        parties = element.add("RltdPties")
        if party.name or party.identity:
            who = parties.add(f"{role}/Pty" if element.version >= 7 else role)
            who.optional("Nm", party.name)
            who.optional("Id/OrgId/Othr/Id", party.identity)
        if party.account:
            parties.account(f"{role}Acct", party.account)
    if party.bank:
        element.add("RltdAgts").bank(f"{role}Agt", party, bic="BICFI" if element.version >= 3 else "BIC")


def _remittance(element: Writer, detail: Detail) -> None:
    told = detail.remittance
    if not (told.texts or told.references or told.documents):
        return
    remittance = element.add("RmtInf")
    for text in told.texts:
        remittance.add("Ustrd", text)
    for number in told.documents:
        remittance.add("Strd/RfrdDocInf/Nb", number)
    for reference in told.references:
        remittance.add("Strd/CdtrRefInf/Ref", reference)


def write_status(report: StatusReport, *, version: int = 10) -> bytes:
    """pain.002 of version 3 to 10, the runs in the order of their first status. Raises `Invalid`."""
    if not 3 <= version <= 10:
        raise Invalid("pain.002 is written in version 3 to 10")
    document, body = message("pain.002", version, "CstmrPmtStsRpt")
    header = body.add("GrpHdr")
    header.add("MsgId", report.number)
    header.add("CreDtTm", time_of(report.created_at or datetime.now(UTC)))
    group = body.add("OrgnlGrpInfAndSts")
    group.add("OrgnlMsgId", report.original)
    group.add("OrgnlMsgNmId", report.original_kind)
    for status in report.statuses:
        if status.level == "message":
            _status(group, status, "GrpSts")
    for run in dict.fromkeys(each.run or each.number for each in report.statuses if each.level != "message"):
        _run(body.add("OrgnlPmtInfAndSts"), run, report)
    return encoded(document)


def _run(element: Writer, run: str, report: StatusReport) -> None:
    element.add("OrgnlPmtInfId", run)
    for status in report.statuses:
        if status.level == "run" and status.number == run:
            _status(element, status, "PmtInfSts")
    for status in report.statuses:
        if status.level == "payment" and status.run == run:
            payment = element.add("TxInfAndSts")
            payment.optional("OrgnlInstrId", status.instruction_id)
            payment.optional("OrgnlEndToEndId", status.number)
            _status(payment, status, "TxSts")


def _status(element: Writer, status: Status, name: str) -> None:
    element.optional(name, status.code)
    for reason in status.reasons:
        told = element.add("StsRsnInf")
        if reason.code:
            told.add("Rsn/Cd" if len(reason.code) == 4 else "Rsn/Prtry", reason.code)
        for text in reason.additional:
            told.add("AddtlInf", text)

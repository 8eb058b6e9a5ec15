"""camt.052, camt.053 and camt.054 of all versions since the first: what a bank reports of accounts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from hilum.errors import Invalid
from hilum.formats.banking import (
    Balance,
    BalanceKind,
    Entry,
    EntryStatus,
    Problem,
    Report,
    Statement,
    StatementKind,
)
from hilum.formats.iso20022.details import bank_of, code_of, detail_of
from hilum.formats.iso20022.document import Document, Node

# Message → element of an account's part, and what it is. Version 1 has other names of the messages, not of these.
PARTS: Mapping[str, tuple[str, StatementKind]] = MappingProxyType(
    {
        "camt.052": ("Rpt", StatementKind.REPORT),
        "camt.053": ("Stmt", StatementKind.STATEMENT),
        "camt.054": ("Ntfctn", StatementKind.NOTIFICATION),
    }
)

# ExternalBalanceType1Code. PRCD, the closing balance of the statement before, is the opening one of this.
_BALANCES = {
    "OPBD": BalanceKind.OPENING,
    "PRCD": BalanceKind.OPENING,
    "CLBD": BalanceKind.CLOSING,
    "ITBD": BalanceKind.INTERIM,
    "OPAV": BalanceKind.OPENING_AVAILABLE,
    "CLAV": BalanceKind.CLOSING_AVAILABLE,
    "FWAV": BalanceKind.FORWARD_AVAILABLE,
}

# ExternalEntryStatus1Code
_STATUSES = {
    "BOOK": EntryStatus.BOOKED,
    "PDNG": EntryStatus.PENDING,
    "FUTR": EntryStatus.FUTURE,
    "INFO": EntryStatus.INFORMATION,
}


def read_statements(document: Document) -> Report:
    """The accounts of the message. Raises `Invalid` naming the element."""
    name, kind = PARTS[document.kind]
    header, body = document.body.need("GrpHdr"), document.body
    return Report(
        number=header.text("MsgId"),
        created_at=header.moment("CreDtTm"),
        statements=tuple(_statement(part, kind) for part in body.each(name)),
    )


def _statement(part: Node, kind: StatementKind) -> Statement:
    account = part.need("Acct")
    path = part.path
    entries = tuple(_entry(node, position, path) for position, node in enumerate(part.each("Ntry"), 1))
    balances = _balances(part)
    told = {balance.currency for balance in balances if balance.kind is BalanceKind.OPENING}
    return Statement(
        kind=kind,
        where=part.where,
        account=account_of(account),
        currency=account.text("Ccy") or next(iter(told), "") or next((entry.currency for entry in entries), ""),
        number=part.text("Id"),
        page=part.text("StmtPgntn/PgNb", "RptPgntn/PgNb", "NtfctnPgntn/PgNb"),
        owner=account.text("Ownr/Nm", "Nm"),
        bank=bank_of(account.first("Svcr")),
        created_at=part.moment("CreDtTm"),
        from_day=part.day("FrToDt/FrDtTm", "FrToDt/FrDt"),
        to_day=part.day("FrToDt/ToDtTm", "FrToDt/ToDt"),
        balances=balances,
        entries=entries,
        words=part.text("AddtlStmtInf", "AddtlRptInf", "AddtlNtfctnInf"),
        claims=tuple(_claims(part, entries)),
    )


def account_of(account: Node) -> str:
    """IBAN or another number of an account; version 1 writes it in PrtryAcct or BBAN. Raises `Invalid`."""
    found = account.text("Id/IBAN", "Id/Othr/Id", "Id/PrtryAcct/Id", "Id/BBAN", "Id/UPIC")
    if not found:
        raise Invalid("the account has neither an IBAN nor another number", where=account.where)
    return found


def _balances(part: Node) -> tuple[Balance, ...]:
    """As they stand there; of a page, the first interim balance opens and the last one closes where no other does."""
    found = [_balance(node) for node in part.each("Bal")]
    interim = [each for each in found if each.kind is BalanceKind.INTERIM]
    made = [each for each in found if each.kind is not BalanceKind.INTERIM]
    kinds = {each.kind for each in found}
    if interim and BalanceKind.OPENING not in kinds:
        made.append(_as(interim.pop(0), BalanceKind.OPENING))
    if interim and BalanceKind.CLOSING not in kinds:
        made.append(_as(interim.pop(), BalanceKind.CLOSING))
    return (*made, *interim)


def _as(balance: Balance, kind: BalanceKind) -> Balance:
    return Balance(
        kind=kind,
        code=balance.code,
        amount=balance.amount,
        currency=balance.currency,
        day=balance.day,
        intermediate=True,
    )


def _balance(node: Node) -> Balance:
    code = node.text("Tp/CdOrPrtry/Cd", "Tp/CdOrPrtry/Prtry", "Tp/Cd")
    amount, currency = node.need("Amt").money()
    kind = _BALANCES.get(code, BalanceKind.OTHER)
    return Balance(
        kind=kind, code=code, amount=amount * sign_of(node), currency=currency, day=node.day("Dt/Dt", "Dt/DtTm", "Dt")
    )


def sign_of(node: Node) -> int:
    """1 of what came in (CRDT), -1 of what went out (DBIT). Raises `Invalid`."""
    indicator = node.need("CdtDbtInd")
    if indicator.text() not in ("CRDT", "DBIT"):
        raise Invalid("CRDT or DBIT is expected", where=indicator.where)
    return 1 if indicator.text() == "CRDT" else -1


def _entry(node: Node, position: int, parent: str) -> Entry:
    sign = sign_of(node)
    amount, currency = node.need("Amt").money()
    status = node.need("Sts")
    code = status.text("Cd", "Prtry") or status.text()
    if code not in _STATUSES:
        raise Invalid("the status of the entry is none of BOOK, PDNG, FUTR and INFO", where=status.where)
    # Version 1 and some banks tell the batch beside the details.
    batch = node.first("NtryDtls/Btch/NbOfTxs", "Btch/NbOfTxs")
    return Entry(
        position=position,
        where=node.at(parent, position),
        amount=sign * amount,
        currency=currency,
        status=_STATUSES[code],
        reversal=node.text("RvslInd") in ("true", "1"),
        booked_on=node.day("BookgDt/Dt", "BookgDt/DtTm"),
        value_on=node.day("ValDt/Dt", "ValDt/DtTm"),
        reference=node.text("AcctSvcrRef"),
        customer_reference=node.text("NtryRef"),
        code=code_of(node),
        words=node.text("AddtlNtryInf"),
        batch_count=batch.count() if batch is not None else None,
        details=tuple(detail_of(each, sign, currency) for each in _details(node)),
    )


def _details(node: Node) -> tuple[Node, ...]:
    return (*node.each("NtryDtls/TxDtls"), *node.each("TxDtls"))


def _claims(part: Node, entries: tuple[Entry, ...]) -> list[Problem]:
    """What TxsSummry says of all entries, compared with them."""
    found = []
    count = part.first("TxsSummry/TtlNtries/NbOfNtries")
    if count is not None and count.count() != len(entries):
        found.append(Problem(where=count.where, words=f"another number of entries; there are {len(entries)}"))
    total = part.first("TxsSummry/TtlNtries/Sum")
    if total is not None and total.number() != sum((abs(each.amount) for each in entries), Decimal(0)):
        found.append(Problem(where=total.where, words="this is not the sum of the entries"))
    return found

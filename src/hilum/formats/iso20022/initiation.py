"""pain.001, orders to pay: what they are made of, and reading them in all versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from hilum.errors import Invalid
from hilum.formats.banking import UNSAID, Party, Problem, Remittance
from hilum.formats.iso20022.details import bank_of, remittance_of
from hilum.formats.iso20022.document import Document, Node
from hilum.formats.iso20022.statements import account_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Transfer:
    """One payment to a creditor."""

    end_to_end_id: str  # it comes back in the status and on the statements of both sides
    instruction_id: str = ""  # between the sender and its bank only
    amount: Decimal
    currency: str
    creditor: Party
    remittance: Remittance = UNSAID
    where: str = ""  # place in the message, for errors


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentRun:
    """Payments from one account on one day (PmtInf)."""

    number: str  # PmtInfId
    execute_on: date
    debtor: Party
    transfers: tuple[Transfer, ...]
    batch_booking: bool | None = None  # one booking for all; none: as agreed with the bank
    charges: str = ""  # who pays the banks' fees: SLEV, SHAR, DEBT, CRED
    service_level: str = ""  # SEPA, URGP, …
    method: str = "TRF"

    @property
    def total(self) -> Decimal:
        """The control sum: amounts added, whatever their currencies."""
        return sum((transfer.amount for transfer in self.transfers), Decimal(0))


@dataclass(frozen=True, kw_only=True, slots=True)
class Initiation:
    """A file of payment orders."""

    number: str  # MsgId: the bank takes no number twice
    created_at: datetime
    initiator: str = field(repr=False)  # name of who sends it
    runs: tuple[PaymentRun, ...]
    claims: tuple[Problem, ...] = ()

    @property
    def transfers(self) -> Sequence[Transfer]:
        """The payments of all runs."""
        return [transfer for run in self.runs for transfer in run.transfers]

    def problems(self) -> list[Problem]:
        """Counts and control sums that do not agree with the payments."""
        return list(self.claims)


def read_initiation(document: Document) -> Initiation:
    """The orders of the message. Raises `Invalid` naming the element."""
    body = document.body
    header = body.need("GrpHdr")
    created = header.moment("CreDtTm")
    if created is None:
        raise Invalid("the time of creation (CreDtTm) is missing", where=header.where)
    nodes = list(body.each("PmtInf"))
    runs = tuple(_run(node) for node in nodes)
    claims = [problem for node, run in zip(nodes, runs, strict=True) for problem in _claims(node, run.transfers)]
    transfers = [transfer for run in runs for transfer in run.transfers]
    return Initiation(
        number=header.text("MsgId"),
        created_at=created,
        initiator=header.text("InitgPty/Nm"),
        runs=runs,
        claims=(*_claims(header, transfers), *claims),
    )


def _claims(node: Node, transfers: Sequence[Transfer]) -> list[Problem]:
    found = []
    count = node.first("NbOfTxs")
    if count is not None and count.count() != len(transfers):
        found.append(Problem(where=count.where, words=f"another number of payments; there are {len(transfers)}"))
    total = node.first("CtrlSum")
    if total is not None and total.number() != sum((each.amount for each in transfers), Decimal(0)):
        found.append(Problem(where=total.where, words="the control sum is not the sum of the payments"))
    return found


def _run(node: Node) -> PaymentRun:
    path = node.path
    execute_on = node.day("ReqdExctnDt/Dt", "ReqdExctnDt/DtTm", "ReqdExctnDt")
    if execute_on is None:
        raise Invalid("the day of execution (ReqdExctnDt) is missing", where=node.where)
    return PaymentRun(
        number=node.text("PmtInfId"),
        execute_on=execute_on,
        debtor=_party(node, "Dbtr"),
        transfers=tuple(_transfer(each, path, number) for number, each in enumerate(node.each("CdtTrfTxInf"), 1)),
        batch_booking={"true": True, "1": True, "false": False, "0": False}.get(node.text("BtchBookg")),
        charges=node.text("ChrgBr"),
        service_level=node.text("PmtTpInf/SvcLvl/Cd", "PmtTpInf/SvcLvl/Prtry"),
        method=node.text("PmtMtd"),
    )


def _transfer(node: Node, parent: str, number: int) -> Transfer:
    # An equivalent amount is in the currency of the account, and the bank converts it.
    amount, currency = node.need("Amt/InstdAmt", "Amt/EqvtAmt/Amt").money()
    return Transfer(
        end_to_end_id=node.text("PmtId/EndToEndId"),
        instruction_id=node.text("PmtId/InstrId"),
        amount=amount,
        currency=currency,
        creditor=_party(node, "Cdtr"),
        remittance=remittance_of(node.first("RmtInf")),
        where=node.at(parent, number),
    )


def _party(node: Node, role: str) -> Party:
    account = node.first(f"{role}Acct")
    ids = [f"{role}/Id/{which}/{path}" for which in ("OrgId", "PrvtId") for path in ("Othr/Id", "AnyBIC", "BICOrBEI")]
    return Party(
        name=node.text(f"{role}/Nm"),
        account=account_of(account) if account is not None else "",  # none: paid by cheque
        bank=bank_of(node.first(f"{role}Agt")),
        identity=node.text(*ids),
    )

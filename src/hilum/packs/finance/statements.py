"""A statement of a bank becomes a statement and its transactions in the books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import blake2b

from hilum.canonical import BankStatement, BankTransaction, StatementLine
from hilum.connector import Source, Target
from hilum.connectors import odoo as to_odoo
from hilum.errors import Invalid, Refused
from hilum.flow import Criticality, DataClass, Flow, Lookup, Owners, Slo
from hilum.formats.banking import Detail, Entry, Report, Statement, StatementKind
from hilum.formats.iso20022 import RETURNS, reason_words
from hilum.packs.building import make, mapped, targets_in

Seen = Counter[tuple[str, str]]
"""How often a reference of an account was there in the file."""

OWNERS = Owners(business="Treasury", technical="Integration")


def bank_statements(
    *,
    source: Source,
    format: str = "iso20022",
    odoo: str | None = "odoo.main",
    name: str = "finance.bank_statements",
    owners: Owners = OWNERS,
    split_batches: bool = False,
    also: Sequence[Target] = (),
) -> Flow:
    """camt.053 (`iso20022`), `mt940` or `bai2` → `BankTransaction` for each booked entry; `BankStatement` for `also`.

    - Journal: the account through the table `bank_accounts`.
    - A statement whose totals or balances do not agree is held whole: nothing of it is booked.
    - Reports of the day and notifications (camt.052, camt.054, MT942) are `Refused`: the statement tells them again.
      Payments can be settled by camt.054 all the same (`bank_notifications`).
    - `split_batches`: a batch whose payments come to its amount is a transaction for each payment.

    Transactions have the bank's reference with day and statement, so that the same statement again changes nothing.
    """
    flow = Flow(
        name,
        version="1.0",
        summary="Booked entries of bank statements become transactions of the bank journals in Odoo",
        owners=owners,
        data_class=DataClass.CONFIDENTIAL,
        criticality=Criticality.HIGH,
        slo=Slo(percent=99, within="15m"),
        retention="P10Y",
        source=source,
        format=format,
        order_by=account_of,
        runbook="An unmapped account: add its row to lookups/bank_accounts.csv, then replay. "
        "Totals that do not agree: ask the bank for the file again.",
    )

    @flow.translate
    def booked(found: object, hub: Lookup) -> Iterator[BankStatement | BankTransaction]:
        # Pages and groups of one file may tell of one account: a reference counts through all of them.
        seen: Seen = Counter()
        for statement in checked(found):
            journal = mapped(hub, "bank_accounts", statement.account)
            yield from _wanted(statement, journal, flow.targets, seen, split_batches=split_batches)

    flow.deliver_to(*targets_in(odoo, (to_odoo.bank_transaction,), also))
    return flow


def account_of(found: Report) -> str:
    """For `order_by`."""
    return found.statements[0].account


def checked(found: object) -> Sequence[Statement]:
    """The statements of a file. Raises `Refused` for other messages, `Invalid` where totals do not agree."""
    if not isinstance(found, Report):
        raise Refused("This message is no statement of an account; this flow takes camt.053, MT940 and BAI2.")
    for statement in found.statements:
        if statement.kind is not StatementKind.STATEMENT:
            raise Refused(
                f"{statement.where}: this is a {statement.kind.value} of the day, no statement: "
                "its entries come again with the statement and would be booked twice."
            )
    for problem in found.problems():
        raise Invalid(problem.words, where=problem.where)
    return found.statements


def _wanted(
    statement: Statement, journal: str, targets: Sequence[Target], seen: Seen, *, split_batches: bool
) -> Iterator[BankStatement | BankTransaction]:
    """What a target takes: the statement first, then its transactions."""
    if any(issubclass(BankStatement, target.accepts) for target in targets):
        yield statement_of(statement, seen.copy())
    for transaction in transactions_of(statement, journal, seen, split_batches=split_batches):
        if any(target.takes(transaction) for target in targets):
            yield transaction


def transactions_of(
    statement: Statement, journal: str, seen: Seen | None = None, *, split_batches: bool = False
) -> Iterator[BankTransaction]:
    """The booked entries as transactions of a journal. Raises `Invalid`.

    `seen` is one for all statements of a file: it is added to, so that no two entries have one number.
    """
    counted: Seen = Counter() if seen is None else seen
    for reference, entry, detail in _lines(statement, counted, split_batches=split_batches):
        yield make(
            BankTransaction,
            entry.where,
            journal=journal,
            number=reference,
            booked_on=entry.booked_on or statement.to_day,
            amount=detail.amount if split_batches and detail.amount is not None else entry.amount,
            currency=entry.currency,
            words=_words(entry, detail),
            party_name=detail.party.name,
            party_account=detail.party.account,
            bank_reference=entry.reference,
            end_to_end_id=detail.end_to_end_id,
            return_reason=_return_reason(detail),
        )


def statement_of(statement: Statement, seen: Seen | None = None) -> BankStatement:
    """The statement with its booked entries; `seen` as for `transactions_of`.

    Raises `Invalid`, also where it has no balances.
    """
    counted: Seen = Counter() if seen is None else seen
    opening, closing = statement.opening, statement.closing
    if opening is None or closing is None:
        raise Invalid("the statement has no opening or no closing balance", where=statement.where)
    return make(
        BankStatement,
        statement.where,
        account=statement.account,
        number="/".join(part for part in (statement.number, statement.page) if part),
        currency=opening.currency,
        from_day=statement.from_day or opening.day,
        to_day=statement.to_day or closing.day,
        opening=opening.amount,
        closing=closing.amount,
        lines=tuple(
            make(
                StatementLine,
                entry.where,
                reference=reference,
                booked_on=entry.booked_on or statement.to_day or closing.day,
                value_on=entry.value_on,
                amount=entry.amount,
                partner=detail.party.name,
                partner_account=detail.party.account,
                purpose=_words(entry, detail),
            )
            for reference, entry, detail in _lines(statement, counted, split_batches=False)
        ),
    )


def _lines(statement: Statement, seen: Seen, *, split_batches: bool) -> Iterator[tuple[str, Entry, Detail]]:
    """Reference, entry and detail of each line. A detail of a batch that is not split names nobody.

    Banks use a reference again on other days, in other statements, and some for several entries of a day; without one,
    the place in the statement counts.
    """
    told = _identity(statement)
    for entry in statement.booked:
        day = entry.booked_on or statement.to_day
        own = f"{told}-{entry.reference or entry.position}"
        base = f"{day:%Y%m%d}-{own}" if day else own
        split = split_batches and len(entry.details) > 1 and entry.details_add_up
        single = entry.details[0] if len(entry.details) == 1 else Detail()
        details = entry.details if split else (_whole(single, entry),)
        for detail in details:
            times = seen[(statement.account, base)] = seen[(statement.account, base)] + 1
            yield base if times == 1 else f"{base}-{times}", entry, detail


def _identity(statement: Statement) -> str:
    """What tells a statement from others of its account: its number, or, where the bank gives none, what is in it.

    The same statement in another file has the same; two without a number differ unless all their entries are equal.
    """
    if statement.number.strip("0"):
        return "/".join(part for part in (statement.number, statement.page) if part)
    balances = [f"{each.kind} {each.amount}" for each in statement.balances]
    entries = [f"{entry.booked_on} {entry.reference} {entry.amount}" for entry in statement.booked]
    content = "\n".join([f"{statement.from_day} {statement.to_day}", *balances, *entries])
    return blake2b(content.encode(), digest_size=5).hexdigest()


def _whole(detail: Detail, entry: Entry) -> Detail:
    """The detail for the whole entry: its own amount may be in another currency, or before charges."""
    return Detail(
        amount=entry.amount,
        currency=entry.currency,
        end_to_end_id=detail.end_to_end_id,
        party=detail.party,
        remittance=detail.remittance,
        return_code=detail.return_code,
        return_words=detail.return_words,
    )


def _return_reason(detail: Detail) -> str:
    """Why a payment came back, in words; empty: it did not."""
    return ": ".join(part for part in (reason_words(detail.return_code, RETURNS), detail.return_words) if part)


def _words(entry: Entry, detail: Detail) -> str:
    found = detail.remittance.words or entry.words
    parts = (found, detail.end_to_end_id, "" if found else entry.code)
    return " ".join(dict.fromkeys(part for part in parts if part))[:2000] or "bank transaction"

"""Notifications of a bank (camt.054) go to the settlement of payments, hours before the statement tells them again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from hilum.canonical import BankTransaction
from hilum.connector import Source, Target
from hilum.errors import Invalid, Refused
from hilum.flow import Criticality, DataClass, Flow, Lookup, Owners, Slo
from hilum.formats.banking import Report, StatementKind
from hilum.packs.building import mapped
from hilum.packs.finance.statements import OWNERS, Seen, account_of, transactions_of


def bank_notifications(
    *, source: Source, to: Sequence[Target], name: str = "finance.bank_notifications", owners: Owners = OWNERS
) -> Flow:
    """camt.054 → `BankTransaction` for each booked entry, and each payment of a batch; for `handle(settlement)`.

    Journal: the account through the table `bank_accounts`. What is told here is marked `notified`: the settlement
    knows it again on the statement, and it makes no line of a statement in the ledger.
    """
    flow = Flow(
        name,
        version="1.0",
        summary="What a bank notifies of an account comes to the payments that it is of",
        owners=owners,
        data_class=DataClass.CONFIDENTIAL,
        criticality=Criticality.HIGH,
        slo=Slo(percent=99, within="15m"),
        retention="P10Y",
        source=source,
        format="iso20022",
        order_by=account_of,
        runbook="An unmapped account: add its row to lookups/bank_accounts.csv, then replay.",
    )

    @flow.translate
    def notified(found: object, hub: Lookup) -> Iterator[BankTransaction]:
        if not isinstance(found, Report) or any(x.kind is not StatementKind.NOTIFICATION for x in found.statements):
            raise Refused("This message is no notification; this flow takes camt.054.")
        for problem in found.problems():
            raise Invalid(problem.words, where=problem.where)
        seen: Seen = Counter()
        for each in found.statements:
            journal = mapped(hub, "bank_accounts", each.account)
            for told in transactions_of(each, journal, seen, split_batches=True):
                yield told.model_copy(update={"number": f"N-{told.number}", "notified": True})

    flow.deliver_to(*to)
    return flow

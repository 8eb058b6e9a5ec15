"""An account of the ledger becomes an account of Odoo's chart; one that is there with this code is taken over.

Odoo's types are finer than those of most ledgers. A new account gets the plainest type of its kind; the type of one
that is there stays as long as it is of that kind, because an accountant chose it: `asset_receivable` is an asset. A
kind that differs is a person's decision, and holds the account.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from hilum.canonical import AccountType, LedgerAccount
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.base import Needs, found, joined
from hilum.connectors.odoo.operations.documents import CONFLICT
from hilum.connectors.odoo.operations.grouping import AdoptingUpsert
from hilum.connectors.odoo.references import LEDGER_ACCOUNT, MISSING
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task, cell
from hilum.errors import Rejected

_TYPE: Final = "account_type"
_PLAIN: Final[Mapping[AccountType, str]] = {
    AccountType.ASSET: "asset_current",
    AccountType.LIABILITY: "liability_current",
    AccountType.EQUITY: "equity",
    AccountType.INCOME: "income",
    AccountType.EXPENSE: "expense",
}
_MATCHED: Final = "Odoo matches the items of every receivable and payable account: it stays so."
_DUE: Final = ("asset_receivable", "liability_payable")


class UpsertLedgerAccount(AdoptingUpsert):
    """LedgerAccount → account.account."""

    name: ClassVar[str] = "ledger_account"
    accepts: ClassVar[tuple[type, ...]] = (LedgerAccount,)
    needs: ClassVar[Needs] = {"account.account": ("code", "name", _TYPE, "reconcile", "currency_id")}
    model = LEDGER_ACCOUNT.model
    kind = LEDGER_ACCOUNT.kind
    noun = LEDGER_ACCOUNT.noun
    natural = ("code",)

    def key_of(self, thing: LedgerAccount) -> str:
        """See `Upsert.key_of`: the code, by which entries name it. The chart is that of the user's company."""
        return thing.code

    def needed(self, names: Dialect) -> Needs:
        """See `Operation.needed`."""
        return joined(self.needs, {self.model: (names.account_retired or "active",)})

    async def values(self, session: Session, thing: LedgerAccount, task: Task) -> Mapping[str, Any]:
        """See `Upsert.values`."""
        await _check_company(session, thing)
        now = await _there(session, thing)
        currency = found(await session.currency(thing.currency)) if thing.currency else None
        retired = session.client.dialect.account_retired
        kept = now is not None and now[_TYPE] in _DUE
        if kept and not thing.reconciled:
            task.remarks.append(_MATCHED)
        return {
            "code": thing.code,
            "name": thing.title,
            _TYPE: _type(thing, now),
            "reconcile": None if kept else thing.reconciled,
            "currency_id/.id": cell(currency),
            **({retired: not thing.active} if retired else {"active": thing.active}),
        }

    def plain(self, record: Record) -> dict[str, Any]:
        """See `AdoptingUpsert.plain`."""
        flags = {name: text == "1" for name, text in record.head.items() if name in ("reconcile", "deprecated")}
        return {**super().plain(record), **flags}


def _type(thing: LedgerAccount, now: Row | None) -> str | None:
    """The type of a new account; None: the one that it has is right. Raises `Rejected`."""
    wanted = _PLAIN[thing.account_type]
    if now is None:
        return wanted
    if str(now[_TYPE]).partition("_")[0] == thing.account_type.value:
        return None
    words = f"The account {thing.code} is of another kind in Odoo ({now[_TYPE]}) than {thing.account_type.value}."
    raise Rejected(CONFLICT, f"{words} It may have entries, so an accountant decides there; then replay.")


async def _there(session: Session, thing: LedgerAccount) -> Row | None:
    """The account as it is in Odoo: by the hub's identifier, else by its code. Two calls."""
    target = await session.client.reference(session.xml_id(LEDGER_ACCOUNT.kind, thing.code))
    own = target is not None and target[0] == LEDGER_ACCOUNT.model and target[1]
    domain: Sequence[Any] = [["id", "=", own]] if own else [["code", "=", thing.code]]
    context = {"active_test": False}
    rows = await session.client.search_read(LEDGER_ACCOUNT.model, domain, ["code", _TYPE], context=context, limit=1)
    return rows[0] if rows else None


async def _check_company(session: Session, thing: LedgerAccount) -> None:
    """Raise `Rejected` for the chart of another company than that of the hub's user."""
    if not thing.company:
        return
    number = await session.company()
    rows = await session.client.read("res.company", [number], ["name"]) if number is not None else []
    if not rows or rows[0]["name"] != thing.company:
        own = rows[0]["name"] if rows else "unknown"
        words = f"The account {thing.code} is of the chart of {thing.company}; the company of the hub's user is {own}."
        raise Rejected(MISSING, f"{words} Deliver it to an endpoint whose user is of that company, or leave it out.")

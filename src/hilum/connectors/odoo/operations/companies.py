"""Suppliers and customers become companies in Odoo's contacts; their number is the reference (`ref`).

A bank account is a record of its own with an external identifier from the party and the account. Odoo keeps an account
once for a party, so one that a person has typed is left as it is. An account that the hub wrote and that the sender no
longer lists is archived, so that nobody pays to it. Whether Odoo may pay to an account ("send money") is never set
here: that is a check by a person.

Blocking: 16 to 18 have a field that stops buyers and sellers in the forms (`purchase_warn`, `sale_warn`); 19 has only
the text that is shown, which begins with `BLOCKED`. Orders through the hub to a blocked supplier are refused by either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, ClassVar, Final

from hilum.canonical import BankAccount, Customer, Supplier
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.base import CLEAR, Needs, Upsert
from hilum.connectors.odoo.operations.partners import ADDRESS, address
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.showing import shown
from hilum.connectors.odoo.work import Task
from hilum.errors import Rejected

BANK = "res.partner.bank"
BLOCKED: Final = "Blocked."
"""How the warning of a contact begins that may not be ordered of, where Odoo has nothing but the warning (19)."""


class UpsertCompany(Upsert):
    """A company → res.partner, with its bank accounts."""

    model = "res.partner"
    number = "ref"
    rank: ClassVar[str]  # the field that makes it a vendor or a customer
    warning: ClassVar[str]  # the field that blocks it before 19; `<warning>_msg` is the text
    needs: ClassVar[Needs] = {
        "res.partner": (*ADDRESS, "name", "ref", "is_company", "active", "vat", "company_registry"),
        BANK: ("acc_number", "sanitized_acc_number", "partner_id", "currency_id", "bank_id", "active"),
    }

    async def values(self, session: Session, thing: Supplier | Customer, task: Task) -> Mapping[str, Any]:
        """See `Upsert.values`."""
        return {
            "name": thing.title,
            "ref": thing.code,
            "is_company": True,
            self.rank: 1,
            "active": thing.active,
            "vat": thing.tax_id,
            "company_registry": thing.registry,
            "phone": thing.phone,
            "email": thing.email,
            **await address(session, thing.address, task),
            **await self._blocking(session, thing, task),
        }

    async def _blocking(self, session: Session, thing: Supplier | Customer, task: Task) -> Mapping[str, Any]:
        """The columns that block or release, as far as this server has them; none where that is not told."""
        if thing.left_out is not None and "blocked" in thing.left_out:
            return {}
        there, text = await session.fields("res.partner"), f"{self.warning}_msg"
        if self.warning in there:
            level = "block" if thing.blocked else "no-message"
            return {self.warning: level, text: (thing.block_reason or "Blocked") if thing.blocked else CLEAR}
        if text in there:
            if thing.blocked:
                task.remarks.append(
                    "This Odoo has no block for contacts: it warns whoever chooses it; the hub orders nothing of it."
                )
            return {text: f"{BLOCKED} {thing.block_reason}".strip() if thing.blocked else CLEAR}
        if thing.blocked:
            task.remarks.append("This Odoo cannot block a contact; archive it instead.")
        return {}

    async def write(self, session: Session, records: Sequence[Record], tasks: Sequence[Task]) -> None:
        """See `Upsert.write`. Bank accounts follow once their companies are there."""
        await super().write(session, records, tasks)
        accounts, past = await self._accounts(session, [record for record in records if record.task.outcome is None])
        await session.master_data(BANK).load(accounts, tasks)
        await session.client.write(BANK, past, {"active": False})

    async def belongings_shown(self, session: Session, record: Record) -> bool:
        """See `Upsert.belongings_shown`: the bank accounts that are listed, and no former one of the hub's."""
        accounts, past = await self._accounts(session, [record])
        return not past and all([await shown(session, BANK, account) for account in accounts])

    async def _accounts(self, session: Session, companies: Sequence[Record]) -> tuple[list[Record], list[int]]:
        """The bank accounts that these companies are to have, and the ids of former ones, to be archived."""
        listing = [record for record in companies if record.task.thing.bank_accounts is not None]
        numbers = sorted({record.number for record in listing if record.number is not None})
        records: list[Record] = []
        past: list[int] = []
        if not numbers:
            return records, past
        fields = ["partner_id", "sanitized_acc_number", "active"]
        domain = [["partner_id", "in", numbers]]
        rows = await session.client.search_read(BANK, domain, fields, context={"active_test": False})
        names = await session.client.external_ids(BANK, [row["id"] for row in rows])
        for company in listing:
            mine = [row for row in rows if row["partner_id"] == company.number]
            records += await self._wanted(session, company, mine, names)
            past += self._past(session, company, mine, names)
        return records, past

    async def _wanted(
        self, session: Session, company: Record, rows: Sequence[Row], names: Mapping[int, str]
    ) -> list[Record]:
        """The accounts to write: those that are not there, and those that the hub has written."""
        there = {row["sanitized_acc_number"]: names.get(row["id"], "") for row in rows}
        made = []
        for account in company.task.thing.bank_accounts or ():
            xml_id = self._xml_id(session, company, account)
            if there.get(account.compact, xml_id) != xml_id:
                continue  # a person has typed it
            bank = await _bank(session, account.bic)
            currency = await session.currency(account.currency) if account.currency else None
            if isinstance(currency, Rejected):
                company.task.fail(currency)
                break
            head = {
                "acc_number": account.number,
                "partner_id/.id": str(company.number),
                "active": "1",
                **({"currency_id/.id": str(currency)} if currency else {}),
                **({"bank_id/.id": str(bank)} if bank else {}),
            }
            if account.bic and not bank:
                company.task.remarks.append(f"Odoo does not list the bank {account.bic}; it was left out.")
            made.append(Record(task=company.task, xml_id=xml_id, head=head, about=f"bank account of {company.about}"))
        return made

    def _past(self, session: Session, company: Record, rows: Sequence[Row], names: Mapping[int, str]) -> list[int]:
        """The accounts that the hub wrote and that the sender no longer lists."""
        listed = {account.compact for account in company.task.thing.bank_accounts or ()}
        start = session.xml_id("bankaccount", "x")[:-1]
        return [
            row["id"]
            for row in rows
            if row["active"]
            and names.get(row["id"], "").startswith(start)
            and row["sanitized_acc_number"] not in listed
        ]

    def _xml_id(self, session: Session, company: Record, account: BankAccount) -> str:
        """From the party and a hash of the number: external identifiers are seen by more people than accounts."""
        digest = blake2b(account.compact.encode(), digest_size=8).hexdigest()
        return session.xml_id("bankaccount", f"{self.kind}/{company.task.thing.code}/{digest}")


async def _bank(session: Session, bic: str) -> int | None:
    if not bic:
        return None
    rows = await session.client.search_read("res.bank", [["bic", "=", bic.upper()]], ["bic"], limit=1)
    return rows[0]["id"] if rows else None


class UpsertSupplier(UpsertCompany):
    """Supplier → res.partner."""

    name: ClassVar[str] = "supplier"
    accepts: ClassVar[tuple[type, ...]] = (Supplier,)
    kind = "supplier"
    noun = "supplier"
    rank = "supplier_rank"
    warning = "purchase_warn"


class UpsertCustomer(UpsertCompany):
    """Customer → res.partner."""

    name: ClassVar[str] = "customer"
    accepts: ClassVar[tuple[type, ...]] = (Customer,)
    kind = "customer"
    noun = "customer"
    rank = "customer_rank"
    warning = "sale_warn"

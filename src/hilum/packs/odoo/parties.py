"""Contacts of Odoo: suppliers, customers, and the accounts of patients. One contact may be several of them."""

from __future__ import annotations

from typing import Any

from hilum.canonical import Address, BankAccount, Customer, PatientAccount, PersonName, Supplier
from hilum.connectors.odoo.references import ACCOUNT, CUSTOMER, SUPPLIER
from hilum.packs.building import make
from hilum.packs.odoo.conventions import Conventions
from hilum.packs.odoo.records import Record


def supplier(record: Record, odoo: Conventions) -> Supplier | None:
    """A contact that something was bought from, or that the hub has written as supplier."""
    if not (record.number("supplier_rank") > 0 or odoo.is_own(record.external_id, SUPPLIER.kind)):
        return None
    code = odoo.key(record, SUPPLIER.kind, "ref")
    return make(Supplier, record.where("name"), code=code, **_company(record, "purchase_warn"))


def customer(record: Record, odoo: Conventions) -> Customer | None:
    """A company that something was sold to, or that the hub has written as customer. People are patient accounts."""
    sold = record.number("customer_rank") > 0 and record.yes("is_company")
    if not (sold or odoo.is_own(record.external_id, CUSTOMER.kind)):
        return None
    code = odoo.key(record, CUSTOMER.kind, "ref")
    return make(Customer, record.where("name"), code=code, **_company(record, "sale_warn"))


def patient_account(record: Record, odoo: Conventions) -> PatientAccount | None:
    """A contact that the hub has written for a patient account; Odoo makes none by itself."""
    if not odoo.is_own(record.external_id, ACCOUNT.kind):
        return None
    return make(
        PatientAccount,
        record.where("name"),
        number=odoo.key(record, ACCOUNT.kind, "ref"),
        person=make(PersonName, record.where("name"), family=record.text("name")),
        address=address(record),
        phone=record.text("phone"),
        email=record.text("email"),
        active=record.yes("active"),
    )


def _company(record: Record, warning: str) -> dict[str, Any]:
    reason = record.text(f"{warning}_msg") if record.given(f"{warning}_msg") else ""
    # 19 has only the text, which the hub begins with this word
    blocked = record.text(warning) == "block" if record.given(warning) else reason.startswith("Blocked.")
    return {
        "title": record.text("name"),
        "tax_id": record.text("vat"),
        "registry": record.text("company_registry"),
        "email": record.text("email"),
        "phone": record.text("phone"),
        "address": address(record),
        "bank_accounts": _accounts(record),
        "blocked": blocked,
        "block_reason": reason.removeprefix("Blocked").removeprefix(".").strip() if blocked else "",
        "active": record.yes("active"),
    }


def address(record: Record) -> Address | None:
    """The postal address; None where Odoo has nothing of one."""
    country, state = record.reference("country_id"), record.reference("state_id")
    parts = {
        "street": record.text("street"),
        "city": record.text("city"),
        "state": state.code if state is not None else "",
        "postal_code": record.text("zip"),
        "country": country.code if country is not None else "",
    }
    return make(Address, record.where("street"), **parts) if any(parts.values()) else None


def _accounts(record: Record) -> tuple[BankAccount, ...] | None:
    """The bank accounts; None where they are not read with the contact, or the hub's user may not see them."""
    if record.values.get("bank_ids") is None:
        return None
    return tuple(
        make(
            BankAccount,
            line.where("acc_number"),
            number=line.text("acc_number"),
            bic=bank.code if (bank := line.reference("bank_id")) is not None else "",
            currency=currency.code if (currency := line.reference("currency_id")) is not None else None,
        )
        for line in record.lines("res.partner.bank", "bank_ids")
    )

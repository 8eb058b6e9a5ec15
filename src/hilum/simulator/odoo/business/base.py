"""Companies, currencies, countries, partners and users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from hilum.simulator.odoo.errors import ValidationError
from hilum.simulator.odoo.orm.access import ACCESS_RIGHTS, BILLING, CONTACTS, rights
from hilum.simulator.odoo.orm.fields import (
    Columns,
    boolean,
    char,
    choice,
    date,
    decimal,
    html,
    integer,
    many2many,
    many2one,
    money,
    one2many,
    text,
)
from hilum.simulator.odoo.orm.model import Model, Values, public
from hilum.simulator.odoo.orm.record import Env, Record

WARNINGS = (("no-message", "No Message"), ("warning", "Warning"), ("block", "Blocking Message"))


def company(env: Env) -> int:
    """The one company, as a default."""
    return env.ref("base.main_company")


def company_currency(env: Env) -> int:
    """The company's currency, as a default."""
    return int(env.record("res.company", company(env))["currency_id"])


class Company(Model):
    """A company, with the settings of purchasing and accounting that change behaviour."""

    name = "res.company"
    label = "Companies"
    columns: ClassVar[Columns] = {
        "name": char("Company Name", required=True),
        "active": boolean("Active", default=True),
        "partner_id": many2one("res.partner", "Partner", required=True),
        "currency_id": many2one("res.currency", "Currency", required=True),
        "country_id": many2one("res.country", "Country"),
        "parent_id": many2one("res.company", "Parent Company"),
        "po_double_validation": choice(
            "Levels of Approvals",
            (("one_step", "Confirm purchase orders in one step"), ("two_step", "Get 2 levels of approvals")),
            default="one_step",
        ),
        "po_double_validation_amount": money("Double validation amount", default=5000.0),
        "po_lock": choice(
            "Purchase Order Modification",
            (("edit", "Allow to edit purchase orders"), ("lock", "Confirmed purchase orders are not editable")),
            default="edit",
        ),
        "fiscalyear_lock_date": date("Global Lock Date"),
        "period_lock_date": date("Journals Entries Lock Date", until=17),
        "sale_lock_date": date("Sales Lock date", since=18),
        "purchase_lock_date": date("Purchase Lock date", since=18),
        "hard_lock_date": date("Hard Lock Date", since=18),
    }


class Currency(Model):
    """A currency; amounts round to its decimals."""

    name = "res.currency"
    label = "Currency"
    columns: ClassVar[Columns] = {
        "name": char("Currency", required=True, index=True),
        "symbol": char("Symbol", required=True),
        "rounding": decimal("Rounding Factor", default=0.01),
        "decimal_places": integer("Decimal Places", default=2),
        "rate": decimal("Current Rate", default=1.0),
        "active": boolean("Active", default=True),
    }


class Country(Model):
    """A country by its ISO 3166 code."""

    name = "res.country"
    label = "Country"
    columns: ClassVar[Columns] = {
        "name": char("Country Name", required=True, index=True),
        "code": char("Country Code", index=True),
        "phone_code": integer("Country Calling Code"),
    }
    order = "name"


class CountryState(Model):
    """A state or province."""

    name = "res.country.state"
    label = "Country state"
    columns: ClassVar[Columns] = {
        "name": char("State Name", required=True),
        "code": char("State Code", required=True),
        "country_id": many2one("res.country", "Country", required=True),
    }


class PartnerCategory(Model):
    """A tag of partners."""

    name = "res.partner.category"
    label = "Partner Tags"
    rights = rights(change=CONTACTS)
    columns: ClassVar[Columns] = {
        "name": char("Name", required=True),
        "active": boolean("Active", default=True),
        "parent_id": many2one("res.partner.category", "Parent Category"),
    }


class Bank(Model):
    """A bank."""

    name = "res.bank"
    label = "Bank"
    rights = rights(change=(CONTACTS, BILLING))
    columns: ClassVar[Columns] = {
        "name": char("Name", required=True),
        "bic": char("Bank Identifier Code", index=True),
        "active": boolean("Active", default=True),
    }


class PartnerBank(Model):
    """A bank account of a partner; making one does not move the partner's `write_date`."""

    name = "res.partner.bank"
    label = "Bank Accounts"
    title_field = "acc_number"
    rights = rights(change=(CONTACTS, BILLING))
    columns: ClassVar[Columns] = {
        "acc_number": char("Account Number", required=True, index=True),
        "sanitized_acc_number": char("Sanitized Account Number", compute=lambda bank: sanitized(bank["acc_number"])),
        "partner_id": many2one("res.partner", "Account Holder", required=True, ondelete="cascade"),
        "bank_id": many2one("res.bank", "Bank"),
        "currency_id": many2one("res.currency", "Currency"),
        "active": boolean("Active", default=True),
        "allow_out_payment": boolean("Send Money"),
    }

    def after_create(self, record: Record, given: Values) -> None:
        """An account is kept once for a holder."""
        self._check_unique(record)

    def after_write(self, record: Record, given: Values) -> None:
        """An account is kept once for a holder."""
        self._check_unique(record)

    def _check_unique(self, record: Record) -> None:
        others = self.env.store.find(self.name, ("partner_id",), (record["partner_id"],))
        same = [each for each in others if sanitized(self.table[each]["acc_number"]) == record["sanitized_acc_number"]]
        if len(same) > 1:
            text = "The combination Account Number/Partner must be unique."
            raise ValidationError(f"The operation cannot be completed: {text}")


def sanitized(number: str | None) -> str | None:
    """An account number without spaces and punctuation, in capitals."""
    return "".join(letter for letter in number if letter.isalnum()).upper() if number else None


class Partner(Model):
    """A contact: supplier, customer, patient account, person. `ref` and `vat` are not unique."""

    name = "res.partner"
    label = "Contact"
    order = "name"
    rights = rights(change=CONTACTS)
    columns: ClassVar[Columns] = {
        "name": char("Name", index=True),
        "complete_name": char("Complete Name", compute=lambda partner: partner.model.title(partner.id), since=17),
        "active": boolean("Active", default=True),
        "is_company": boolean("Is a Company"),
        "company_type": choice(
            "Company Type",
            (("person", "Person"), ("company", "Company")),
            compute=lambda partner: "company" if partner["is_company"] else "person",
        ),
        "type": choice(
            "Address Type",
            (
                ("contact", "Contact"),
                ("invoice", "Invoice Address"),
                ("delivery", "Delivery Address"),
                ("other", "Other Address"),
            ),
            default="contact",
        ),
        "parent_id": many2one("res.partner", "Related Company"),
        "child_ids": one2many("res.partner", "parent_id", "Contact"),
        "ref": char("Reference", index=True),
        "vat": char("Tax ID", index=True),
        "company_registry": char("Company ID"),
        "lang": char("Language", default="en_US"),
        "email": char("Email", index=True),
        "phone": char("Phone"),
        "mobile": char("Mobile", until=18),
        "title": char("Title", until=18),
        "website": char("Website Link"),
        "function": char("Job Position"),
        "street": char("Street"),
        "street2": char("Street2"),
        "city": char("City"),
        "zip": char("Zip"),
        "state_id": many2one("res.country.state", "State"),
        "country_id": many2one("res.country", "Country"),
        "category_id": many2many("res.partner.category", "Tags"),
        "bank_ids": one2many("res.partner.bank", "partner_id", "Banks"),
        "comment": html("Notes"),
        "color": integer("Color Index"),
        "company_id": many2one("res.company", "Company"),
        "user_id": many2one("res.users", "Salesperson"),
        "supplier_rank": integer("Supplier Rank"),
        "customer_rank": integer("Customer Rank"),
        "credit_limit": decimal("Credit Limit", groups=BILLING),
        "barcode": char("Barcode"),
        "purchase_warn": choice("Purchase Order Warning", WARNINGS, default="no-message", until=18),
        "purchase_warn_msg": text("Message for Purchase Order"),
        "sale_warn": choice("Sales Warnings", WARNINGS, default="no-message", until=18),
        "sale_warn_msg": text("Message for Sales Order"),
        "property_account_receivable_id": many2one("account.account", "Account Receivable"),
        "property_account_payable_id": many2one("account.account", "Account Payable"),
    }

    def title(self, record_id: int) -> str:
        """The name, with the company before it: `Ward Supplies Ltd, A. Buyer`."""
        row = self.table.get(record_id, {})
        own = row.get("name") or ""
        parent = row.get("parent_id")
        return f"{self.title(parent)}, {own}" if parent and not row.get("is_company") else str(own)

    def after_create(self, record: Record, given: Values) -> None:
        """A contact of type "contact" must have a name."""
        self._check_name(record)

    def after_write(self, record: Record, given: Values) -> None:
        """The name may not be taken away."""
        self._check_name(record)

    def _check_name(self, record: Record) -> None:
        if record["type"] == "contact" and not record["name"]:
            raise ValidationError("The operation cannot be completed: Contacts require a name")


class Users(Model):
    """A user. The sandbox makes them with `make_key`; clients may read them and change their own."""

    name = "res.users"
    label = "User"
    rights = rights(change=ACCESS_RIGHTS)
    columns: ClassVar[Columns] = {
        "login": char("Login", required=True, unique="You can not have two users with the same login!"),
        "active": boolean("Active", default=True),
        "partner_id": many2one("res.partner", "Related Partner", required=True),
        "name": char("Name", related="partner_id.name"),
        "email": char("Email", related="partner_id.email"),
        "company_id": many2one("res.company", "Company", default=company),
        "company_ids": many2many("res.company", "Companies"),
        "lang": char("Language", related="partner_id.lang"),
        "tz": char("Timezone", default="UTC"),
        "groups_id": many2many("res.groups", "Groups", until=18),
        "group_ids": many2many("res.groups", "Groups", since=19),
    }

    def title(self, record_id: int) -> str:
        """The name of the user's partner."""
        return str(self.value(record_id, "name") or self.table.get(record_id, {}).get("login") or "")

    def before_create(self, values: dict[str, Any]) -> dict[str, Any]:
        """A user brings its own contact unless one is given."""
        if not values.get("partner_id"):
            partner = {"name": values.get("name") or values.get("login"), "email": values.pop("email", False)}
            values["partner_id"] = self.env["res.partner"].create(partner).id
        values.pop("name", None)
        return values

    @public(on_model=True, access="")
    def context_get(self) -> dict[str, Any]:
        """The caller's language and time zone."""
        me = self.env.record("res.users", self.env.uid)
        return {"lang": me["lang"] or "en_US", "tz": me["tz"] or False, "uid": self.env.uid}

    @public(access="")
    def has_group(self, ids: Sequence[int], group_ext_id: str) -> bool:
        """True where the first user is in the group of that external id."""
        groups = self.value(ids[0], "group_ids" if self.env.since(19) else "groups_id")
        return any(self.env.record("res.groups", each)["full_name"] == group_ext_id for each in groups)


class Groups(Model):
    """A group of access rights; `full_name` holds its external id."""

    name = "res.groups"
    label = "Access Groups"
    columns: ClassVar[Columns] = {
        "name": char("Name", required=True),
        "full_name": char("Group Name", required=True, index=True),
    }

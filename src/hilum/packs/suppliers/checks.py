"""Is a registration whole and plausible? Pure: findings in words, which never quote a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from hilum.canonical import Credential, PayeeAccount, SupplierRegistration, TaxNumber
from hilum.canonical.identifiers import is_iban
from hilum.packs.suppliers import numbers
from hilum.packs.suppliers.vat import vat


class Trouble(StrEnum):
    """What sort of finding it is."""

    MISSING = "missing"  # the supplier must send it
    WRONG = "wrong"  # the supplier must mend it
    SOON = "soon"  # nothing is wrong today


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found."""

    trouble: Trouble
    words: str


def findings(registration: SupplierRegistration, *, needed: Sequence[str], on: date, soon: timedelta) -> list[Finding]:
    """Everything about it on this day. `needed`: types of credentials; `soon`: how long before an end one is told."""
    found = [*_parts(registration)]
    for place, tax in enumerate(registration.tax_numbers, start=1):
        found += _wrong(f"tax number {place} ({tax.country})", tax_trouble(tax))
    for place, account in enumerate(registration.bank_accounts, start=1):
        found += account_findings(account, place)
    return found + credential_findings(registration.credentials, needed=needed, on=on, soon=soon)


def _parts(registration: SupplierRegistration) -> list[Finding]:
    given = {
        "a name": registration.title.strip(),
        "an address with its country": registration.addresses and registration.addresses[0].country,
        "a tax number": registration.tax_numbers,
        "a bank account": registration.bank_accounts,
    }
    return [Finding(Trouble.MISSING, f"{words} is missing") for words, value in given.items() if not value]


def _wrong(where: str, words: str) -> list[Finding]:
    return [Finding(Trouble.WRONG, f"{where}: {words}")] if words else []


def tax_trouble(tax: TaxNumber) -> str:
    """What is wrong with a tax number; of a country whose numbers are not known, nothing is."""
    return numbers.tin(tax.number) if tax.country == "US" else vat(tax.country, tax.number)


def account_findings(account: PayeeAccount, place: int = 1) -> list[Finding]:
    """What is wrong with a bank account."""
    where = f"bank account {place}"
    country = account.country or (account.compact[:2] if is_iban(account.compact) else "")
    found = _wrong(f"{where}, BIC", numbers.bic(account.bic)) if account.bic else []
    if country in numbers.IBAN_LENGTHS:
        found += _wrong(where, numbers.iban(account.number))
        if not found and account.country not in (None, account.compact[:2]):
            found += _wrong(where, f"it is to be in {account.country}, and the IBAN is of {account.compact[:2]}")
    elif country == "US":
        digits = account.compact
        if not numbers.plain_digits(digits) or not 4 <= len(digits) <= 17:
            found += _wrong(where, "an account in the United States has 4 to 17 digits")
        found += _wrong(f"{where}, routing number", numbers.aba(account.routing))
    elif not country:
        found += _wrong(where, "it is no IBAN, and its country is not said")
    return found


def credential_findings(
    credentials: Sequence[Credential], *, needed: Sequence[str], on: date, soon: timedelta
) -> list[Finding]:
    """Of each type that is needed, the credential that holds longest counts."""
    found = []
    for type_ in needed:
        held = [each for each in credentials if each.credential_type == type_]
        if not held:
            found.append(Finding(Trouble.MISSING, f"the document “{type_}” is missing"))
            continue
        ends = max(each.valid_to or date.max for each in held)
        if ends < on:
            found.append(Finding(Trouble.WRONG, f"the document “{type_}” was valid to {ends}"))
        elif ends <= on + soon:
            found.append(Finding(Trouble.SOON, f"the document “{type_}” is valid to {ends}"))
        numberless = next((each for each in held if (each.valid_to or date.max) == ends and not each.number), None)
        if numberless is not None:
            found.append(Finding(Trouble.MISSING, f"the document “{type_}” has no number"))
    return found


def first_end(credentials: Sequence[Credential], needed: Sequence[str]) -> date | None:
    """The last day on which all that is needed holds; none: for ever."""
    ends = []
    for type_ in needed:
        held = [each.valid_to or date.max for each in credentials if each.credential_type == type_]
        ends.append(max(held, default=date.min))
    end = min(ends, default=date.max)
    return None if end == date.max else end


def serious(found: Sequence[Finding]) -> list[str]:
    """What the supplier must do something about, in words."""
    return [each.words for each in found if each.trouble is not Trouble.SOON]


def alike_but_bank_and_credentials(one: SupplierRegistration, other: SupplierRegistration) -> bool:
    """Do they say the same of the company? Then new documents need no new approval."""
    apart = {"revision", "credentials", "bank_accounts", "registered_at", "registered_by"}
    before, after = (each.model_dump(exclude=apart) for each in (one, other))
    return before == after

"""What a question about a supplier is about, side by side: doubles, lists, what was sent in, old and new accounts.

Each function makes what looks the documents up when somebody is asked. Names of documents and members are codes and
names of fields only: they are shown also to those who may not see what the documents say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import zip_longest
from typing import Final
from uuid import UUID

from hilum.canonical import Credential, PayeeAccount, SupplierBankChange, SupplierRegistration
from hilum.cases.side_by_side import Member, SideBySide, member
from hilum.masterdata.matching import Pair
from hilum.packs.suppliers import accounts, checks, register
from hilum.packs.suppliers.numbers import compact
from hilum.packs.suppliers.screening import Hit
from hilum.postgres import Connection
from hilum.processes import store
from hilum.processes.tasks import LookUp

MOST: Final = 4
"""Others that stand beside a registration: a table with more is not read."""


def beside_doubles(registration: SupplierRegistration, process: str) -> LookUp:
    """The registration | each supplier, or other registration, that it may be, with the likeness of each field."""

    async def look(connection: Connection) -> SideBySide | None:
        pairs = await register.alike(connection, registration)
        others = [await _registered(connection, process, each)
                  for each in await register.same_numbers(connection, registration)]  # fmt: skip
        return doubles(registration, pairs, [each for each in others if each is not None])

    return look


async def _registered(connection: Connection, process: str, number: str) -> SupplierRegistration | None:
    """What a registration said last; none: its run is not here any more."""
    run = await store.run_of(connection, process, number)
    if run is None:
        return None
    told = [each for each in await store.items(connection, run.id) if each.topic == SupplierRegistration.name]
    return SupplierRegistration.model_validate(await store.content(connection, told[-1].id)) if told else None


def doubles(
    registration: SupplierRegistration, pairs: Sequence[Pair], others: Sequence[SupplierRegistration]
) -> SideBySide | None:
    """As `beside_doubles`, of what was found."""
    pairs, others = pairs[:MOST], others[: max(MOST - len(pairs), 0)]
    if not pairs and not others:
        return None
    told = [_said(registration), *(pair.right.values for pair in pairs), *(_said(other) for other in others)]
    likeness = [{each.field: each.likeness for each in pair.evidence} for pair in pairs]
    members = []
    for field in dict.fromkeys(name for said in told for name in said):
        values = [said.get(field, "") for said in told]
        shown = [*values]
        for at, alike in enumerate(likeness, start=1):
            if (share := alike.get(field)) is not None and values[at]:
                shown[at] = f"{values[at]} ({share:.0%} alike)"
        apart = [at for at, value in enumerate(values) if at and value and values[0] and _other(value, values[0])]
        members.append(member(_words(field), *shown, marked=apart))
    heads = [f"{pair.right.identifier} of {pair.right.system} ({_likely(pair.score)})" for pair in pairs]
    heads += [f"Registration {other.number}" for other in others]
    return SideBySide(documents=(f"Registration {registration.number}", *heads), members=tuple(members))


def _said(registration: SupplierRegistration) -> Mapping[str, str]:
    """By the fields that suppliers are matched by, and all its accounts."""
    found = dict(register.arrival_of(registration).values)
    return {name: value for name, value in found.items() if value}


def _other(one: str, two: str) -> bool:
    return compact(one) != compact(two)


def _likely(score: float) -> str:
    """Nothing is ever certain."""
    return "more than 99% likely" if score > 0.99 else f"{score:.0%} likely"


def _words(field: str) -> str:
    return _FIELDS.get(field) or field.replace("_", " ").capitalize()


_FIELDS: Final = {"tax_id": "Tax number", "npi": "NPI", "iban": "IBAN", "gln": "GLN", "email": "E-mail"}


def beside_lists(registration: SupplierRegistration, found: Iterable[tuple[str, str]]) -> LookUp:
    """The registration | the entry of each list that it may be. `found`: list and key of the entries."""
    wanted = set(found)

    async def look(connection: Connection) -> SideBySide | None:
        hits = await register.screened(connection, registration)
        return listed([each for each in hits if (each.list, each.key) in wanted])

    return look


def listed(hits: Sequence[Hit]) -> SideBySide | None:
    """As `beside_lists`, of what was found."""
    hits = hits[:MOST]
    if not hits:
        return None
    members = []
    for subject, field in _rows(hits):
        mine = next(hit.pair.left for hit in hits if hit.pair.left.identifier == subject)
        values, apart = [mine.values.get(field, "")], []
        for at, hit in enumerate(hits, start=1):
            said, share = _of_entry(hit, subject, field)
            values.append(f"{said} ({share:.0%} alike)" if said and share is not None else said)
            if share is not None and share < 1:
                apart.append(at)
        members.append(member(f"{_subject(subject)}: {_words(field).lower()}", *values, marked=apart))
    members.append(member("Why it is listed", "", *(hit.why for hit in hits)))
    documents = [f"{hit.list}, entry {at} ({_likely(hit.score)})" for at, hit in enumerate(hits, start=1)]
    return SideBySide(documents=("Registration", *documents), members=tuple(members))


def _rows(hits: Sequence[Hit]) -> list[tuple[str, str]]:
    """Of each company or person that was found: the fields that one of the two says."""
    found = [
        (hit.pair.left.identifier, each.field)
        for hit in hits
        for each in hit.pair.evidence
        if hit.pair.left.values.get(each.field) or hit.pair.right.values.get(each.field)
    ]
    return sorted(dict.fromkeys(found), key=lambda row: row[0])


def _of_entry(hit: Hit, subject: str, field: str) -> tuple[str, float | None]:
    if hit.pair.left.identifier != subject:
        return "", None
    share = next((each.likeness for each in hit.pair.evidence if each.field == field), None)
    return hit.pair.right.values.get(field, ""), share


def _subject(identifier: str) -> str:
    what, _, place = identifier.partition(" ")
    number = int(place) + 1
    return ("Company" if number == 1 else f"Company, address {number}") if what == "company" else f"Person {number}"


def beside_approval(
    registration: SupplierRegistration,
    approved: SupplierRegistration | None,
    *,
    needed: Sequence[str],
    findings: Sequence[checks.Finding],
) -> LookUp:
    """What was sent in, with each document that is needed | what was approved before | what the checks say."""

    async def look(connection: Connection) -> SideBySide:
        days = await register.lists(connection)
        return sent_in(registration, approved, needed=needed, findings=findings, lists=days)

    return look


def sent_in(
    registration: SupplierRegistration,
    approved: SupplierRegistration | None,
    *,
    needed: Sequence[str],
    findings: Sequence[checks.Finding],
    lists: Sequence[tuple[str, date]] = (),
) -> SideBySide:
    """As `beside_approval`, of what was found."""
    before = dict(_parts(approved)) if approved is not None else {}
    told = dict(_parts(registration))
    documents = _credentials(registration.credentials, needed)
    members = []
    for name in dict.fromkeys([*told, *before]):
        said, was = told.get(name, ""), before.get(name, "")
        two = (said, was) if approved is not None else (said,)
        marked = [at for at, value in enumerate(two) if value] if approved is not None and said != was else []
        members.append(member(name, *two, _checked(name, said), marked=marked))
    earlier = {type_: _document(each) for type_, each in
               _credentials(approved.credentials if approved else (), needed).items()}  # fmt: skip
    for type_, each in documents.items():
        said, state = _document(each), _state(findings, type_, needed)
        two = (said, earlier.get(type_, "")) if approved is not None else (said,)
        members.append(member(f"Document {type_}", *two, state, marked=[len(two)] if state not in _GOOD else []))
    for name, day in lists:
        members.append(member(f"List {name}", *[""] * (1 + bool(before)), f"nobody of it is on the one of {day}"))
    middle = [f"Approved before, revision {approved.revision}"] if approved is not None else []
    heads = (f"Registration {registration.number}, revision {registration.revision}", *middle, "Checked")
    return SideBySide(documents=heads, members=tuple(members))


_NOT_ASKED: Final = "it is not asked for"
_GOOD: Final = frozenset({"holds", _NOT_ASKED})


def _parts(registration: SupplierRegistration) -> Iterator[tuple[str, str]]:
    yield "Name", registration.title
    yield "Register of companies", registration.registry
    for place, address in enumerate(registration.addresses, start=1):
        parts = (address.street, address.postal_code, address.city, address.country)
        yield f"Address {place}", ", ".join(part for part in parts if part)
    for place, tax in enumerate(registration.tax_numbers, start=1):
        own = compact(tax.number).startswith(tax.country)
        yield f"Tax number {place}", tax.number if own else f"{tax.country} {tax.number}"
    for place, account in enumerate(registration.bank_accounts, start=1):
        yield f"Bank account {place}", account_words(account)
    for place, each in enumerate(registration.principals, start=1):
        named = f"{each.person.given} {each.person.family}".strip()
        yield f"Person {place}", f"{named}, {each.role}" if each.role else named


def _checked(name: str, said: str) -> str:
    """What the checks come to: whoever is approved has passed them, else it would not be asked."""
    kind = name.rpartition(" ")[0]
    return _CHECKS.get(kind, "") if said else ""


_CHECKS: Final = {
    "Tax number": "the check digits are right",
    "Bank account": "the check digits are right; whose it is, only a call says",
}


def _credentials(held: Sequence[Credential], needed: Sequence[str]) -> dict[str, Credential | None]:
    """By type, those that are needed first: the one that holds longest."""
    found: dict[str, Credential | None] = dict.fromkeys(needed)
    for each in held:
        longest = found.get(each.credential_type)
        if longest is None or (each.valid_to or date.max) > (longest.valid_to or date.max):
            found[each.credential_type] = each
    return found


def _document(each: Credential | None) -> str:
    if each is None:
        return ""
    until = f"valid to {each.valid_to}" if each.valid_to else "without an end"
    return ", ".join(part for part in (each.number, each.issued_by, until, each.place) if part)


def _state(findings: Sequence[checks.Finding], type_: str, needed: Sequence[str]) -> str:
    told = [found.words for found in findings if f"“{type_}”" in found.words]
    return "; ".join(told) or ("holds" if type_ in needed else _NOT_ASKED)


def beside_bank_change(change: SupplierBankChange, run: UUID) -> LookUp:
    """What is paid to now | what the change says, how it came, and that nobody has called back yet."""

    async def look(connection: Connection) -> SideBySide:
        kept = await accounts.latest(connection, change.supplier)
        came = await _came_by(connection, run, change.number)
        elsewhere = [await accounts.others_at(connection, change.supplier, each.compact)
                     for each in change.bank_accounts]  # fmt: skip
        return bank_details(change, kept, came=came, elsewhere=elsewhere)

    return look


async def _came_by(connection: Connection, run: UUID, number: str) -> str:
    """The flow that brought a change to its run, and when."""
    told = [each for each in await store.items(connection, run) if each.topic == SupplierBankChange.name]
    for each in reversed(told):
        if (await store.content(connection, each.id))["number"] == number:
            cursor = await connection.execute("SELECT flow FROM message WHERE id = %s", [each.message_id])
            row = await cursor.fetchone()
            return f"{row[0] if row else 'a person'}, {each.at:%Y-%m-%d %H:%M} UTC"
    return ""


def bank_details(
    change: SupplierBankChange, kept: accounts.Kept | None, *, came: str, elsewhere: Sequence[Sequence[str]]
) -> SideBySide:
    """As `beside_bank_change`, of what was found."""
    members: list[Member] = []
    former = kept.accounts if kept is not None else ()
    for place, (was, new) in enumerate(zip_longest(former, change.bank_accounts), start=1):
        members += _account(place, was, new)
    for place, others in enumerate(elsewhere, start=1):
        if others:
            members.append(member(f"Account {place} is also of", "", ", ".join(others), marked=[1]))
    from_ = str(change.holds_from) if change.holds_from else "once it is confirmed"
    members += [
        member("Holds from", str(kept.holds_from) if kept else "", from_),
        member("Entered by", "", change.entered_by),
        member("Asked for by", "", change.requested_by or "nobody is named"),
        member("Reason", "", change.reason),
        member("How it came", f"with {kept.confirmation}" if kept else "", came),
        member("Call back", _called(kept), "not made yet"),
    ]
    now = "Paid to now" if kept is not None else "Paid to now: no account was confirmed"
    return SideBySide(documents=(now, f"Change {change.number}"), members=tuple(members))


def _account(place: int, was: PayeeAccount | None, new: PayeeAccount | None) -> Iterator[Member]:
    two = (_facts(was), _facts(new))
    for name in dict.fromkeys([*two[0], *two[1]]):
        values = (two[0].get(name, ""), two[1].get(name, ""))
        apart = values[0] != values[1]
        yield member(f"Account {place}: {name}", *values, marked=[0, 1] if apart else [])


def _facts(account: PayeeAccount | None) -> dict[str, str]:
    if account is None:
        return {}
    said = {"number": account.compact, "bank": account.bic or account.routing, "currency": account.currency or "",
            "country": account.country or account.compact[:2], "holder": account.holder}  # fmt: skip
    return {name: value for name, value in said.items() if value}


def account_words(account: PayeeAccount) -> str:
    """An account in one line."""
    return ", ".join(value for name, value in _facts(account).items() if name != "country")


def _called(kept: accounts.Kept | None) -> str:
    if kept is None:
        return ""
    spoke = f", who spoke with {kept.spoke_with}" if kept.spoke_with else ""
    return f"{kept.confirmed_by}{spoke}, {kept.confirmed_at:%Y-%m-%d}"

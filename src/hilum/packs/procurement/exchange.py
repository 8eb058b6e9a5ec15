"""Flows of all trading partners of a project, made of their profiles: a partner is added by a file, not by code.

@with_partners
def flows(partners):
    yield procurement.to_partners(partners, source=files.Folder(url="orders", split="none"))
    yield from procurement.from_partners(partners, deliver_to=[files.write(url="received")])
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any

from hilum.canonical import BusinessObject
from hilum.connector import Source, Target
from hilum.connectors import partners as lines
from hilum.errors import Invalid
from hilum.flow import Criticality, Flow, Lookup, Owners, Pattern
from hilum.formats import cxml, edifact, x12
from hilum.formats.en16931 import Bill
from hilum.packs.procurement.e_bills import bill_from_en16931
from hilum.packs.procurement.ordering import OWNERS
from hilum.packs.procurement.partner_documents import Reading, draft_for, from_cxml, from_edifact, from_x12
from hilum.partners import Partners, Profile, answered, arrived

_RUNBOOK = (
    "An unknown supplier or item: add the profile or the row, then replay. A document that cannot be read: ask the "
    "partner to correct and resend it; it was told so if the profile answers."
)


def to_partners(
    partners: Partners, *, source: Source, name: str = "procurement.to_partners", owners: Owners = OWNERS
) -> Flow:
    """Orders, their changes and ends, and payments (format `object`) become documents to their suppliers."""
    flow = Flow(
        name,
        version="1.0",
        summary="Orders and remittances go to suppliers as electronic documents",
        owners=owners,
        pattern=Pattern.TRANSACTION,
        criticality=Criticality.HIGH,
        source=source,
        format="object",
        order_by=lambda thing: thing.business_key,
        identify_by=[lambda thing: thing.business_key],
        runbook=_RUNBOOK,
    )

    @flow.translate
    def written(thing: BusinessObject, hub: Lookup) -> lines.Addressed:
        profile = partners.of_supplier(getattr(thing, "supplier", "") or "")
        return lines.Addressed(profile.key, draft_for(profile, thing, today=hub.today))

    flow.deliver_to(*lines.send(*partners.values()))
    return flow


def from_partners(
    partners: Partners, *, deliver_to: Sequence[Target], prefix: str = "procurement.from", owners: Owners = OWNERS
) -> Iterator[Flow]:
    """A flow for each route of receipt: `procurement.from_gloveco`. Documents become business objects for `deliver_to`.

    Where the profile wants it, interchanges are answered (997, 999, CONTRL); what answers settle goes to the register.
    """
    for profile in partners.values():
        for route in profile.receive:
            name = f"{prefix}_{profile.key}" + (f"_{route}" if len(profile.receive) > 1 else "")
            yield _receiving(profile, route, name, deliver_to, owners)


def _receiving(profile: Profile, route: str, name: str, deliver_to: Sequence[Target], owners: Owners) -> Flow:
    format = profile.receive[route].format or profile.format
    flow = Flow(
        name,
        version="1.0",
        summary=f"Documents of {profile.name} become business objects, and are answered",
        owners=owners,
        pattern=Pattern.TRANSACTION,
        criticality=Criticality.HIGH,
        source=lines.source_of(profile, route),
        format=lines.FORMATS[format],
        order_by=_ORDER[format],
        dedup_by=_DEDUP[format],
        runbook=_RUNBOOK,
    )

    @flow.translate
    def read(parsed: Any, hub: Lookup) -> Iterator[Any]:
        yield from _READERS[format](parsed, Reading(profile, hub))

    if format == "cxml":
        _guard(flow, profile)
    flow.deliver_to(*deliver_to, lines.settle(), *(lines.send(profile) if profile.send else ()))
    return flow


def _from_x12(interchange: x12.Interchange, reading: Reading) -> Iterator[Any]:
    profile, partner = reading.profile, reading.x12
    _must_be_from(profile, interchange.envelope.sender, f"{partner.theirs.qualifier}:{partner.theirs.id}")
    yield from arrived(profile, interchange)
    result = x12.answer(interchange, partner, at=profile.local(datetime.now(UTC)))
    for each in interchange.services:
        yield from answered(profile.key, each) if each.code == "TA1" else ()
    for each in result.accepted:
        settled = answered(profile.key, each)
        yield from settled or from_x12(each, reading)
    if result.answer is not None:
        yield lines.Addressed(profile.key, result.answer)


def _from_edifact(interchange: edifact.Interchange, reading: Reading) -> Iterator[Any]:
    profile, partner = reading.profile, reading.profile.edifact
    if partner is None:
        raise Invalid(f"the profile of {profile.key} has no section [edifact]")
    _must_be_from(profile, interchange.envelope.sender, f"{partner.theirs.qualifier}:{partner.theirs.id}")
    yield from arrived(profile, interchange)
    verdict = edifact.judge(interchange)
    accepted = {(each.group, each.reference) for each in verdict.messages if each.accepted}
    for each in interchange.messages:
        if verdict.action == edifact.REJECTED or (each.envelope.group, each.reference) not in accepted:
            continue
        yield from answered(profile.key, each) if each.type == "CONTRL" else from_edifact(each, reading)
    answer = None
    if partner.answers and verdict.reference:
        answer = edifact.answer(interchange, partner, reference="0", at=profile.local(datetime.now(UTC)))
    if answer is not None:
        yield lines.Addressed(profile.key, answer)


def _must_be_from(profile: Profile, sender: str, expected: str) -> None:
    """Raises `Invalid` for an interchange of somebody else: its numbers and items would be taken for the partner's."""
    if sender != expected:
        raise Invalid(f"the sender is not {profile.name}, for whom this place is", where="ISA-06 or UNB-02")


def _guard(flow: Flow, profile: Profile) -> None:
    """Secrets are compared before a document is stored, and not stored with it."""
    secret = lines.secret_of(profile, "their_secret", os.environ)

    @flow.filter
    def trusted(document: cxml.Document) -> bool | str:
        known = not secret or compare_digest(document.secret.encode(), secret.encode())
        return known or "The SharedSecret is not that of the partner."

    flow.minimise(lambda document: document.encode())


def _from_cxml(document: cxml.Document, reading: Reading) -> Iterator[Any]:
    profile = reading.profile
    if profile.cxml is None:
        raise Invalid(f"the profile of {profile.key} has no section [cxml]")
    theirs = profile.cxml.theirs
    _must_be_from(profile, ":".join(document.sender), f"{theirs.domain}:{theirs.identity}")
    yield from from_cxml(document, reading)


def _from_ubl(bill: Bill, reading: Reading) -> Iterator[Any]:
    yield bill_from_en16931(bill, supplier=reading.profile.supplier, item_of=reading.e_bill_item)


def _sender(interchange: Any) -> str:
    return str(interchange.envelope.sender)


def _interchange_key(interchange: Any) -> str:
    return f"{interchange.envelope.sender}/{interchange.envelope.interchange}"


def _bill_key(bill: Bill) -> str:
    return f"{bill.seller.tax_id or bill.seller.name}/{bill.number}"


_ORDER: dict[str, Any] = {
    "x12": _sender,
    "edifact": _sender,
    "cxml": lambda document: document.sender.identity,
    "ubl": _bill_key,
}
_DEDUP: dict[str, Any] = {
    "x12": _interchange_key,
    "edifact": _interchange_key,
    "cxml": lambda document: document.payload_id,
    "ubl": _bill_key,
}
_READERS: dict[str, Any] = {"x12": _from_x12, "edifact": _from_edifact, "cxml": _from_cxml, "ubl": _from_ubl}

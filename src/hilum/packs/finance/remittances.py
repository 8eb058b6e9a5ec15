"""Remittance advice to the suppliers' partner profiles: X12 820 or EDIFACT REMADV, one for each payment.

@with_partners
def flows(partners):
    yield finance.remittances(partners)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from hilum.connector import Source, Target
from hilum.connectors import partners as lines
from hilum.errors import Unmapped
from hilum.flow import Criticality, DataClass, Flow, Lookup, Owners, Pattern
from hilum.packs.finance.advice import Advice
from hilum.partners import Partners, Profile
from hilum.processes import Commands

_NAMES: Final = {"x12": "820", "edifact": "REMADV"}

OWNERS = Owners(business="Payables", technical="Integration")


def remittances(
    partners: Partners,
    *,
    source: Source | None = None,
    otherwise: Sequence[Target] = (),
    name: str = "finance.remittances",
    owners: Owners = OWNERS,
) -> Flow:
    """What payments tell their suppliers (channel `payables.remittances`) goes to the suppliers' profiles.

    Suppliers without a profile, or with one that has no such document (cXML, UBL) or no route for it, get none this
    way: their advice goes to `otherwise` as JSON, for mail or a portal; without such targets they are left out.
    """
    flow = Flow(
        name,
        version="1.0",
        summary="Suppliers are told which bills a payment pays",
        owners=owners,
        data_class=DataClass.CONFIDENTIAL,
        pattern=Pattern.TRANSACTION,
        criticality=Criticality.NORMAL,
        source=source or Commands("payables.remittances"),
        identify_by=[lambda parsed: parsed["content"]["payment"]["number"]],
        runbook="An advice that cannot be written names what is missing in the profile: mend it, then replay.",
    )

    @flow.filter
    def told(parsed: Any) -> bool | str:
        by_profile = _profile(partners, parsed["content"]["payment"]["supplier"]) is not None
        return by_profile or bool(otherwise) or "The supplier has no profile that takes remittance advice."

    @flow.translate
    def written(parsed: Any, hub: Lookup) -> lines.Addressed | Advice:
        advice = Advice.model_validate(parsed["content"])
        profile = _profile(partners, advice.payment.supplier or "")
        if profile is None:
            return advice
        return lines.Addressed(profile.key, _draft(profile, advice))

    # a target that takes everything is not given what goes to a profile
    flow.deliver_to(*lines.send(*partners.values()), *(replace(each, accepts=(Advice,)) for each in otherwise))
    return flow


def _profile(partners: Partners, supplier: str) -> Profile | None:
    """Of a supplier that takes remittance advice."""
    try:
        found = partners.of_supplier(supplier)
    except Unmapped:
        return None
    name = _NAMES.get(found.format)
    taken = any(not route.sets or name in route.sets for route in found.send.values())
    return found if name is not None and taken else None


def _draft(profile: Profile, advice: Advice) -> Any:
    if profile.format == "edifact" and profile.edifact is not None:
        return advice.to_edifact(profile.edifact)
    assert profile.x12 is not None  # noqa: S101 — `_profile` sees to it
    return advice.draft_x12(profile.x12)

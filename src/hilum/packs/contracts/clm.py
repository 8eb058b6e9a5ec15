"""What a CLM and a provider of signatures tell, and what the commands of the process become: translations for flows.

    contracts.translate(told_by_clm)        envelopes.translate(told_by_esignature)
    polled.translate(read_of_clm)           asked.translate(read_of_esignature)      compared.translate(all_of_clm)
    to_terms.translate(contract_to_keep)    to_odoo.translate(supplier_prices)    blanket.translate(blanket_order)

Webhooks and REST of a product differ: write its own translation to `ContractTold` and `EnvelopeTold`, on these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from hilum.canonical import AgreementEnded, BlanketAgreement, Contract, SupplierPrice
from hilum.errors import Invalid, Stop
from hilum.flow import Lookup
from hilum.packs.contracts.contract_rules import (
    CLM,
    ESIGNATURE,
    STATES,
    Commitment,
    ContractsListed,
    ContractTold,
    EnvelopeTold,
)
from hilum.packs.contracts.odoo_terms import ContractPrices

Told = TypeVar("Told", bound=BaseModel)


class _Word(BaseModel):
    """What is the same of a word by webhook and by REST."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)


class ContractShown(_Word):
    """A contract as REST of the CLM shows it: the schema of a flow's input."""

    state: str = Field(description="As the CLM calls it; `STATES` maps it.")
    changed_at: AwareDatetime
    owner: str = ""
    contract: Contract
    commitments: tuple[Commitment, ...] = ()


class ContractEvent(_Word):
    """A contract as a webhook of the CLM tells it."""

    id: str
    at: AwareDatetime
    state: str
    owner: str = ""
    contract: Contract
    commitments: tuple[Commitment, ...] = ()


class EnvelopeShown(_Word):
    """An envelope as REST of the provider of signatures shows it."""

    changed_at: AwareDatetime
    envelope: str
    status: str
    contract: str
    revision: int = 1
    reason: str = ""


class EnvelopeEvent(_Word):
    """An envelope as a webhook tells it."""

    id: str
    at: AwareDatetime
    envelope: str
    status: str
    contract: str
    revision: int = 1
    reason: str = ""


class ContractsShown(BaseModel):
    """All contracts at a time. What each is like is looked at one by one: a wrong one does not hide the others."""

    read_at: AwareDatetime
    items: tuple[dict[str, Any], ...]


def told_by_clm(parsed: Any, _: Lookup) -> ContractTold:
    """`{"id", "at", "state", "owner", "contract": {…}, "commitments": […]}`. Raises `Invalid`, `Unmapped`."""
    said = _object(parsed)
    named = {key: said[key] for key in ("at", "owner", "contract", "commitments") if key in said}
    return _made(ContractTold, {**named, "state": STATES.of(CLM, str(said.get("state", "")))})


def told_by_esignature(parsed: Any, _: Lookup) -> EnvelopeTold:
    """`{"id", "at", "envelope", "status", "contract", "revision", "reason"}`. Raises `Invalid`, `Unmapped`."""
    said = _object(parsed)
    named = {key: said[key] for key in ("at", "envelope", "contract", "revision") if key in said}
    state = STATES.of(ESIGNATURE, str(said.get("status", "")))
    return _made(EnvelopeTold, {**named, "state": state, "words": said.get("reason") or ""})


def read_of_clm(parsed: Any, _: Lookup) -> ContractTold:
    """One contract as REST shows it: as the webhook, with `changed_at` in place of `at`. Raises as `told_by_clm`.

    Both say the same of one change, so whichever comes second changes nothing. REST shows the last state only.
    """
    return told_by_clm(_at_its_change(parsed), _).model_copy(update={"seen": True})


def read_of_esignature(parsed: Any, _: Lookup) -> EnvelopeTold:
    """One envelope as REST shows it, with `changed_at`. Raises as `told_by_esignature`."""
    return told_by_esignature(_at_its_change(parsed), _)


def all_of_clm(parsed: Any, _: Lookup) -> ContractsListed:
    """All contracts of the CLM, as `http.Poll(tell="whole")` reads them. Raises `Invalid`.

    One that cannot be read is held where it is told alone; here it is only known to be there.
    """
    said = _object(parsed)
    contracts, unread = [], []
    for each in said.get("items", ()):
        try:
            contracts.append(read_of_clm(each, _))
        except Stop:
            unread.append(str(_object(_object(each).get("contract", {})).get("number", "")))
    named = {"at": said.get("read_at"), "contracts": contracts, "unread": [each for each in unread if each]}
    return _made(ContractsListed, named)


def _at_its_change(parsed: Any) -> Mapping[str, Any]:
    said = _object(parsed)
    return {**said, "at": said.get("changed_at")}


def event_id(parsed: Any) -> str:
    """What makes a webhook the same when it is sent twice."""
    return str(_object(parsed).get("id", ""))


def contract_to_keep(parsed: Any, _: Lookup) -> Contract:
    """A command of the channel `contracts.terms`, for `terms.keep()`."""
    return Contract.model_validate(parsed["content"])


def supplier_prices(parsed: Any, _: Lookup) -> Sequence[SupplierPrice]:
    """A command of the channel `contracts.prices`, for `odoo.supplier_price`."""
    return ContractPrices.model_validate(parsed["content"]).prices


def blanket_order(parsed: Any, _: Lookup) -> BlanketAgreement | AgreementEnded:
    """A command of the channel `contracts.agreements`, for `odoo.agreement` and `odoo.agreement_end`."""
    kind = BlanketAgreement if parsed["type"] == BlanketAgreement.name else AgreementEnded
    return kind.model_validate(parsed["content"])


def _object(parsed: Any) -> Mapping[str, Any]:
    if isinstance(parsed, BaseModel):
        return parsed.model_dump(exclude_unset=True)
    if not isinstance(parsed, Mapping):
        raise Invalid("What the CLM or the provider of signatures tells is no JSON object.")
    return parsed


def _made(kind: type[Told], said: Mapping[str, Any]) -> Told:
    try:
        return kind.model_validate(said)
    except ValidationError as error:
        told = error.errors(include_input=False, include_context=False, include_url=False)
        raise Invalid("; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in told)) from None

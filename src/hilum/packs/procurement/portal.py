"""A procurement portal: what people ask and decide there comes by webhook, what becomes of it goes back by REST.

    asked = procurement.portal(source=http.Listener(port=8094, path="/portal", hmac_secret=…), also=handle(requests))
    told = procurement.portal_status(to=[http.post("http.portal")])

One event, as the portal posts it:

    {"id": "4711", "event": "submitted", "requisition": {"number": "REQ-7", "requested_by": "eve", "lines": [
        {"line": 1, "item": "GLV-M", "quantity": "10", "unit": "BX"}]}}
    {"id": "4712", "event": "approved", "number": "REQ-7", "step": "head", "by": "ada", "comment": ""}

`changed` is told as `submitted` is, with all lines; `refused` as `approved`; `withdrawn` with `number`, `by`, `reason`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel, TypeAdapter, ValidationError

from hilum.canonical import DocumentStatus, Requisition, RequisitionDecision, RequisitionWithdrawn
from hilum.canonical.base import Code, Quantity, Text
from hilum.connector import Source, Target
from hilum.errors import Invalid
from hilum.flow import Flow, Lookup, Owners, Pattern
from hilum.packs.building import make
from hilum.packs.procurement.ordering import OWNERS, Wanted, requisition_flow, requisition_of
from hilum.processes import Commands

CHANNEL: Final = "procurement.status"
"""Where the process tells what becomes of requisitions, unless its rules say otherwise."""


class _Told(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class AskedLine(_Told):
    """One line, in the portal's codes."""

    line: Annotated[int, Field(ge=1)]
    item: Code
    quantity: Annotated[Quantity, Field(gt=0)]
    unit: Text = ""
    supplier: Text = ""


class Asked(_Told):
    """A requisition, in the portal's codes."""

    number: Code
    department: Text = ""
    requested_by: Text = ""
    deliver_to: Text = ""
    needed_by: date | None = None
    urgent: bool = False
    requested_at: AwareDatetime | None = None
    lines: Annotated[tuple[AskedLine, ...], Field(min_length=1)]


class _Event(_Told):
    id: Code
    at: AwareDatetime | None = None


class Submitted(_Event):
    """Somebody asks for supplies, or asks for something else now."""

    event: Literal["submitted", "changed"]
    requisition: Asked


class DecidedThere(_Event):
    """Somebody has decided in the portal."""

    event: Literal["approved", "refused"]
    number: Code
    by: Annotated[Text, Field(min_length=1)]
    step: Text = ""
    comment: Text = ""


class Withdrawn(_Event):
    """Who asked does not want it any more."""

    event: Literal["withdrawn"]
    number: Code
    by: Text = ""
    reason: Text = ""


_EVENTS: Final[TypeAdapter[Submitted | DecidedThere | Withdrawn]] = TypeAdapter(
    Annotated[Submitted | DecidedThere | Withdrawn, Field(discriminator="event")]
)


class Posted(RootModel[Any]):
    """What a portal posts. The contract has the schema of its events; `event_in` holds what was posted to it.

    A wrong event is taken, too: it is held in its place among those of its requisition, and a person sees why.
    """

    @classmethod
    def model_json_schema(cls, *args: Any, **more: Any) -> dict[str, Any]:
        """Of all events."""
        return _EVENTS.json_schema(*args, **more)


def portal(
    *,
    source: Source,
    name: str = "procurement.portal",
    owners: Owners = OWNERS,
    odoo: str | None = None,
    report_to: Sequence[Target] = (),
    also: Sequence[Target],
    also_from: Sequence[Source] = (),
) -> Flow:
    """What a portal posts, or shows by REST: `Requisition`, `RequisitionDecision`, `RequisitionWithdrawn`.

    `also_from`: a poll of its events beside the webhooks; where there are none, `source` is the poll. An event is
    taken once by its `id`, whichever way it comes; those of one requisition are in order, and of two words the later
    one counts (`at`), should one be found late. Items, units, suppliers and places are
    looked up as in spreadsheets. A portal of another shape: write its own translation to these objects.
    """
    flow = requisition_flow(
        name,
        summary="Requisitions and decisions of the procurement portal go their way",
        source=source,
        format="json",
        owners=owners,
        order_by=lambda posted: number_of(posted.root),
        dedup_by=lambda posted: event_id(posted.root),
        odoo=odoo,
        also=also,
        report_to=report_to,
        input=Posted,
        also_from=also_from,
    )

    @flow.translate
    def translated(posted: Posted, hub: Lookup) -> Requisition | RequisitionDecision | RequisitionWithdrawn:
        match event_in(posted.root):
            case Submitted() as told:
                return requisition_in(told.requisition, hub, told_at=told.at)
            case DecidedThere() as told:
                return make(
                    RequisitionDecision, "event", requisition=told.number, step=told.step, by=told.by,
                    approved=told.event == "approved", comment=told.comment, decided_at=told.at,
                )  # fmt: skip
            case Withdrawn() as told:
                return make(RequisitionWithdrawn, "event", number=told.number, by=told.by, reason=told.reason,
                            told_at=told.at)  # fmt: skip

    return flow


def event_in(parsed: Any) -> Submitted | DecidedThere | Withdrawn:
    """The event in what was posted. Raises `Invalid` naming the member that is wrong."""
    try:
        return _EVENTS.validate_python(parsed)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        if str(first["type"]).startswith("union_tag"):  # its text would show what was sent
            raise Invalid("write submitted, changed, withdrawn, approved or refused", where="event") from None
        raise Invalid(first["msg"], where=".".join(str(part) for part in first["loc"]) or "event") from None


def event_id(parsed: Any) -> str:
    """What makes an event the same when it is posted twice."""
    return str(parsed.get("id", "")) if isinstance(parsed, Mapping) else ""


def number_of(parsed: Any) -> str:
    """The requisition that an event is about; empty: it does not say."""
    if not isinstance(parsed, Mapping):
        return ""
    inner = parsed.get("requisition")
    return str((inner if isinstance(inner, Mapping) else parsed).get("number", ""))


def requisition_in(asked: Asked, hub: Lookup, *, told_at: datetime | None = None) -> Requisition:
    """The requisition in the hub's codes. Raises `Invalid`, `Unmapped`."""
    wanted = [
        Wanted(
            number=line.line, code=line.item, quantity=Decimal(line.quantity), unit=line.unit, supplier=line.supplier,
            needed_by=asked.needed_by, where=f"requisition.lines.{place}",
        )
        for place, line in enumerate(asked.lines)
    ]  # fmt: skip
    return requisition_of(
        asked.number, wanted, hub, supplied=False, where="requisition", deliver_to=asked.deliver_to,
        department=asked.department, requested_by=asked.requested_by, urgent=asked.urgent,
        requested_at=asked.requested_at, told_at=told_at,
    )  # fmt: skip


def every(_: str) -> bool:
    """All requisitions are the portal's."""
    return True


def portal_status(
    *,
    to: Sequence[Target],
    of_portal: Callable[[str], bool] = every,
    source: Source | None = None,
    name: str = "procurement.portal_status",
    owners: Owners = OWNERS,
    also: Sequence[Target] = (),
) -> Flow:
    """What becomes of requisitions is told to the portal: JSON, each once, those of one requisition in order.

        {"requisition": "REQ-7", "status": "ordered", "orders": ["REQ-7-R1"], "words": "…", "at": "…"}

    `of_portal`: which numbers the portal knows; of others it is told nothing. `also`: who else hears, of all
    (`stock_facts.keep()` of replenishment): targets that take a `DocumentStatus`.
    """
    flow = Flow(
        name,
        version="1.0",
        summary="The procurement portal hears what becomes of requisitions",
        owners=owners,
        pattern=Pattern.TRANSACTION,
        source=source or Commands(CHANNEL),
        order_by=lambda parsed: str(parsed["content"]["document"]),
    )

    @flow.translate
    def translated(parsed: Mapping[str, Any], _: Lookup) -> Iterator[DocumentStatus | dict[str, Any]]:
        status = DocumentStatus.model_validate(parsed["content"])
        if any(target.takes(status) for target in also):
            yield status
        if of_portal(status.document):
            yield as_portal_reads(status)

    flow.deliver_to(*(replace(target, accepts=(dict,)) for target in to), *also)
    return flow


def as_portal_reads(status: DocumentStatus) -> dict[str, Any]:
    """The status as the portal is told it."""
    return {
        "requisition": status.document,
        "status": status.status,
        "orders": list(status.references),
        "words": status.words,
        "at": status.at.isoformat(),
    }

"""The ready flow that tells others what changes in Odoo, as business objects or as events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import blake2b
from typing import Any, Final

import orjson

from hilum.canonical import (
    BankTransaction,
    BusinessObject,
    Charge,
    CloudEvent,
    CustomerInvoice,
    PatientAccount,
    Payment,
    SupplyConsumed,
    cloud_event,
)
from hilum.connector import Source, Target
from hilum.connectors import odoo as from_odoo
from hilum.errors import SettingsError, Stop
from hilum.flow import DataClass, Flow, Lookup, Owners, Pattern
from hilum.packs.odoo.captured import Captured
from hilum.packs.odoo.conventions import Conventions
from hilum.packs.odoo.objects import CAPTURED, objects_in
from hilum.packs.odoo.records import DELETED, Record, record_of

OWNERS: Final = Owners(business="Supply chain", technical="Integration")
PATIENTS: Final = frozenset({PatientAccount, Charge, SupplyConsumed})
"""Told only where they are asked for: they are of a patient, and another system owns them."""
_MAY_NAME_PATIENTS: Final = PATIENTS | {CustomerInvoice, Payment, BankTransaction}


def changed(
    *,
    to: Sequence[Target],
    odoo: str = "odoo.main",
    objects: Sequence[type[BusinessObject]] = (),
    events: bool = True,
    source: Callable[..., Source] = from_odoo.Changes,
    name: str = "odoo.changed",
    owners: Owners = OWNERS,
    conventions: Conventions | None = None,
    **feed: Any,
) -> Flow:
    """What changes in Odoo, told to these targets in the hub's own words.

    `objects`: what is told of; none: everything in the table, but nothing of patients. `events`: as CloudEvents
    (`hilum.purchase.order.v1`); false: the objects themselves, for targets that take those. `source`: `odoo.Changes`
    of the connectors, or `odoo.Outbox` where the addon is installed; `feed` are its settings (`begin="all"`, `poll=5`).

    What is none of these objects (an internal contact, a draft without a number, a deleted record) is left out by the
    flow's filter, and counted. A record that cannot be told holds its own change only; the next one passes.
    Raises `SettingsError` for an object that no record of Odoo tells of.
    """
    lines = captured_for(objects)
    known = conventions or Conventions()
    fields = _fields(lines)
    flow = Flow(
        name,
        version="1.0",
        summary=f"What changes in Odoo is told to others: {', '.join(sorted({each.object.name for each in lines}))}",
        owners=owners,
        pattern=Pattern.EVENT,
        data_class=_data_class(lines),
        source=source(endpoint=odoo, models=list(fields), fields=fields, **feed),
        accepts_if=partial(_told, lines, known),
        runbook="The case names the record and its field. Correct the record in Odoo: its next change is told.",
    )

    def told(envelope: Mapping[str, Any], hub: Lookup) -> Iterator[BusinessObject | CloudEvent]:
        record = record_of(envelope)
        things = objects_in(record, replace(known, hub=hub), lines)
        for ordinal, thing in enumerate(things):
            yield _event(thing, record, name, ordinal) if events else thing

    flow.translate(told)
    flow.deliver_to(*to)
    return flow


def captured_for(objects: Sequence[type[BusinessObject]]) -> list[Captured]:
    """The lines of the table that tell of these; none: of everything but patients. Raises `SettingsError`."""
    if not objects:
        return [each for each in CAPTURED if each.object not in PATIENTS]
    found = [each for each in CAPTURED if each.object in objects]
    missing = sorted({kind.__name__ for kind in objects} - {each.object.__name__ for each in found})
    if missing:
        raise SettingsError(f"No record of Odoo tells of {', '.join(missing)}: take it out of `objects`.")
    return found


def _fields(lines: Sequence[Captured]) -> dict[str, tuple[str, ...]]:
    """By model: what has to be read of it for these."""
    found: dict[str, dict[str, None]] = {}
    for each in lines:
        found.setdefault(each.model, {}).update(dict.fromkeys(each.fields))
    return {model: tuple(names) for model, names in found.items()}


def _data_class(lines: Sequence[Captured]) -> DataClass:
    """Invoices and payments may name the account of a patient."""
    return DataClass.PHI if _MAY_NAME_PATIENTS & {each.object for each in lines} else DataClass.CONFIDENTIAL


def _told(lines: Sequence[Captured], odoo: Conventions, envelope: Any) -> bool | str:
    """Is there something to tell? What cannot be told is: the translation says why, and holds it."""
    try:
        record = record_of(envelope)
        if record.kind == "deleted":
            return DELETED
        return bool(objects_in(record, odoo, lines)) or f"This record of {record.model} is none of the flow's objects."
    except Stop:
        return True


def _event(thing: BusinessObject, record: Record, flow: str, ordinal: int) -> CloudEvent:
    at = datetime.fromisoformat(record.written)
    return cloud_event(thing, flow=flow, message_id=_change(record), ordinal=ordinal, at=at)


def _change(record: Record) -> str:
    """What is the same whenever a change is told again: the record, the time, and what it says."""
    content = blake2b(orjson.dumps(record.values, option=orjson.OPT_SORT_KEYS), digest_size=8).hexdigest()
    return f"{record.model}:{record.id}:{record.written}:{content}"

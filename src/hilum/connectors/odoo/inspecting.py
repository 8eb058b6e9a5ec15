"""Does this Odoo have what the operations in use need, and is it as it was seen before? When does the key end?

Asked with `fields_get`, which every user may call; the documentation endpoint of 19 says the same of fields, and needs
a further right. A field that is gone, has another type or has become required is told before a message fails by it.
It is compared with what was seen first, or accepted last: so a change is told until it is mended or accepted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, time
from typing import Any, Final

from hilum.connector import Inspection
from hilum.connectors.odoo.operations import OPERATIONS
from hilum.connectors.odoo.operations.modules import MODULE_OF
from hilum.connectors.odoo.session import Session
from hilum.errors import Rejected

Model = Mapping[str, list[Any]]
"""Field → [type, required]."""

WARN_DAYS: Final = 14
"""A key that ends within so many days is told of; keys of internal users live at most 90."""


async def inspect(session: Session, operations: Collection[str], known: Mapping[str, Model]) -> Inspection:
    """Look at the models of these operations. `known`: what was seen before. Raises `Down`, `TryAgain`, `Unsure`."""
    wanted = _wanted(session, operations)
    seen: dict[str, Model] = {}
    findings: list[str] = []
    for model, by_operation in wanted.items():
        try:
            fields = await session.client.fields_get(model)
        except Rejected as refused:
            findings.append(_absent(model, by_operation, refused))
            continue
        now = {name: [facts.get("type"), bool(facts.get("required"))] for name, facts in fields.items()}
        needed = {name for names in by_operation.values() for name in names}
        before = known.get(model)
        found = [*_gone(model, by_operation, now), *(_changed(model, needed, before, now) if before else ())]
        findings += found
        seen[model] = before if before and found else now
    ends = await key_ends(session)
    return Inspection(metadata=seen, findings=findings, key_ends=ends)


def _wanted(session: Session, operations: Collection[str]) -> dict[str, dict[str, Collection[str]]]:
    """Model → operation → the fields that it needs."""
    wanted: dict[str, dict[str, Collection[str]]] = {}
    for name in sorted(operations):
        if name in OPERATIONS:
            for model, fields in OPERATIONS[name].needed(session.client.dialect).items():
                wanted.setdefault(model, {})[name] = fields
    return wanted


def _absent(model: str, by_operation: Collection[str], refused: Rejected) -> str:
    names = ", ".join(by_operation)
    if refused.category == "odoo.access":
        return f"The hub's user may not read {model}, which {names} needs. Give the right in Odoo."
    module = MODULE_OF.get(model)
    place = f"the module {module} is not installed" if module else "its module is not installed"
    return f"Odoo has no {model}, which {names} needs: {place}. Install it, or take the operation out of the flows."


def _gone(model: str, by_operation: Mapping[str, Collection[str]], now: Model) -> Iterator[str]:
    for operation, fields in by_operation.items():
        for name in fields:
            if name not in now:
                yield f"{model} has no field {name}, which {operation} needs, or the hub's user may not see it."


def _changed(model: str, needed: Collection[str], before: Model, now: Model) -> Iterator[str]:
    for name in sorted(needed):
        if name in before and name in now and before[name][0] != now[name][0]:
            yield f"{model}.{name} was {before[name][0]} and is {now[name][0]} now. See what Odoo's upgrade changed."
    for name, (_, required) in sorted(now.items()):
        if required and name not in needed and not before.get(name, [None, False])[1]:
            yield f"{model}.{name} has become required. Give it a default in Odoo, or writing there will fail."


async def key_ends(session: Session) -> datetime | None:
    """When the hub's API key ends: as it is set, else as Odoo tells, else None.

    The field is there from 18 on; whether a user may read it was not measured on a server. Odoo does not say which of a
    user's keys a call was made with, so it is the first one to end.
    """
    told = session.settings.key_ends
    if told is not None:
        return datetime.combine(told, time(), UTC)
    user = await session.client.user_id()
    if user is None:
        return None
    domain = [["user_id", "=", user], ["expiration_date", "!=", False]]
    try:
        rows = await session.client.search_read("res.users.apikeys", domain, ["expiration_date"])
    except Rejected:
        return None  # before 18, or not for this user
    ends = sorted(datetime.fromisoformat(str(row["expiration_date"])).replace(tzinfo=UTC) for row in rows)
    return next((end for end in ends if end > datetime.now(UTC)), None)


def of_key(ends: datetime | None) -> str:
    """A sentence about the age of the key; empty where nothing is to be said."""
    if ends is None:
        return ""
    days = (ends - datetime.now(UTC)).days
    advice = " Make a new one in Odoo and set it for this endpoint." if days <= WARN_DAYS else ""
    return f"The API key ends on {ends:%Y-%m-%d} (in {days} days).{advice}"

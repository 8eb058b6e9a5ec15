"""Does this Odoo have what the operations in use need, and is it as it was seen before? When does the key end?

Asked of the documentation of 19 where the user may read it, else with `fields_get`, which every user may call. A field
that is gone, is not of the type that the operations need, has another type than before or has become required is told
before a message fails by it. What it was before is what was seen first, or accepted last: so a change is told until it
is mended or accepted; a type that no operation can work with, until it is mended.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any, Final

from hilum.connector import KEY_WARNING, NO_NEEDS, Condition, Inspection, Misfit, Needs
from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.operations import OPERATIONS
from hilum.connectors.odoo.operations.expecting import Expected, expected
from hilum.connectors.odoo.operations.modules import MODULE_OF
from hilum.connectors.odoo.protocols import deprecated
from hilum.connectors.odoo.session import Session
from hilum.errors import Rejected

Model = Mapping[str, list[Any]]
"""Field → [type, required]."""

DRIFT: Final = "endpoint.drift"
MODULE: Final = "endpoint.module"
RIGHT: Final = "endpoint.right"
_GONE: Final = "not there"


async def inspect(
    session: Session,
    operations: Collection[str],
    known: Mapping[str, Model],
    needs: Mapping[str, Needs] = NO_NEEDS,
) -> Inspection:
    """Look at the models of these operations, and at those that sources read and flows chose to write (`needs`).

    `known`: what was seen before. Raises `Down`, `TryAgain`, `Unsure`.
    """
    wanted = _wanted(session, operations, needs)
    seen: dict[str, Model] = {}
    conditions: list[Condition] = []
    missing: dict[tuple[str, str], list[Misfit]] = {}
    for model, by_operation in wanted.items():
        try:
            fields = await session.client.metadata(model)
        except Rejected as refused:
            place = (RIGHT, model) if refused.category == "odoo.access" else (MODULE, MODULE_OF.get(model, model))
            missing.setdefault(place, []).append(_absent(model, by_operation, place))
            continue
        now = {name: [facts.get("type"), bool(facts.get("required"))] for name, facts in fields.items()}
        before = known.get(model)
        wrong = list(_wrong(model, by_operation, fields, session.client.dialect))
        told = {misfit.what for misfit in wrong}
        found = (
            *_gone(model, by_operation, before or {}, now),
            *wrong,
            *(each for each in _changed(model, by_operation, before or now, now) if each.what not in told),
        )
        if found:
            title = f"Odoo's {model} is not as the flows need it"
            conditions.append(Condition(category=DRIFT, subject=model, title=title, misfits=found))
        # what is not as it is needed is not how it was right
        seen[model] = before if before and found else {name: now[name] for name in now if f"{model}.{name}" not in told}
    conditions += [_missing(place, misfits) for place, misfits in missing.items()]
    conditions += deprecated(session.client.version, session.client.protocol, datetime.now(UTC).date())
    return Inspection(metadata=seen, conditions=conditions, key_ends=await key_ends(session))


def _wanted(
    session: Session, operations: Collection[str], needs: Mapping[str, Needs]
) -> dict[str, dict[str, Collection[str]]]:
    """Model → operation or source → the fields that it needs."""
    wanted: dict[str, dict[str, Collection[str]]] = {}
    for name in sorted(operations):
        if name in OPERATIONS:
            for model, fields in OPERATIONS[name].needed(session.client.dialect).items():
                wanted.setdefault(model, {})[name] = fields
    for name, models in sorted(needs.items()):
        for model, more in models.items():
            wanted.setdefault(model, {})[name] = more
    return wanted


def _absent(model: str, by_operation: Collection[str], place: tuple[str, str]) -> Misfit:
    names = ", ".join(by_operation)
    if place[0] == RIGHT:
        words = f"The hub's user may not read {model}, which {names} needs. Give the right in Odoo."
        found = "no right to read it"
    else:
        module = MODULE_OF.get(model)
        why = f"the module {module} is not installed" if module else "its module is not installed"
        words = f"Odoo has no {model}, which {names} needs: {why}. Install it, or take the operation out of the flows."
        found = _GONE
    return Misfit(what=model, expected="a model", found=found, words=words, operations=tuple(by_operation))


def _missing(place: tuple[str, str], misfits: Sequence[Misfit]) -> Condition:
    category, subject = place
    title = (
        f"The hub's user may not read {subject} in Odoo"
        if category == RIGHT
        else f"Odoo's module {subject} is not installed"
    )
    return Condition(category=category, subject=subject, title=title, misfits=tuple(misfits))


def _gone(model: str, by_operation: Mapping[str, Collection[str]], before: Model, now: Model) -> Iterator[Misfit]:
    """Fields that are needed and not there, each once, with all operations that need it."""
    users: dict[str, list[str]] = {}
    for operation, fields in by_operation.items():
        for name in fields:
            if name not in now:
                users.setdefault(name, []).append(operation)
    for name, operations in users.items():
        needing = ", ".join(operations)
        yield Misfit(
            what=f"{model}.{name}",
            expected=str(before[name][0]) if name in before else "a field",
            found=_GONE,
            words=f"{model} has no field {name}, which {needing} needs, or the hub's user may not see it.",
            operations=tuple(operations),
        )


def _wrong(
    model: str, by_operation: Mapping[str, Collection[str]], fields: Mapping[str, Any], names: Dialect
) -> Iterator[Misfit]:
    """Fields that are there and are not what is needed, each once for all operations that need the same."""
    users: dict[tuple[str, str, str], list[str]] = {}
    for operation, needed in by_operation.items():
        for name in needed:
            misfit = _misfit(model, name, operation, needed, fields, names)
            if misfit is not None:
                users.setdefault((name, *misfit), []).append(operation)
    for (name, wanted, found), operations in users.items():
        needing = ", ".join(operations)
        yield Misfit(
            what=f"{model}.{name}",
            expected=wanted,
            found=found,
            words=f"{model}.{name} is {found}, and {needing} needs {wanted}. Change it back in Odoo, or correct the "
            "flows.",
            operations=tuple(operations),
        )


def _misfit(
    model: str, name: str, operation: str, needed: Collection[str], fields: Mapping[str, Any], names: Dialect
) -> tuple[str, str] | None:
    """(expected, found) where a field is something else than this operation needs, or its flows say."""
    if name not in fields:
        return None
    if isinstance(needed, Mapping):  # a flow chose the fields: what it writes into them says what they may be
        types = needed[name]
        return Expected(types=tuple(sorted(types))).misfit(fields[name]) if types else None
    own = expected(model, name, names) if operation in OPERATIONS else None
    return own.misfit(fields[name]) if own is not None else None


def _changed(
    model: str,
    by_operation: Mapping[str, Collection[str]],
    before: Model,
    now: Model,
) -> Iterator[Misfit]:
    """Fields that were of another type, and fields that have become required where something is written."""
    needed = {name for names in by_operation.values() for name in names}
    for name in sorted(needed):
        if name in before and name in now and before[name][0] != now[name][0]:
            was, now_is = str(before[name][0]), str(now[name][0])
            yield Misfit(
                what=f"{model}.{name}",
                expected=was,
                found=now_is,
                words=f"{model}.{name} was {was} and is {now_is} now. See what Odoo's upgrade changed.",
                operations=tuple(each for each, names in by_operation.items() if name in names),
            )
    writing = tuple(each for each in by_operation if each in OPERATIONS)  # the others are sources
    for name, (_, required) in sorted(now.items()) if writing else ():
        if required and name not in needed and not before.get(name, [None, False])[1]:
            yield Misfit(
                what=f"{model}.{name}",
                expected="may be empty" if name in before else _GONE,
                found="required",
                words=f"{model}.{name} has become required. Give it a default in Odoo, or writing there will fail.",
                operations=writing,
            )


async def key_ends(session: Session) -> datetime | None:
    """When the hub's API key ends: as its file says, else as it is set, else as Odoo tells, else None.

    The field is there from 18 on; whether a user may read it was not measured on a server. Odoo does not say which of a
    user's keys a call was made with, so it is the first one to end.
    """
    if (noted := session.key.known().ends) is not None:
        return noted
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
    left = ends - datetime.now(UTC)
    advice = " Make a new one in Odoo and set it for this endpoint." if left <= KEY_WARNING else ""
    return f"The API key ends on {ends:%Y-%m-%d} (in {left.days} days).{advice}"

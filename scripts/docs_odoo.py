"""Reference pages of Odoo: what crosses in which direction, and what versions call things."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from docs_text import code, comments, table

from hilum.canonical import BusinessObject
from hilum.connectors.odoo.dialect import Dialect, dialect
from hilum.connectors.odoo.operations import OPERATIONS
from hilum.packs.odoo.elsewhere import ELSEWHERE
from hilum.packs.odoo.objects import CAPTURED, NOT_CAPTURED
from hilum.simulator.odoo.business import MODELS
from hilum.simulator.odoo.orm.access import NOBODY
from hilum.simulator.odoo.orm.fields import Field
from hilum.simulator.odoo.orm.model import Public
from hilum.simulator.odoo.orm.versions import FIRST, LAST, MEASURED, VERSIONS


def odoo_objects_page() -> str:
    """Business objects and the records of Odoo: both directions, keys, and what is not kept."""
    taken = {kind for each in OPERATIONS.values() for kind in each.accepts}
    rows = [
        [
            _object(each.object),
            code(each.model),
            "both" if each.object in taken else "out of Odoo",
            each.key,
            _members(each.lost),
            _members(each.filled),
        ]
        for each in CAPTURED
    ]
    rows += [[_object(kind), "–", "into Odoo", "–", why, ""] for kind, why in NOT_CAPTURED.items()]
    return (
        "# Odoo objects\n\n"
        "Which records of Odoo are which business objects, in both directions: into Odoo by the "
        "[targets](flows.md#odoo-operations) of flows, out of Odoo by [odoo.changed](../howto/odoo-to-events.md). "
        "A test writes each object into Odoo 16 to 19, captures it, and compares it member by member: what is not in "
        "the column *not kept* comes back as it was written, and where nothing was written only what is in the last "
        "column is there.\n\n"
        + table(["object", "model", "direction", "key, out of Odoo", "not kept", "filled in by Odoo"], sorted(rows))
        + "\n## Not in Odoo\n\nBusiness objects of the hub that are neither written into Odoo nor read there.\n\n"
        + table(
            ["object", "why, or what becomes of it"], sorted([_object(kind), why] for kind, why in ELSEWHERE.items())
        )
    )


def _object(kind: type[BusinessObject]) -> str:
    return f"[`{kind.name}`](canonical.md#{kind.__name__.lower()})"


def _members(reasons: Mapping[str, str]) -> str:
    return "; ".join(f"{code(name)}: {why}" for name, why in reasons.items())


def odoo_versions_page() -> str:
    """Names by version, and spans of the sandbox's models, fields and methods."""
    measured = " and ".join(sorted(MEASURED))
    heads = [f"{version}{'' if version in MEASURED else ' (documented)'}" for version in VERSIONS]
    about, known = comments(Dialect), [dialect(_key(version)) for version in VERSIONS]
    names = [
        [code(field.name), about.get(field.name, ""), *(_shown(getattr(each, field.name)) for each in known)]
        for field in fields(Dialect)
    ]
    return (
        "# Odoo versions\n\n"
        f"{measured} were measured on servers; what is said of the others was read in public sources, not run. "
        "Here are two tables that know nothing of each other, so that a mistake in one is seen in the other: a test "
        "asks the sandbox of each version for every field that an operation of the connector needs.\n\n"
        "## What the connector calls things\n\n"
        + table(["name in the code", "what", *heads], names)
        + "\n## What the sandbox has\n\nModels, fields and methods that not every version has.\n\n"
        + table(["model", "what", "since", "until"], sorted(_spans()))
    )


def _key(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return code(" = ".join(value) if isinstance(value, tuple) else value) if value else "–"


def _spans() -> Iterator[list[str]]:
    for model in MODELS:
        if _differs(model):
            yield [code(model.name), "model", *_ends(model)]
        for name, kinds in model.columns.items():
            for field in kinds if isinstance(kinds, tuple) else (kinds,):
                if _differs(field) and field.groups != NOBODY:
                    yield [code(model.name), f"field {code(name)} ({_kind(field)})", *_ends(field)]
        for name in dir(model):
            marks = getattr(getattr(model, name), "public", None)
            if isinstance(marks, Public) and _differs(marks):
                yield [code(model.name), f"method {code(name)}", *_ends(marks)]


def _kind(field: Field) -> str:
    return f"{field.kind}: {', '.join(key for key, _ in field.selection)}" if field.selection else field.kind


def _differs(thing: Any) -> bool:
    return (thing.since, thing.until) != (FIRST, LAST)


def _ends(thing: Any) -> tuple[str, str]:
    since = str(thing.since) if thing.since > FIRST else ""
    return since, str(thing.until) if thing.until < LAST else ""

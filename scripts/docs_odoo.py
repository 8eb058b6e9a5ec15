"""Reference page of the Odoo versions: what the connector calls things, and what the sandbox has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from docs_text import code, comments, table

from hilum.connectors.odoo.dialect import Dialect, dialect
from hilum.simulator.odoo.business import MODELS
from hilum.simulator.odoo.orm.access import NOBODY
from hilum.simulator.odoo.orm.fields import Field
from hilum.simulator.odoo.orm.model import Public
from hilum.simulator.odoo.orm.versions import FIRST, LAST, MEASURED, VERSIONS


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

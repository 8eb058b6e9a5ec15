"""Reference pages of the business model: canonical objects, their catalogue, ready-made flows and Odoo operations."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import orjson
from docs_text import code, comments, default_words, doc, table, written_types
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from hilum import canonical, packs
from hilum.connectors import odoo


def canonical_page() -> str:
    """The business objects and their fields."""
    parts = [f"# Canonical objects\n\n{doc(canonical)}\n\n"]
    parts.append('Written as JSON, an object is `{"type", "version", "data"}`: decimals as text, times in ISO 8601, ')
    parts.append("absent members left out. Unknown members are refused.\n")
    for name, kind in sorted(canonical.BY_NAME.items()):
        parts.append(f"\n## {kind.__name__}\n\n{doc(kind)}\n\n`{name}`, version {kind.version}. ")
        key = inspect.getdoc(kind.business_key) or ""
        parts.append(f"Business key: {key[:1].lower()}{key[1:]}\n\n")
        parts.append(table(["field", "type", "default", "meaning"], _fields(kind)))
    parts.append("\n# Parts and lists of values\n")
    for kind in _parts():
        parts.append(f"\n## {kind.__name__}\n\n{doc(kind)}\n\n")
        if issubclass(kind, BaseModel):
            parts.append(table(["field", "type", "default", "meaning"], _fields(kind)))
        else:
            parts.append(table(["value", "meaning"], [[code(m.value), comments(kind).get(m.name, "")] for m in kind]))
    return "".join(parts)


def catalogue_page() -> str:
    """Every object with its event, its sort and an example."""
    parts = ["# Catalogue of objects and events\n\n"]
    parts.append("Every business object that the hub knows, as JSON and as an event. The fields are in ")
    parts.append(
        "[Canonical objects](canonical.md); the JSON Schema of each comes from `hilum catalog export FOLDER`. "
    )
    parts.append("An event is a CloudEvent whose type ends in the major version: a reader of `.v1` is not surprised ")
    parts.append("by a change that it would not understand.\n\n")
    rows = [[code(kind.value), comments(canonical.Kind)[kind.name]] for kind in canonical.Kind]
    parts.append(table(["sort", "meaning"], rows) + "\n")
    heads = ["object", "event", "version", "sort", "what it is"]
    parts.append(table(heads, [_listed(kind) for kind in canonical.BY_NAME.values()]))
    parts.append(
        "\n## Examples\n\nPeople, places and numbers are invented. An example that a message exists for is made of it "
    )
    parts.append("by the ready-made flow that hospitals use; the [messages](#messages) are below.\n")
    for name, kind in canonical.BY_NAME.items():
        text = orjson.dumps(orjson.loads(canonical.write(canonical.example(kind))), option=orjson.OPT_INDENT_2)
        told = _capital(canonical.told_origin(name))
        parts.append(f"\n### {name}\n\n{told}.\n\n```json\n{text.decode()}\n```\n")
    parts.append("\n## Messages\n")
    for origin in {each.message: each for each in canonical.ORIGINS.values()}.values():
        parts.append(f"\n### {origin.message}\n\n{origin.format}.\n\n```text\n{origin.text().rstrip()}\n```\n")
    return "".join(parts)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _listed(kind: type[canonical.BusinessObject]) -> list[str]:
    link = f"[`{kind.name}`](canonical.md#{kind.__name__.lower()})"
    return [link, code(canonical.event_type(kind)), kind.version, kind.kind.value, doc(kind).partition("\n")[0]]


def _parts() -> list[Any]:
    named = [getattr(canonical, name) for name in sorted(canonical.__all__)]
    objects = set(canonical.BY_NAME.values()) | {canonical.BusinessObject}
    return [kind for kind in named if isinstance(kind, type) and kind not in objects]


def _fields(kind: type[BaseModel]) -> Iterator[list[str]]:
    notes = comments(kind)
    written = written_types(kind)
    for name, field in kind.model_fields.items():
        default = "" if field.default in (PydanticUndefined, None, "") else str(field.default)
        need = "required" if field.is_required() else default_words(default)
        yield [code(name), code(written.get(name, "")), need, notes.get(name, "")]


def flows_page() -> str:
    """Ready-made flows, and what an Odoo endpoint can be asked to do."""
    parts = [f"# Ready-made flows and Odoo operations\n\n{doc(packs)}\n"]
    for name in packs.__all__:
        pack = getattr(packs, name)
        parts.append(f"\n## {name}\n\n{doc(pack)}\n")
        for each in pack.__all__:
            function = getattr(pack, each)
            given = ", ".join(code(parameter) for parameter in inspect.signature(function).parameters)
            parts.append(f"\n### {name}.{each}\n\n{doc(function)}\n\nParameters: {given}.\n")
    parts.append(
        '\n## Odoo operations\n\nEach makes a target of a flow: `flow.deliver_to(odoo.item("odoo.main"))`.\n\n'
    )
    functions = [(name, getattr(odoo, name)) for name in odoo.__all__ if inspect.isfunction(getattr(odoo, name))]
    rows = [[code(f"odoo.{n}"), doc(f)] for n, f in functions if inspect.signature(f).return_annotation == "Target"]
    parts.append(table(["target", "what happens in Odoo"], rows))
    return "".join(parts)

"""Reference pages from settings: connectors and `hilum.toml`."""

from __future__ import annotations

import csv
import importlib
import io
from collections.abc import Iterator

from docs_text import code, comments, default_words, doc, plain, table, type_words
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from hilum.connector import Connector, Traits
from hilum.connectors import CONNECTORS, describe, find_destination, find_source
from hilum.settings import DestinationSettings, RetryRule, RetrySettings, Settings


def connectors_page() -> str:
    """All connectors: what they promise and their settings."""
    parts = ["# Connectors\n\n", "What each connector is, what it promises, and every setting. Settings are keyword "]
    parts.append("arguments in a flow, or lines of `[endpoints.<kind>.<name>]` in `hilum.toml`. An unknown name is an ")
    parts.append("error. Any text in `hilum.toml` may hold `${NAME}` or `${NAME:-default}` from the environment.\n\n")
    kinds = [
        [f"[`{name}`](#{name})", "yes" if kind.source else "", "yes" if kind.destination else ""]
        for name, kind in CONNECTORS.items()
    ]
    parts.append(table(["kind", "source", "destination"], kinds))
    for name in CONNECTORS:
        parts.append(f"\n## {name}\n\n{_module_doc(name)}\n")
        parts += _sides(name)
    return "".join(parts)


def _module_doc(kind: str) -> str:
    place = CONNECTORS[kind].source or CONNECTORS[kind].destination
    return doc(importlib.import_module(place.partition(":")[0])).partition("\n\n")[0]


def _sides(kind: str) -> Iterator[str]:
    rows = list(csv.DictReader(io.StringIO(describe(kind))))
    for side, find in (("source", find_source), ("destination", find_destination)):
        mine = [row for row in rows if row["side"] == side]
        if not getattr(CONNECTORS[kind], side):
            continue
        connector: type[Connector] = find(kind)
        yield f"\n### {kind} {side}: `{connector.__name__}`\n\n{doc(connector)}\n\n"
        yield table(["promise", "value", "meaning"], _promises(connector, side)) + "\n"
        yield table(
            ["setting", "type", "default", "unit", "example", "meaning"],
            [
                [
                    code(row["name"]) + (" (required)" if row["required"] == "yes" else ""),
                    type_words(row["type"]),
                    default_words(row["default"]),
                    row["unit"],
                    default_words(row["example"]),
                    plain(row["description"]),
                ]
                for row in mine
            ],
        )


def _promises(connector: type[Connector], side: str) -> Iterator[list[str]]:
    """The traits that concern this side; their meaning says so where they concern one only."""
    other = {"source": "destination", "destination": "source"}[side]
    meanings = {"batch_limit": "destination: " + comments(Traits)["batch_limit"]} | {
        name: words for name, words in comments(Traits).items() if name != "batch_limit"
    }
    for name, words in meanings.items():
        if not words.startswith(f"{other}:"):
            value = getattr(connector.traits, name)
            shown = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
            yield [code(name), shown, words.partition(": ")[2] if words.startswith(f"{side}:") else words]


def settings_page() -> str:
    """`hilum.toml`."""
    parts = ["# Settings: hilum.toml\n\n"]
    parts.append("The file lies in the project folder. Without it every default holds. Unknown names are an error. ")
    parts.append("Any text may hold `${NAME}` or `${NAME:-default}`: the value then comes from the environment, and a ")
    parts.append(
        "variable that is not set and has no default stops the start with its name. `${file:/run/secrets/name}` "
    )
    parts.append(
        "is what the file holds, as container platforms and agents of vaults hand out secrets. `HILUM_DATABASE_URL` "
    )
    parts.append("takes the place of `[hub] database_url`, `HILUM_MASTER_KEY` that of `[encryption] key`.\n")
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            parts.append(f"\n## [{name}]\n\n{_purpose(section)}\n\n")
            parts.append(table(["setting", "type", "default", "meaning"], _settings_of(section)))
            for inner, within in section.model_fields.items():
                part = within.annotation
                if isinstance(part, type) and issubclass(part, BaseModel) and part is not RetrySettings:
                    parts.append(f"\n### [{name}.{inner}]\n\n{_purpose(part)}\n\n")
                    parts.append(table(["setting", "type", "default", "meaning"], _settings_of(part)))
    parts.append("\n## [retry.&lt;criticality&gt;]\n\nWhat is left out stays as [by default](policies.md). ")
    parts.append("In `[retry.<criticality>.try_again]` or `[retry.<criticality>.unsure]` the same settings hold after ")
    parts.append("that class of failure only.\n\n")
    parts.append(table(["setting", "type", "default", "meaning"], _settings_of(RetryRule)))
    parts.append(f'\n## [destinations."&lt;name&gt;"]\n\n{_purpose(DestinationSettings)}\n\n')
    parts.append(table(["setting", "type", "default", "meaning"], _settings_of(DestinationSettings)))
    endpoints = (Settings.model_fields["endpoints"].description or "").partition(";")[0]
    parts.append(
        f"\n## [endpoints.&lt;kind&gt;.&lt;name&gt;]\n\n{endpoints}. A flow names one as `<kind>.<name>`, for "
    )
    parts.append("example `odoo.main`. What may stand there is in [Connectors](connectors.md), the destination side ")
    parts.append("of the kind.\n")
    return "".join(parts)


def _purpose(section: type[BaseModel]) -> str:
    """What a section is for: its docstring without its name."""
    words = doc(section).partition(": ")[2]
    return words[:1].upper() + words[1:]


def _settings_of(section: type[BaseModel]) -> Iterator[list[str]]:
    for name, field in section.model_fields.items():
        default = (
            ""
            if field.default is PydanticUndefined or isinstance(field.default, BaseModel | None)
            else str(field.default)
        )
        shown = code(field.alias or name)
        yield [shown, type_words(field.annotation), default_words(default), plain(field.description or "")]

"""The form of a task, made of its JSON Schema: yes or no, texts, numbers, days, choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from nicegui import ui

from hilum.console.components.controls import Choice, Field
from hilum.console.markup import tag
from hilum.processes import typed

_LONG = 200
"""From this number of characters a text gets several lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One field of a form."""

    name: str
    label: str
    kind: str  # choice, number, date, text, long; lines, pairs, json: more than one value
    required: bool
    hint: str = ""
    default: str = ""
    options: Mapping[str, str] = field(default_factory=dict)  # value → words
    values: Mapping[str, Any] = field(default_factory=dict)  # of a choice: what its values stand for

    def value_of(self, text: str) -> Any:
        """What was typed or chosen, as JSON; a text that is not what it should be stays one and is refused."""
        if self.kind == "choice":
            return self.values.get(text, text)
        return typed.several(self.kind, text) if self.kind in typed.HINTS else text


def entries(schema: Mapping[str, Any], order: Sequence[str] = ()) -> list[Entry]:
    """The fields of an object's schema (JSON Schema 2020-12, as pydantic writes it), in this order as far as it goes.

    A schema that comes from the database has lost the order of its fields.
    """
    required = set(schema.get("required", ()))
    told = schema.get("properties", {})
    names = [*(name for name in order if name in told), *(name for name in told if name not in order)]
    return [_entry(name, told[name], schema, name in required) for name in names]


def _entry(name: str, told: Mapping[str, Any], schema: Mapping[str, Any], required: bool) -> Entry:
    plain = _plain(told, schema)
    kind, values = _kind(plain)
    default = told.get("default")
    return Entry(
        name=name,
        label=str(told.get("title") or name.replace("_", " ")).capitalize(),
        kind=kind,
        required=required,
        hint=" ".join(filter(None, (str(told.get("description") or ""), typed.HINTS.get(kind, "")))),
        default="" if default is None or default in ([], {}) else _text(default),
        options={key: {"true": "yes", "false": "no"}.get(key, key) for key in values},
        values=values,
    )


def _plain(told: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without references, and without that it may be null: then it is left empty."""
    found = told
    if "$ref" in found:
        found = schema.get("$defs", {}).get(str(found["$ref"]).rpartition("/")[2], {})
    some: list[Mapping[str, Any]] = [each for each in found.get("anyOf", ()) if each.get("type") != "null"]
    if len(some) == 1:
        return _plain(some[0], schema)
    numbers = [each for each in some if each.get("type") in ("number", "integer")]
    return numbers[0] if numbers else found  # a decimal may be a number or a text


def _kind(plain: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """How it is asked for; and of a choice, its values by their text."""
    type_ = plain.get("type")
    if type_ == "boolean":
        return "choice", {"true": True, "false": False}
    if "enum" in plain or "const" in plain:
        return "choice", {_text(each): each for each in plain.get("enum", [plain.get("const")])}
    if type_ in ("number", "integer"):
        return "number", {}
    if type_ == "string" and plain.get("format") == "date":
        return "date", {}
    if type_ == "string":
        return ("long" if plain.get("maxLength", 0) >= _LONG else "text"), {}
    return typed.kind_of(plain), {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


class AnswerForm:
    """The fields on the page, and what is wrong with each, beside it. `without`: one that is answered by buttons."""

    def __init__(self, schema: Mapping[str, Any], order: Sequence[str] = (), *, without: str = "") -> None:
        self._entries = [entry for entry in entries(schema, order) if entry.name != without]
        self._fields: dict[str, Field] = {}
        self._wrong: dict[str, ui.html] = {}
        for entry in self._entries:
            self._fields[entry.name] = _field(entry)
            self._wrong[entry.name] = ui.html("", sanitize=False).props('aria-live="polite"')

    def values(self) -> dict[str, Any]:
        """What was answered. A field that is empty is left out: its default counts, or it is missed."""
        given = [(entry, self._fields[entry.name].value.strip()) for entry in self._entries]
        return {entry.name: entry.value_of(text) for entry, text in given if text}

    def say(self, wrong: Mapping[str, str]) -> str:
        """Show beside each field what is wrong with it; returns what belongs to no field."""
        for name, place in self._wrong.items():
            told = [words for each, words in wrong.items() if each == name or each.startswith(f"{name}.")]
            place.set_content(tag("p", "; ".join(told), class_="alert", role="alert") if told else "")
        return "; ".join(words for each, words in wrong.items() if each.partition(".")[0] not in self._wrong)


def _field(entry: Entry) -> Field:
    label = entry.label if entry.required else f"{entry.label} (may be left out)"
    if entry.kind == "choice":
        first = {} if entry.default else {"": "choose" if entry.required else "nothing"}
        return Choice(label, {**first, **entry.options}, value=entry.default)
    kind = "date" if entry.kind == "date" else "text"  # a number too: what is no number is refused in words
    lines = 3 if entry.kind == "long" or entry.kind in typed.HINTS else 1
    return Field(label, value=entry.default, lines=lines, hint=entry.hint, kind=kind, look="plain")

"""Does a change keep a contract or break it? Said field by field, with where and why.

It breaks where somebody on the other side would be surprised: a field that is gone or of another type, one that must be
there now, a code list that has become shorter, a format, message or delivery that is gone; and where an object that the
flow yields may lack what it always had. Everything else is told, and is compatible.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hilum.governance.contracts import Contract

INPUT, OUTPUT = "input", "output"

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference between two versions of a contract."""

    where: str  # `output hilum.charge: lines.quantity`
    words: str
    breaking: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a comparison came to."""

    flow: str
    was: str  # version that was accepted; empty: none was
    now: str  # version now; empty: the flow is gone
    differences: tuple[Difference, ...]

    @property
    def refusal(self) -> str:
        """Why the change is refused, in words; empty: it is not."""
        breaking = sum(each.breaking for each in self.differences)
        if not self.now:
            return f"The flow is gone. If nobody needs it any more, remove contracts/{self.flow}.json."
        if not self.was:
            return ""
        if _numbers(self.now) < _numbers(self.was):
            return f"The version went back from {self.was} to {self.now}."
        if breaking and major(self.now) <= major(self.was):
            changes = "1 change breaks" if breaking == 1 else f"{breaking} changes break"
            return f"{changes} the contract: make it version {major(self.was) + 1}.0, or take that back."
        return ""


def major(version: str) -> int:
    """The first number of a version."""
    return (_numbers(version) or (0,))[0]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def verdicts(accepted: Mapping[str, Contract], now: Mapping[str, Contract]) -> list[Verdict]:
    """Compare all flows of a project with what was accepted, by name."""
    found = []
    for name in sorted(accepted.keys() | now.keys()):
        old, new = accepted.get(name), now.get(name)
        changes = tuple(differences(old, new)) if old is not None and new is not None else ()
        was, is_now = str(old["version"]) if old else "", str(new["version"]) if new else ""
        found.append(Verdict(flow=name, was=was, now=is_now, differences=changes))
    return found


def differences(old: Contract, new: Contract) -> Iterator[Difference]:
    """Everything in which two contracts of one flow differ."""
    yield from _inputs(old["input"], new["input"])
    for name, was in old["output"].items():
        if name not in new["output"]:
            yield Difference(where=f"output {name}", words="it is not made any more", breaking=True)
        else:
            yield from Comparison(OUTPUT, was["schema"], new["output"][name]["schema"]).run(f"output {name}")
    for name in sorted(new["output"].keys() - old["output"].keys()):
        yield Difference(where=f"output {name}", words="it is new", breaking=False)
    was_sent = {(each["endpoint"], each["operation"]) for each in old["deliveries"]}
    is_sent = {(each["endpoint"], each["operation"]) for each in new["deliveries"]}
    for gone in sorted(was_sent - is_sent):
        yield Difference(where=f"delivery {' '.join(gone).strip()}", words="it is gone", breaking=True)
    for come in sorted(is_sent - was_sent):
        yield Difference(where=f"delivery {' '.join(come).strip()}", words="it is new", breaking=False)


def _inputs(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    if old["format"] != new["format"]:
        yield Difference(where="input", words=f"the format was {old['format']}, is {new['format']}", breaking=True)
    yield from _layouts(old.get("layout"), new.get("layout"))
    gone = sorted(set(old["accepts"]) - set(new["accepts"]))
    if gone and new["accepts"]:
        yield Difference(where="input", words=f"it takes no {', '.join(gone)} any more", breaking=True)
    if not old["accepts"] and new["accepts"]:
        words = f"it took every kind of message, and takes {', '.join(new['accepts'])} only"
        yield Difference(where="input", words=words, breaking=True)
    if old["accepts"] and (come := sorted(set(new["accepts"]) - set(old["accepts"]))):
        yield Difference(where="input", words=f"it takes {', '.join(come)} too", breaking=False)
    elif old["accepts"] and not new["accepts"]:
        yield Difference(where="input", words="it takes every kind of message", breaking=False)
    if old["schema"] is None and new["schema"] is not None:
        yield Difference(where="input", words="what comes in must fit a schema now", breaking=True)
    elif old["schema"] is not None and new["schema"] is None:
        yield Difference(where="input", words="what comes in need not fit a schema any more", breaking=False)
    elif old["schema"] is not None:
        yield from Comparison(INPUT, old["schema"], new["schema"]).run("input")


def _layouts(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Iterator[Difference]:
    """How files are divided. A contract that was accepted before this was part of it says nothing of that."""
    if old is None or new is None:
        return
    for name, words in (("split", "files are divided by"), ("columns", "the columns are"), ("element", "messages are")):
        if old[name] != new[name]:
            told = f"{words} {_shown(new[name])}, and were {_shown(old[name])}"
            yield Difference(where="input files", words=told, breaking=True)


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value or "not said"
    return ", ".join(f"{name or 'filler'} {width}" for name, width in value) or "not said"


class Comparison:
    """Two JSON Schemas of one thing. `side`: who must not be surprised, its senders or its receivers."""

    def __init__(self, side: str, old: Schema, new: Schema) -> None:
        self._side = side
        self._old, self._new = old, new
        self._seen: set[tuple[str, str]] = set()  # pairs of definitions that were compared: they may contain themselves

    def run(self, where: str) -> Iterator[Difference]:
        """All differences."""
        yield from self._compare(self._old, self._new, f"{where}: ")

    def _compare(self, old: Schema, new: Schema, where: str) -> Iterator[Difference]:
        pair = (str(old.get("$ref", "")), str(new.get("$ref", "")))
        if all(pair):
            if pair in self._seen:
                return
            self._seen.add(pair)
        was, now = _variants(old, self._old), _variants(new, self._new)
        gone, come = sorted(was.keys() - now.keys()), sorted(now.keys() - was.keys())
        if self._side == INPUT and gone == [_WHOLE] and _NUMBER in now:
            gone = []  # who may send any number may send a whole one
        if gone or (come and self._side == OUTPUT):
            words = f"it was {_or(was)}, and is {_or(now)}"
            yield Difference(where=_place(where), words=words, breaking=True)
        elif come:
            yield Difference(where=_place(where), words=f"it may be {' or '.join(come)} too", breaking=False)
        for kind in sorted(was.keys() & now.keys()):
            yield from self._alike(was[kind], now[kind], where)

    def _alike(self, old: Schema, new: Schema, where: str) -> Iterator[Difference]:
        """Both of one type."""
        yield from _code_lists(old, new, where)
        yield from self._limits(old, new, where)
        if old.get("properties") or new.get("properties"):
            yield from self._members(old, new, where)
        if old.get("items") and new.get("items"):
            yield from self._compare(old["items"], new["items"], f"{where}[]")
        yield from self._places(old, new, where)
        was, now = old.get("additionalProperties"), new.get("additionalProperties")
        if isinstance(was, Mapping) and isinstance(now, Mapping):  # names are data, values are of one kind
            yield from self._compare(was, now, f"{where}{{}}")

    def _places(self, old: Schema, new: Schema, where: str) -> Iterator[Difference]:
        """Lists in which each place has a meaning of its own."""
        was, now = old.get("prefixItems", ()), new.get("prefixItems", ())
        if len(was) != len(now):
            words = f"the list had {len(was) or 'no'} places of their own, and has {len(now) or 'none'}"
            yield Difference(where=_place(where), words=words, breaking=True)
        for number, (one, other) in enumerate(zip(was, now, strict=False), 1):
            yield from self._compare(one, other, f"{where}[{number}]")

    def _members(self, old: Schema, new: Schema, where: str) -> Iterator[Difference]:
        was, now = old.get("properties", {}), new.get("properties", {})
        needed_then, needed_now = set(old.get("required", ())), set(new.get("required", ()))
        for name in was:
            if name not in now:
                yield Difference(where=_at(where, name), words="the field is gone", breaking=True)
            else:
                yield from self._compare(was[name], now[name], f"{where}.{name}")
        for name in sorted(needed_now - needed_then):
            yield Difference(where=_at(where, name), words="the field must be there now", breaking=True)
        for name in sorted(now.keys() - was.keys() - needed_now):
            yield Difference(where=_at(where, name), words="the field is new", breaking=False)
        for name in sorted((needed_then - needed_now) & now.keys()):
            words = "the field was always there, and may be missing now"
            yield Difference(where=_at(where, name), words=words, breaking=self._side == OUTPUT)
        if old.get("additionalProperties", True) is not False and new.get("additionalProperties", True) is False:
            words = "fields that it does not know are refused now"
            yield Difference(where=_place(where), words=words, breaking=self._side == INPUT)

    def _limits(self, old: Schema, new: Schema, where: str) -> Iterator[Difference]:
        for name, (words, sign) in _LIMITS.items():
            was, now = old.get(name), new.get(name)
            if was == now:
                continue
            narrower = now is not None and (was is None or (now - was) * sign < 0)
            told = f"{words} {'none' if was is None else was}, and is {'none' if now is None else now}"
            yield Difference(where=_place(where), words=told, breaking=narrower and self._side == INPUT)
        if old.get("pattern") != new.get("pattern"):
            breaking = self._side == INPUT and new.get("pattern") is not None
            yield Difference(where=_place(where), words="the form of the text is another one", breaking=breaking)


_LIMITS: Mapping[str, tuple[str, int]] = {
    "maxLength": ("the greatest length was", 1),
    "minLength": ("the least length was", -1),
    "maximum": ("the highest value was", 1),
    "exclusiveMaximum": ("it had to be below", 1),
    "minimum": ("the lowest value was", -1),
    "exclusiveMinimum": ("it had to be above", -1),
    "maxItems": ("the greatest number was", 1),
    "minItems": ("the least number was", -1),
}
"""Limits of a schema, and which way is wider."""


def _code_lists(old: Schema, new: Schema, where: str) -> Iterator[Difference]:
    was, now = _codes(old), _codes(new)
    if was is None and now is not None:
        yield Difference(where=_place(where), words="only some values are allowed now", breaking=True)
    if was is None or now is None:
        if was is not None:
            yield Difference(where=_place(where), words="every value is allowed now", breaking=False)
        return
    if gone := sorted(was - now):
        yield Difference(where=_place(where), words=f"the code list has lost {', '.join(gone)}", breaking=True)
    if come := sorted(now - was):
        yield Difference(where=_place(where), words=f"the code list has {', '.join(come)} too", breaking=False)


def _codes(schema: Schema) -> set[str] | None:
    if "const" in schema:
        return {str(schema["const"])}
    return {str(value) for value in schema["enum"]} if "enum" in schema else None


def _variants(schema: Schema, root: Schema) -> dict[str, Schema]:
    """What it may be, by its type in words: a text, nothing, an object, …"""
    schema = _resolved(schema, root)
    found: dict[str, Schema] = {}
    choices = [_resolved(each, root) for each in schema.get("anyOf") or schema.get("oneOf") or [schema]]
    several = sum(each.get("type") == "object" for each in choices) > 1
    for one in choices:
        if "anyOf" in one or "oneOf" in one:
            found |= _variants(one, root)
            continue
        kind = one.get("type", "anything")
        for name in kind if isinstance(kind, list) else [kind]:
            # one object is told by what it is made of, whatever it is called; several are told apart by their names
            form = one.get("format") or (one.get("title") if several and name == "object" else None)
            found[f"{_TYPES.get(name, name)}{f' ({form})' if form else ''}"] = one
    return found


_WHOLE, _NUMBER = "whole number", "number"
_TYPES = {
    "string": "text", "integer": _WHOLE, "number": _NUMBER, "boolean": "true or false", "null": "nothing",
    "array": "list", "object": "object",
}  # fmt: skip


def _resolved(schema: Schema, root: Schema) -> Schema:
    """What a reference leads to; references lead into `$defs` of their own schema."""
    for _ in range(20):
        name = str(schema.get("$ref", ""))
        if not name:
            break
        schema = root.get("$defs", {}).get(name.rpartition("/")[2], {})
    return schema


def _or(variants: Mapping[str, Schema]) -> str:
    return " or ".join(sorted(variants))


def _place(where: str) -> str:
    return where.replace(": .", ": ").removesuffix(": ")


def _at(where: str, name: str) -> str:
    return _place(f"{where}.{name}")

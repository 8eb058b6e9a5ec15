"""`ownership.toml`: how it is written, and everything that can be wrong with it, found before anything starts.

[systems]                    # the endpoints of each system
ODOO = ["odoo.main"]
SRM = ["http.srm"]

[[owned]]
object = "hilum.supplier"    # all fields that no other line names
owner = "SRM"
others = "ignore"

[[owned]]
object = "hilum.supplier"
fields = ["phone", "email"]
owner = "ODOO"
others = "accept_if_empty"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hilum.canonical import BY_NAME, BusinessObject
from hilum.connector import Target
from hilum.errors import SettingsError
from hilum.flow import Flow, Project
from hilum.masterdata.ownership.matrix import FILE, Conflict, Matrix, Others, Rule
from hilum.settings import problems_of


class Owned(BaseModel):
    """`[[owned]]`: one line of the matrix."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    object: str = Field(description="The business object: `hilum.supplier`")
    fields: list[str] = Field(default=[], description="Its fields; empty: all that no other line names")
    facility: str = Field("", description="Only for this facility; empty: for all")
    owner: str = Field("", description="The system of record; empty: nobody owns it, every system may change it")
    same_as: str = Field(
        "", description="In place of `owner`: whoever owns this, `hilum.supplier` or `hilum.supplier.phone`"
    )
    others: Others = Field(Others.REFUSE, description="What becomes of the change of a system that does not own it")
    conflict: Conflict = Field(
        Conflict.NEWEST, description="Without an owner: who wins where two systems changed it at once"
    )


class OwnershipFile(BaseModel):
    """All of `ownership.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    systems: dict[str, list[str]] = {}
    owned: list[Owned] = []


@dataclass(frozen=True, slots=True)
class _Line:
    place: str  # `line 12`
    owned: Owned

    @property
    def keys(self) -> list[tuple[str, str, str]]:
        """What it is about: object, field or "", facility or ""."""
        return [(self.owned.object, name, self.owned.facility) for name in self.owned.fields or [""]]


_OWNED = re.compile(r"^\s*\[\[\s*owned\s*\]\]")


def load_matrix(project: Project) -> Matrix:
    """The matrix of a project; without the file an empty one.

    Raises `SettingsError` that names every place that is wrong, and why.
    """
    path = project.folder / FILE
    if not path.is_file():
        speaking = sorted(flow.name for flow in project.flows.values() if flow.correction_targets)
        if speaking:
            raise SettingsError(f"{speaking[0]} corrects a system, and there is no {path} that says who owns what.")
        return Matrix()
    text = path.read_text(encoding="utf-8")
    try:
        found = OwnershipFile(**tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from None
    except ValidationError as error:
        raise SettingsError(f"{path}: {problems_of(error)}") from None
    numbers = [number for number, line in enumerate(text.splitlines(), 1) if _OWNED.match(line)]
    places = [f"line {number}" for number in numbers] if len(numbers) == len(found.owned) else []
    lines = [_Line(places[n] if places else f"the {n + 1}. [[owned]]", owned) for n, owned in enumerate(found.owned)]
    problems = [*_systems(found, project), *_lines(found, lines), *_doubles(lines)]
    owners, circles = _owners(lines)
    problems += circles
    rules = {
        key: Rule(owner=owners.get(key, ""), others=line.owned.others, conflict=line.owned.conflict, place=line.place)
        for line in lines
        for key in line.keys
    }
    matrix = Matrix(rules=rules, systems=found.systems)
    problems += _flows(matrix, project.flows.values())
    if problems:
        raise SettingsError(f"{path}: " + " ".join(dict.fromkeys(problems)))
    return matrix


def _systems(found: OwnershipFile, project: Project) -> Iterator[str]:
    known = {target.endpoint for flow in project.flows.values() for target in flow.every_target}
    known |= {flow.source_endpoint for flow in project.flows.values()}
    seen: dict[str, str] = {}
    for system, endpoints in found.systems.items():
        for endpoint in endpoints:
            if endpoint in seen:
                yield f"[systems]: the endpoint {endpoint} is of {seen[endpoint]} and of {system}; it can be of one."
            if endpoint not in known:
                yield f"[systems] {system}: no flow uses an endpoint {endpoint}."
            seen[endpoint] = system
    for flow in project.flows.values():
        if flow.system and flow.system not in found.systems:
            yield f"The flow {flow.name} speaks for {flow.system}, which is not under [systems]."


def _lines(found: OwnershipFile, lines: Iterable[_Line]) -> Iterator[str]:
    for line in lines:
        owned = line.owned
        kind = BY_NAME.get(owned.object)
        if kind is None:
            yield f"{line.place}: there is no object '{owned.object}'."
            continue
        yield from (f"{line.place}: {words}" for name in owned.fields if (words := _field(kind, name)))
        if owned.owner and owned.same_as:
            yield f"{line.place}: it has an owner and a same_as; write one of them."
        if owned.owner and owned.owner not in found.systems:
            yield f"{line.place}: its owner {owned.owner} is not under [systems]."
        if owned.same_as and _target(owned.same_as) is None:
            yield f"{line.place}: same_as '{owned.same_as}' is no object, and no field of one."


def _field(kind: type[BusinessObject], name: str) -> str:
    """What is wrong with a field of a line."""
    if name not in kind.model_fields:
        return f"{kind.name} has no field '{name}'; it has {', '.join(kind.model_fields)}."
    return ""


def _doubles(lines: Iterable[_Line]) -> Iterator[str]:
    seen: dict[tuple[str, str, str], str] = {}
    for line in lines:
        for key in line.keys:
            if key in seen:
                object_, name, facility = key
                about = ".".join(word for word in (object_, name) if word) + (f" at {facility}" if facility else "")
                yield f"{line.place}: who owns {about} is said in {seen[key]} already."
            seen[key] = line.place


def _owners(lines: Sequence[_Line]) -> tuple[dict[tuple[str, str, str], str], list[str]]:
    """The owner of each line, `same_as` followed to its end; and the circles in which it has none."""
    by_key = {key: line for line in lines for key in line.keys}
    owners: dict[tuple[str, str, str], str] = {}
    problems = []
    for key in by_key:
        path, at = [key], by_key[key]
        while at.owned.same_as and (target := _target(at.owned.same_as)) is not None:
            after = _nearest(by_key, *target, key[2])
            if after is None:
                problems.append(f"{at.place}: nobody says who owns {at.owned.same_as}.")
                break
            if after in path:
                words = " → ".join(f"{_said(each)} ({by_key[each].place})" for each in (*path, after))
                problems.append(f"{by_key[key].place}: ownership goes in a circle: {words}.")
                break
            path.append(after)
            at = by_key[after]
        owners[key] = at.owned.owner
    return owners, problems


def _nearest(
    by_key: dict[tuple[str, str, str], _Line], object_: str, name: str, facility: str
) -> tuple[str, str, str] | None:
    places = ((object_, name, facility), (object_, name, ""), (object_, "", facility), (object_, "", ""))
    return next((place for place in places if place in by_key), None)


def _said(key: tuple[str, str, str]) -> str:
    return ".".join(word for word in key[:2] if word)


def _target(text: str) -> tuple[str, str] | None:
    """Object and field (or "") of a `same_as`."""
    if text in BY_NAME:
        return text, ""
    object_, _, name = text.rpartition(".")
    kind = BY_NAME.get(object_)
    return (object_, name) if kind is not None and name in kind.model_fields else None


def _flows(matrix: Matrix, flows: Collection[Flow]) -> Iterator[str]:
    """Flows that carry what is governed must say for whom they speak."""
    governed = tuple(BY_NAME[name] for name in matrix.objects if name in BY_NAME)
    for flow in flows:
        carried = {
            kind.name
            for target in flow.targets
            for kind in target.accepts
            if isinstance(kind, type) and governed and issubclass(kind, governed)
        }
        if not matrix.system_of(flow) and carried:
            yield (
                f"The flow {flow.name} carries {', '.join(sorted(carried))} and does not say for which system it "
                "speaks: write Flow(..., system=...)."
            )
        yield from (_unsaid(flow, target, governed) for target in flow.every_target if _asked(target, governed))
        if flow.correction_targets and not matrix.system_of(flow):
            yield f"The flow {flow.name} corrects a system and does not say for which one it speaks."
        yield from _overwriting(matrix, flow, matrix.captured(flows))


def _overwriting(matrix: Matrix, flow: Flow, captured: Collection[str]) -> Iterator[str]:
    """Targets that would overwrite what their own system has, in fields that others may only fill there."""
    for target in flow.every_target:
        system = matrix.system_at(target.endpoint)
        objects = {kind.name for kind in target.overwrites if system in captured and issubclass(kind, BusinessObject)}
        for (name, *_), rule in matrix.rules.items():
            if name in objects and rule.owner == system and rule.others is Others.ACCEPT_IF_EMPTY:
                yield (
                    f"{rule.place}: others may only fill fields of {name} in {system}, and the flow {flow.name} writes "
                    f"it at {target.endpoint} by {target.operation}, which cannot look before it writes. Write "
                    'others = "ignore", "hold" or "refuse".'
                )


def _asked(target: Target, governed: tuple[type[BusinessObject], ...]) -> list[str]:
    """The governed objects of which a target does not say whether it writes them."""
    return sorted(kind.name for kind in target.may_be if governed and issubclass(kind, governed))


def _unsaid(flow: Flow, target: Target, governed: tuple[type[BusinessObject], ...]) -> str:
    objects = " or ".join(_asked(target, governed))
    return (
        f"The flow {flow.name} writes {', '.join(target.needs)} at {target.endpoint} by {target.operation}; its "
        f"records can be {objects}, and ownership cannot judge what it does not know. Write "
        f"{target.operation}(..., writes=…) with the object that they are, or with a sentence "
        "that says why they are none."
    )

"""The contract of an interface: what a flow takes, what it makes of it, and where that goes; with the flow's version.

A contract is data (JSON): the schema of the input where the flow declares one, the JSON Schema of every object that it
yields, and its deliveries. The accepted ones are files in `contracts/` of the project, one for each flow, under version
control like the flows themselves.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from pydantic import BaseModel

from hilum.canonical import BusinessObject, schema
from hilum.connector import ReadsModels, Source
from hilum.errors import SettingsError
from hilum.flow import Flow

FOLDER = "contracts"

Contract = Mapping[str, Any]
"""As `contract_of` makes it, and as its file has it."""


def contract_of(flow: Flow, project: Path | None = None) -> dict[str, Any]:
    """The contract of a flow as it is now. Paths within the folder `project` are the same on every machine."""
    return {
        "flow": flow.name,
        "version": flow.version,
        "input": {
            "format": flow.format,
            "accepts": _accepted_messages(flow),
            "layout": _layout(flow),
            "schema": flow.input.model_json_schema() if flow.input is not None else None,
        },
        "output": {_name(kind): _described(kind) for kind in sorted(yielded(flow), key=_name)},
        "deliveries": sorted(
            (
                {
                    "endpoint": _endpoint(target.endpoint, project),
                    "operation": target.operation,
                    "takes": _taken(target.accepts),
                }
                for target in flow.targets
            ),
            key=lambda each: (str(each["endpoint"]), str(each["operation"])),
        ),
    }


def _endpoint(name: str, project: Path | None) -> str:
    """Its name; of one without a name its address, which for a folder of the project begins there."""
    path = Path(name)
    if project is None or not path.is_absolute() or not path.is_relative_to(project.resolve()):
        return name
    return path.relative_to(project.resolve()).as_posix()


_STANDARD: Final = frozenset({"hl7v2", "x12", "x12-interchange", "object"})
"""Formats whose structure a standard, or the hub, lays down."""

_DECLARABLE: Final = frozenset({"json", "row"})
"""Formats of which a flow can say by `input` what a body must be; text, XML and bytes a flow reads as it sees fit."""


def gaps(flow: Flow) -> list[str]:
    """Where the contract of a flow has no schema though it could have one, with what to do; nothing: nowhere."""
    found = []
    if flow.format in _DECLARABLE and flow.input is None and not _known_form(flow.source):
        found.append(
            "input: it has no schema, so a change of it is not seen. Declare Flow(..., input=a pydantic model)."
        )
    if flow.format not in _STANDARD and flow.targets and not yielded(flow) and not _writes_bytes(flow):
        found.append("output: it has no schema. Say what the translation yields: def name(...) -> Iterator[TheModel].")
    return found


def _known_form(source: Source | None) -> bool:
    """The hub makes the messages itself, checks their fields in Odoo, or has the columns of a file."""
    columns = getattr(getattr(source, "settings", None), "columns", ())
    return bool(columns) or (source is not None and (source.in_hub or isinstance(source, ReadsModels)))


def _accepted_messages(flow: Flow) -> list[str]:
    """The kinds of message that its source takes; nothing: every kind, or the source does not tell them apart."""
    accepts = getattr(getattr(flow.source, "settings", None), "accepts", ())
    return [] if "*" in accepts else sorted(accepts)


def _layout(flow: Flow) -> dict[str, Any] | None:
    """How its source divides files; None: it takes none."""
    settings = getattr(flow.source, "settings", None)
    if not isinstance(settings, FolderLike):
        return None
    columns = [[name, width] for name, width in settings.columns]
    return {"split": settings.split, "columns": columns, "element": settings.element}


@typing.runtime_checkable
class FolderLike(typing.Protocol):
    """Settings of a source that divides files (`hilum.connectors.files`), which lies above this package."""

    split: str
    columns: tuple[tuple[str, int], ...]
    element: str


def yielded(flow: Flow) -> set[type[BaseModel]]:
    """What a flow yields: as its translation says (`-> Iterator[Charge]`), else as its targets take it."""
    said = set(_models(_return_type(flow)))
    return said or {kind for target in flow.targets for each in target.accepts for kind in _models(each)}


def _return_type(flow: Flow) -> Any:
    function = flow.translation
    try:
        return typing.get_type_hints(function).get("return") if function is not None else None
    except (NameError, TypeError):  # an annotation that only a type checker can read
        return None


def _writes_bytes(flow: Flow) -> bool:
    """Its translation yields whole documents of a standard, such as pain.001 for a bank: no model describes them."""
    said = _return_type(flow)
    return said is bytes or typing.get_args(said) == (bytes,)


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    """The models in an annotation: of `Iterator[A | B]`, A and B."""
    parts = typing.get_args(kind)
    for part in parts:
        yield from _models(part)
    if not parts and isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in (BaseModel, BusinessObject):
        yield kind


def _name(kind: type[BaseModel]) -> str:
    return kind.name if issubclass(kind, BusinessObject) else kind.__name__


def _described(kind: type[BaseModel]) -> dict[str, Any]:
    if issubclass(kind, BusinessObject):
        return {"version": kind.version, "schema": schema(kind)}
    return {"version": "", "schema": kind.model_json_schema(mode="serialization")}


def _taken(accepts: tuple[type, ...]) -> list[str]:
    """What a target takes, by name; nothing: whatever the flow yields."""
    return sorted(_name(kind) for each in accepts for kind in _models(each))


def accepted(folder: Path) -> dict[str, dict[str, Any]]:
    """The accepted contracts of a project, by flow. Raises `SettingsError` that names the file that cannot be read."""
    found = {}
    for path in sorted((folder / FOLDER).glob("*.json")):
        try:
            contract = orjson.loads(path.read_bytes())
            found[str(contract["flow"])] = contract
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise SettingsError(f"{path} is no contract; write it with: hilum contract accept") from None
    return found


def written(contract: Contract) -> bytes:
    """The one written form of a contract: sorted, so that version control shows what has changed."""
    return orjson.dumps(contract, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def accept(folder: Path, contract: Contract) -> Path:
    """Write the file of a contract: from now on changes are compared with it."""
    path = folder / FOLDER / f"{contract['flow']}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(written(contract))
    return path

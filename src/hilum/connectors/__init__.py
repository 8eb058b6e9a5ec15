"""Connectors: how messages come in from other systems and how they leave, one file or folder a protocol.

`CONNECTORS` is the whole list. `find_source` and `find_destination` give the class for a `kind` of `hilum.toml`;
`describe` lists its settings for the docs.
"""

from __future__ import annotations

import csv
import importlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from pydantic_core import PydanticUndefined

from hilum.connector import Connector, Destination, Source
from hilum.errors import SettingsError

__all__ = ["CONNECTORS", "Kind", "describe", "find_destination", "find_source"]


@dataclass(frozen=True, slots=True)
class Kind:
    """Where the classes of one kind are, as `module:Class`; empty: this kind has no such side.

    Places, not classes: a hub that talks to no SFTP server does not load the SSH library.
    """

    source: str = ""
    destination: str = ""


CONNECTORS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "mllp": Kind(source="hilum.connectors.mllp:Listener", destination="hilum.connectors.mllp:Sender"),
        "http": Kind(source="hilum.connectors.http:Listener", destination="hilum.connectors.http:Endpoint"),
        "http_poll": Kind(source="hilum.connectors.http:Poll"),
        "as2": Kind(source="hilum.connectors.as2:Station", destination="hilum.connectors.as2:Sender"),
        "files": Kind(source="hilum.connectors.files:Folder", destination="hilum.connectors.files:Writer"),
        "calendar": Kind(source="hilum.connectors.calendar:Runs"),
        "nats": Kind(source="hilum.connectors.nats:Consumer", destination="hilum.connectors.nats:Publisher"),
        "kafka": Kind(source="hilum.connectors.kafka:Consumer", destination="hilum.connectors.kafka:Producer"),
        "masterdata": Kind(source="hilum.connectors.masterdata:Published"),
        "odoo": Kind(destination="hilum.connectors.odoo:Odoo"),
        "odoo_changes": Kind(source="hilum.connectors.odoo:Changes"),
        "odoo_outbox": Kind(source="hilum.connectors.odoo:Outbox"),
    }
)


def find_source(kind: str) -> type[Source]:
    """The source class of this kind. Raises `SettingsError` when there is none."""
    found = _load(kind, _kind(kind).source, "source")
    assert issubclass(found, Source)  # noqa: S101 — for the type checker; the conformance test holds the table to it
    return found


def find_destination(kind: str) -> type[Destination]:
    """The destination class of this kind. Raises `SettingsError` when there is none."""
    found = _load(kind, _kind(kind).destination, "destination")
    assert issubclass(found, Destination)  # noqa: S101 — as above
    return found


def describe(kind: str) -> str:
    """All settings of a kind as CSV for the docs: side, name, type, required, default, unit, example, description.

    Raises `SettingsError` for an unknown kind.
    """
    sides: list[tuple[str, type[Connector]]] = []
    if _kind(kind).source:
        sides.append(("source", find_source(kind)))
    if _kind(kind).destination:
        sides.append(("destination", find_destination(kind)))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["side", "name", "type", "required", "default", "unit", "example", "description"])
    for side, connector in sides:
        for name, field in connector.Settings.model_fields.items():
            extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
            writer.writerow(
                [
                    side,
                    name,
                    getattr(field.annotation, "__name__", "")
                    if isinstance(field.annotation, type)
                    else str(field.annotation),
                    "yes" if field.is_required() else "no",
                    _shown(field.default),
                    extra.get("unit", ""),
                    _shown(field.examples[0]) if field.examples else "",
                    field.description or "",
                ]
            )
    return out.getvalue()


def _shown(value: Any) -> str:
    return "" if value is None or value is PydanticUndefined else str(value)


def _kind(kind: str) -> Kind:
    try:
        return CONNECTORS[kind]
    except KeyError:
        raise SettingsError(f"there is no connector '{kind}'; there are {', '.join(sorted(CONNECTORS))}") from None


def _load(kind: str, place: str, side: str) -> type[Connector]:
    if not place:
        raise SettingsError(f"the connector '{kind}' has no {side}")
    module, _, name = place.partition(":")
    found = getattr(importlib.import_module(module), name)
    assert isinstance(found, type)  # noqa: S101 — for the type checker
    assert issubclass(found, Connector)  # noqa: S101 — for the type checker
    return found

"""All business objects by name, their schemas and examples, and their one written form (JSON)."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from types import ModuleType
from typing import Any

import orjson
from pydantic import ValidationError

from hilum.canonical import (
    agreements,
    assets,
    books,
    budgets,
    care,
    claims,
    contracts,
    finance,
    gateway,
    happenings,
    implants,
    matching,
    onboarding,
    organisation,
    papers,
    parties,
    patients,
    paying,
    people,
    pricing,
    purchasing,
    readings,
    receiving,
    revenue,
    stores,
    supplies,
    workforce,
)
from hilum.canonical.base import BusinessObject
from hilum.canonical.partial import partial_kind
from hilum.errors import Invalid

MODULES: tuple[ModuleType, ...] = (
    organisation,
    supplies,
    stores,
    implants,
    parties,
    onboarding,
    purchasing,
    agreements,
    receiving,
    contracts,
    pricing,
    patients,
    care,
    books,
    budgets,
    revenue,
    claims,
    finance,
    paying,
    gateway,
    matching,
    readings,
    papers,
    people,
    workforce,
    assets,
    happenings,
)
"""Where the business objects are declared; every one of such a module is in the catalogue."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def _declared(module: ModuleType) -> list[type[BusinessObject]]:
    return [
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, BusinessObject) and kind.__module__ == module.__name__
    ]


BY_NAME: Mapping[str, type[BusinessObject]] = {
    kind.name: kind for kind in sorted((k for module in MODULES for k in _declared(module)), key=lambda k: k.name)
}


def event_type(kind: type[BusinessObject]) -> str:
    """The CloudEvents type under which it is published: name and major version, `hilum.charge.v1`."""
    return f"{kind.name}.v{kind.version.partition('.')[0]}"


def schema(kind: type[BusinessObject]) -> dict[str, Any]:
    """JSON Schema (2020-12) of its `data`, as it is written: decimals are texts, unknown members are refused."""
    made = kind.model_json_schema(mode="serialization", by_alias=True)
    return {"$schema": DIALECT, "$id": f"urn:hilum:schema:{kind.name}:{kind.version}", **made}


def example(kind: type[BusinessObject]) -> BusinessObject:
    """One of them, invented, with what is typical of real ones. Raises `LookupError` where none was made."""
    file = files(__package__).joinpath("examples", f"{kind.name}.json")
    if not file.is_file():
        raise LookupError(f"There is no example of {kind.name}: make canonical/examples/{kind.name}.json")
    return read(file.read_bytes())


def write(thing: BusinessObject) -> bytes:
    """JSON `{"type", "version", "data"}`. Decimals are strings, times ISO 8601, absent members are left out.

    A partial object has `"partial": true`: what is absent is not told, and an empty text is a deletion.
    """
    envelope: dict[str, object] = {"type": thing.name, "version": thing.version}
    if thing.left_out is None:
        envelope["data"] = thing.model_dump(mode="json", exclude_defaults=True)
    else:
        envelope |= {"data": thing.model_dump(mode="json", exclude=set(thing.left_out)), "partial": True}
    return orjson.dumps(envelope)


def read(body: bytes) -> BusinessObject:
    """The object that `write` wrote. Raises `Invalid` naming the member that is wrong."""
    try:
        envelope = orjson.loads(body)
        kind = BY_NAME[envelope["type"]]
        if envelope.get("partial") is True:
            kind = partial_kind(kind, envelope["data"])
        return kind.model_validate_json(orjson.dumps(envelope["data"]))
    except orjson.JSONDecodeError as error:
        raise Invalid(f"not JSON ({error.msg})", where=f"line {error.lineno}, column {error.colno}") from None
    except (KeyError, TypeError):
        raise Invalid("not a business object: 'type' and 'data' are needed, and the type must be known") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise Invalid(first["msg"], where=".".join(str(part) for part in first["loc"])) from None

"""All business objects by name, and their one written form (JSON)."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from pydantic import ValidationError

from hilum.canonical.base import BusinessObject
from hilum.canonical.patients import Encounter, PatientAccount
from hilum.canonical.purchasing import DocumentStatus, PurchaseOrder, Requisition, Supplier
from hilum.canonical.revenue import Charge
from hilum.canonical.supplies import Item, Location, StockLevel, SupplyConsumed, Unit
from hilum.errors import Invalid

BY_NAME: Mapping[str, type[BusinessObject]] = {
    kind.name: kind
    for kind in (
        Charge,
        DocumentStatus,
        Encounter,
        Item,
        Location,
        PatientAccount,
        PurchaseOrder,
        Requisition,
        StockLevel,
        Supplier,
        SupplyConsumed,
        Unit,
    )
}


def write(thing: BusinessObject) -> bytes:
    """JSON `{"type", "version", "data"}`. Decimals are strings, times ISO 8601, absent members are left out."""
    data = thing.model_dump(mode="json", exclude_defaults=True)
    return orjson.dumps({"type": thing.name, "version": thing.version, "data": data})


def read(body: bytes) -> BusinessObject:
    """The object that `write` wrote. Raises `Invalid` naming the member that is wrong."""
    try:
        envelope = orjson.loads(body)
        kind = BY_NAME[envelope["type"]]
        return kind.model_validate_json(orjson.dumps(envelope["data"]))
    except orjson.JSONDecodeError as error:
        raise Invalid(f"not JSON ({error.msg})", where=f"line {error.lineno}, column {error.colno}") from None
    except (KeyError, TypeError):
        raise Invalid("not a business object: 'type' and 'data' are needed, and the type must be known") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise Invalid(first["msg"], where=".".join(str(part) for part in first["loc"])) from None

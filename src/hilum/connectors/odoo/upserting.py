"""`odoo.upsert`: the line of a flow for a model that has no operation of its own.

It could write what other operations write, past the ownership of its fields. So it says which business object its
records are, and then takes only that object, field by field as ownership lets it through; or why they are none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from hilum.canonical import BusinessObject, Item, StockLevel, SupplierPrice, example, partial
from hilum.connector import Outgoing, Target
from hilum.connectors.declaring import target
from hilum.connectors.odoo.destination import Odoo
from hilum.connectors.odoo.operations import OPERATIONS
from hilum.connectors.odoo.operations.filling import fills
from hilum.connectors.odoo.operations.upsert import FieldValues
from hilum.connectors.odoo.work import cell
from hilum.errors import SettingsError

Writes = type[BusinessObject] | str

_RELATIONS: Final = ("many2one", "one2many", "many2many")
_TEXTS: Final = ("char", "text", "html")
_KEPT_IN: Final[Mapping[type, tuple[str, ...]]] = {
    bool: ("boolean",),
    int: ("integer", "float", "monetary", "selection", *_TEXTS),
    float: ("float", "monetary", *_TEXTS),
    Decimal: ("float", "monetary", *_TEXTS),
    date: ("date", *_TEXTS),
    datetime: ("datetime", *_TEXTS),
}
"""Type of a value → the types of fields that keep the whole of it. A text may be anything: a name, a code, a label."""

_PART_OF: Final[Mapping[str, str]] = {
    "res.partner.bank": "res.partner",
    "res.users": "res.partner",
    "product.template": "product.product",
    "purchase.order.line": "purchase.order",
    "purchase.requisition.line": "purchase.requisition",
    "account.move.line": "account.move",
    "stock.move": "stock.picking",
    "stock.move.line": "stock.picking",
}
"""Model → the model of the business object that it is a part of, or that Odoo writes together with it."""

_BY_SEVERAL: Final[Mapping[str, tuple[type[BusinessObject], ...]]] = {
    "product.supplierinfo": (SupplierPrice, Item),
    "stock.quant": (StockLevel,),
}
"""Models that operations write which are not made for one record of one model."""


def objects_in(model: str) -> tuple[type[BusinessObject], ...]:
    """The business objects that records of this model can be, as the operations write them."""
    main = _PART_OF.get(model, model)
    found = [kind for each in OPERATIONS.values() if getattr(each, "model", "") == main for kind in each.accepts]
    return tuple(dict.fromkeys((*found, *_BY_SEVERAL.get(model, ()))))


def _objects_called(kind: str) -> tuple[type[BusinessObject], ...]:
    """The business objects whose external identifiers have this middle part."""
    found = [each.accepts for each in OPERATIONS.values() if kind and getattr(each, "kind", "") == kind]
    return tuple(dict.fromkeys(one for accepts in found for one in accepts))


def upsert(
    endpoint: str,
    model: str,
    *,
    columns: Sequence[str],
    fields: Callable[[Any], Mapping[str, Any] | None],
    key: Callable[[Any], str],
    kind: str = "",
    writes: Writes = "",
    accepts: tuple[type, ...] = (object,),
    **settings: Any,
) -> Target:
    """Any object becomes a record of `model`, created or updated by its business key.

    `columns` names those of Odoo's `load` that it writes; `hilum odoo check` and the start look whether Odoo has them,
    in types that keep what `fields` makes of the example of the business object. `fields` gives their values, or None
    when the object is not for this target; a column whose value is None is left alone. `key` gives the business key;
    `kind` the middle part of the external identifier (lower-case letters; by default those of `model`). Decimals and
    dates are written exactly.

    `writes`: the business object that the records are (`writes=Supplier`): then it takes that object alone, and
    `ownership.toml` judges each field of it; a field that does not count is None. Or a sentence that says why the
    records are none. Where such an object is governed, one of the two must be said.
    """
    middle = kind or "".join(letter for letter in model if letter.isalpha())
    if not middle.isascii() or not middle.islower():
        raise SettingsError("odoo.upsert: `kind` must be lower-case letters")
    problems = [*_wrong_columns(columns), *_wrong_object(model, middle, writes, accepts)]
    if problems:
        raise SettingsError(f"odoo.upsert of {model}: {' '.join(problems)}")
    reason = writes if isinstance(writes, str) else ""
    kinds = accepts if isinstance(writes, str) else (writes,)
    declared = frozenset(columns)

    def written(thing: Any, may_only_fill: Collection[str]) -> Outgoing | None:
        values = fields(thing)
        if values is None:
            return None
        if more := sorted(values.keys() - declared):
            raise SettingsError(f"odoo.upsert of {model} writes {', '.join(more)}, which its `columns` do not name.")
        filling: frozenset[str] = frozenset()
        if may_only_fill:
            filling = fills(values, fields(partial(thing, thing.model_fields_set - set(may_only_fill))) or {})
        texts = {column: None if value is None else cell(value) for column, value in values.items()}
        body = FieldValues(model=model, kind=middle, key=key(thing), values=dict(texts), fills=tuple(sorted(filling)))
        return Outgoing(body=body.write())

    return target(
        endpoint,
        Odoo,
        settings,
        lambda thing: written(thing, ()),
        accepts=kinds,
        operation="upsert",
        needs={model: types_of(columns, fields, kinds)},
        may_be=() if writes else tuple(dict.fromkeys((*objects_in(model), *_objects_called(middle)))),
        no_object=reason,
        adopts=True,
        to_fill=written,
    )


def types_of(
    columns: Iterable[str], fields: Callable[[Any], Mapping[str, Any] | None], accepts: Iterable[type]
) -> dict[str, tuple[str, ...]]:
    """Field → the types in which Odoo's `load` keeps what is written into its column; empty: nobody can say.

    A column that leads to a record's identifier needs a relation. Of others the examples of the business objects that
    are taken say what is written: a time does not go into a day, nor an amount into a whole number.
    """
    found: dict[str, tuple[str, ...]] = {}
    for column in columns:
        field, _, identifier = column.partition("/")
        found[field] = _RELATIONS if identifier else ()
    for kind in accepts:
        for column, value in _written(fields, kind).items():
            if column in found and not found[column]:
                found[column] = _KEPT_IN.get(type(value), ())
    return found


def _written(fields: Callable[[Any], Mapping[str, Any] | None], kind: type) -> Mapping[str, Any]:
    """What a flow writes of the example of a business object; nothing where it is no such object, or not for it."""
    if not issubclass(kind, BusinessObject):
        return {}
    try:
        return fields(example(kind)) or {}
    except Exception:  # noqa: BLE001 — the flow's own function, which may need more than the example has
        return {}


def _wrong_columns(columns: Sequence[str]) -> Iterator[str]:
    if isinstance(columns, str) or not columns:
        yield '`columns` must name the columns that it writes: columns=["name"].'
    elif own := sorted({"id", ".id"} & set(columns)):
        yield f"the hub itself writes the column {own[0]}."


def _wrong_object(model: str, kind: str, writes: Writes, accepts: tuple[type, ...]) -> Iterator[str]:
    """What `writes` cannot mean."""
    called, there = _objects_called(kind), objects_in(model)
    if isinstance(writes, str):
        if writes and called:
            names = " and ".join(each.name for each in called)
            yield f"the identifiers of `kind` '{kind}' are those of {names}: say writes=…, or choose another `kind`."
        return
    if accepts not in ((object,), (writes,)):
        yield f"it takes only what it `writes`, {writes.name}: leave out `accepts`."
    for place, objects in ((model, there), (f"`kind` '{kind}'", called)):
        if objects and writes not in objects:
            yield f"{place} is of {', '.join(each.name for each in objects)}, not of {writes.name}."

"""The methods that every model offers to clients: search, read, create, write, load and so on.

Each takes the bound model first; record methods then take the ids. Names of arguments are those of Odoo 19, where
they are uniform; 18 gets the values positionally.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hilum.simulator.odoo.errors import AccessError, TypeFault, ValueFault
from hilum.simulator.odoo.orm.access import refusal
from hilum.simulator.odoo.orm.fields import TO_MANY, Field
from hilum.simulator.odoo.orm.groups import formatted_read_group, read_group
from hilum.simulator.odoo.orm.load import load
from hilum.simulator.odoo.orm.model import Model
from hilum.simulator.odoo.orm.store import Row
from hilum.simulator.odoo.orm.versions import FIRST, LAST

Ids = Sequence[int]


def search(
    model: Model, domain: Sequence[Any], offset: int = 0, limit: int | None = None, order: str | None = None
) -> list[int]:
    """The ids that match."""
    return model.find(domain, offset=offset, limit=limit, order=order or "")


def search_count(model: Model, domain: Sequence[Any], limit: int | None = None) -> int:
    """How many match, at most `limit`."""
    return len(model.find(domain, limit=limit))


def search_read(
    model: Model,
    domain: Sequence[Any] | None = None,
    fields: Sequence[str] | None = None,
    offset: int = 0,
    limit: int | None = None,
    order: str | None = None,
    **read_kwargs: Any,
) -> list[dict[str, Any]]:
    """Search and read in one call."""
    for name in read_kwargs:
        if name != "load":
            raise TypeFault(f"BaseModel._read_format() got an unexpected keyword argument '{name}'")
    found = model.find(domain or [], offset=offset, limit=limit, order=order or "")
    return read(model, found, fields, **read_kwargs)


def read(
    model: Model, ids: Ids, fields: Sequence[str] | None = None, load: str | None = "_classic_read"
) -> list[dict[str, Any]]:
    """The values of the records; missing ids are left out without a word.

    Raises ValueFault for an unknown field, AccessError for one that a group may see only, and for a hidden record.
    """
    if model.hidden & model.table.keys() & set(ids):
        raise AccessError(
            f"Uh-oh! Looks like you have stumbled upon some top-secret records.\n\nSorry, {model.env.uid} "
            f"doesn't have 'read' access to:\n- {model.label} ({model.name})"
        )
    names = [name for name in model.fields if visible(model, name)] if not fields else list(fields)
    for name in names:
        if name not in model.fields:
            raise ValueFault(f"Invalid field {name!r} on {model.name!r}")
        if not visible(model, name):
            raise AccessError(
                f'You do not have enough rights to access the field "{name}" on {model.label} ({model.name}). '
                "Please contact your system administrator.\n\nOperation: read"
            )
    if "id" not in names:
        names.insert(0, "id")
    columns = [(name, model.fields[name]) for name in names]
    return [
        {name: shown(model, record_id, name, field, load) for name, field in columns}
        for record_id in ids
        if record_id in model.table
    ]


def visible(model: Model, name: str) -> bool:
    """True where the caller's groups may see the field."""
    needed = model.fields[name].groups
    return not needed or model.env.groups is None or needed in model.env.groups


def shown(model: Model, record_id: int, name: str, field: Field, load: str | None) -> Any:
    """A value as it goes over the wire."""
    value = model.value(record_id, name)
    if field.kind in TO_MANY:
        return list(value)
    if field.kind == "many2one":
        if not value:
            return False
        return [value, model.env[field.comodel].title(value)] if load == "_classic_read" else value
    if value is None:
        return (
            0
            if field.kind in ("integer", "many2one_reference")
            else 0.0
            if field.kind in ("float", "monetary")
            else False
        )
    return value[:19] if field.kind == "datetime" else value


def create(model: Model, vals_list: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> list[int]:
    """Create one record (an object) or many (a list); answers their ids."""
    each = [vals_list] if isinstance(vals_list, Mapping) else vals_list
    return [model.create(values).id for values in each]


def write(model: Model, ids: Ids, vals: Mapping[str, Any]) -> bool:
    """Change the records; without ids nothing happens and the answer is still true."""
    for record_id in ids:
        model.write(record_id, vals)
    return True


def unlink(model: Model, ids: Ids) -> bool:
    """Delete the records."""
    for record_id in ids:
        model.unlink(record_id)
    return True


def exists(model: Model, ids: Ids) -> list[int]:
    """The ids that are there (private in 19)."""
    return [record_id for record_id in ids if record_id in model.table]


def name_search(
    model: Model,
    name: str = "",
    domain: Sequence[Any] | None = None,
    operator: str = "ilike",
    limit: int | None = 100,
    args: Sequence[Any] | None = None,
) -> list[list[Any]]:
    """Pairs of id and display name; the extra filter is `domain` in 19, `args` in earlier ones."""
    if (args is not None) == model.env.since(19) and (args is not None or domain is not None):
        wrong = "args" if model.env.since(19) else "domain"
        raise TypeFault(f"got an unexpected keyword argument '{wrong}'")
    condition = [["display_name", operator, name]] if name else []
    found = model.find([*condition, *(domain or args or [])], limit=limit)
    return [[record_id, model.title(record_id)] for record_id in found]


def fields_get(
    model: Model, allfields: Sequence[str] | None = None, attributes: Sequence[str] | None = None
) -> dict[str, dict[str, Any]]:
    """What the fields are: type, label, relation and so on."""
    found: dict[str, dict[str, Any]] = {}
    for name, field in model.fields.items():
        if (allfields and name not in allfields) or not visible(model, name):
            continue
        facts = _field_facts(name, field)
        found[name] = {key: value for key, value in facts.items() if not attributes or key in attributes}
    return found


def _field_facts(name: str, field: Field) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "name": name,
        "type": field.kind,
        "string": field.label,
        "required": field.required,
        "readonly": field.readonly or field.compute is not None,
        "store": field.stored or field.kind == "one2many",
        "searchable": True,
        "sortable": field.stored,
    }
    if field.comodel:
        facts |= {"relation": field.comodel, "domain": [], "context": {}}
    if field.inverse:
        facts["relation_field"] = field.inverse
    if field.selection:
        facts["selection"] = [list(pair) for pair in field.selection]
    if field.groups:
        facts["groups"] = field.groups
    return facts


def has_access(model: Model, ids: Ids, operation: str) -> bool:
    """May the caller do this (`create`, `read`, `write`, `unlink`)?"""
    groups = model.env.groups
    return groups is None or not groups.isdisjoint(model.rights[operation])


def check_access_rights(model: Model, operation: str, raise_exception: bool = True) -> bool:
    """The same, as it was asked before 18. Raises AccessError where the answer is no, unless told not to."""
    may = has_access(model, (), operation)
    if raise_exception and not may:
        raise AccessError(refusal(model.label, model.name, operation, model.rights[operation]))
    return may


def default_get(model: Model, fields: Sequence[str]) -> dict[str, Any]:
    """The defaults of the named fields."""
    known = dict(model.env.registry.defaults[model.name])
    return {name: known[name](model.env) if callable(known[name]) else known[name] for name in fields if name in known}


def action_archive(model: Model, ids: Ids) -> bool:
    """Set `active` false."""
    return write(model, ids, {"active": False})


def action_unarchive(model: Model, ids: Ids) -> bool:
    """Set `active` true."""
    return write(model, ids, {"active": True})


def get_external_id(model: Model, ids: Ids) -> dict[int, str]:
    """External id by record id; empty text where there is none. JSON makes texts of the keys, XML-RPC refuses them."""
    found: dict[int, str] = {}
    for record_id in ids:
        rows = _external_ids(model, record_id)
        found[record_id] = f"{rows[0]['module']}.{rows[0]['name']}" if rows else ""
    return found


def get_metadata(model: Model, ids: Ids) -> list[dict[str, Any]]:
    """Who made and changed the records, and their external ids, which no right on `ir.model.data` is needed for."""
    found = []
    for row in read(model, ids, ["create_uid", "create_date", "write_uid", "write_date"]):
        names = [f"{each['module']}.{each['name']}" for each in _external_ids(model, row["id"])]
        known = [{"xmlid": name, "noupdate": False} for name in names]
        found.append({**row, "xmlid": names[0] if names else False, "noupdate": False, "xmlids": known})
    return found


def _external_ids(model: Model, record_id: int) -> list[Row]:
    store = model.env.store
    ids = store.find("ir.model.data", ("model", "res_id"), (model.name, record_id))
    return [store.tables["ir.model.data"][each] for each in ids]


def web_search_read(
    model: Model,
    domain: Sequence[Any],
    specification: Mapping[str, Any],
    offset: int = 0,
    limit: int | None = None,
    order: str | None = None,
    count_limit: int | None = None,
) -> dict[str, Any]:
    """What the web client calls for its lists: `{"length", "records"}`, many2ones as ids."""
    found = model.find(domain, order=order or "")
    page = found[offset : None if limit is None else offset + limit]
    return {"length": len(found), "records": read(model, page, list(specification) or ["id"], load=None)}


def web_save(model: Model, ids: Ids, vals: Mapping[str, Any], specification: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the web client calls to save a form: writes or creates, then reads."""
    kept = list(ids)
    if kept:
        write(model, kept, vals)
    else:
        kept = create(model, vals)
    return read(model, kept, list(specification) or ["id"], load=None)


@dataclass(frozen=True, slots=True)
class Generic:
    """How clients may call a generic method."""

    function: Callable[..., Any]
    on_model: bool  # takes no ids
    access: str  # the right it needs on the model
    since: int = FIRST  # the first version that has it, by its first number
    until: int = LAST  # the last one


GENERIC: dict[str, Generic] = {
    "search": Generic(search, True, "read"),
    "search_count": Generic(search_count, True, "read"),
    "search_read": Generic(search_read, True, "read"),
    "read": Generic(read, False, "read"),
    "create": Generic(create, True, "create"),
    "write": Generic(write, False, "write"),
    "unlink": Generic(unlink, False, "unlink"),
    "exists": Generic(exists, False, "", until=18),
    "has_access": Generic(has_access, False, "", since=18),
    "check_access_rights": Generic(check_access_rights, True, "", until=18),
    "name_search": Generic(name_search, True, "read"),
    "fields_get": Generic(fields_get, True, ""),
    "default_get": Generic(default_get, True, ""),
    "load": Generic(load, True, "create"),
    "action_archive": Generic(action_archive, False, "write"),
    "action_unarchive": Generic(action_unarchive, False, "write"),
    "get_external_id": Generic(get_external_id, False, ""),
    "get_metadata": Generic(get_metadata, False, "read"),
    "read_group": Generic(read_group, True, "read"),
    "formatted_read_group": Generic(formatted_read_group, True, "read", since=19),
    "web_search_read": Generic(web_search_read, True, "read", since=17),  # 16 takes `fields`, as the client then did
    "web_save": Generic(web_save, False, "write", since=17),
}

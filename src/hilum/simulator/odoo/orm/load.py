"""`load`: the import method, which creates and updates by external id in one transaction.

A call keeps everything or nothing: with any error in any row the answer is `ids: false` and messages, and the
transaction is taken back, but the call itself succeeds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from hilum.simulator.odoo.errors import AttributeFault, OdooError, ValidationError, ValueFault
from hilum.simulator.odoo.orm.commands import CREATE, LINK, UPDATE, XID_KEY
from hilum.simulator.odoo.orm.fields import TO_MANY, Field
from hilum.simulator.odoo.orm.model import Model

Path = tuple[str, ...]
Line = list[Any]
IMPORT_MODULE = "__import__"
NAME_BYTES = 2704  # what a row of the unique index can hold


class CellError(Exception):
    """One cell cannot be taken over; becomes a message of the answer."""

    def __init__(self, field: str, message: str, *, more: Any = None) -> None:
        super().__init__(message)
        self.field = field
        self.message = message
        self.more = more


@dataclass(frozen=True, slots=True)
class Block:
    """The rows of one record: a head row and the rows of its lines."""

    lines: list[Line]
    first: int  # index of the head row in the data
    last: int


def load(model: Model, fields: Sequence[str], data: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Create or update a record for each block of rows.

    Answers `{"ids": [...] | false, "messages": [...], "nextrow": n}`. Raises ValueFault for an unknown column and
    AttributeFault for a JSON boolean in a cell, as the real method does.
    """
    paths = [_path(name) for name in fields]
    for path in paths:
        _check_path(model, path)
    _refuse_booleans(data)
    limit = int(model.env.context.get("_import_limit") or 0)
    blocks = list(_blocks(model, paths, [list(row) for row in data]))
    taken = blocks[:limit] if limit else blocks
    mark = model.env.store.mark()
    ids: list[int] = []
    messages: list[dict[str, Any]] = []
    for number, block in enumerate(taken):
        before = model.env.store.mark()
        try:
            ids.append(_save(model, paths, block))
        except (CellError, OdooError) as error:
            model.env.store.rollback(before)
            messages.append(_message(error, number, block))
    if messages:
        model.env.store.rollback(mark)
    more = taken[-1].last + 1 if limit and len(blocks) > len(taken) else 0
    return {"ids": False if messages else ids, "messages": messages, "nextrow": more}


def _message(error: CellError | OdooError, number: int, block: Block) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "error",
        "message": error.message,
        "record": number,
        "rows": {"from": block.first, "to": block.last},
    }
    if isinstance(error, CellError):
        found["field"] = error.field
        if error.more is not None:
            found["moreinfo"] = error.more
    return found


def _path(name: str) -> Path:
    return tuple(name.replace(".id", "/.id").replace("//", "/").strip("/").split("/")) if name != ".id" else (".id",)


def _check_path(model: Model, path: Path) -> None:
    head = path[0]
    if head in ("id", ".id"):
        return
    field = model.fields.get(head)
    if field is None:
        raise ValueFault(f"Invalid field name {head!r}")
    if len(path) > 1 and field.comodel:
        _check_path(model.env[field.comodel], path[1:])


def _refuse_booleans(data: Sequence[Sequence[Any]]) -> None:
    for row in data:
        for cell in row:
            if isinstance(cell, bool):
                raise AttributeFault("'bool' object has no attribute 'lower'")


def _is_line(model: Model, path: Path) -> bool:
    field = model.fields.get(path[0])
    return len(path) > 1 and field is not None and field.kind == "one2many"


def _blocks(model: Model, paths: Sequence[Path], rows: Sequence[Line]) -> Iterator[Block]:
    """A row with every head column empty belongs to the record above it."""
    heads = [index for index, path in enumerate(paths) if not _is_line(model, path)]
    start = 0
    while start < len(rows):
        end = start + 1
        if len(heads) < len(paths):
            while end < len(rows) and not any(rows[end][index] for index in heads):
                end += 1
        yield Block(list(rows[start:end]), start, end - 1)
        start = end


def _save(model: Model, paths: Sequence[Path], block: Block) -> int:
    head = block.lines[0]
    xid = ""
    database_id: int | None = None
    values: dict[str, Any] = {}
    for path, cell in zip(paths, head, strict=False):
        if path == ("id",):
            xid = _full_xid(cell)
        elif path == (".id",):
            database_id = _database_id(model, cell)
        elif not _is_line(model, path):
            name = path[0]
            values[name] = _cell(model, name, model.fields[name], path[1:], cell)
    for name in dict.fromkeys(path[0] for path in paths if _is_line(model, path)):
        values[name] = _line_commands(model, name, paths, block)
    return _upsert(model, xid, database_id, values)


def _full_xid(cell: Any) -> str:
    if not cell:
        return ""
    return str(cell) if "." in str(cell) else f"{IMPORT_MODULE}.{cell}"


def _database_id(model: Model, cell: Any) -> int | None:
    if not cell:
        return None
    try:
        found = int(cell)
    except ValueError:
        raise CellError(".id", f"Invalid database id '{cell}'") from None
    if not model.find([["id", "=", found]], limit=1):  # archived ones only with `active_test` false
        raise CellError(".id", f"Unknown database identifier '{cell}'")
    return found


def _upsert(model: Model, xid: str, database_id: int | None, values: Mapping[str, Any]) -> int:
    known = _known(model, xid) if xid else database_id
    if known is not None:
        model.write(known, values)
        return known
    record = model.create(values)
    if xid:
        module, _, name = xid.partition(".")
        check_name(name)
        model.env["ir.model.data"].create({"module": module, "name": name, "model": model.name, "res_id": record.id})
    return record.id


def check_name(name: str) -> None:
    """Refuse what the database refuses in the name of an external id. Raises ValidationError."""
    if " " in name:
        raise ValidationError(
            'The operation cannot be completed: new row for relation "ir_model_data" violates check constraint '
            '"ir_model_data_name_nospaces"'
        )
    if len(name.encode()) > NAME_BYTES:
        raise ValidationError(
            f"index row size {len(name.encode())} exceeds btree version 4 maximum {NAME_BYTES} "
            'for index "ir_model_data_module_name_uniq_index"'
        )


def _known(model: Model, xid: str) -> int | None:
    """The record behind an external id; an id whose record is gone is dropped.

    Raises ValidationError for an id of another model.
    """
    store = model.env.store
    module, _, name = xid.partition(".")
    for data_id in list(store.find("ir.model.data", ("module", "name"), (module, name))):
        row = store.tables["ir.model.data"][data_id]
        if row["model"] != model.name:
            raise ValidationError(
                f"For external id {xid} when trying to create/update a record of model {model.name} "
                f"found record of different model {row['model']} ({row['res_id']})"
            )
        if row["res_id"] in model.table:
            return int(row["res_id"])
        store.delete("ir.model.data", data_id)
    return None


def _line_commands(model: Model, name: str, paths: Sequence[Path], block: Block) -> list[Any]:
    lines = model.env[model.fields[name].comodel]
    columns = [(index, path[1:]) for index, path in enumerate(paths) if path[0] == name]
    commands: list[Any] = []
    for row in block.lines:
        cells = [row[index] for index, _path in columns]
        if any(cell not in (None, "", False) for cell in cells):
            commands.extend(_line(lines, [path for _index, path in columns], cells))
    return commands


def _line(lines: Model, paths: Sequence[Path], cells: Sequence[Any]) -> list[Any]:
    values: dict[str, Any] = {}
    xid = ""
    known: int | None = None
    for path, cell in zip(paths, cells, strict=True):
        if path == ("id",):
            xid = _full_xid(cell)
        elif path == (".id",):
            known = _database_id(lines, cell)
        else:
            values[path[0]] = _cell(lines, path[0], lines.fields[path[0]], path[1:], cell)
    if xid:
        check_name(xid.partition(".")[2])
        known = _known(lines, xid)
    if known is not None:
        return [(LINK, known, 0), (UPDATE, known, values)]
    return [(CREATE, 0, {**values, XID_KEY: xid} if xid else values)]


def _cell(model: Model, name: str, field: Field, rest: Path, cell: Any) -> Any:
    if cell is None or cell == "":
        return False
    if field.kind == "many2one":
        return _target(model, field, rest, cell)
    if field.kind in TO_MANY:
        targets = [_target(model, field, rest, part.strip()) for part in str(cell).split(",")]
        return [(6, 0, targets)]
    return _scalar(name, field, cell)


def _target(model: Model, field: Field, rest: Path, cell: Any) -> int:
    comodel = model.env[field.comodel]
    found: int | None = None
    if rest == ("id",):
        found = _known(comodel, _full_xid(cell))
        kind = "external id"
    elif rest == (".id",):
        kind = "database id"
        found = int(cell) if str(cell).isdigit() and int(cell) in comodel.table else None
    else:
        kind = "name"
        matches = comodel.find([["display_name", "=", str(cell)]], limit=1)
        found = matches[0] if matches else None
    if found is None:
        raise CellError(
            field.label,
            f"No matching record found for {kind} '{cell}' in field '{field.label}'",
            more={"type": "ir.actions.act_window", "res_model": field.comodel},
        )
    return found


_TRUE = frozenset({"1", "true", "yes", "t", "y"})
_FALSE = frozenset({"0", "false", "no", "f", "n"})


def _scalar(name: str, field: Field, cell: Any) -> Any:
    if field.kind == "boolean":
        return str(cell).lower() not in _FALSE
    if field.kind == "json":
        return _json(name, field, str(cell))
    if field.kind == "selection":
        return _choice(name, field, str(cell))
    if field.kind in ("integer", "many2one_reference", "float", "monetary"):
        try:
            return float(cell) if field.kind in ("float", "monetary") else int(cell)
        except ValueError:
            raise CellError(name, f"'{cell}' does not seem to be a number for field '{field.label}'") from None
    return str(cell) if field.kind in ("char", "text", "html", "binary") else cell


def _json(name: str, field: Field, cell: str) -> Any:
    try:
        return orjson.loads(cell)
    except orjson.JSONDecodeError:
        raise CellError(name, f"'{cell}' does not seem to be a valid JSON for field '{field.label}'") from None


def _choice(name: str, field: Field, cell: str) -> str:
    for key, label in field.selection:
        if cell in (key, label) or cell.lower() == label.lower():
            return key
    raise CellError(name, f"Value '{cell}' not found in selection field '{field.label}'")

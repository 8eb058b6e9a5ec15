"""The commands that change a one2many or many2many: `[0,0,{…}]` add, `[1,id,{…}]` change, `[4,id]` link and so on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hilum.simulator.odoo.errors import ValueFault

if TYPE_CHECKING:
    from hilum.simulator.odoo.orm.record import Record

CREATE, UPDATE, DELETE, UNLINK, LINK, CLEAR, SET = range(7)
XID_KEY = "\0xid"  # `load` hides the external id of a sub-row in its values here; no client can send it as a field


def apply_commands(record: Record, name: str, commands: Any) -> None:
    """Run the commands of one field; False or None do nothing, a plain list of ids sets a many2many.

    Raises ValueFault for a command that does not exist.
    """
    if not commands:
        return
    if all(isinstance(each, int) for each in commands):
        commands = [(SET, 0, commands)]
    for command in commands:
        code, target, argument = (*command, None, None)[:3]
        if record.model.fields[name].kind == "one2many":
            _on_one2many(record, name, code, target, argument)
        else:
            _on_many2many(record, name, code, target, argument)


def _on_one2many(record: Record, name: str, code: Any, target: Any, argument: Any) -> None:
    field = record.model.fields[name]
    lines = record.env[field.comodel]
    if code == CREATE:
        _create_line(record, name, argument or {})
    elif code == UPDATE:
        lines.write(target, argument or {})
    elif code in (DELETE, UNLINK):
        lines.unlink(target)
    elif code == LINK:
        lines.write(target, {field.inverse: record.id})
    elif code in (CLEAR, SET):
        keep = argument or [] if code == SET else []
        for each in record[name]:
            if each not in keep:
                lines.unlink(each)
    else:
        raise ValueFault(f"Wrong command {code!r} for {record.model.name}.{name}")


def _create_line(record: Record, name: str, values: Mapping[str, Any]) -> None:
    field = record.model.fields[name]
    given = {key: value for key, value in values.items() if key != XID_KEY}
    line = record.env[field.comodel].create({**given, field.inverse: record.id})
    if XID_KEY in values:
        module, _, xid = values[XID_KEY].partition(".")
        record.env["ir.model.data"].create(
            {"module": module, "name": xid, "model": field.comodel, "res_id": line.id, "noupdate": False}
        )


def _on_many2many(record: Record, name: str, code: Any, target: Any, argument: Any) -> None:
    comodel = record.env[record.model.fields[name].comodel]
    ids: list[int] = list(record.model.table[record.id].get(name) or ())
    if code == CREATE:
        ids.append(comodel.create(argument or {}).id)
    elif code == UPDATE:
        comodel.write(target, argument or {})
    elif code == DELETE:
        comodel.unlink(target)
    elif code == UNLINK:
        ids = [each for each in ids if each != target]
    elif code == LINK:
        ids.append(target)
    elif code in (CLEAR, SET):
        ids = list(argument or []) if code == SET else []
    else:
        raise ValueFault(f"Wrong command {code!r} for {record.model.name}.{name}")
    record.set(**{name: list(dict.fromkeys(ids))})

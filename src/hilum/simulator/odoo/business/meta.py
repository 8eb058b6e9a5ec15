"""What describes the database itself: models, fields, external ids, modules, sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from hilum.simulator.odoo.errors import ValidationError, ValueFault
from hilum.simulator.odoo.orm.access import ACCESS_RIGHTS, rights
from hilum.simulator.odoo.orm.fields import Columns, boolean, char, choice, integer, many2one
from hilum.simulator.odoo.orm.load import check_name
from hilum.simulator.odoo.orm.model import Model, public
from hilum.simulator.odoo.orm.record import Env
from hilum.simulator.odoo.orm.store import Key


class IrModel(Model):
    """The models there are."""

    name = "ir.model"
    label = "Models"
    rights = rights(read=ACCESS_RIGHTS)
    columns: ClassVar[Columns] = {
        "name": char("Model Description", required=True),
        "model": char("Model", required=True, index=True),
        "modules": char("In Apps"),
        "transient": boolean("Transient Model"),
    }


class IrModelFields(Model):
    """The fields of the models."""

    name = "ir.model.fields"
    label = "Fields"
    rights = rights(read=ACCESS_RIGHTS)
    columns: ClassVar[Columns] = {
        "name": char("Field Name", required=True, index=True),
        "field_description": char("Field Label"),
        "model": char("Model Name", required=True, index=True),
        "model_id": many2one("ir.model", "Model", ondelete="cascade"),
        "ttype": char("Field Type", required=True),
        "relation": char("Related Model"),
        "required": boolean("Required"),
        "readonly": boolean("Readonly"),
        "store": boolean("Stored"),
    }


class IrModelData(Model):
    """External ids. Unique by (module, name); nothing checks that the record exists."""

    name = "ir.model.data"
    label = "Model Data"
    rights = rights(read=ACCESS_RIGHTS, change=ACCESS_RIGHTS)
    keys: ClassVar[Sequence[Key]] = (("module", "name"), ("model", "res_id"))
    columns: ClassVar[Columns] = {
        "name": char("External Identifier", required=True, index=True),
        "complete_name": char("Complete ID", compute=lambda row: f"{row['module']}.{row['name']}"),
        "module": char("Module", required=True, default="", index=True),
        "model": char("Model Name", required=True),
        "res_id": integer("Record ID"),
        "noupdate": boolean("Non Updatable"),
        "reference": char("Reference", compute=lambda row: f"{row['model']},{row['res_id']}"),
    }

    def before_create(self, values: dict[str, Any]) -> dict[str, Any]:
        """Refuse a second (module, name), and spaces."""
        module, name = values.get("module") or "", values.get("name") or ""
        check_name(name)
        if any(True for _ in self.env.store.find(self.name, ("module", "name"), (module, name))):
            raise ValidationError(
                "The operation cannot be completed: duplicate key value violates unique constraint "
                '"ir_model_data_module_name_uniq_index"\n'
                f"DETAIL:  Key (module, name)=({module}, {name}) already exists.\n"
            )
        return values

    @public(on_model=True, access="")
    def check_object_reference(self, module: str, xml_id: str, raise_on_access_error: bool = False) -> list[Any]:
        """`[model, id]` behind an external id, for every user. Raises ValueFault where there is none."""
        for data_id in self.env.store.find(self.name, ("module", "name"), (module, xml_id)):
            row = self.table[data_id]
            if row["res_id"] in self.env.store.tables.get(row["model"], {}):
                return [row["model"], row["res_id"]]
        raise ValueFault(f"External ID not found in the system: {module}.{xml_id}")


class IrModule(Model):
    """Which modules are installed. Set `state` to show what a missing module looks like."""

    name = "ir.module.module"
    label = "Module"
    rights = rights(read=ACCESS_RIGHTS)
    columns: ClassVar[Columns] = {
        "name": char("Technical Name", required=True, unique="The name of the module must be unique!"),
        "shortdesc": char("Module Name"),
        "state": choice(
            "Status", (("uninstalled", "Not Installed"), ("installed", "Installed")), default="uninstalled"
        ),
        "latest_version": char("Installed Version"),
    }


class NumberSeries(Model):
    """A counter for document numbers. Numbers of one year or month start anew where the prefix says so."""

    name = "ir.sequence"
    label = "Sequence"
    rights = rights(read=ACCESS_RIGHTS)
    columns: ClassVar[Columns] = {
        "name": char("Name", required=True),
        "code": char("Sequence Code", required=True, index=True),
        "prefix": char("Prefix"),
        "padding": integer("Sequence Size", default=5),
        "number_next": integer("Next Number", default=1),
    }


def next_number(env: Env, code: str, prefix: str, padding: int) -> str:
    """The next number of a document series, such as `P00001` or `BILL/2026/11/0001`; the series is made at need."""
    model = env["ir.sequence"]
    found = list(env.store.find("ir.sequence", ("code",), (code,)))
    if found:
        record = env.record("ir.sequence", found[0])
    else:
        record = model.create({"name": code, "code": code, "prefix": prefix, "padding": padding})
    number = record["number_next"]
    record.set(number_next=number + 1)
    return f"{prefix}{number:0{padding}d}"

"""The models of one Odoo version, and who points to whom."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from hilum.simulator.odoo.orm.fields import EMPTY, Field, as_of, char, integer, many2one, moment
from hilum.simulator.odoo.orm.store import Key
from hilum.simulator.odoo.orm.versions import major

if TYPE_CHECKING:
    from hilum.simulator.odoo.orm.model import Model

MAGIC: dict[str, Field] = {
    "id": integer("ID", readonly=True),
    "display_name": char("Display Name", readonly=True, compute=lambda record: record.model.title(record.id)),
    "create_uid": many2one("res.users", "Created by", readonly=True),
    "create_date": moment("Created on", readonly=True),
    "write_uid": many2one("res.users", "Last Updated by", readonly=True),
    "write_date": moment("Last Updated on", readonly=True),
}
LOG_FIELDS = frozenset({"create_uid", "write_uid", "create_date", "write_date"})


class Registry:
    """All models as one version has them."""

    def __init__(self, version: str, models: Iterable[type[Model]]) -> None:
        self.version = version
        self.major = major(version)
        self.without: set[str] = set()  # `model.method` that this build does not have yet
        self.models = {model.name: model for model in models if model.since <= self.major <= model.until}
        self.fields = {name: self._fields(model) for name, model in self.models.items()}
        self.defaults = {
            name: [(column, field.default) for column, field in fields.items() if field.default is not None]
            for name, fields in self.fields.items()
        }
        self.required = {
            name: [column for column, field in fields.items() if field.required and field.stored]
            for name, fields in self.fields.items()
        }
        self.uniques = {
            name: [(column, field.unique) for column, field in fields.items() if field.unique]
            for name, fields in self.fields.items()
        }
        self.blank = {
            name: {column: EMPTY.get(field.kind) for column, field in fields.items() if field.stored}
            for name, fields in self.fields.items()
        }
        self.referrers = self._referrers()

    def own(self) -> Self:
        """One of which a sandbox may change what the build has; the others keep theirs."""
        found = copy.copy(self)
        found.without = set(self.without)
        found.fields = dict(self.fields)
        return found

    def retype(self, model: str, name: str, kind: str, *, relation: str, selection: Iterable[str]) -> None:
        """Another type for a field, as after an upgrade. What is kept in it stays as it is. Raises KeyError."""
        values = tuple((each, each) for each in selection)
        field = replace(self.fields[model][name], kind=kind, comodel=relation, selection=values)
        self.fields[model] = {**self.fields[model], name: field}

    def fit(self, module: str, *, installed: bool) -> None:
        """The fields that a module adds to models of others are there, or are not. What is kept in them stays."""
        for name, model in self.models.items():
            own = {
                column: field for column, field in as_of(model.columns, self.major).items() if field.module == module
            }
            if own:
                others = {column: field for column, field in self.fields[name].items() if column not in own}
                self.fields[name] = {**others, **(own if installed else {})}

    def _fields(self, model: type[Model]) -> dict[str, Field]:
        return {**MAGIC, **as_of(model.columns, self.major)}

    def _referrers(self) -> dict[str, list[tuple[str, str, Field]]]:
        found: dict[str, list[tuple[str, str, Field]]] = {name: [] for name in self.models}
        for name, fields in self.fields.items():
            for column, field in fields.items():
                pointing = field.kind == "many2one" and field.stored and column not in LOG_FIELDS
                if pointing and field.comodel in found:
                    found[field.comodel].append((name, column, field))
        return found

    def indexed(self) -> dict[str, list[Key]]:
        """What the store is to index: every many2one, every field declared so, and each model's own keys."""
        return {
            name: [
                (column,)
                for column, field in fields.items()
                if field.stored and (field.index or field.unique) and column not in LOG_FIELDS
            ]
            + list(self.models[name].keys)
            for name, fields in self.fields.items()
        }

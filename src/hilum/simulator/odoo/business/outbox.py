"""The outbox as the addon `hilum_outbox` makes it: what was changed, noted in the transaction of the change.

The addon does it by triggers of the database; here the engine calls `note_changes` at the end of each transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from hilum.simulator.odoo.orm.access import SETTINGS, USER, rights
from hilum.simulator.odoo.orm.fields import Columns, char, choice, integer, moment
from hilum.simulator.odoo.orm.model import Model, public
from hilum.simulator.odoo.orm.record import Env
from hilum.simulator.odoo.orm.store import Row, Store

MODULE = "hilum_outbox"
PARAMETER = "hilum_outbox.models"
KINDS = (("created", "Created"), ("changed", "Changed"), ("archived", "Archived"), ("deleted", "Deleted"))


class Parameter(Model):
    """System parameters; `hilum_outbox.models` names the models that are noted."""

    name = "ir.config_parameter"
    label = "System Parameter"
    rights = rights(read=SETTINGS)
    title_field = "key"
    columns: ClassVar[Columns] = {
        "key": char("Key", required=True, unique="Key must be unique."),
        "value": char("Value", required=True),
    }


class Note(Model):
    """One change of one record by one transaction."""

    name = "hilum.outbox"
    label = "Outbox Note"
    module = MODULE
    rights = rights(read=USER)
    columns: ClassVar[Columns] = {
        "xid": integer("Transaction"),
        "model": char("Model", required=True, index=True),
        "res_id": integer("Record ID"),
        "kind": choice("Kind", KINDS),
        "record_date": moment("Written"),
        "refusal": char("Refused"),
    }

    @public(on_model=True, access="read")
    def pull(self, models: Sequence[str], limit: int, after: Sequence[int]) -> list[dict[str, Any]]:
        """Notes of these models behind this place, of transactions below the horizon, in their order."""
        wanted, place = set(models), tuple(after)
        found = sorted(
            (row["xid"], record_id)
            for record_id, row in self.table.items()
            if row["model"] in wanted
            and row["refusal"] is None
            and row["xid"] < self.env.horizon
            and (row["xid"], record_id) > place
        )
        return [self._shown(record_id) for _, record_id in found[:limit]]

    def _shown(self, record_id: int) -> dict[str, Any]:
        row = self.table[record_id]
        shown = {name: row[name] for name in ("id", "xid", "model", "res_id", "kind")}
        return {**shown, "write_date": row["record_date"] or False}

    @public(on_model=True, access="read")
    def acknowledge(self, notes: Sequence[int]) -> bool:
        """The hub has these: they are purged."""
        for record_id in notes:
            if record_id in self.table:
                self.env.store.delete(self.name, record_id)
        return True

    @public(on_model=True, access="read")
    def refuse(self, note: int, words: str) -> bool:
        """The hub takes this one never: it stays, with the reason, for people."""
        if note in self.table:
            self.env.store.update(self.name, note, {"refusal": words})
        return True


def last_number(store: Store) -> int:
    """The highest number of a transaction that a note has."""
    return max((row["xid"] for row in store.tables[Note.name].values()), default=0)


def note_changes(env: Env, number: int) -> None:
    """Note what this transaction does to records of the models that a rule names."""
    watched = _watched(env)
    if not watched:
        return
    before = env.store.before()
    for (model, record_id), after in env.store.changes().items():
        kind = _kind(before[model, record_id], after)
        if model in watched and kind:
            row = after or before[model, record_id] or {}
            note = {"xid": number, "model": model, "res_id": record_id, "kind": kind, "record_date": row["write_date"]}
            env.store.insert(Note.name, {**env.registry.blank[Note.name], **note})


def _watched(env: Env) -> set[str]:
    found = env.store.find(Parameter.name, ("key",), (PARAMETER,))
    text = " ".join(env.store.tables[Parameter.name][each]["value"] for each in found)
    return set(text.replace(",", " ").split())


def _kind(before: Row | None, after: Row | None) -> str:
    if after is None:
        return "deleted" if before is not None else ""
    if before is None:
        return "created"
    return "archived" if before.get("active") and after.get("active") is False else "changed"

"""The outbox as the addon `hilum_outbox` makes it: what was changed, noted in the transaction of the change.

The addon does it by triggers of the database; here the engine calls `note_changes` at the end of each transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from hilum.simulator.odoo.orm.access import SETTINGS, USER, rights
from hilum.simulator.odoo.orm.fields import Columns, char, choice, integer, moment
from hilum.simulator.odoo.orm.model import Model, public
from hilum.simulator.odoo.orm.record import Env
from hilum.simulator.odoo.orm.store import Changes, Row, Store

MODULE = "hilum_outbox"
PARAMETER = "hilum_outbox.models"
LINES: Mapping[str, Mapping[str, str]] = {
    "account.move": {"account.move.line": "move_id"},
    "purchase.order": {"purchase.order.line": "order_id"},
    "purchase.requisition": {"purchase.requisition.line": "requisition_id"},
    "sale.order": {"sale.order.line": "order_id"},
    "stock.picking": {"stock.move": "picking_id", "stock.move.line": "picking_id"},
}
"""By model of documents: the models of their lines, and the field that names the document."""

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
    """Note what this transaction does to records of the models that a rule names, and to their lines."""
    watched = _watched(env)
    if not watched:
        return
    before = env.store.before()
    changes = env.store.changes()
    noted: dict[tuple[str, int], str] = {}
    for place, after in changes.items():
        kind = _kind(before[place], after)
        if place[0] in watched and kind:
            noted[place] = kind
    for place in _documents(env, watched, before, changes):
        noted.setdefault(place, "changed")
    for (model, record_id), kind in noted.items():
        row = changes.get((model, record_id)) or before.get((model, record_id)) or {}
        note = {"xid": number, "model": model, "res_id": record_id, "kind": kind}
        note["record_date"] = row.get("write_date", env.now)
        env.store.insert(Note.name, {**env.registry.blank[Note.name], **note})


def _documents(env: Env, watched: set[str], before: Changes, changes: Changes) -> Iterator[tuple[str, int]]:
    """Those that changed lines belong to, or belonged to, and that are not deleted by this transaction."""
    columns = {line: (name, column) for name in watched for line, column in LINES.get(name, {}).items()}
    for place, after in changes.items():
        if place[0] in columns:
            name, column = columns[place[0]]
            for row in (before[place], after):
                document = row[column] if row else None
                if document and document in env.store.tables[name]:
                    yield name, document


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

"""The base of all models: create, write, delete, read values, check constraints.

A business model is a subclass in `hilum.simulator.odoo.business`: columns, rights, hooks and public methods. Nothing
here checks rights; the dispatcher does that once for each call of a client.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from hilum.simulator.odoo.errors import MissingError, ValidationError, ValueFault
from hilum.simulator.odoo.orm.access import Rights, rights
from hilum.simulator.odoo.orm.commands import apply_commands
from hilum.simulator.odoo.orm.domain import compile_domain
from hilum.simulator.odoo.orm.fields import TO_MANY, Columns, Field, to_kept
from hilum.simulator.odoo.orm.record import SUPERUSER, Env, Record
from hilum.simulator.odoo.orm.registry import LOG_FIELDS
from hilum.simulator.odoo.orm.store import Key, Row
from hilum.simulator.odoo.orm.versions import FIRST, LAST

Values = Mapping[str, Any]
Method = TypeVar("Method", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True, slots=True)
class Public:
    """How clients may call a method."""

    on_model: bool = False  # takes no ids
    access: str = "write"  # the right on the model that a caller needs; empty: none
    since: int = FIRST  # the first version that has the method, by its first number
    until: int = LAST  # the last one


def public(
    *, on_model: bool = False, access: str = "write", since: int = FIRST, until: int = LAST
) -> Callable[[Method], Method]:
    """Make a method callable by clients; see `Public`."""

    def mark(method: Method) -> Method:
        method.__dict__["public"] = Public(on_model=on_model, access=access, since=since, until=until)
        return method

    return mark


class Model:
    """One model bound to the environment of one call."""

    name: ClassVar[str]  # technical name, such as res.partner
    label: ClassVar[str]  # what people call it; error texts use it
    columns: ClassVar[Columns] = {}
    rights: ClassVar[Rights] = rights()
    order: ClassVar[str] = "id"  # default order of a search
    keys: ClassVar[Sequence[Key]] = ()  # further indices
    title_field: ClassVar[str] = "name"
    since: ClassVar[int] = FIRST  # the first version that has it, by its first number
    until: ClassVar[int] = LAST  # the last one
    module: ClassVar[str] = "base"  # the module that brings it; not installed = the model does not exist

    def __init__(self, env: Env) -> None:
        self.env = env
        self.fields: dict[str, Field] = env.registry.fields[self.name]
        self.table: dict[int, Row] = env.store.tables[self.name]

    # What a business model may override

    def title(self, record_id: int) -> str:
        """The display name."""
        row = self.table.get(record_id, {})
        return row.get(self.title_field) or f"{self.name},{record_id}"

    def before_create(self, values: dict[str, Any]) -> dict[str, Any]:
        """Complete or refuse what a client wants to create; defaults are filled in already."""
        return values

    def after_create(self, record: Record, given: Values) -> None:
        """React to a new record; `given` is what the client sent."""

    def before_write(self, record: Record, values: dict[str, Any]) -> dict[str, Any]:
        """Complete or refuse a change."""
        return values

    def after_write(self, record: Record, given: Values) -> None:
        """React to a change."""

    def before_unlink(self, record: Record) -> None:
        """Refuse a deletion, or react to it."""

    # Reading

    def value(self, record_id: int, name: str) -> Any:
        """The kept value of a field, worked out where it is computed or related. Relations are ids."""
        field = self.fields[name]
        if field.compute is not None:
            return field.compute(Record(self, record_id))
        if field.related:
            found = Record(self, record_id).follow(field.related)
            return [] if found is None and field.kind in TO_MANY else found
        if field.kind == "one2many":
            return self._pointing_here(record_id, field)
        kept = self.table[record_id].get(name)
        if field.kind == "many2many":
            return self._active(field.comodel, kept or ())
        return kept

    def _pointing_here(self, record_id: int, field: Field) -> list[int]:
        return self._active(field.comodel, sorted(self.env.store.find(field.comodel, (field.inverse,), (record_id,))))

    def _active(self, comodel: str, ids: Sequence[int]) -> list[int]:
        table = self.env.store.tables[comodel]
        if "active" not in self.env.registry.fields[comodel] or not self.env.context.get("active_test", True):
            return [each for each in ids if each in table]
        return [each for each in ids if each in table and table[each].get("active")]

    def find(self, domain: Sequence[Any], *, order: str = "", limit: int | None = None, offset: int = 0) -> list[int]:
        """The ids that match a domain; archived records only if the domain or the context asks for them."""
        test, candidates = compile_domain(self, domain)
        if self._hides_archived(domain):
            found = [each for each in self._scan(candidates) if self.table[each].get("active") and test(each)]
        else:
            found = [each for each in self._scan(candidates) if test(each)]
        if hidden := self.hidden:
            found = [each for each in found if each not in hidden]
        self._sort(found, order or self.order)
        return found[offset : None if limit is None else offset + limit]

    @property
    def hidden(self) -> frozenset[int]:
        """What a record rule hides from the caller: no search finds it."""
        return frozenset() if self.env.groups is None else self.env.store.hidden.get(self.name, frozenset())

    def _scan(self, candidates: Any) -> list[int]:
        return list(self.table) if candidates is None else list(candidates)

    def _hides_archived(self, domain: Sequence[Any]) -> bool:
        named = any(isinstance(term, (list, tuple)) and term[0] == "active" for term in domain)
        return "active" in self.fields and not named and bool(self.env.context.get("active_test", True))

    def _sort(self, ids: list[int], order: str) -> None:
        for term in reversed(order.split(",")):
            words = term.split()
            name = words[0] if words else ""
            field = self.fields.get(name)
            if field is None:
                raise ValueFault(f"Invalid field {name!r} on {self.name!r}")
            descending = len(words) > 1 and words[1].lower() == "desc"
            ids.sort(key=self._sort_key(name, field), reverse=descending)

    def _sort_key(self, name: str, field: Field) -> Callable[[int], Any]:
        if name == "id":
            return lambda record_id: record_id
        if field.kind == "many2one":
            comodel = self.env[field.comodel]

            def by_title(record_id: int) -> Any:
                target = self.value(record_id, name)
                return (not target, comodel.title(target) if target else "")

            return by_title

        def by_value(record_id: int) -> Any:
            kept = self.value(record_id, name)
            return (kept is None, kept if kept is not None else "")

        return by_value

    def search(self, domain: Sequence[Any], **options: Any) -> list[Record]:
        """Like `find`, as records."""
        return [Record(self, record_id) for record_id in self.find(domain, **options)]

    # Writing

    def create(self, given: Values) -> Record:
        """Create one record from what a client sent, or another model sends in its name."""
        self._check_names(given)
        values = self.before_create(self._with_defaults(given))
        row, links, related = self._split(values)
        row = {
            **self.env.registry.blank[self.name],
            **row,
            "create_uid": self.env.uid or SUPERUSER,
            "create_date": self.env.now,
            "write_uid": self.env.uid or SUPERUSER,
            "write_date": self.env.now,
        }
        taken = self.env.given_ids.get(self.name)
        record = Record(self, self.env.store.insert(self.name, row, record_id=taken.pop(0) if taken else None))
        self._write_links(record, links, related)
        self.after_create(record, given)
        self._check_row(record, tuple(row))
        return record

    def write(self, record_id: int, given: Values) -> None:
        """Change one record. Raises MissingError."""
        if record_id not in self.table:
            raise self.missing(record_id)
        self._check_names(given)
        record = Record(self, record_id)
        values = self.before_write(record, dict(given))
        row, links, related = self._split(values)
        self.put(record_id, row)
        self._write_links(record, links, related)
        self.after_write(record, given)
        self._check_row(record, tuple(row))

    def put(self, record_id: int, kept: Values) -> None:
        """Write kept values into the row; `write_date` moves, also where nothing differs."""
        self.env.store.update(
            self.name, record_id, {**kept, "write_uid": self.env.uid or SUPERUSER, "write_date": self.env.now}
        )

    def unlink(self, record_id: int) -> None:
        """Delete one record with what belongs to it. Raises MissingError, ValidationError where others point to it."""
        if record_id not in self.table:
            raise self.missing(record_id)
        self.before_unlink(Record(self, record_id))
        for model, column, field in self.env.registry.referrers[self.name]:
            self._release(record_id, model, column, field)
        for data_id in list(self.env.store.find("ir.model.data", ("model", "res_id"), (self.name, record_id))):
            self.env.store.delete("ir.model.data", data_id)
        self.env.store.delete(self.name, record_id)

    def _release(self, record_id: int, model: str, column: str, field: Field) -> None:
        pointing = list(self.env.store.find(model, (column,), (record_id,)))
        if not pointing:
            return
        if field.on_delete == "restrict":
            raise ValidationError(_restricted(self, self.env[model], column, is_19=self.env.since(19)))
        for each in pointing:
            if field.on_delete == "cascade":
                if each in self.env.store.tables[model]:
                    self.env[model].unlink(each)
            else:
                self.env.store.update(model, each, {column: None})

    def missing(self, record_id: int) -> MissingError:
        """The error for a record that is not there."""
        return MissingError(
            f"Record does not exist or has been deleted.\n(Record: {self.name}({record_id},), User: {self.env.uid})"
        )

    def _check_names(self, given: Values) -> None:
        for name in given:
            if name not in self.fields:
                place = f"in {self.name!r}" if self.env.since(19) else f"on model {self.name!r}"
                raise ValueFault(f"Invalid field {name!r} {place}")

    def _with_defaults(self, given: Values) -> dict[str, Any]:
        values = dict(given)
        for name, default in self.env.registry.defaults[self.name]:
            if name not in values:
                values[name] = self.env.context.get(
                    f"default_{name}", default(self.env) if callable(default) else default
                )
        return values

    def _split(self, values: Values) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """Kept values for the row, commands for x2many fields, values for related fields."""
        row: dict[str, Any] = {}
        links: dict[str, Any] = {}
        related: dict[str, Any] = {}
        for name, value in values.items():
            field = self.fields[name]
            if field.related:
                related[name] = value
            elif field.kind in TO_MANY:
                links[name] = value
            elif field.stored and name not in LOG_FIELDS:
                row[name] = self._kept(name, field, value)
        return row, links, related

    def _kept(self, name: str, field: Field, value: Any) -> Any:
        kept = to_kept(self.name, name, field, value)
        if field.kind == "many2one" and kept is not None and kept not in self.env.store.tables[field.comodel]:
            raise ValidationError(_foreign_key(self, name, is_19=self.env.since(19)))
        return kept

    def _write_links(self, record: Record, links: Values, related: Values) -> None:
        for name, commands in links.items():
            apply_commands(record, name, commands)
        for name, value in related.items():
            path, _, last = self.fields[name].related.rpartition(".")
            target = Record(self, record.id)
            for step in path.split("."):
                target = target.the(step)
            if target[last] != value:
                target.model.write(target.id, {last: value})

    def _check_row(self, record: Record, changed: tuple[str, ...]) -> None:
        row = self.table.get(record.id)
        if row is None:
            return
        for name in self.env.registry.required[self.name]:
            if row.get(name) is None:
                raise ValidationError(_required(self, name, self.fields[name], is_19=self.env.since(19)))
        for name, message in self.env.registry.uniques[self.name]:
            value = row.get(name)
            if name in changed and value and len(list(self.env.store.find(self.name, (name,), (value,)))) > 1:
                raise ValidationError(message.format(value=value))


def _required(model: Model, name: str, field: Field, *, is_19: bool) -> str:
    if is_19:
        return (
            f"The operation cannot be completed: Missing required value for the field '{field.label}' ({name}).\n"
            f"Model: '{model.label}' ({model.name})\n"
            "- create/update: a mandatory field is not set\n"
            "- delete: another model requires the record being deleted, you can archive it instead."
        )
    return (
        "The operation cannot be completed:\n- Create/update: a mandatory field is not set.\n"
        "- Delete: another model requires the record being deleted. If possible, archive it instead.\n\n"
        f"Model: {model.label} ({model.name})\nField: {field.label} ({name})\n"
    )


def _foreign_key(model: Model, name: str, *, is_19: bool) -> str:
    if is_19:
        return (
            "The operation cannot be completed: Another model is using the record you are trying to delete.\n\n"
            f"The troublemaker is: {model.label} ({model.name})\n"
            f"Thanks to the following constraint: {model.name.replace('.', '_')}_{name}_fkey\n"
        )
    return (
        "The operation cannot be completed: another model requires the record being deleted. "
        "If possible, archive it instead.\n\n"
        f"Model: {model.label} ({model.name})\nConstraint: {model.name.replace('.', '_')}_{name}_fkey"
    )


def _restricted(model: Model, referrer: Model, column: str, *, is_19: bool) -> str:
    return _foreign_key(referrer, column, is_19=is_19)

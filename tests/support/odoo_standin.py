"""A stand-in for the part of Odoo's ORM that the addon `hilum_outbox` uses, over a real PostgreSQL. No Odoo is run.

Written from the public API of Odoo 16 to 19 (read, not copied): classes are registered by `_name` and `_inherit` and
joined into one for each model; tables are made from fields; `init` is called at installation and upgrade, and
`_register_hook` on every model at each start; an upgrade drops NOT NULL of columns that are no fields; a system
parameter is cached, and its cache is cleared before the write; the uninstall hook gets cursor and registry in 16, and
the environment from 17 on. Cursors bind on the client side and work with repeatable read, as Odoo's do.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import psycopg

Row = dict[str, Any]


class AccessError(Exception):
    """As `odoo.exceptions.AccessError`."""


class Field:
    """A stored column."""

    sql: ClassVar[str]

    def __init__(self, string: str = "", *, required: bool = False, help: str = "") -> None:
        self.required = required

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, record: Any, owner: type) -> Any:
        if record is None:
            return self
        (number,) = record.ids
        record.env.cr.execute(f"SELECT {self.name} FROM {record._table} WHERE id = %s", [number])
        value = record.env.cr.fetchone()[0]
        return False if value is None else value


class Char(Field):
    sql = "varchar"


class Text(Field):
    sql = "text"


class Boolean(Field):
    sql = "bool"


class Integer(Field):
    sql = "int4"


class Datetime(Field):
    sql = "timestamp"

    @staticmethod
    def to_string(value: datetime) -> str:
        return value.strftime("%Y-%m-%d %H:%M:%S")


class Model:
    """A recordset."""

    _name: ClassVar[str] = ""
    _inherit: ClassVar[str] = ""
    _auto: ClassVar[bool] = True
    _abstract: ClassVar[bool] = False
    _transient: ClassVar[bool] = False
    _log_access: ClassVar[bool] = True
    _table: ClassVar[str] = ""
    definitions: ClassVar[list[type[Model]]] = []

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if cls.__module__.startswith(("odoo.addons.", __name__)) and not cls.__dict__.get("joined"):
            Model.definitions.append(cls)

    def __init__(self, env: Env, ids: Sequence[int] = ()) -> None:
        self.env, self.ids = env, tuple(ids)

    def __iter__(self) -> Iterator[Any]:
        return (type(self)(self.env, [number]) for number in self.ids)

    def __bool__(self) -> bool:
        return bool(self.ids)

    @classmethod
    def fields(cls) -> dict[str, Field]:
        return {name: each for base in cls.__mro__ for name, each in vars(base).items() if isinstance(each, Field)}

    def sudo(self) -> Any:
        return self

    def init(self) -> None:
        """After the table is there."""

    def _register_hook(self) -> None:
        """When the registry is there."""

    def create(self, vals_list: Sequence[Row]) -> Any:
        made = []
        for vals in vals_list:
            names = ", ".join(vals)
            marks = ", ".join(["%s"] * len(vals))
            self.env.cr.execute(
                f"INSERT INTO {self._table} ({names}) VALUES ({marks}) RETURNING id", list(vals.values())
            )
            made.append(self.env.cr.fetchone()[0])
        return type(self)(self.env, made)

    def write(self, vals: Row) -> bool:
        stamp = ", write_date = now() AT TIME ZONE 'UTC'" if self._log_access else ""
        changes = ", ".join(f"{name} = %s" for name in vals)
        self.env.cr.execute(
            f"UPDATE {self._table} SET {changes}{stamp} WHERE id = ANY(%s)", [*vals.values(), list(self.ids)]
        )
        return True

    def unlink(self) -> bool:
        self.env.cr.execute(f"DELETE FROM {self._table} WHERE id = ANY(%s)", [list(self.ids)])
        return True


class Parameter(Model):
    _name = "ir.config_parameter"
    key = Char(required=True)
    value = Text()
    cache: ClassVar[Row] = {}

    def get_param(self, key: str, default: Any = False) -> Any:
        if key not in self.cache:
            self.env.cr.execute("SELECT value FROM ir_config_parameter WHERE key = %s", [key])
            row = self.env.cr.fetchone()
            self.cache[key] = row and row[0]
        return self.cache[key] or default

    def create(self, vals_list: Sequence[Row]) -> Any:
        self.cache.clear()
        return super().create(vals_list)

    def write(self, vals: Row) -> bool:
        self.cache.clear()
        return super().write(vals)

    def unlink(self) -> bool:
        self.cache.clear()
        return super().unlink()


class Partner(Model):
    _name = "res.partner"
    name = Char()
    active = Boolean()


class Order(Model):
    _name = "purchase.order"
    name = Char()


class OrderLine(Model):
    _name = "purchase.order.line"
    name = Char()
    order_id = Integer()


class Report(Model):
    """One over a view of the database: it has no table."""

    _name = "sale.report"
    _auto = False


class Wizard(Model):
    _name = "some.wizard"
    _transient = True
    name = Char()


class User:
    """`env.user`."""

    def __init__(self, *groups: str) -> None:
        self._groups = groups

    def has_group(self, group: str) -> bool:
        return group in self._groups


class Env(Mapping[str, Any]):
    """The environment of one transaction."""

    def __init__(self, registry: Mapping[str, type[Model]], cursor: Any, user: User) -> None:
        self.registry, self.cr, self.user = registry, cursor, user

    def __getitem__(self, name: str) -> Any:
        return self.registry[name](self)

    def __iter__(self) -> Iterator[str]:
        return iter(self.registry)

    def __len__(self) -> int:
        return len(self.registry)


class Odoo:
    """A server of one version with the addon in its path."""

    def __init__(self, series: int, url: str, addon: Path) -> None:
        self.series, self._url, self._addon = series, url, addon
        Parameter.cache.clear()

    @contextmanager
    def loaded(self) -> Iterator[Odoo]:
        """With the names that the addon imports; they are gone afterwards."""
        before, kept = dict(sys.modules), list(Model.definitions)
        try:
            self._imitate()
            spec = importlib.util.spec_from_file_location("odoo.addons.hilum_outbox", self._addon / "__init__.py")
            assert spec is not None
            assert spec.loader is not None
            self.module = sys.modules["odoo.addons.hilum_outbox"] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(self.module)
            self.registry = _joined(Model.definitions)
            yield self
        finally:
            Model.definitions[:] = kept
            for name in set(sys.modules) - set(before):
                del sys.modules[name]

    def _imitate(self) -> None:
        modules = {name: ModuleType(name) for name in ("odoo", "odoo.api", "odoo.fields", "odoo.models")}
        modules |= {name: ModuleType(name) for name in ("odoo.exceptions", "odoo.addons")}
        same: Any = lambda method: method  # noqa: E731 - decorators that only mark
        vars(modules["odoo.api"]).update(model=same, model_create_multi=same)
        vars(modules["odoo.fields"]).update(Char=Char, Text=Text, Integer=Integer, Datetime=Datetime)
        vars(modules["odoo.models"]).update(Model=Model)
        vars(modules["odoo.exceptions"]).update(AccessError=AccessError)
        for name in ("api", "fields", "models", "exceptions", "addons"):
            setattr(modules["odoo"], name, modules[f"odoo.{name}"])
        sys.modules.update(modules)

    @contextmanager
    def transaction(self, *groups: str) -> Iterator[Env]:
        """As a user of these groups; committed at the end."""
        with psycopg.connect(self._url, cursor_factory=psycopg.ClientCursor) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            yield Env(self.registry, connection.cursor(), User(*groups))

    def install(self) -> None:
        """Make all tables, and start."""
        with self.transaction() as env:
            for name, kind in self.registry.items():
                if kind._auto:
                    _make_table(env.cr, kind)
                    env[name].init()
        self.start()

    def start(self) -> None:
        """What each process does when it has loaded its registry."""
        with self.transaction() as env:
            for name in env:
                env[name]._register_hook()

    def upgrade(self) -> None:
        """A newer version of the addon: `init` again, and columns that are no fields may be null from now on."""
        with self.transaction() as env:
            kind = self.registry["hilum.outbox"]
            env["hilum.outbox"].init()
            env.cr.execute(
                "SELECT attname FROM pg_attribute"
                " WHERE attrelid = 'hilum_outbox'::regclass AND attnum > 0 AND attnotnull"
            )
            for (column,) in env.cr.fetchall():
                if column not in (*kind.fields(), "id"):
                    env.cr.execute(f"ALTER TABLE hilum_outbox ALTER COLUMN {column} DROP NOT NULL")
        self.start()

    def uninstall(self) -> None:
        """The hook, then the addon's table."""
        with self.transaction() as env:
            hook = self.module.uninstall_hook
            hook(env.cr, self.registry) if self.series <= 16 else hook(env)
            env.cr.execute("DROP TABLE hilum_outbox")


def _joined(definitions: Sequence[type[Model]]) -> dict[str, type[Model]]:
    """One class for each model: later definitions before earlier ones."""
    bases: dict[str, list[type[Model]]] = {}
    for each in definitions:
        bases.setdefault(each.__dict__.get("_name") or each._inherit, []).insert(0, each)
    return {
        name: type(name, tuple(kinds), {"joined": True, "_name": name, "_table": name.replace(".", "_")})
        for name, kinds in bases.items()
    }


def _make_table(cursor: Any, kind: type[Model]) -> None:
    columns = ["id serial PRIMARY KEY"]
    columns += [
        f"{name} {each.sql}{' NOT NULL' if each.required else ''}" for name, each in sorted(kind.fields().items())
    ]
    columns += ["write_date timestamp"] if kind._log_access else []
    cursor.execute(f"CREATE TABLE {kind._table} ({', '.join(columns)})")

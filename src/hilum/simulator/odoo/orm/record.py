"""One record as business code sees it, and the environment of one call: who, when, in what context."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hilum.simulator.odoo.orm.fields import TO_MANY

if TYPE_CHECKING:
    from hilum.simulator.odoo.orm.model import Model
    from hilum.simulator.odoo.orm.registry import Registry
    from hilum.simulator.odoo.orm.store import Store

SUPERUSER = 1


class Env:
    """The environment of one transaction.

    `now` is the start of the transaction, UTC, with microseconds: every row that the call writes gets it as
    `write_date`. `groups` None means all rights.
    """

    def __init__(
        self,
        registry: Registry,
        store: Store,
        *,
        uid: int,
        now: datetime,
        groups: frozenset[str] | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        self.registry = registry
        self.store = store
        self.uid = uid
        self.groups = groups
        self.context: Mapping[str, Any] = context or {}
        self.moment = now
        self.now = now.strftime("%Y-%m-%d %H:%M:%S.%f")
        self.horizon = 0  # all transactions below this number have ended
        self.given_ids: dict[str, list[int]] = {}  # ids that were taken before, for the next new records
        self._models: dict[str, Model] = {}

    @property
    def version(self) -> str:
        """`16.0` to `19.0`."""
        return self.registry.version

    def since(self, major: int) -> bool:
        """True for this version and later ones: `since(19)` for 19.0."""
        return self.registry.major >= major

    @property
    def today(self) -> str:
        """The day of the transaction, UTC."""
        return self.now[:10]

    @property
    def second(self) -> str:
        """The start of the transaction in whole seconds, the form that datetime fields keep."""
        return self.now[:19]

    def __getitem__(self, name: str) -> Model:
        """The model of that name, bound to this environment."""
        bound = self._models.get(name)
        if bound is None:
            bound = self._models[name] = self.registry.models[name](self)
        return bound

    def record(self, model: str, record_id: int) -> Record:
        """A record by id; it is not checked to exist."""
        return Record(self[model], record_id)

    def records(self, model: str, ids: Iterable[int]) -> list[Record]:
        """Records by id."""
        bound = self[model]
        return [Record(bound, record_id) for record_id in ids]

    def with_context(self, **changes: Any) -> Env:
        """The same transaction with some context keys changed."""
        return Env(
            self.registry,
            self.store,
            uid=self.uid,
            now=self.moment,
            groups=self.groups,
            context={**self.context, **changes},
        )

    def ref(self, xid: str) -> int:
        """The id behind an external id of the seed, such as `base.main_company`."""
        module, _, name = xid.partition(".")
        for data_id in self.store.find("ir.model.data", ("module", "name"), (module, name)):
            return int(self.store.tables["ir.model.data"][data_id]["res_id"])
        raise KeyError(xid)


class Record:
    """A record: `record["field"]` is the kept value, `one` and `many` follow relations, `set` writes."""

    __slots__ = ("id", "model")

    def __init__(self, model: Model, record_id: int) -> None:
        self.model = model
        self.id = record_id

    @property
    def env(self) -> Env:
        """The environment the record belongs to."""
        return self.model.env

    def __getitem__(self, field: str) -> Any:
        return self.model.value(self.id, field)

    def one(self, field: str) -> Record | None:
        """The record at the other end of a many2one, None if empty."""
        target = self[field]
        return Record(self.env[self.model.fields[field].comodel], target) if target else None

    def the(self, field: str) -> Record:
        """The record at the other end of a many2one that is known to be filled. Raises LookupError if it is not."""
        found = self.one(field)
        if found is None:
            raise LookupError(f"{self.model.name}({self.id}).{field} is empty")
        return found

    def many(self, field: str) -> list[Record]:
        """The records of a one2many or many2many."""
        comodel = self.env[self.model.fields[field].comodel]
        return [Record(comodel, record_id) for record_id in self[field]]

    def follow(self, path: str) -> Any:
        """The value at the end of a dotted path of many2ones; None if a link is empty."""
        head, _, rest = path.partition(".")
        if not rest:
            return self[head]
        target = self.one(head)
        return target.follow(rest) if target else None

    def set(self, **values: Any) -> None:
        """Write kept values straight into the row, moving `write_date`; no conversion, no hook."""
        self.model.put(self.id, values)

    def ids_of(self, field: str) -> list[int]:
        """The ids behind any relation."""
        value = self[field]
        if self.model.fields[field].kind in TO_MANY:
            return list(value)
        return [value] if value else []


Compute = Callable[[Record], Any]

"""The seed for many sandboxes: worked out once in a process for each version, then put in as it is, with today's dates.

Planting takes three times as long, for the business code sees every row; tests start hundreds of sandboxes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from hilum.simulator.odoo.business import MODELS
from hilum.simulator.odoo.orm.record import SUPERUSER, Env
from hilum.simulator.odoo.orm.registry import LOG_FIELDS, Registry
from hilum.simulator.odoo.orm.store import Row, Store
from hilum.simulator.odoo.seed import plant

_ONCE = datetime(2000, 1, 1, tzinfo=UTC)
"""When the rows are worked out; nothing of it is left in a sandbox."""


@cache
def registry_of(version: str) -> Registry:
    """The models of a version: nobody changes them. Raises ValueError for a version that is not known."""
    return Registry(version, MODELS)


@cache
def _seed(version: str) -> tuple[tuple[str, int, Row], ...]:
    """Every row of the seed: model, id, kept values without dates."""
    registry = registry_of(version)
    store = Store(registry.indexed())
    plant(Env(registry, store, uid=SUPERUSER, now=_ONCE))
    return tuple(
        (model, record_id, {name: value for name, value in row.items() if name not in _DATES})
        for model, rows in store.tables.items()
        for record_id, row in rows.items()
    )


_DATES = tuple(sorted(name for name in LOG_FIELDS if name.endswith("_date")))


def sow(env: Env) -> None:
    """Put the whole seed into an empty store, as `plant` would at this moment."""
    dates = dict.fromkeys(_DATES, env.now)
    for model, record_id, row in _seed(env.version):
        env.store.insert(model, {**row, **dates}, record_id=record_id)

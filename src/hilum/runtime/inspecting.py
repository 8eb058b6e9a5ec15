"""Looks at start, and again every few hours, whether endpoints still fit the flows that lead to them.

What does not fit becomes a case on somebody's desk before a message fails by it, and the case ends when it fits again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from hilum import cases
from hilum.cases.conditions import HUB
from hilum.connector import (
    KEY_WARNING,
    AtEndpoint,
    Condition,
    Destination,
    Inspected,
    Inspection,
    Misfit,
    Needs,
    ReadsModels,
    Renewable,
)
from hilum.errors import Failure, SettingsError
from hilum.flow import Flow
from hilum.journal.endpoint_states import keep, states
from hilum.postgres import Database
from hilum.runtime.renewing import renew_where_due, retire_where_due

log = logging.getLogger("hilum.hub")

EVERY = 6 * 3600.0
"""Seconds between two looks."""

KEY: Final = "endpoint.key"
"""The category of the case of a key that ends soon."""

_BY_HAND: Final = (
    "Make a new key there as the hub's user (in Odoo: Preferences, Security), then run: hilum odoo rotate-key {name}. "
    "It asks for the key, tests it, stores it and switches over while the hub is at work."
)

Users = Mapping[str, Sequence[Flow]]
"""Operation, or kind of source → the flows that use it at one endpoint."""

NONE: Final[Mapping[str, Destination]] = MappingProxyType({})


def users_by_endpoint(flows: Iterable[Flow]) -> dict[str, dict[str, list[Flow]]]:
    """Endpoint → operation, or kind of source → the flows that use it there."""
    found: dict[str, dict[str, list[Flow]]] = {}
    for flow in flows:
        used = [(target.endpoint, target.operation) for target in flow.every_target]
        if (source := _reading(flow)) is not None:
            used.append((source.endpoint, source.kind))
        for endpoint, name in dict.fromkeys(used):
            found.setdefault(endpoint, {}).setdefault(name, []).append(flow)
    return found


def needs_of(endpoint: str, users: Users) -> dict[str, dict[str, dict[str, frozenset[str]]]]:
    """Operation, or kind of source → model → the fields that these flows write or read there together, with the types
    that all of them can work with; none: any.

    Of an operation only what it does not know itself: the columns that a flow chose for `odoo.upsert`.
    """
    found: dict[str, dict[str, dict[str, frozenset[str]]]] = {}
    for name, flows in users.items():
        for needs in (each for flow in flows for each in _needs(flow, endpoint, name)):
            for model, fields in needs.items():
                there = found.setdefault(name, {}).setdefault(model, {})
                for field in fields:
                    types = frozenset(fields[field]) if isinstance(fields, Mapping) else frozenset()
                    before = there.get(field, types)
                    there[field] = (before & types) or before or types
    return found


def told(found: Inspection, users: Users) -> list[str]:
    """What does not fit, thing by thing, in words, each with the flows that need it."""
    words = []
    for condition in found.conditions:
        for misfit in condition.misfits:
            flows = sorted({flow.name for each in misfit.operations or users for flow in users.get(each, ())})
            words.append(f"{misfit.words} Needed by {', '.join(flows)}." if flows else misfit.words)
    return words


def _needs(flow: Flow, endpoint: str, name: str) -> Iterator[Needs]:
    source = _reading(flow)
    if source is not None and (source.endpoint, source.kind) == (endpoint, name):
        yield source.reads
    yield from (each.needs for each in flow.every_target if (each.endpoint, each.operation) == (endpoint, name))


def _reading(flow: Flow) -> Any:
    """The source of a flow, where it reads models at an endpoint of `hilum.toml`."""
    source: Any = flow.source  # of several protocols at once
    reading = isinstance(source, AtEndpoint) and isinstance(source, ReadsModels) and bool(source.endpoint)
    return source if reading else None


class Inspecting:
    """The endpoints of one process. `others`: those that are only read from, open while they are looked at."""

    def __init__(
        self,
        database: Database,
        destinations: Mapping[str, Destination],
        flows: Iterable[Flow],
        others: Mapping[str, Destination] = NONE,
    ) -> None:
        self._database = database
        self._users = users_by_endpoint(flows)
        self._destinations = destinations
        self._others = others

    async def step(self) -> None:
        """Look at each; what does not fit is said in the log too. Raises `DatabaseUnavailable`."""
        await self._all(self._destinations)
        for name, other in self._others.items():
            try:
                await other.open()
                await self._all({name: other})
            except SettingsError as error:
                log.warning("%s: %s", name, error)
            finally:
                await other.close()

    async def _all(self, destinations: Mapping[str, Destination]) -> None:
        for name, destination in destinations.items():
            if isinstance(destination, Inspected):
                try:
                    found = await look(self._database, name, destination, self._users.get(name, {}), renewing=True)
                    await retire_where_due(self._database, name, destination)
                except (Failure, SettingsError) as failure:
                    log.info("%s could not be looked at: %s", name, failure)
                    continue
                for finding in told(found, self._users.get(name, {})):
                    log.warning("%s: %s", name, finding)


async def look(
    database: Database,
    name: str,
    destination: Inspected,
    users: Users,
    *,
    anew: bool = False,
    actor: str = HUB,
    renewing: bool = False,
) -> Inspection:
    """Look at an endpoint, keep what was seen, and open, renew and end its cases. Raises a `Failure`.

    `anew`: as it is now is how it shall be, says `actor`. `renewing`: a key that ends is renewed where that can be.
    """
    async with database.cold() as connection:
        known = (await states(connection)).get(name)
    found = await destination.inspect(users.keys(), known.metadata if known and not anew else {}, needs_of(name, users))
    async with database.cold() as connection:
        await keep(connection, name, found)
    if renewing:
        told = await renew_where_due(database, name, destination, found.key_ends)
        if told is not None and told.done:
            found = replace(found, key_ends=told.ends)
    async with database.transaction() as connection:
        why = (await states(connection))[name].renewal
        reason = "It was accepted as it is." if anew else "It fits again."
        conditions = [*found.conditions, *key_condition(name, destination, found.key_ends, why)]
        await cases.settle(connection, name, conditions, users, actor=actor, reason=reason)
    return found


def key_condition(name: str, destination: object, ends: datetime | None, why: str) -> list[Condition]:
    """The key ends soon; nothing where it does not, or nobody knows. `why`: why the hub could not renew it."""
    left = ends - datetime.now(UTC) if ends is not None else None
    if ends is None or left is None or left > KEY_WARNING:
        return []
    words = f"The key ends on {ends:%Y-%m-%d %H:%M} UTC; from then on nothing can be delivered."
    expected = f"more than {KEY_WARNING.days} days left"
    misfit = Misfit(what="key", expected=expected, found=f"ends on {ends:%Y-%m-%d}", words=words)
    advice = f"{why} {_BY_HAND.format(name=name)}".strip() if isinstance(destination, Renewable) else ""
    return [
        Condition(category=KEY, subject="key", title="The key ends soon", misfits=(misfit,), advice=advice, due=ends)
    ]

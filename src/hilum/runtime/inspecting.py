"""Looks at start, and again every few hours, whether endpoints still fit the flows that lead to them.

What does not fit becomes a case on somebody's desk before a message fails by it, and the case ends when it fits again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from hilum import cases
from hilum.cases.conditions import HUB
from hilum.connector import KEY_WARNING, Condition, Destination, Inspected, Inspection, Misfit
from hilum.errors import Failure
from hilum.flow import Flow
from hilum.journal.endpoint_states import keep, states
from hilum.postgres import Database

log = logging.getLogger("hilum.hub")

EVERY = 6 * 3600.0
"""Seconds between two looks."""

KEY: Final = "endpoint.key"
"""The category of the case of a key that ends soon."""

Users = Mapping[str, Sequence[Flow]]
"""Operation → the flows that use it at one endpoint."""


def users_by_endpoint(flows: Iterable[Flow]) -> dict[str, dict[str, list[Flow]]]:
    """Endpoint → operation → the flows that use it there."""
    found: dict[str, dict[str, list[Flow]]] = {}
    for flow in flows:
        for target in flow.every_target:
            users = found.setdefault(target.endpoint, {}).setdefault(target.operation, [])
            if flow not in users:
                users.append(flow)
    return found


class Inspecting:
    """The endpoints of one process."""

    def __init__(self, database: Database, destinations: Mapping[str, Destination], flows: Iterable[Flow]) -> None:
        self._database = database
        self._users = users_by_endpoint(flows)
        self._destinations = destinations

    async def step(self) -> None:
        """Look at each; what does not fit is said in the log too. Raises `DatabaseUnavailable`."""
        for name, destination in self._destinations.items():
            if isinstance(destination, Inspected):
                try:
                    found = await look(self._database, name, destination, self._users.get(name, {}))
                except Failure as failure:
                    log.info("%s could not be looked at: %s", name, failure)
                    continue
                for finding in found.findings:
                    log.warning("%s: %s", name, finding)


async def look(
    database: Database, name: str, destination: Inspected, users: Users, *, anew: bool = False, actor: str = HUB
) -> Inspection:
    """Look at an endpoint, keep what was seen, and open, renew and end its cases. Raises a `Failure`.

    `anew`: as it is now is how it shall be, says `actor`.
    """
    async with database.cold() as connection:
        known = (await states(connection)).get(name)
    found = await destination.inspect(users.keys(), known.metadata if known and not anew else {})
    async with database.transaction() as connection:
        await keep(connection, name, found)
        reason = "It was accepted as it is." if anew else "It fits again."
        conditions = [*found.conditions, *key_condition(found.key_ends)]
        await cases.settle(connection, name, conditions, users, actor=actor, reason=reason)
    return found


def key_condition(ends: datetime | None) -> list[Condition]:
    """The key ends soon; nothing where it does not, or nobody knows."""
    left = ends - datetime.now(UTC) if ends is not None else None
    if ends is None or left is None or left > KEY_WARNING:
        return []
    words = f"The key ends on {ends:%Y-%m-%d %H:%M} UTC; from then on nothing can be delivered."
    expected = f"more than {KEY_WARNING.days} days left"
    misfit = Misfit(what="key", expected=expected, found=f"ends on {ends:%Y-%m-%d}", words=words)
    return [Condition(category=KEY, subject="key", title="The key ends soon", misfits=(misfit,), due=ends)]

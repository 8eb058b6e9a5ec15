"""Looks at start, and again every few hours, whether endpoints still fit the flows that lead to them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping

from hilum.connector import Destination, Inspected, Inspection
from hilum.errors import Failure
from hilum.flow import Flow
from hilum.journal.endpoint_states import keep, states
from hilum.postgres import Database

log = logging.getLogger("hilum.hub")

EVERY = 6 * 3600.0
"""Seconds between two looks."""


def operations_by_endpoint(flows: Iterable[Flow]) -> dict[str, set[str]]:
    """The operations that flows use, by the endpoint at which they use them."""
    found: dict[str, set[str]] = {}
    for flow in flows:
        for target in flow.every_target:
            found.setdefault(target.endpoint, set()).add(target.operation)
    return found


class Inspecting:
    """The endpoints of one process."""

    def __init__(self, database: Database, destinations: Mapping[str, Destination], flows: Iterable[Flow]) -> None:
        self._database = database
        self._operations = operations_by_endpoint(flows)
        self._destinations = destinations

    async def step(self) -> None:
        """Look at each; what does not fit is said in the log. Raises `DatabaseUnavailable`."""
        for name, destination in self._destinations.items():
            if isinstance(destination, Inspected):
                try:
                    found = await look(self._database, name, destination, self._operations.get(name, ()))
                except Failure as failure:
                    log.info("%s could not be looked at: %s", name, failure)
                    continue
                for finding in found.findings:
                    log.warning("%s: %s", name, finding)


async def look(
    database: Database, name: str, destination: Inspected, operations: Collection[str], *, anew: bool = False
) -> Inspection:
    """Look at an endpoint and keep what was seen. `anew`: as it is now is how it shall be. Raises a `Failure`."""
    async with database.cold() as connection:
        known = (await states(connection)).get(name)
    found = await destination.inspect(operations, known.metadata if known and not anew else {})
    async with database.cold() as connection:
        await keep(connection, name, found)
    return found

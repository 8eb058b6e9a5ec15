"""What people have stopped, as this process knows it: read once a second, asked for each batch, never for a message."""

from __future__ import annotations

from collections.abc import Iterable

from hilum.cases import switches
from hilum.errors import Busy
from hilum.postgres import Database


class Switches:
    """The stopped flows."""

    def __init__(self) -> None:
        self._intake: frozenset[str] = frozenset()
        self._translation: frozenset[str] = frozenset()

    async def look(self, database: Database) -> None:
        """Read them again. Raises `DatabaseUnavailable`; then what was read before holds."""
        async with database.cold() as connection:
            found = await switches.stopped(connection)
        self._intake = frozenset(each.flow for each in found if each.what == switches.INTAKE)
        self._translation = frozenset(each.flow for each in found if each.what == switches.TRANSLATION)

    def check(self, flow: str) -> None:
        """Raises `Busy` where a person has stopped the intake of this flow. Its reason stays in the hub."""
        if flow in self._intake:
            raise Busy(f"The intake of {flow} is stopped for now. Send again later.", after=30.0)

    def translated(self, flows: Iterable[str]) -> list[str]:
        """Those of these flows whose translation goes on."""
        return [flow for flow in flows if flow not in self._translation]

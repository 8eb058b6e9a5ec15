"""A destination that is a part of the hub itself: it writes into its database, and opens only in one that runs."""

from __future__ import annotations

from typing import ClassVar

from hilum.connector.base import ConnectorSettings, Traits
from hilum.connector.destination import Destination
from hilum.errors import SettingsError
from hilum.postgres import Database


class NothingToSet(ConnectorSettings):
    """Nothing to set: it is in the hub's own database."""


class HubDestination(Destination):
    """What is the same in all of them: the runtime gives the database by `over`, before `open`."""

    Settings = NothingToSet
    traits: ClassVar[Traits] = Traits(batch_limit=200, deduplicates=True)
    in_hub: ClassVar[bool] = True
    needs: ClassVar[str]  # what only a hub keeps, as a person is told who opens it elsewhere: `Bills that are …`

    def __init__(self) -> None:
        self.settings = NothingToSet()
        self._database: Database | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def over(self, database: Database) -> None:
        """Write into this one, from now on."""
        self._database = database

    async def open(self) -> None:
        """Raises `SettingsError` outside a hub."""
        _ = self.database

    async def close(self) -> None:
        """Nothing is open."""

    @property
    def database(self) -> Database:
        """The hub's. Raises `SettingsError` outside a hub."""
        if self._database is None:
            raise SettingsError(f"{self.needs} only in a hub, which has a database.")
        return self._database

"""Fact tables as a source: each version of each closed day is handed over once for a flow, as a Parquet file.

    source=FactTables(tables=["order_lines", "payments"])

So a table is a message like any other: durable, delivered, retried, held and audited by its flow.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from pydantic import Field, field_validator

from hilum.connector import ConnectorSettings, Header
from hilum.connectors.declaring import checked
from hilum.connectors.encoding import BYTES
from hilum.connectors.handing import Handed, Hands
from hilum.connectors.numbered_source import NumberedSource
from hilum.facts import KINDS
from hilum.formats.parquet import check_parquet
from hilum.observe.indicators import tables
from hilum.postgres import Connection, Database


class FactTablesSettings(ConnectorSettings):
    """Settings of the source of fact tables."""

    tables: list[str] = Field(
        default_factory=lambda: list(KINDS), description="Which tables; none named: all", examples=[["order_lines"]]
    )
    quiet_minutes: float = Field(
        default=10.0,
        ge=0,
        description="Minutes that late facts of a closed day are waited with, so that many make one version",
        examples=[10],
        json_schema_extra={"unit": "min"},
    )
    poll: float = Field(
        default=30.0,
        gt=0,
        description="Seconds between two looks for days that closed or changed",
        examples=[30],
        json_schema_extra={"unit": "s"},
    )

    @field_validator("tables")
    @classmethod
    def _known(cls, named: list[str]) -> list[str]:
        if unknown := [each for each in named if each not in KINDS]:
            raise ValueError(f"there is no table {', '.join(unknown)}; there are {', '.join(KINDS)}")
        return list(dict.fromkeys(named)) or list(KINDS)


class FactTables(NumberedSource):
    """Hands over each version once for a flow, whatever number of hubs has it; the versions of a day in order."""

    Settings = FactTablesSettings
    kind: ClassVar[str] = "fact_tables"
    default_format: ClassVar[str] = "bytes"
    needs: ClassVar[str] = "what was counted"
    own: ClassVar[str] = "FactTables"
    at_once: ClassVar[int] = 20
    not_taken: ClassVar[str] = "fact_table_not_taken"

    def __init__(self, **settings: Any) -> None:
        self.settings = checked(FactTablesSettings, self.kind, settings)
        super().__init__(self.settings.poll)

    @property
    def address(self) -> str:
        """The flow: each takes the tables at its own pace."""
        return f"facts://{self.flow}"

    async def check(self) -> str:
        """What it reads. Raises `SettingsError` without the extra `parquet`."""
        check_parquet()
        return f"takes the fact tables {', '.join(self.settings.tables)}"

    async def open(self) -> None:
        """Begin to look. Raises `SettingsError` without the extra `parquet`."""
        check_parquet()
        await super().open()

    async def _fill(self, ledger: Database, queue: Hands, known: Sequence[int], room: int) -> None:
        async with ledger.transaction() as connection:
            quiet = timedelta(minutes=self.settings.quiet_minutes)
            await tables.make_versions(connection, self.flow, self.settings.tables, quiet)
        async with ledger.cold() as connection:
            for version in await tables.untaken(connection, self.flow, self.settings.tables, known, room):
                queue.put([self._handed(queue, version, await tables.parquet(connection, version))])

    def _handed(self, hands: Hands, version: tables.Version, body: bytes) -> Handed:
        headers = {
            Header.PEER: "facts",
            Header.IDEMPOTENCY_KEY: f"facts {version.name}",
            Header.ORDERING_KEY: version.name,
        }
        return Handed(hands, version.id, body, BYTES, headers)

    async def _taken(self, connection: Connection, done: Sequence[tuple[int, str]]) -> None:
        await tables.taken(connection, [id for id, _ in done])

    def _called(self, number: int) -> str:
        return f"fact table {number}"

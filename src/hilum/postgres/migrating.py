"""Migrations: numbered SQL files, each applied once and whole."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from hilum.postgres.connecting import COLD
from hilum.postgres.database import Connection, Database

_MIGRATION_LOCK: Final = 0x48494C554D  # "HILUM"; any number will do as long as all hubs use the same


async def migrate(database: Database, components: list[tuple[str, Path]]) -> list[str]:
    """Apply the numbered SQL files of each component that are not applied yet; names those that were.

    One hub migrates at a time (advisory lock); each file is one transaction. Raises `DatabaseUnavailable`.
    """
    applied: list[str] = []
    async with database.cold() as connection:
        await connection.execute("SET statement_timeout = 0")
        await connection.execute("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])
        try:
            await connection.execute(
                "CREATE TABLE IF NOT EXISTS migration ("
                " component text, number int, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(),"
                " PRIMARY KEY (component, number))"
            )
            there = await _applied(connection)
            for component, folder in components:
                for number, path in migration_files(folder):
                    if (component, number) not in there:
                        await _apply(connection, component, number, path.stem, path.read_bytes())
                        applied.append(f"{component}/{path.stem}")
        finally:
            await connection.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATION_LOCK])
            await connection.execute(COLD, prepare=False)
    return applied


async def _applied(connection: Connection) -> set[tuple[str, int]]:
    cursor = await connection.execute("SELECT component, number FROM migration")
    return {(component, number) for component, number in await cursor.fetchall()}


async def _apply(connection: Connection, component: str, number: int, name: str, sql: bytes) -> None:
    async with connection.transaction():
        await connection.execute(sql, prepare=False)
        await connection.execute(
            "INSERT INTO migration (component, number, name) VALUES (%s, %s, %s)", [component, number, name]
        )


def migration_files(folder: Path) -> list[tuple[int, Path]]:
    """Number and file of each migration, in order."""
    return [(int(path.name.split("_")[0]), path) for path in sorted(folder.glob("[0-9]*.sql"))]

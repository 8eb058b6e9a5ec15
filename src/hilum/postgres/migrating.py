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
            for component, folder in components:
                applied += await _migrate_component(connection, component, folder)
        finally:
            await connection.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATION_LOCK])
            await connection.execute(COLD, prepare=False)
    return applied


async def _migrate_component(connection: Connection, component: str, folder: Path) -> list[str]:
    rows = await (await connection.execute("SELECT number FROM migration WHERE component = %s", [component])).fetchall()
    there = {row[0] for row in rows}
    applied = []
    for number, name, sql in migration_files(folder):
        if number in there:
            continue
        async with connection.transaction():
            await connection.execute(sql.encode(), prepare=False)
            await connection.execute(
                "INSERT INTO migration (component, number, name) VALUES (%s, %s, %s)", [component, number, name]
            )
        applied.append(f"{component}/{name}")
    return applied


def migration_files(folder: Path) -> list[tuple[int, str, str]]:
    """Number, name and text of each migration, in order."""
    return [
        (int(path.name.split("_")[0]), path.stem, path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("[0-9]*.sql"))
    ]

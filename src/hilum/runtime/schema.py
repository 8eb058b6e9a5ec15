"""Make the database ready: migrations, partitions, lanes. Harmless to repeat, from several hubs at once."""

from __future__ import annotations

from pathlib import Path

from hilum import cases, facts, journal, masterdata, partners, security
from hilum.errors import SettingsError
from hilum.journal.partitions import ensure_partitions
from hilum.postgres import Database, migrate

COMPONENTS = [
    ("journal", journal.MIGRATIONS),
    ("masterdata", masterdata.MIGRATIONS),
    ("cases", cases.MIGRATIONS),
    ("security", security.MIGRATIONS),
    ("partners", partners.MIGRATIONS),
    ("facts", facts.MIGRATIONS),
    # above this package, so that they are named by their places: sources and destinations need their tables at once
    ("processes", Path(__file__).parent.parent / "processes" / "migrations"),
    ("reconcile", Path(__file__).parent.parent / "reconcile" / "migrations"),
    ("packs", Path(__file__).parent.parent / "packs" / "migrations"),
]
"""Who has tables, in the order in which they are made."""


async def prepare(database: Database, *, lanes: int) -> list[str]:
    """Migrate, and make partitions and lanes; names the migrations that were applied.

    Raises `DatabaseUnavailable`, and `SettingsError` where the journal was made with another number of lanes.
    """
    applied = await migrate(database, COMPONENTS)
    async with database.cold() as connection:
        await ensure_partitions(connection)
        await connection.execute(
            "INSERT INTO fact (name, value) VALUES ('lanes', %s) ON CONFLICT DO NOTHING", [str(lanes)]
        )
        cursor = await connection.execute("SELECT value FROM fact WHERE name = 'lanes'")
        row = await cursor.fetchone()
        if row is not None and int(row[0]) != lanes:
            raise SettingsError(
                f"[hub] lanes = {lanes}, but this journal was made with {row[0]}; the number cannot change later."
            )
        await connection.execute(
            "INSERT INTO lane (lane) SELECT generate_series(0, %s - 1) ON CONFLICT DO NOTHING", [lanes]
        )
    return applied

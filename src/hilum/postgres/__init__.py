"""The one way to PostgreSQL: the pools, transactions, error translation, and migrations."""

from hilum.embedded import EmbeddedServer
from hilum.postgres.connecting import MINIMUM_VERSION, SCHEMA
from hilum.postgres.database import Connection, Database, database_for
from hilum.postgres.faults import translated
from hilum.postgres.migrating import migrate, migration_files

__all__ = [
    "MINIMUM_VERSION",
    "SCHEMA",
    "Connection",
    "Database",
    "EmbeddedServer",
    "database_for",
    "migrate",
    "migration_files",
    "translated",
]

"""What psycopg raises when the database cannot be used, as the hub's own errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors
from psycopg_pool import PoolClosed, PoolTimeout

from hilum.errors import DatabaseUnavailable


@contextmanager
def translated() -> Iterator[None]:
    """Turn what psycopg raises when the database is away, full or read only into `DatabaseUnavailable`.

    Errors of our own making (syntax, constraints) stay what they are: they are defects and must be seen.
    """
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, PoolClosed) as error:
        raise DatabaseUnavailable(_words(error)) from error
    except (errors.ReadOnlySqlTransaction, errors.IoError, errors.InternalError_) as error:
        raise DatabaseUnavailable(_words(error)) from error


_READ_ONLY = (
    "The database is read only: it is a standby, or was made read only. Name the primary, or all servers with "
    "target_session_attrs=read-write."
)


def _words(error: Exception) -> str:
    """One line that says what the database said, without the statement or its values."""
    if isinstance(error, errors.DiskFull):
        return "The database's disk is full."
    if isinstance(error, errors.ReadOnlySqlTransaction) or "session is read-only" in str(error):
        return _READ_ONLY
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return f"The database is not available: {primary or first_line}"

"""Keeps the store in a file, so that a sandbox that was killed goes on where it was."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from hilum.simulator.odoo.orm.store import Changes, Row, Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    model TEXT NOT NULL, id INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (model, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter (model TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class StateFile:
    """A SQLite file. Each committed call is one synced SQLite transaction, so a kill at any instant loses none."""

    def __init__(self, path: Path, *, version: str) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.executescript(SCHEMA)
        self._check_version(path, version)

    def _check_version(self, path: Path, version: str) -> None:
        """A state belongs to one version. Raises ValueError for the other's."""
        self._database.execute("INSERT OR IGNORE INTO about VALUES ('version', ?)", (version,))
        (kept,) = self._database.execute("SELECT value FROM about WHERE key = 'version'").fetchone()
        if kept != version:
            self._database.close()
            raise ValueError(f"{path.name} holds a sandbox Odoo {kept}; start it with that version, not {version}.")

    def load(self, store: Store) -> bool:
        """Put back all that was saved; False where nothing was."""
        found = False
        for model, record_id, body in self._database.execute("SELECT model, id, body FROM record"):
            if model in store.tables:
                store.restore(model, record_id, json.loads(body))
                found = True
        for model, last in self._database.execute("SELECT model, last FROM counter"):
            if model in store.counters:
                store.counters[model] = max(store.counters[model], last)
        return found

    def save(self, changes: Changes, store: Store) -> None:
        """Keep the changes of one transaction; returns when they are on disk."""
        if not changes:
            return
        self._database.execute("BEGIN IMMEDIATE")
        try:
            for (model, record_id), row in changes.items():
                self._keep(model, record_id, row)
            for model in {model for model, _ in changes}:
                counter = (model, store.counters[model])
                self._database.execute("INSERT OR REPLACE INTO counter VALUES (?, ?)", counter)
            self._database.execute("COMMIT")
        except sqlite3.Error:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    def _keep(self, model: str, record_id: int, row: Row | None) -> None:
        if row is None:
            self._database.execute("DELETE FROM record WHERE model = ? AND id = ?", (model, record_id))
        else:
            body = json.dumps(row)
            self._database.execute("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", (model, record_id, body))

    def close(self) -> None:
        """Close the file."""
        self._database.close()

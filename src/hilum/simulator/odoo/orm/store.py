"""All records in memory, with indices, and one transaction at a time that can be taken back in whole or in part.

A row is never changed in place: an update puts a new dict in its place, so the undo log keeps the old one by
reference. The server runs one call after the other, so there is no isolation to simulate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Row = Mapping[str, Any]
Key = tuple[str, ...]
Changes = dict[tuple[str, int], Row | None]


class Store:
    """Tables of rows by id, with an index for each declared tuple of fields.

    >>> store = Store({"res.partner": [("ref",)]})
    >>> one = store.insert("res.partner", {"ref": "V1"})
    >>> list(store.find("res.partner", ("ref",), ("V1",)))
    [1]
    >>> store.rollback()
    >>> list(store.find("res.partner", ("ref",), ("V1",)))
    []
    """

    def __init__(self, indexed: Mapping[str, Iterable[Key]]) -> None:
        self.tables: dict[str, dict[int, Row]] = {model: {} for model in indexed}
        self.counters: dict[str, int] = dict.fromkeys(indexed, 0)  # the last id given out; never goes back
        self._indices: dict[str, dict[Key, dict[tuple[Any, ...], dict[int, None]]]] = {
            model: {key: {} for key in keys} for model, keys in indexed.items()
        }
        self.hidden: dict[str, frozenset[int]] = {}  # by model: what a record rule hides from every user
        self._undo: list[tuple[str, int, Row | None]] = []

    def insert(self, model: str, values: Row, *, record_id: int | None = None) -> int:
        """Add a row and answer its id, the next free one unless `record_id` says so."""
        if record_id is None:
            record_id = self.counters[model] + 1
        self.counters[model] = max(self.counters[model], record_id)
        self._put(model, record_id, {**values, "id": record_id})
        return record_id

    def update(self, model: str, record_id: int, values: Row) -> None:
        """Change some fields of an existing row."""
        self._put(model, record_id, {**self.tables[model][record_id], **values})

    def delete(self, model: str, record_id: int) -> None:
        """Remove a row."""
        self._put(model, record_id, None)

    def find(self, model: str, key: Key, values: tuple[Any, ...]) -> Iterable[int]:
        """The ids whose fields `key` equal `values`, oldest first."""
        return self._indices[model][key].get(values, {}).keys()

    def has_index(self, model: str, key: Key) -> bool:
        """True where `find` can serve this key."""
        return key in self._indices[model]

    def mark(self) -> int:
        """A savepoint, for `rollback`."""
        return len(self._undo)

    def rollback(self, mark: int = 0) -> None:
        """Take back everything since the mark; without one, the whole transaction. Ids given out stay used."""
        while len(self._undo) > mark:
            model, record_id, before = self._undo.pop()
            self._set(model, record_id, before)

    def changes(self) -> Changes:
        """The rows that the transaction touched, as they now are (None: deleted), for whoever saves them."""
        return {(model, record_id): self.tables[model].get(record_id) for model, record_id, _ in self._undo}

    def before(self) -> Changes:
        """The rows that the transaction touched, as they were when it began (None: not there)."""
        found: Changes = {}
        for model, record_id, row in self._undo:
            found.setdefault((model, record_id), row)
        return found

    def commit(self) -> None:
        """End the transaction."""
        self._undo.clear()

    def restore(self, model: str, record_id: int, row: Row) -> None:
        """Put back a row that was saved earlier; not part of any transaction."""
        self.counters[model] = max(self.counters[model], record_id)
        self._set(model, record_id, row)

    def _put(self, model: str, record_id: int, row: Row | None) -> None:
        self._undo.append((model, record_id, self.tables[model].get(record_id)))
        self._set(model, record_id, row)

    def _set(self, model: str, record_id: int, row: Row | None) -> None:
        table = self.tables[model]
        before = table.get(record_id)
        for key, index in self._indices[model].items():
            _reindex(index, key, record_id, before, row)
        if row is None:
            table.pop(record_id, None)
        else:
            table[record_id] = row


def _reindex(
    index: dict[tuple[Any, ...], dict[int, None]], key: Key, record_id: int, before: Row | None, after: Row | None
) -> None:
    old = None if before is None else tuple(before.get(name) for name in key)
    new = None if after is None else tuple(after.get(name) for name in key)
    if old == new:
        return
    if old is not None:
        holders = index[old]
        del holders[record_id]
        if not holders:
            del index[old]
    if new is not None:
        index.setdefault(new, {})[record_id] = None

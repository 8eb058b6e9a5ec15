"""What a destination notes of documents that it wrote: shared by all hubs, the last note counts, forgotten when old."""

from __future__ import annotations

import pytest

from hilum.connectors.odoo import Odoo
from hilum.journal.document_notes import KEPT_DAYS, DocumentNotes, forget
from hilum.postgres import Database
from hilum.runtime.endpoints import lend

pytestmark = pytest.mark.req("SYS-1")


async def test_the_last_note_of_a_document_counts_for_all(database: Database) -> None:
    one, other = DocumentNotes(database, "odoo.main"), DocumentNotes(database, "odoo.main")
    await one.put({"a": {"head": {"x": "1"}}, "b": {"head": {}}})
    await other.put({"a": {"head": {"x": "2"}}})
    assert await one.get(["a", "b", "c"]) == {"a": {"head": {"x": "2"}}, "b": {"head": {}}}
    assert await DocumentNotes(database, "odoo.other").get(["a"]) == {}


async def test_old_notes_are_forgotten(database: Database) -> None:
    notes = DocumentNotes(database, "odoo.main")
    await notes.put({"old": {}, "new": {}})
    async with database.cold() as connection:
        await connection.execute(
            "UPDATE document_note SET noted_at = now() - make_interval(days => %s) WHERE document = 'old'",
            [KEPT_DAYS + 1],
        )
        await forget(connection)
    assert await notes.get(["old", "new"]) == {"new": {}}


async def test_a_hub_lends_them_to_odoo(database: Database) -> None:
    odoo = Odoo(url="http://127.0.0.1:1", database="d", api_key="k")
    lend(odoo, "odoo.main", database)
    await DocumentNotes(database, "odoo.main").put({"a": {"head": {}}})
    assert odoo.notes is not None
    assert await odoo.notes.get(["a"]) == {"a": {"head": {}}}

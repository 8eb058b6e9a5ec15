"""The addon `hilum_outbox`: its statements on a real PostgreSQL, its files for each version. No Odoo is run here."""

from __future__ import annotations

import ast
import csv
import importlib.util
import re
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import psycopg
import pytest

from hilum.connectors.odoo.capture.documents import DOCUMENTS, Lines
from hilum.simulator.odoo.business.outbox import LINES

ADDON = Path(__file__).parents[3] / "addons" / "hilum_outbox"
MODEL = "res.thing"

pytestmark = pytest.mark.req("NEW-3")


def statements() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hilum_outbox_statements", ADDON / "statements.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Server:
    """A database with the tables that Odoo's ORM makes."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.sql = statements()
        self.main: psycopg.AsyncConnection[Any]

    async def connect(self) -> psycopg.AsyncConnection[Any]:
        """As Odoo does: repeatable read."""
        connection = await psycopg.AsyncConnection.connect(self.url)
        await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
        return connection

    async def start(self) -> None:
        self.main = await self.connect()
        await self.main.set_autocommit(True)
        await self.main.execute(
            "CREATE TABLE hilum_outbox (id serial PRIMARY KEY, model varchar NOT NULL, res_id int NOT NULL,"
            " kind varchar NOT NULL, record_date timestamp, refusal varchar)"
        )
        await self.main.execute(
            "CREATE TABLE res_thing (id serial PRIMARY KEY, name text, active bool DEFAULT true,"
            " write_date timestamp DEFAULT now(), parent int REFERENCES res_thing ON DELETE CASCADE)"
        )
        await self.main.execute(self.sql.PREPARE)
        await self.main.execute(self.sql.PREPARE)  # an upgrade of the module
        await self.main.execute(self.sql.watch("res_thing", MODEL, {"id", "name", "active", "write_date"}))

    async def pull(self, after: tuple[int, int] = (0, 0), limit: int = 100) -> list[tuple[int, str]]:
        """(record, kind) of what is given out."""
        return [(row[3], row[4]) for row in await self.rows(after, limit)]

    async def rows(self, after: tuple[int, int] = (0, 0), limit: int = 100) -> list[Any]:
        cursor = await self.main.execute(self.sql.PULL, [[MODEL], *after, limit])
        return await cursor.fetchall()


@pytest.fixture
async def server(empty_postgres_url: str) -> AsyncIterator[Server]:
    made = Server(empty_postgres_url)
    await made.start()
    yield made
    await made.main.close()


async def test_each_change_is_noted_once_for_each_transaction(server: Server) -> None:
    run = server.main.execute
    await run("INSERT INTO res_thing (name) VALUES ('a'), ('b'), ('c')")
    async with server.main.transaction():
        await run("UPDATE res_thing SET name = 'a1' WHERE id = 1")
        await run("UPDATE res_thing SET name = 'a2' WHERE id = 1")
    await run("UPDATE res_thing SET active = false WHERE id = 2")
    async with server.main.transaction():
        await run("INSERT INTO res_thing (name) VALUES ('d')")
        await run("UPDATE res_thing SET name = 'd1' WHERE id = 4")
    async with server.main.transaction():
        await run("UPDATE res_thing SET name = 'c1' WHERE id = 3")
        await run("DELETE FROM res_thing WHERE id = 3")
    assert await server.pull() == [
        (1, "created"), (2, "created"), (3, "created"), (1, "changed"), (2, "archived"), (4, "created"), (3, "deleted"),
    ]  # fmt: skip
    assert all(row[5] is not None for row in await server.rows())


async def test_what_nobody_could_see_is_not_noted(server: Server) -> None:
    run = server.main.execute
    async with server.main.transaction():
        await run("INSERT INTO res_thing (name) VALUES ('never')")
        await run("DELETE FROM res_thing")
    async with server.main.transaction(force_rollback=True):
        await run("INSERT INTO res_thing (name) VALUES ('rolled back')")
    async with server.main.transaction():
        await run("INSERT INTO res_thing (id, name) VALUES (9, 'kept')")
        async with server.main.transaction(force_rollback=True):
            await run("UPDATE res_thing SET name = 'back to a savepoint'")
    assert await server.pull() == [(9, "created")]


async def test_cascades_of_the_database_are_noted(server: Server) -> None:
    """Odoo's ORM never hears of them."""
    await server.main.execute("INSERT INTO res_thing (id, name, parent) VALUES (1, 'order', null), (2, 'line', 1)")
    await server.main.execute("DELETE FROM res_thing WHERE id = 1")
    assert sorted(await server.pull()) == [(1, "created"), (1, "deleted"), (2, "created"), (2, "deleted")]


async def test_an_archived_record_that_is_written_again_in_its_transaction_stays_archived(server: Server) -> None:
    await server.main.execute("INSERT INTO res_thing (name) VALUES ('a')")
    async with server.main.transaction():
        await server.main.execute("UPDATE res_thing SET active = false")
        await server.main.execute("UPDATE res_thing SET name = 'recomputed'")
    assert await server.pull() == [(1, "created"), (1, "archived")]


async def test_an_open_transaction_is_not_jumped_over(server: Server) -> None:
    """It took its number first and is committed last: who goes by the highest number would never see it."""
    slow = await server.connect()
    await slow.execute("INSERT INTO res_thing (id, name) VALUES (10, 'slow')")
    await server.main.execute("INSERT INTO res_thing (id, name) VALUES (11, 'quick')")
    assert await server.pull() == []
    await slow.commit()
    assert await server.pull() == [(10, "created"), (11, "created")]
    await slow.close()


async def test_reading_on_finds_each_once_whatever_the_order_of_commits(server: Server) -> None:
    open_ones = [await server.connect() for _ in range(4)]
    seen: list[tuple[int, str]] = []
    after = (0, 0)

    async def read_on() -> None:
        nonlocal after
        for row in await server.rows(after, 2):
            seen.append((row[3], row[4]))
            after = (row[1], row[0])

    number = 0
    for round_of in ([2, 0, 3, 1], [3, 1, 0, 2], [0, 1, 2, 3]):
        for each in open_ones:
            number += 1
            await each.execute("INSERT INTO res_thing (id, name) VALUES (%s, 'x')", [number])
        for which in round_of:
            await open_ones[which].commit()
            await read_on()
    for _ in range(10):
        await read_on()
    assert sorted(seen) == [(each, "created") for each in range(1, number + 1)]
    for each in open_ones:
        await each.close()


async def test_changes_of_one_record_are_in_their_order(server: Server) -> None:
    """A transaction that changes a row after another has the higher number: else Odoo's isolation refuses it."""
    await server.main.execute("INSERT INTO res_thing (id, name) VALUES (1, 'a')")
    early = await server.connect()
    await early.execute("INSERT INTO res_thing (id, name) VALUES (2, 'takes a number')")
    await server.main.execute("UPDATE res_thing SET active = false WHERE id = 1")
    with pytest.raises(psycopg.errors.SerializationFailure):
        await early.execute("UPDATE res_thing SET active = true WHERE id = 1")
    await early.rollback()
    await early.close()
    assert await server.pull() == [(1, "created"), (1, "archived")]


async def test_notes_of_a_restored_database_are_given_out(server: Server) -> None:
    """Their numbers may be still to come on this server; they can be seen, so they have ended."""
    await server.main.execute(
        "INSERT INTO hilum_outbox (model, res_id, kind, xid) VALUES (%s, 1, 'created', 1 << 40)", [MODEL]
    )
    assert await server.pull() == [(1, "created")]


async def test_acknowledged_are_purged_and_refused_stay(server: Server) -> None:
    await server.main.execute("INSERT INTO res_thing (name) VALUES ('a'), ('b')")
    first, second = [row[0] for row in await server.rows()]
    await server.main.execute(server.sql.ACKNOWLEDGE, [[first]])
    await server.main.execute(server.sql.REFUSE, ["no flow takes it", second])
    assert await server.pull() == []
    cursor = await server.main.execute("SELECT id, refusal FROM hilum_outbox")
    assert await cursor.fetchall() == [(second, "no flow takes it")]


async def with_lines(server: Server) -> Any:
    """Two documents with a line each, and a line without one; noted from now on."""
    await server.main.execute(
        "CREATE TABLE res_line (id serial PRIMARY KEY, name text, thing_id int REFERENCES res_thing ON DELETE CASCADE)"
    )
    await server.main.execute("INSERT INTO res_thing (id, name) VALUES (1, 'a'), (2, 'b')")
    await server.main.execute("INSERT INTO res_line (name, thing_id) VALUES ('a', 1), ('b', 2), ('loose', null)")
    await server.main.execute("DELETE FROM hilum_outbox")
    await server.main.execute(server.sql.watch_lines("res_line", MODEL, "thing_id"))
    return server.main.execute


async def test_a_change_of_a_line_is_one_of_its_document(server: Server) -> None:
    run = await with_lines(server)
    await run("UPDATE res_line SET name = 'a1' WHERE id = 1")
    await run("INSERT INTO res_line (name, thing_id) VALUES ('b2', 2)")
    await run("DELETE FROM res_line WHERE id = 1")
    await run("UPDATE res_line SET thing_id = 1 WHERE id = 2")
    assert sorted((await server.pull())[-2:]) == [(1, "changed"), (2, "changed")]
    assert (await server.pull())[:-2] == [(1, "changed"), (2, "changed"), (1, "changed")]
    await run("DELETE FROM hilum_outbox")
    await run("UPDATE res_line SET name = 'still loose' WHERE thing_id IS NULL")
    assert await server.pull() == []
    await run("UPDATE res_line SET thing_id = 2 WHERE name = 'still loose'")
    assert await server.pull() == [(2, "changed")]
    assert (await server.rows())[0][5] is not None


async def test_a_document_and_its_lines_give_one_note_for_each_transaction(server: Server) -> None:
    run = await with_lines(server)
    async with server.main.transaction():
        await run("UPDATE res_line SET name = 'first the line' WHERE id = 1")
        await run("UPDATE res_thing SET active = false WHERE id = 1")
        await run("UPDATE res_line SET name = 'and again' WHERE id = 1")
    async with server.main.transaction():
        await run("INSERT INTO res_thing (id, name) VALUES (3, 'c')")
        await run("INSERT INTO res_line (name, thing_id) VALUES ('c', 3), ('c', 3)")
    await run("DELETE FROM res_thing WHERE id = 2")  # its lines go by the cascade
    async with server.main.transaction():
        await run("DELETE FROM res_line WHERE thing_id = 3")
        await run("DELETE FROM res_thing WHERE id = 3")
    assert await server.pull() == [(1, "archived"), (3, "created"), (2, "deleted"), (3, "deleted")]


async def test_triggers_of_lines_come_and_go(server: Server) -> None:
    await with_lines(server)
    await server.main.execute(server.sql.watch_lines("res_line", MODEL, "thing_id"))
    watched = await (await server.main.execute(server.sql.WATCHED)).fetchall()
    assert sorted(row[:2] for row in watched) == [(server.sql.LINE, "res_line"), (server.sql.NOTE, "res_thing")]
    await server.main.execute(server.sql.unwatch("res_line", server.sql.LINE))
    assert len(await (await server.main.execute(server.sql.WATCHED)).fetchall()) == 1
    await server.main.execute(server.sql.watch_lines("res_line", MODEL, "thing_id"))
    await server.main.execute(server.sql.DROP_ALL)
    assert await (await server.main.execute(server.sql.WATCHED)).fetchall() == []
    with pytest.raises(ValueError, match="no name of a column"):
        server.sql.watch_lines("res_line", MODEL, "x'); --")


def test_the_lines_are_those_that_the_hub_tells_with_their_documents() -> None:
    def columns(lines: Iterable[Lines]) -> dict[str, str]:
        found = {}
        for each in lines:
            found |= {each.model: each.document} | columns(each.lines)
        return found

    assert {name: columns(lines) for name, lines in DOCUMENTS.items()} == statements().LINES == LINES


async def test_triggers_come_and_go(server: Server) -> None:
    async def watched() -> list[Any]:
        return await (await server.main.execute(server.sql.WATCHED)).fetchall()

    ((trigger, table, arguments),) = await watched()
    assert (trigger, table, arguments.split("\\000")[0]) == (server.sql.NOTE, "res_thing", MODEL)
    await server.main.execute(server.sql.watch("res_thing", MODEL, {"id"}))
    assert len(await watched()) == 1
    await server.main.execute("INSERT INTO res_thing (name) VALUES ('without dates')")
    assert (await server.rows())[0][5] is None
    await server.main.execute(server.sql.unwatch("res_thing"))
    assert await watched() == []
    await server.main.execute(server.sql.watch("res_thing", MODEL, {"id"}))
    await server.main.execute(server.sql.DROP_ALL)
    assert await watched() == []


@pytest.mark.parametrize(("table", "model"), [("res; DROP TABLE x", "res.x"), ("res_x", "res.x'); --")])
def test_names_are_names(table: str, model: str) -> None:
    with pytest.raises(ValueError, match="no name of a"):
        statements().watch(table, model, set())


def test_models_of_the_parameter() -> None:
    assert statements().models_of("res.partner, product.product\nres.users;") == [
        "res.partner",
        "product.product",
        "res.users",
    ]
    assert statements().models_of(None) == []


# ---- its files


def test_its_python_compiles_as_odoo_16_wants_it() -> None:
    """Odoo 16 runs on Python 3.7 and later."""
    for path in ADDON.rglob("*.py"):
        compile(path.read_text(), str(path), "exec")
        ast.parse(path.read_text(), feature_version=(3, 7))


@pytest.mark.parametrize("series", ["16.0", "17.0", "18.0", "19.0"])
def test_its_manifest_is_right_for(series: str) -> None:
    manifest = ast.literal_eval((ADDON / "__manifest__.py").read_text())
    assert manifest["license"] == "LGPL-3"
    assert manifest["installable"] is True
    # Odoo puts its series before a version of two or three numbers, and refuses to install any other
    assert re.fullmatch(r"\d+\.\d+(\.\d+)?", manifest["version"])
    assert not manifest["version"].startswith(series)
    assert manifest["depends"] == ["base"]
    assert all((ADDON / name).is_file() for name in manifest["data"])
    assert f"def {manifest['uninstall_hook']}(" in (ADDON / "__init__.py").read_text()


def test_its_data_files_agree_with_its_models() -> None:
    groups = {each.get("id") for each in ElementTree.parse(ADDON / "security" / "groups.xml").iter("record")}
    source = (ADDON / "models" / "outbox.py").read_text()
    assert '_name = "hilum.outbox"' in source
    with (ADDON / "security" / "ir.model.access.csv").open() as lines:
        for row in csv.DictReader(lines):
            assert row["model_id:id"] == "model_hilum_outbox"
            module, _, name = row["group_id:id"].partition(".")
            assert module == "base" or (module, name in groups) == ("hilum_outbox", True)

"""The fixtures give each test a database of its own, ready for use."""

from __future__ import annotations

import psycopg
import pytest

from hilum.postgres import Database
from support.servers import LANES, with_database


@pytest.mark.parametrize("round_number", [1, 2])
async def test_each_test_starts_with_an_empty_journal(database: Database, round_number: int) -> None:
    async with database.cold() as connection:
        cursor = await connection.execute("SELECT (SELECT count(*) FROM refusal), (SELECT count(*) FROM lane)")
        assert await cursor.fetchone() == (0, LANES)
        await connection.execute("INSERT INTO refusal (source, peer, reason, size) VALUES ('s', 'p', 'r', 1)")


def test_an_empty_database_has_no_schema_of_ours(empty_postgres_url: str) -> None:
    with psycopg.connect(empty_postgres_url) as connection:
        row = connection.execute("SELECT to_regclass('hilum.message')").fetchone()
        assert row == (None,)


def test_the_name_of_the_database_is_replaced_and_nothing_else() -> None:
    assert with_database("postgresql://u:@/postgres?host=/tmp/x", "y") == "postgresql://u:@/y?host=/tmp/x"
    assert with_database("postgresql://u:p@127.0.0.1:5432/a?sslmode=disable", "b") == (
        "postgresql://u:p@127.0.0.1:5432/b?sslmode=disable"
    )

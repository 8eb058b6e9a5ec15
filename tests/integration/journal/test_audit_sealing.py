"""The audit on a real database: append-only, sealed by one hub at a time, and whatever is tampered with is found."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hilum.journal.audit import record
from hilum.journal.audit.checkpoints import append_to_file, make_checkpoints, read_file
from hilum.journal.audit.evidence import export, verify_file
from hilum.journal.audit.reading import verify
from hilum.journal.audit.sealing import Sealer
from hilum.journal.audit.verification import MonthReport, Wrong, answer
from hilum.postgres import Database
from hilum.security.signing import SigningKey
from hilum.testing import eventually
from support.looks import rows

pytestmark = pytest.mark.req("SEC-7")

KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


async def act(database: Database, count: int = 1, actor: str = "eva") -> None:
    async with database.transaction() as connection:
        for number in range(count):
            await record(connection, actor=actor, action="replay", flow="orders", words=f"reason {number}")


async def sealed(database: Database, count: int = 10, *, checkpoint: bool = True) -> Sealer:
    """So many acts with links, and a checkpoint over the half of them and over all."""
    sealer = Sealer(database, "one")
    for part in (count // 2, count - count // 2):
        await act(database, part)
        await sealer.step(at_once=True)
        if checkpoint:
            async with database.transaction() as connection:
                await make_checkpoints(connection, KEY)
    return sealer


async def tamper(url: str, *statements: str) -> None:
    """What somebody with all rights over the database can do: switch the triggers off and write what they like."""
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.execute("SET search_path = hilum")
        await connection.execute("SET session_replication_role = replica")
        for statement in statements:
            await connection.execute(statement.encode())


async def verdict(database: Database, file: Path | None = None) -> list[MonthReport]:
    return await verify(database, [KEY.public], file=file)


async def wrong(database: Database, file: Path | None = None) -> tuple[Wrong, int | None]:
    found = [report.first for report in await verdict(database, file) if report.first is not None]
    assert found, "nothing was found"
    return found[0].wrong, found[0].number


async def test_acts_are_linked_and_signed_and_the_whole_is_verified(database: Database) -> None:
    await sealed(database, 10)

    (report,) = await verdict(database)

    # one more than these: the act that names the key
    assert (report.first, report.links, report.covered, report.checkpoints) == (None, 11, 11, 2)
    assert "unbroken up to" in answer(report)


@pytest.mark.parametrize("table", ["audit", "audit_link", "audit_checkpoint", "audit_key"])
async def test_rows_are_neither_changed_nor_removed(database: Database, postgres_url: str, table: str) -> None:
    await sealed(database)
    names = await rows(
        database,
        f"SELECT '{table}' UNION"
        f" SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = '{table}'::regclass",
    )
    for (name,) in names:
        for statement in (f"DELETE FROM {name}", f"TRUNCATE {name}", f"UPDATE {name} SET {_column(table)}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
                await rows(database, statement)


def _column(table: str) -> str:
    return {"audit": "actor = ''", "audit_link": "number = 0", "audit_checkpoint": "number = 0"}.get(
        table, "at = now()"
    )


@pytest.mark.parametrize(
    "change",
    [
        "id = 4711", "at = at + interval '1 second'", "at = at - interval '40 days'", "actor = 'mallory'",
        "action = 'login'", "flow = ''", "message_id = gen_random_uuid()", "ordinal = 0", "words = words || ' '",
    ],
)  # fmt: skip
async def test_a_change_of_any_column_is_found(database: Database, postgres_url: str, change: str) -> None:
    await sealed(database)
    if change.startswith("id"):
        await tamper(postgres_url, "ALTER TABLE audit ALTER COLUMN id DROP IDENTITY",
                     f"UPDATE audit SET {change} WHERE id = 3")  # fmt: skip
    else:
        await tamper(postgres_url, f"UPDATE audit SET {change} WHERE id = 3")

    reports = [report for report in await verdict(database) if report.first and report.first.number]

    assert reports[0].first is not None
    assert reports[0].first.number == 3
    assert reports[0].first.wrong is (Wrong.MISSING if change.startswith("id") else Wrong.CHANGED)
    if not change.startswith("id"):
        assert reports[0].first.id == 3


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["DELETE FROM audit WHERE id = 4"], (Wrong.MISSING, 4)),
        (["DELETE FROM audit WHERE id = 4", "DELETE FROM audit_link WHERE audit_id = 4"], (Wrong.CUT, 4)),
        (["DELETE FROM audit WHERE id > 8", "DELETE FROM audit_link WHERE audit_id > 8"], (Wrong.CUT, 9)),
        (["DELETE FROM audit", "DELETE FROM audit_link"], (Wrong.CUT, 1)),
        (
            ["UPDATE audit a SET words = b.words FROM audit b WHERE a.id IN (2, 5) AND b.id = 7 - a.id"],
            (Wrong.CHANGED, 2),
        ),
        (["UPDATE audit_link SET audit_id = 17 - audit_id + 1000 WHERE audit_id IN (8, 9)"], (Wrong.MISSING, 8)),
        (["UPDATE audit_link SET linked_at = linked_at + interval '1 us' WHERE number = 6"], (Wrong.CHANGED, 6)),
        (["UPDATE audit_checkpoint SET hash = sha256('x') WHERE serial = 1"], (Wrong.CHECKPOINT, 5)),
        (["DELETE FROM audit_checkpoint WHERE serial = 1"], (Wrong.CHECKPOINT, None)),
    ],
)  # fmt: skip
async def test_what_is_removed_or_swapped_is_found(
    database: Database, postgres_url: str, statements: list[str], expected: tuple[Wrong, int | None]
) -> None:
    await sealed(database)
    await tamper(postgres_url, *statements)

    assert await wrong(database) == expected


async def test_a_chain_rewritten_from_the_change_on_is_found_by_the_checkpoint(
    database: Database, postgres_url: str, tmp_path: Path
) -> None:
    """The forger knows how links are made, and makes them all anew; he does not have the key."""
    file = tmp_path / "checkpoints.jsonl"
    sealer = await sealed(database, 10, checkpoint=False)
    async with database.transaction() as connection:
        append_to_file(file, await make_checkpoints(connection, KEY))

    async def forge() -> None:
        await tamper(postgres_url, "UPDATE audit SET words = 'nothing happened' WHERE id = 3", "DELETE FROM audit_link")
        await Sealer(database, "forger").step(at_once=True)

    await forge()
    assert await wrong(database) == (Wrong.CHECKPOINT, 10)

    await tamper(postgres_url, "DELETE FROM audit_checkpoint")
    assert [report.first for report in await verdict(database)] == [None], "nothing in the database contradicts it"
    assert await wrong(database, file) == (Wrong.CHECKPOINT, 10)
    assert sealer.active


async def test_a_backdated_act_is_found_whether_it_is_linked_or_not(database: Database, postgres_url: str) -> None:
    sealer = await sealed(database)
    await tamper(
        postgres_url,
        "INSERT INTO audit (at, actor, action) VALUES (now() - interval '2 hours', 'eva', 'discard')",
    )
    assert (await wrong(database))[0] is Wrong.UNLINKED
    await sealer.step(at_once=True)
    found = await wrong(database)
    assert found[0] is Wrong.BACKDATED


async def test_acts_written_while_no_hub_ran_are_not_backdated(database: Database, postgres_url: str) -> None:
    """A person at the command line acts while the hub is down; it is started again hours later."""
    first = await sealed(database)
    await first.leave()
    await tamper(
        postgres_url,
        "UPDATE audit_sealer SET passed_at = now() - interval '3 hours'",
        "UPDATE audit SET at = at - interval '4 hours'",
        "INSERT INTO audit (at, actor, action) VALUES (now() - interval '1 hour', 'eva', 'discard')",
        "DELETE FROM audit_link", "DELETE FROM audit_checkpoint",
    )  # fmt: skip
    await Sealer(database, "two").step()

    reports = await verdict(database)

    late = [report.first for report in reports if report.first]
    assert {finding.wrong for finding in late} <= {Wrong.BACKDATED}
    assert await rows(database, "SELECT count(*) FROM audit_link WHERE since IS NULL") == [(0,)]


async def test_two_hubs_that_seal_at_once_make_one_chain(database: Database, postgres_url: str) -> None:
    other = Database(postgres_url)
    await other.open()
    try:
        sealers = [Sealer(database, "one"), Sealer(other, "two")]
        writing = True

        async def write() -> None:
            for _ in range(30):
                await act(database, 3)

        async def seal(sealer: Sealer) -> None:
            while writing:
                await sealer.step(at_once=True)

        tasks = [asyncio.create_task(seal(sealer)) for sealer in sealers]
        await write()
        writing = False
        await asyncio.gather(*tasks)
        await sealers[0].step(at_once=True)
    finally:
        await other.close()

    (report,) = await verdict(database)
    assert (report.first, report.links, report.unlinked) == (None, 90, 0)


async def test_only_one_seals_until_it_is_silent(database: Database, postgres_url: str) -> None:
    one, two = Sealer(database, "one"), Sealer(database, "two")
    await act(database)
    assert await one.step() == 1
    await act(database)
    assert await two.step() == 0
    assert (one.active, two.active) == (True, False)
    await tamper(postgres_url, "UPDATE audit_sealer SET passed_at = now() - interval '20 seconds'")
    assert await two.step() == 1


async def test_an_act_that_commits_after_later_ones_is_linked_when_it_appears(
    database: Database, postgres_url: str
) -> None:
    sealer = Sealer(database, "one")
    async with await psycopg.AsyncConnection.connect(postgres_url) as slow:
        await slow.execute("SET search_path = hilum")
        await slow.execute("INSERT INTO audit (actor, action) VALUES ('slow', 'held')")
        await act(database, 3)
        assert await sealer.step() == 3
        await act(database, 3)
        assert await sealer.step() == 3
        await slow.commit()
    assert await sealer.step() == 1

    assert await rows(database, "SELECT l.number FROM audit_link l JOIN audit a ON a.id = l.audit_id"
                                " WHERE a.actor = 'slow'") == [(7,)]  # fmt: skip
    assert [report.first for report in await verdict(database)] == [None]


_SEALING = """
import asyncio, sys
from hilum.postgres import Database
from hilum.journal.audit.sealing import Sealer

async def main():
    database = Database(sys.argv[1])
    await database.open()
    sealer = Sealer(database, sys.argv[2])
    print("sealing", flush=True)
    while True:
        await sealer.step(at_once=True)

asyncio.run(main())
"""


async def test_a_sealer_that_is_killed_loses_nothing(database: Database, postgres_url: str) -> None:
    for number in range(3):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _SEALING, postgres_url, f"doomed {number}", stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        assert await process.stdout.readline() == b"sealing\n"
        for _ in range(20):
            await act(database, 10)
        process.kill()
        await process.wait()
    survivor = Sealer(database, "survivor")
    await eventually(_linked(database, survivor, 600), lambda: "all linked")

    (report,) = await verdict(database)
    assert (report.first, report.links) == (None, 600)


def _linked(database: Database, sealer: Sealer, count: int) -> Callable[[], object]:
    async def all_there() -> bool:
        await sealer.step(at_once=True)
        return await rows(database, "SELECT count(*) FROM audit_link") == [(count,)]

    return all_there


async def test_an_export_is_verified_without_the_database(database: Database, tmp_path: Path) -> None:
    await sealed(database, 20)
    lines = b"".join([portion async for portion in export(database)])

    (report,) = verify_file(io.BytesIO(lines), [KEY.public])
    assert (report.first, report.links, report.covered) == (None, 21, 21)

    changed = lines.replace(b'"reason 7"', b'"reason 8"')
    (report,) = verify_file(io.BytesIO(changed), [KEY.public])
    assert report.first is not None and report.first.wrong is Wrong.CHANGED
    (report,) = verify_file(io.BytesIO(lines), [])
    assert report.first is not None and "not trusted" in report.first.words


async def test_another_key_is_an_act_in_the_chain(database: Database) -> None:
    sealer = await sealed(database)
    second = SigningKey(Ed25519PrivateKey.generate())
    await act(database)
    await sealer.step()
    async with database.transaction() as connection:
        await make_checkpoints(connection, second)
    await sealer.step()

    words = await rows(database, "SELECT words FROM audit WHERE action = 'audit_key' ORDER BY id")
    assert [second.name in text for (text,) in words] == [False, True]
    (untrusting,) = await verdict(database)
    assert untrusting.first is not None and second.name in untrusting.first.words
    (trusting,) = await verify(database, [KEY.public, second.public])
    assert trusting.first is None


async def test_a_half_line_at_the_end_of_the_file_is_no_damage(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "checkpoints.jsonl"
    await sealed(database, checkpoint=False)
    async with database.transaction() as connection:
        append_to_file(file, await make_checkpoints(connection, KEY))
    with file.open("ab") as more:
        more.write(b'{"serial": 2, "mon')

    assert len(list(read_file(file))) == 1
    assert [report.first for report in await verdict(database, file)] == [None]

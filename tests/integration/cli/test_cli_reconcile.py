"""`hilum reconcile` as a controller uses it: run, show, export; and a hub that runs what its calendar says."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cli_calls import Cli
from openpyxl import load_workbook

from hilum.errors import SettingsError
from hilum.flow import Calendar, DataClass, Owners, load_project
from hilum.postgres import Database
from hilum.reconcile import Comparison, Days, Field, Reconciler, Row, Rows, comparisons_of, run, store
from hilum.reconcile.keeping import AGAIN_AFTER, due
from hilum.testing import eventually

pytestmark = pytest.mark.req("REC-1")

DECLARED = """
from decimal import Decimal

from hilum.canonical import Money
from hilum.flow import Owners
from hilum.reconcile import Comparison, Field, FileRows, Row


def row(line):
    amount = Money(amount=Decimal(line["amount"]), currency="EUR")
    return Row(key=line["bill"], title=f"Bill {line['bill']}", values={"amount": amount})


ledger = Comparison(
    "ledger.bills", summary="Bills are in the ledger", owners=Owners(business="Ledger", technical="IT"),
    here=FileRows("bills.csv", row, called="the hub"), there=FileRows("ledger-*.xlsx", row, called="the ledger"),
    fields=[Field("amount", within=Decimal("0.02"), summed=True)],
)
"""


@pytest.fixture
def ledger(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that compares two files."""
    (tmp_path / "hilum.toml").write_text("[hub]\n")
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "ledger.py").write_text(DECLARED)
    (tmp_path / "bills.csv").write_text("bill,amount\n1,10.00\n2,1240\n3,5\n=4,7\n")
    put(tmp_path, "ledger-2026-03.xlsx", [("1", "10.01"), ("2", "1204"), ("=4", "7"), ("5", "9")])
    put(tmp_path, "ledger-2026-02.xlsx", [("1", "99")])  # an older one is not looked at
    monkeypatch.setenv("HILUM_PROJECT", str(tmp_path))
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    return tmp_path


def put(folder: Path, name: str, lines: list[tuple[str, str]]) -> None:
    from hilum.formats.spreadsheets import write_xlsx

    rows = [{"bill": bill, "amount": amount} for bill, amount in lines]
    (folder / name).write_bytes(write_xlsx(rows, ["bill", "amount"]))


def test_two_files_are_compared_shown_and_exported(ledger: Path, cli: Cli) -> None:
    assert "It has not run yet" in cli("reconcile", "list").out
    answered = cli("reconcile", "run", "ledger.bills", "--json")
    assert answered.code == 1, "a difference is told by the exit code too"
    ran = json.loads(answered.out)
    kinds = {each["key"]: each["kind"] for each in ran["differences"]}
    assert kinds == {"2": "different", "3": "missing", "5": "extra"}
    assert ran["run"]["same"] == 2
    assert ran["run"]["sums"] == {"amount": {"EUR": ["1262", "1230.01"]}}
    shown = " ".join(cli("reconcile", "show", "ledger.bills").out.split())
    assert "1 missing in the ledger, 1 only in the ledger, 1 different; 2 agree" in shown
    only = cli("reconcile", "show", "ledger.bills", "--kind", "extra", "--json").json
    assert [each["key"] for each in only["differences"]] == ["5"]
    (listed,) = cli("reconcile", "list", "--json").json
    assert (listed["comparison"], listed["last_run"]["id"]) == ("ledger.bills", ran["run"]["id"])
    told = cli("reconcile", "export", "ledger.bills", ledger / "out.csv", "--json").json
    assert (told["differences"], told["lines"]) == (3, 3)
    read = list(csv.DictReader(io.StringIO((ledger / "out.csv").read_text())))
    assert {each["key"]: (each["here"], each["there"]) for each in read}["5"] == ("—", "9.00 EUR")
    cli("reconcile", "export", "ledger.bills", ledger / "out.xlsx")
    page = load_workbook(ledger / "out.xlsx").active
    assert page is not None
    assert page.max_row == 4
    put(ledger, "ledger-2026-04.xlsx", [("1", "10"), ("2", "1240"), ("3", "5"), ("=4", "7")])
    assert cli("reconcile", "run", "ledger.bills").code == 0
    assert "Nothing differs" in cli("reconcile", "show", "ledger.bills").out
    first = cli("reconcile", "show", "ledger.bills", "--run", ran["run"]["id"], "--json").json
    assert {each["key"] for each in first["differences"]} == {"2", "3", "5"}


def test_what_cannot_be_compared_is_said(ledger: Path, cli: Cli) -> None:
    (ledger / "bills.csv").write_text("bill,amount\n1,ten\n")
    ran = cli("reconcile", "run", "ledger.bills")
    assert ran.code == 2
    assert "bills.csv, row 1" in " ".join(ran.out.split())
    assert "ten" not in ran.out
    assert "There is no comparison “pills”. There are: ledger.bills." in cli("reconcile", "show", "pills").complaint
    assert "has no run 77" in cli("reconcile", "show", "ledger.bills", "--run", "77").complaint
    assert "write a day as 2026-03-01" in cli("reconcile", "run", "ledger.bills", "--from", "March").complaint
    assert "write a .csv or an .xlsx" in cli("reconcile", "export", "ledger.bills", "out.pdf").complaint


def made(**more: Any) -> Comparison:
    said: dict[str, Any] = {
        "summary": "Two lists", "owners": Owners(business="Ledger", technical="IT"), "fields": [Field("name")],
        "here": Rows(lambda: [Row(key="A", values={"name": "x"})], called="one"),
        "there": Rows(lambda: [Row(key="A", values={"name": "x"})], called="two"),
    }  # fmt: skip
    return Comparison("test.lists", **{**said, **more})


def test_a_calendar_is_kept_and_a_failed_run_is_made_again() -> None:
    comparison = made(when=Calendar("0 5 * * *", zone="UTC"))
    now = datetime(2026, 3, 10, 6, tzinfo=UTC)
    five = now.replace(hour=5)
    assert due(comparison, now - timedelta(days=3), None, now) == five, "missed ones are made up once"
    assert due(comparison, five, None, now) is None
    assert due(comparison, five - timedelta(days=1), now - AGAIN_AFTER + timedelta(seconds=1), now) is None
    assert due(comparison, five - timedelta(days=1), now - AGAIN_AFTER, now) == five
    assert due(made(), five - timedelta(days=9), None, now) is None


def test_declarations_that_cannot_be_are_refused() -> None:
    for wrong, words in (
        ({"data_class": DataClass.PHI}, "plain words"),
        ({"fields": []}, "needs fields"),
        ({"case_after": -1}, "0 or more"),
    ):
        with pytest.raises(SettingsError, match=words):
            made(**wrong)


async def test_a_hub_runs_what_is_due_and_many_differences_are_one_more_case(database: Database, ledger: Path) -> None:
    many = [Row(key=f"K{number:03d}", values={"name": "x"}) for number in range(130)]
    comparison = made(here=Rows(lambda: many, called="one"), when=Calendar("* * * * *", zone="UTC"), case_after=1)
    project = load_project(ledger)
    reconciler = Reconciler(database, project, [comparison], look_every=0.05)
    reconciler._began -= timedelta(minutes=2)
    reconciler.start()

    async def there() -> bool:
        async with database.cold() as connection:
            found = await store.runs(connection, comparison.name)
        return any(each.state == "done" and each.scheduled_for is not None for each in found)

    await eventually(there)
    await reconciler.stop()
    async with database.cold() as connection:
        cursor = await connection.execute("SELECT title FROM exception_case WHERE category = 'reconcile.different'")
        titles = [row[0] for row in await cursor.fetchall()]
    assert len(titles) == 101
    assert "Much differs: test.lists" in titles


async def test_a_run_that_was_cut_short_is_told_and_made_again(database: Database, ledger: Path) -> None:
    comparison, project = made(), load_project(ledger)
    async with database.transaction() as connection:
        await store.begin(connection, comparison.name, "1.0", actor="hub", scheduled_for=None, since=None, until=None)
    done = await run(database, project, comparison, days=Days())
    async with database.cold() as connection:
        last, former = await store.runs(connection, comparison.name)
    assert (last.id, last.state, former.state) == (done.id, "done", "failed")
    assert former.words == store.INTERRUPTED


async def test_both_of_a_name_are_refused(ledger: Path) -> None:
    (ledger / "flows" / "again.py").write_text(DECLARED)
    with pytest.raises(SettingsError, match=r"Two comparisons are called ledger\.bills"):
        comparisons_of(await asyncio.to_thread(load_project, ledger))


@pytest.mark.long
async def test_memory_stays_flat_for_two_hundred_thousand_rows_a_side(database: Database, ledger: Path) -> None:
    """The whole way, with the database: a large run takes no more than a small one but parts of the sort."""
    import tracemalloc

    peaks = []
    for size in (20_000, 200_000):

        def side(apart: int, size: int = size) -> Rows:
            return Rows(
                lambda: (Row(key=f"K{n * 7919 % size}", values={"name": "y" if apart and n % 10 == 0 else "x"})
                         for n in range(size)),
                called="one",
            )  # fmt: skip

        comparison = made(here=side(0), there=side(1), case_after=0)
        project = load_project(ledger)
        tracemalloc.start()
        done = await run(database, project, comparison)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert (done.state, done.different, done.same) == ("done", size // 10, size - size // 10)
    assert peaks[1] - peaks[0] < 48 * 2**20, [round(peak / 2**20) for peak in peaks]

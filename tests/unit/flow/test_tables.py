"""Lookup tables in memory: rows hold for their days, files and texts are read alike, and what cannot be is said."""

from __future__ import annotations

from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

import pytest

from hilum.errors import SettingsError, Unmapped
from hilum.flow import Lookup
from hilum.flow.tables import read_csv, write_csv
from support.projects import write_lookup

DATED = """code,item,valid_from,valid_to
G1,OLD,,2026-06-01
G1,NEW,2026-06-01,
G2,ALWAYS,,
"""


@pytest.mark.req("MOD-4")
def test_a_row_holds_for_its_days(tmp_path: Path) -> None:
    write_lookup(tmp_path, "items", DATED)
    today = date(2026, 5, 31)
    lookup = Lookup(tmp_path / "lookups", today=lambda: today)
    assert lookup.item("G1") == "OLD"
    assert lookup.value("items", "G1", at=date(2026, 6, 1)) == "NEW"
    assert lookup.value("items", "G2", at=date(1999, 1, 1)) == "ALWAYS"
    assert lookup.refresh() == []
    before = lookup.version("items")
    today = date(2026, 6, 1)
    assert lookup.refresh() == ["items"], "the day has turned"
    assert lookup.version("items") > before
    assert lookup.item("G1") == "NEW"
    assert list(lookup.row("items", "G1")) == ["code", "item"], "the days are no facts about a code"


@pytest.mark.req("MOD-5")
def test_the_day_of_a_moment_is_that_of_the_hubs_zone(tmp_path: Path) -> None:
    write_lookup(tmp_path, "items", DATED)
    evening = datetime(2026, 5, 31, 22, 30, tzinfo=UTC)  # half past midnight in Berlin
    berlin = Lookup(tmp_path / "lookups", zone="Europe/Berlin")
    assert berlin.value("items", "G1", at=evening) == "NEW"
    assert Lookup(tmp_path / "lookups").value("items", "G1", at=evening) == "OLD"


@pytest.mark.req("MOD-4")
def test_a_code_without_a_row_for_the_day_is_missing(tmp_path: Path) -> None:
    write_lookup(tmp_path, "items", "code,item,valid_from\nG1,X,2030-01-01\n")
    lookup = Lookup(tmp_path / "lookups", today=lambda: date(2026, 1, 1))
    with pytest.raises(Unmapped):
        lookup.item("G1")
    assert lookup.value("items", "G1", at=date(2030, 1, 1)) == "X"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (DATED + "G1,AGAIN,2026-07-01,\n", "line 5: the code 'G1' is there twice for the same days"),
        ("code,item,valid_from\nG1,X,31.3.2026\n", "line 2: valid_from is no date"),
        ("code,item,valid_from,valid_to\nG1,X,2026-01-02,2026-01-02\n", "valid_to must be after"),
        ("code,valid_from\nG1,2026-01-01\n", "at least two columns"),
        ("code,item,item\nG1,a,b\n", "there twice"),
        ("code,item,\nG1,a,b\n", "has no name"),
    ],
)
def test_a_table_that_cannot_be_is_named_with_its_line(text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        read_csv(StringIO(text), "items.csv")


def test_what_is_written_is_read_again() -> None:
    for text in (DATED, 'code,item\nA,1\nB,"x, y"\n'):
        out = StringIO()
        write_csv(read_csv(StringIO(text), "t"), out)
        assert read_csv(StringIO(out.getvalue()), "t") == read_csv(StringIO(text), "t")
    assert out.getvalue() == text


def test_all_that_a_table_says_is_told_with_its_days_and_any_delimiter_is_read(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text(
        "code;item;valid_from;valid_to\nG1;OLD;;2026-06-01\nG1;NEW;2026-06-01;\nG2;X;;\n"
    )
    table = Lookup(tmp_path, today=lambda: date(2026, 1, 1)).table("items")
    told = {(row.code, row.cells["item"], row.valid_from, row.valid_to) for row in table.content.rows}
    june = date(2026, 6, 1)
    assert told == {("G1", "OLD", None, june), ("G1", "NEW", june, None), ("G2", "X", None, None)}
    assert table.edition.startswith("items (file ")

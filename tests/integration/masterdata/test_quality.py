"""Data quality: what passes a translation is checked, scored by source and facility, and listed until it is right."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from hilum.canonical import Item, Location
from hilum.cli import app
from hilum.errors import SettingsError
from hilum.masterdata import quality
from hilum.masterdata.quality import About, Meter, Rule, load_rules, unique
from hilum.postgres import Database
from hilum.runtime import Hub
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.looks import rows
from support.projects import make_flow

pytestmark = pytest.mark.req("MD-7")

RULES = """
[[rule]]
object = "item"
field = "barcode"
check = "gtin"

[[rule]]
object = "item"
field = "category"
check = "required"
"""


class Codes:
    def codes(self, name: str) -> list[str]:
        if name != "facilities":
            raise SettingsError(name)
        return ["NORTH"]


def wrong(check: str, value: str, *things: Mapping[str, Any]) -> list[int]:
    """Which of these a rule about their field `f` finds wrong."""
    meter = Meter({"x": [Rule(object="x", field="f", check=check, value=value)]}, Codes())
    for n, thing in enumerate(things):
        meter.note("test", "hilum.x", f"k{n}", thing)
    return [int(key[1:]) for (_, key, _, _), (_, bad) in meter._counted.findings.items() if bad]


@pytest.mark.parametrize(
    ("check", "value", "things", "expected"),
    [
        ("required", "", ["a", "", None], [1, 2]),
        ("pattern", "[A-Z]{2}", ["AB", "abc", ""], [1]),
        ("gtin", "", ["4006381333931", "4006381333932", None], [1]),
        ("gln", "", ["4012345000009", "4012345000008"], [1]),
        ("in_lookup", "facilities", ["NORTH", "SOUTH"], [1]),
        ("in_lookup", "nowhere", ["NORTH"], [0]),
        ("fresh", "30", ["not a date"], [0]),
    ],
)
def test_each_check_finds_what_is_wrong(check: str, value: str, things: list[Any], expected: list[int]) -> None:
    assert wrong(check, value, *({"f": each} for each in things)) == expected


def test_wrong_rules_are_told_by_number(tmp_path: Path) -> None:
    file = tmp_path / "quality.toml"
    assert load_rules(file) == {}
    file.write_text('[[rule]]\nobject = "item"\nfield = "barcode"\ncheck = "guess"\n')
    with pytest.raises(SettingsError, match=r"rule 1: .*there are required"):
        load_rules(file)
    file.write_text('[[rule]]\nobject = "item"\nfield = "barcode"\ncheck = "pattern"\nvalue = "("\n')
    with pytest.raises(SettingsError, match="no regular expression"):
        load_rules(file)


async def test_what_passes_a_translation_is_scored_and_listed_until_it_is_right(
    database: Database, hub: Callable[..., Awaitable[Hub]], tmp_path: Path
) -> None:
    (tmp_path / "quality.toml").write_text(RULES)
    feed, receiver = Feed(), Receiver()
    flow = make_flow(feed, receiver, name="erp.items", translate=lambda m, _: Item(**m["item"]))
    running = await hub(flow)
    good = {"code": "A", "title": "x", "barcode": "4006381333931", "category": "Goods"}
    bad = {"code": "B", "title": "x", "barcode": "4006381333932", "category": "Goods"}
    await feed.send_all([{"id": "1", "item": good}, {"id": "2", "item": bad}])
    await eventually(lambda: len(receiver.taken) == 2)
    await running.quality.flush(database)
    async with database.cold() as connection:
        (score,) = await quality.scores(connection)
        (day,) = await quality.trend(connection, About(object="item"))
        (found,) = await quality.work_list(connection)
    assert (score.object, score.source, score.checked, score.failed, score.percent) == ("item", "erp.items", 4, 1, 75.0)
    assert (day.checked, day.failed) == (4, 1)
    assert (found.key, found.rule, found.source) == ("B", "barcode: gtin", "erp.items")
    await feed.send_all([{"id": "3", "item": bad | {"barcode": "4006381333931"}}])
    await eventually(lambda: len(receiver.taken) == 3)

    async def put_right() -> bool:  # by the hub itself, within seconds
        async with database.cold() as connection:
            return not await quality.work_list(connection)

    await eventually(put_right)


async def test_scores_are_told_apart_by_facility(database: Database) -> None:
    meter = Meter({"location": [Rule(object="location", field="parent", check="required")]})
    for code, facility, parent in (("A", "NORTH", None), ("B", "SOUTH", "A"), ("C", "SOUTH", None)):
        thing = Location(code=code, title="x", facility=facility, parent=parent)
        meter.note("wards", thing.name, thing.business_key, thing)
    await meter.flush(database)
    await meter.flush(database)  # nothing is counted twice
    async with database.cold() as connection:
        found = await quality.scores(connection)
    assert [(each.facility, each.checked, each.failed) for each in found] == [("NORTH", 1, 1), ("SOUTH", 2, 1)]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ('[[rule]]\nobject = "itm"\nfield = "barcode"\ncheck = "gtin"\n', "rule 1: there is no object 'itm'"),
        ('[[rule]]\nobject = "hilum.item"\nfield = "barcode"\ncheck = "gtin"\n', "write item"),
        ('[[rule]]\nobject = "item"\nfield = "barcod"\ncheck = "gtin"\n', "item has no field 'barcod'"),
        ('[[rule]]\nobject = "supplier"\nfield = "address.town"\ncheck = "required"\n', "'town' is not there"),
        ('[[rules]]\nobject = "item"\n', "there is no 'rules' here"),
    ],
)
def test_names_that_are_not_there_are_told_before_anything_starts(tmp_path: Path, rule: str, words: str) -> None:
    (tmp_path / "hilum.toml").touch()
    (tmp_path / "quality.toml").write_text(rule)
    found = CliRunner().invoke(app, ["check", "--project", str(tmp_path)], catch_exceptions=True)
    assert isinstance(found.exception, SettingsError)
    assert words in str(found.exception)


async def test_a_hub_does_not_start_with_a_rule_about_a_table_that_is_nowhere(
    hub: Callable[..., Awaitable[Hub]], tmp_path: Path
) -> None:
    (tmp_path / "quality.toml").write_text(
        '[[rule]]\nobject = "item"\nfield = "unit"\ncheck = "in_lookup"\nvalue = "unts"\n'
    )
    with pytest.raises(SettingsError, match="a rule asks the lookup table 'unts'"):
        await hub(make_flow(Feed(), Receiver()))


async def counted(database: Database, *notes: tuple[str, str, str, str]) -> None:
    """A meter of its own for each: rules, then (source, facility, key, barcode)."""
    rules = [
        Rule(object="item", field="barcode", check="gtin"),
        Rule(object="item", field="category", check="required"),
    ]
    meter = Meter({"item": rules})
    for source, facility, key, barcode in notes:
        meter.note(source, "hilum.item", key, {"barcode": barcode, "category": "Goods"}, facility=facility)
    await meter.flush(database)


GOOD, BAD = "4006381333931", "4006381333932"


async def test_the_trend_is_told_apart_by_rule_source_and_facility(database: Database) -> None:
    await counted(database, ("erp", "NORTH", "A", GOOD), ("erp", "SOUTH", "B", BAD), ("plm", "SOUTH", "C", BAD))
    async with database.cold() as connection:

        async def by(name: quality.By, about: About = quality.EVERYTHING) -> dict[str, tuple[int, int]]:
            days = await quality.trend(connection, about, by=name)
            return {each.of: (each.checked, each.failed) for each in days}

        assert await by("rule") == {"barcode: gtin": (3, 2), "category: required": (3, 0)}
        assert await by("source") == {"erp": (4, 1), "plm": (2, 1)}
        assert await by("facility") == {"NORTH": (2, 0), "SOUTH": (4, 2)}
        assert await by("facility", About(rule="barcode: gtin", source="erp")) == {"NORTH": (1, 0), "SOUTH": (1, 1)}
        worst, *_ = await quality.scores(connection, by=("object", "rule"))
        assert (worst.rule, worst.checked, worst.failed, worst.source) == ("barcode: gtin", 3, 2, "")


async def test_the_work_list_is_that_of_a_rule_a_source_or_a_facility(database: Database) -> None:
    await counted(database, ("erp", "NORTH", "A", BAD), ("erp", "", "B", BAD), ("plm", "SOUTH", "C", BAD))
    async with database.cold() as connection:
        for about, keys in (
            (About(source="erp"), ["A", "B"]),
            (About(facility="SOUTH"), ["C"]),
            (About(facility=""), ["B"]),
            (About(rule="category: required"), []),
            (About(object="item", rule="barcode: gtin"), ["A", "B", "C"]),
        ):
            assert [each.key for each in await quality.work_list(connection, about)] == keys
            assert await quality.to_do(connection, about) == len(keys)


UNIQUE = {"supplier": [Rule(object="supplier", field="tax_id", check="unique")]}


async def seen(database: Database, *records: tuple[str, str]) -> list[str]:
    """A process of its own sees these records (key, tax number); the keys that are wrong after it."""
    meter = Meter(UNIQUE)
    for key, value in records:
        meter.note("erp", "hilum.supplier", key, {"tax_id": value})
    await meter.flush(database)
    async with database.cold() as connection:
        return sorted(each.key for each in await quality.work_list(connection))


async def test_a_value_is_unique_over_processes_and_restarts_until_its_owner_gives_it_up(database: Database) -> None:
    assert await seen(database, ("A", "DE1"), ("B", "DE2"), ("A", "DE1")) == []
    assert await seen(database, ("C", "DE1"), ("D", "")) == ["C"], "another process has never seen A"
    assert await seen(database, ("C", "DE1"), ("A", "DE1")) == ["C"], "the first one has it, whoever comes again"
    assert await seen(database, ("A", "DE3"), ("C", "DE1")) == [], "A gave it up"
    assert await seen(database, ("C", ""), ("E", "DE1")) == []
    async with database.cold() as connection:
        (score,) = await quality.scores(connection)
    assert (score.checked, score.failed) == (11, 2)


async def test_of_two_processes_at_once_one_has_the_value(database: Database) -> None:
    meters = [Meter(UNIQUE) for _ in range(4)]
    for n, meter in enumerate(meters):
        meter.note("erp", "hilum.supplier", f"S-{n}", {"tax_id": "DE1"})
    await asyncio.gather(*(meter.flush(database) for meter in meters))
    async with database.cold() as connection:
        assert len(await quality.work_list(connection)) == 3


@pytest.mark.req("SEC-1")
async def test_values_that_must_be_unique_are_kept_as_keyed_fingerprints(database: Database) -> None:
    await seen(database, ("A", "secret-number"))
    ((kept, digest),) = await rows(database, "SELECT quality_value::text, digest FROM quality_value")
    assert "secret-number" not in kept
    assert len(digest) == 16
    assert bytes(digest) != blake2b(b'["supplier","tax_id","secret-number"]', digest_size=16).digest()


async def test_what_must_be_unique_is_bounded_and_forgotten(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await seen(database, *((f"S-{n}", f"DE{n}") for n in range(5)))
    async with database.transaction() as connection:
        await connection.execute("UPDATE quality_value SET seen_on = current_date - 500 WHERE key = 'S-4'")
        await quality.forget(connection)
    monkeypatch.setattr(unique, "MOST_VALUES", 3)
    async with database.transaction() as connection:
        await quality.forget(connection)
    assert await rows(database, "SELECT key FROM quality_value ORDER BY 1") == [("S-1",), ("S-2",), ("S-3",)]


async def test_what_could_not_be_written_is_counted_later(database: Database) -> None:
    meter = Meter(UNIQUE)
    meter.note("erp", "hilum.supplier", "A", {"tax_id": "DE1"})
    async with database.transaction() as connection:
        await connection.execute("ALTER TABLE quality_value RENAME TO elsewhere")
    with pytest.raises(psycopg.errors.UndefinedTable):
        await meter.flush(database)
    async with database.transaction() as connection:
        await connection.execute("ALTER TABLE elsewhere RENAME TO quality_value")
    meter.note("erp", "hilum.supplier", "B", {"tax_id": "DE1"})
    await meter.flush(database)
    async with database.cold() as connection:
        (score,) = await quality.scores(connection)
        (found,) = await quality.work_list(connection)
    assert (score.checked, score.failed, found.key) == (2, 1, "B")

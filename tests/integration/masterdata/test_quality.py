"""Data quality: what passes a translation is checked, scored by source and facility, and listed until it is right."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hilum.canonical import Item, Location
from hilum.cli import app
from hilum.errors import SettingsError
from hilum.masterdata import quality
from hilum.masterdata.quality import Meter, Rule, load_rules
from hilum.postgres import Database
from hilum.runtime import Hub
from hilum.testing import eventually
from support.doubles import Feed, Receiver
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
    return [int(key[1:]) for (_, key, _, _), (_, bad) in meter._findings.items() if bad]


@pytest.mark.parametrize(
    ("check", "value", "things", "expected"),
    [
        ("required", "", ["a", "", None], [1, 2]),
        ("pattern", "[A-Z]{2}", ["AB", "abc", ""], [1]),
        ("gtin", "", ["4006381333931", "4006381333932", None], [1]),
        ("gln", "", ["4012345000009", "4012345000008"], [1]),
        ("in_lookup", "facilities", ["NORTH", "SOUTH"], [1]),
        ("in_lookup", "nowhere", ["NORTH"], [0]),
        ("unique", "", ["a", "b", "a"], [2]),
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
        (day,) = await quality.trend(connection, "item")
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

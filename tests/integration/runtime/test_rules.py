"""Each conversion and each code table that a translation used can be seen in the story of its message."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hilum.canonical import Money, currencies, times, units
from hilum.canonical.applied import MOST_RULES, apply
from hilum.canonical.units import Pack
from hilum.console.components.story import story
from hilum.console.pages.message import rules
from hilum.flow import DataClass, Lookup
from hilum.flow.tables import Content, Row
from hilum.journal import reading
from hilum.journal.reading import Trace
from hilum.masterdata import lookups
from hilum.masterdata.lookups import Change
from hilum.postgres import Database
from hilum.runtime import Hub
from support.doubles import Feed, Receiver
from support.projects import make_flow, order, write_lookup
from support.waits import Start, messages, replay

pytestmark = pytest.mark.req("MOD-5")

BOX = Pack(unit="BX", holds=Decimal(100), of="EA")


def converts(parsed: Any, hub: Lookup) -> Iterator[dict[str, Any]]:
    """A translation that uses every kind of rule."""
    made = units.convert(Decimal(parsed["boxes"]), "BX", "EA", packs=[BOX])
    units.convert(Decimal(1), "LBR", "KGM")
    money, _ = currencies.exchange(
        Money(amount=Decimal("41.20"), currency="EUR"), "USD", rate=Decimal("1.0912"), source="ECB 2026-03-30"
    )
    at = times.moment(datetime.fromisoformat(parsed["at"]), "Europe/Berlin")
    yield {
        "item": hub.item(parsed["item"]), "price": hub.row("items", parsed["item"])["price"],
        "quantity": str(made.quantity), "amount": str(money.amount), "at": at.isoformat(),
    }  # fmt: skip


async def told(database: Database, flow: str = "test.orders") -> Trace:
    """The story of the only message of a flow."""
    async with database.cold() as connection:
        (row,) = await reading.find(connection, reading.Search(flow=flow))
        found = await reading.trace(connection, row.id)
    assert found is not None
    return found


def message(**more: Any) -> dict[str, Any]:
    return order(1, boxes=4, item="G1", at="2026-07-01T08:00:00", **more)


async def test_the_story_says_which_rules_made_what_of_what(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), Receiver()
    await hub(make_flow(feed, receiver, translate=converts), lookups={"items": "code,item,price\nG1,GLOVE-M,4.50\n"})
    feed.offer(message())
    await messages(database, completed=1)
    trace = await told(database)
    found = [(each.kind, each.rule.partition(" (file ")[0], each.before, each.after) for each in trace.rules]
    assert found == [
        ("unit", "1 BX = 100 EA", "4 BX", "400 EA"),
        ("unit", "1 LBR = 0.45359237 KGM; rounded", "1 LBR", "0.453592 KGM"),
        ("currency", "1 EUR = 1.0912 USD, ECB 2026-03-30; rounded", "41.2 EUR", "44.96 USD"),
        ("time zone", "clocks of Europe/Berlin are +02:00 then", "2026-07-01T08:00:00", "2026-07-01T06:00:00+00:00"),
        ("lookup", "items", "G1", "GLOVE-M"),
    ]
    assert trace.rules[-1].times == 2, "the same question twice is one line"
    assert "5 rules" in story(trace, [], str)
    page = rules(trace)
    assert all(text in page for text in ("1 BX = 100 EA", "400 EA", "GLOVE-M"))


async def test_the_state_of_a_table_is_told_by_its_last_change(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), Receiver()
    running: Hub = await hub(make_flow(feed, receiver, translate=lambda parsed, hub: {"unit": hub.unit(parsed["u"])}))
    why = Change(actor="mia", reason="as agreed")
    table = Content(columns=("code", "unit"), rows=(Row(code="ST", cells={"code": "ST", "unit": "EA"}),))
    async with database.transaction() as connection:
        await lookups.import_table(connection, "units", table, why)
    await running.lookups.catch_up()
    feed.offer(order(1, u="ST"))
    await messages(database, completed=1)
    async with database.transaction() as connection:
        await lookups.set_row(connection, "units", Row(code="ST", cells={"unit": "PCE"}), why)
    await running.lookups.catch_up()
    feed.offer(order(2, u="ST"))
    await messages(database, completed=2)
    async with database.cold() as connection:
        found = [await reading.trace(connection, row.id) for row in await reading.find(connection, reading.Search())]
    states = {(each.rules[0].rule, each.rules[0].after) for each in found if each}
    assert states == {("units (change 1)", "EA"), ("units (change 2)", "PCE")}


@pytest.mark.parametrize("protection", [{"data_class": DataClass.PHI}, {"encrypt": True}], ids=["phi", "encrypted"])
async def test_of_protected_messages_only_the_rules_are_kept(
    hub: Start, database: Database, protection: dict[str, Any]
) -> None:
    feed, receiver = Feed(), Receiver()
    await hub(
        make_flow(feed, receiver, translate=converts, **protection),
        lookups={"items": "code,item,price\nG1,GLOVE-M,4.50\n"},
    )
    feed.offer(message())
    await messages(database, completed=1)
    trace = await told(database)
    assert [each.kind for each in trace.rules] == ["unit", "unit", "currency", "time zone", "lookup"]
    assert not any(each.before or each.after for each in trace.rules)
    async with database.cold() as connection:
        kept = await (await connection.execute("SELECT rules::text FROM message")).fetchone()
    assert kept is not None
    assert not any(value in kept[0] for value in ("G1", "GLOVE-M", "400", "41.2", "08:00"))


async def test_a_held_message_tells_what_was_converted_before(hub: Start, database: Database, tmp_path: Path) -> None:
    feed, receiver = Feed(), Receiver()
    running: Hub = await hub(
        make_flow(feed, receiver, translate=converts), lookups={"items": "code,item,price\nG2,GLOVE-L,4.50\n"}
    )
    feed.offer(message())
    await messages(database, held=1)
    assert [each.kind for each in (await told(database)).rules] == ["unit", "unit", "currency", "time zone"]
    write_lookup(tmp_path, "items", "code,item,price\nG1,GLOVE-M,4.50\n")
    running.project.lookup.refresh()
    await replay(database, (await told(database)).message.id)
    await messages(database, completed=1)
    assert [each.kind for each in (await told(database)).rules] == ["unit", "unit", "currency", "time zone", "lookup"]


async def test_texts_that_the_database_cannot_keep_hold_nothing_up(hub: Start, database: Database) -> None:
    feed = Feed()

    def strange(parsed: Any, _: Lookup) -> Any:
        for text in ("a\x00b", "\\u0000", "half \ud800"):
            apply("lookup", "items", text, text)
        return parsed

    await hub(make_flow(feed, Receiver(), translate=strange))
    feed.offer(order(1))
    await messages(database, completed=1)
    kept = [each.before for each in (await told(database)).rules]
    assert (kept[0][0], kept[0][-1]) == ("a", "b")
    assert kept[1] == "\\u0000"
    assert kept[2].startswith("half ")


async def test_without_a_conversion_nothing_is_kept_and_many_are_bounded(hub: Start, database: Database) -> None:
    plain, many = Feed(), Feed()

    def each_line(parsed: Any, _: Lookup) -> Any:
        for number in range(1, 1001):
            units.convert(Decimal(number), "BX", "EA", packs=[BOX])
        return parsed

    await hub(
        make_flow(plain, Receiver(), name="test.plain"),
        make_flow(many, Receiver(), name="test.many", translate=each_line),
    )
    plain.offer(order(1))
    many.offer(order(2))
    await messages(database, completed=2)
    async with database.cold() as connection:
        rows = await (
            await connection.execute("SELECT flow, rules IS NULL, pg_column_size(rules) FROM message ORDER BY flow")
        ).fetchall()
    assert [row[:2] for row in rows] == [("test.many", False), ("test.plain", True)]
    assert rows[0][2] < 8_192
    trace = await told(database, "test.many")
    assert len(trace.rules) == MOST_RULES + 1
    assert trace.rules[-1].words == f"and {1000 - MOST_RULES} more"

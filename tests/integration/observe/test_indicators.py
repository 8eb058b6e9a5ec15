"""Indicators against an independent calculation: to the cent, whatever comes late, twice, corrected or cut short."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from hilum import facts
from hilum.masterdata import terms
from hilum.masterdata.terms.rebates import accruals
from hilum.message import new_id
from hilum.observe import catalogue
from hilum.observe.indicators import INDICATORS, About, Calendar, Keeper, calendar_of, count, documents, figures
from hilum.observe.indicators.counting import count_once
from hilum.observe.indicators.gauges import Gauges
from hilum.observe.snapshot import Sample
from hilum.postgres import Database
from hilum.settings import IndicatorSettings
from hilum.testing import eventually
from support.business_history import CONTRACT, DAYS, FIRST, ZONE, History, Sums, bill_facts, order_lines
from support.looks import rows
from support.projects import make_project

pytestmark = pytest.mark.req("OBS-2")

CALENDAR = Calendar(zone=ZONE)
LAST = FIRST + timedelta(days=DAYS)
ALL = About(since=FIRST - timedelta(days=1), until=LAST)


async def note(database: Database, *noted: facts.Fact) -> None:
    async with database.transaction() as connection:
        await facts.note(connection, noted)


async def agree(database: Database) -> None:
    """The contract with its rebates is known."""
    async with database.transaction() as connection:
        await terms.keep_contract(connection, CONTRACT, terms.Origin(flow="clm", message_id=new_id()))


async def counted(database: Database, about: About = ALL) -> dict[str, Sums]:
    """What the figures are, by indicator."""
    found: dict[str, Sums] = {name: {} for name in INDICATORS}
    async with database.cold() as connection:
        for each in await figures(connection, about, by=("day", "facility", "supplier", "category")):
            day, *place = each.of
            at = (date.fromisoformat(day), *place, each.currency)
            found[each.indicator][at] = (each.numerator, each.denominator)
    return found


async def agrees(database: Database, history: History) -> None:
    """Every figure of every day is what the rows come to."""
    found = await counted(database)
    for name, wanted in history.sums().items():
        assert found[name] == wanted, name
    for day in (FIRST + timedelta(days=n) for n in range(DAYS)):
        until = {at: sums for at, sums in found["rebate-accrual"].items() if at[0] <= day}
        came = (sum((a for a, _ in until.values()), Decimal(0)), sum((b for _, b in until.values()), Decimal(0)))
        assert came == history.accrued(day), day


async def test_figures_are_what_an_independent_calculation_says(database: Database) -> None:
    history = History.of(1, size=30)
    told = history.facts()
    Random(1).shuffle(told)
    await agree(database)
    await note(database, *told[: len(told) // 2])
    assert await count(database, CALENDAR) == len(told) // 2
    await note(database, *told[len(told) // 3 :])  # some are told again: they count once
    await count(database, CALENDAR)
    assert await count(database, CALENDAR) == 0
    await agrees(database, history)


async def test_what_comes_late_or_is_corrected_changes_the_day_it_belongs_to(database: Database) -> None:
    history, later = History.of(3, size=25), History.of(4, size=2)
    await agree(database)
    await note(database, *history.facts())
    await count(database, CALENDAR)
    before = await counted(database)
    for number, row in enumerate([row for rows_ in later.rows.values() for row in rows_]):
        row["number"] = f"LATE-{number}"
    for kind, late in later.rows.items():
        history.rows[kind] += late
    await note(database, *later.facts())
    revised = history.rows["order"][0]
    revised |= {"amounts": revised["amounts"][:1], "agreed": [False], "cancelled": False, "at": revised["at"]}
    await note(database, *order_lines(revised, revision=2))
    await note(database, *order_lines({**revised, "amounts": [Decimal(1)]}, revision=1))  # overtaken: it says nothing
    bill = history.rows["bill"][1]
    bill |= {"outcome": "refused", "at": bill["at"] - timedelta(days=3)}  # another day, and another end
    await note(database, *History({"bill": [bill]} | {k: [] for k in history.rows if k != "bill"}).facts())
    await count(database, CALENDAR)
    await agrees(database, history)
    assert before != await counted(database)


async def test_a_look_at_the_price_does_not_take_the_place_of_who_follows_the_order(database: Database) -> None:
    row = History.of(5, size=1).rows["order"][0] | {"cancelled": True}
    await note(database, *order_lines(row))
    looks = [each.model_copy(update={"followed": False, "cancelled": False}) for each in order_lines(row)]
    await note(database, *looks)
    assert await rows(database, "SELECT DISTINCT said ->> 'cancelled' FROM business_fact WHERE NOT replaced") == [
        ("true",)
    ]


async def test_a_count_that_is_cut_short_never_was(database: Database) -> None:
    history = History.of(6, size=12)
    await agree(database)
    await note(database, *history.facts())

    class Killed(Exception):
        pass

    for _ in range(3):  # the hub dies with all of it written and nothing committed; then after a part of it
        with pytest.raises(Killed):
            async with database.transaction() as connection:
                assert await count_once(connection, CALENDAR, at_once=50) == 50
                raise Killed
        async with database.transaction() as connection:
            await count_once(connection, CALENDAR, at_once=50)
    await count(database, CALENDAR)
    await agrees(database, history)


async def test_one_hub_counts_at_a_time(database: Database) -> None:
    await note(database, *History.of(7, size=1).facts())
    async with database.transaction() as one:
        assert await count_once(one, CALENDAR) > 0
        async with database.transaction() as other:
            assert await count_once(other, CALENDAR) == 0


async def test_a_hub_counts_by_itself_and_tells_monitors(database: Database, tmp_path: Path) -> None:
    made = make_project(tmp_path, indicators=IndicatorSettings(count_seconds=0.1))
    keeper = Keeper(database, made.settings)
    keeper.start()
    row = History.of(10, size=1).rows["bill"][0] | {"at": datetime.now(UTC), "outcome": "matched"}
    await note(database, *bill_facts(row))

    async def there() -> bool:
        sample = Sample(at=time.time())
        async with database.cold() as connection:
            await Gauges(calendar_of(made.settings)).measure(connection, sample)
        return sample.get(catalogue.BUSINESS_SHARE).get(("match-rate", "")) == 1.0

    await eventually(there)
    await keeper.stop()


async def test_the_documents_behind_a_figure_come_to_it(database: Database) -> None:
    history = History.of(8, size=25)
    await agree(database)
    await note(database, *history.facts())
    await count(database, CALENDAR)
    part = About(since=FIRST + timedelta(days=5), until=FIRST + timedelta(days=8), supplier="V1", facility="NORTH")
    async with database.cold() as connection:
        for indicator in INDICATORS.values():
            for about in (ALL, part):
                found = await figures(connection, about, indicators=[indicator.name])
                behind = await documents(connection, indicator, about)
                for figure in found:
                    mine = [each for each in behind if figure.currency in ("", each.counted.fact.currency)]
                    assert sum(each.part.numerator for each in mine) == figure.numerator
                    assert sum(each.part.denominator for each in mine) == figure.denominator
                    assert len(mine) == figure.facts
                assert sum(figure.facts for figure in found) == len(behind)


async def test_rebates_are_what_the_terms_say_also_after_other_steps_were_agreed(database: Database) -> None:
    history = History.of(9, size=20)
    await note(database, *history.facts())
    await count(database, CALENDAR)
    assert not (await counted(database))["rebate-accrual"]  # nobody has agreed one
    await agree(database)
    await count(database, CALENDAR)
    await agrees(database, history)
    steps = [{"from_amount": "0", "percent": "10"}]
    other = CONTRACT.model_validate(CONTRACT.model_dump() | {"rebates": steps, "revision": 2})
    async with database.transaction() as connection:
        await terms.keep_contract(connection, other, terms.Origin(flow="clm", message_id=new_id()))
    await count(database, CALENDAR)
    owed = sum((a for a, _ in (await counted(database))["rebate-accrual"].values()), Decimal(0))
    assert owed == (history.accrued(LAST)[1] / 10).quantize(Decimal("0.01"))


async def test_rebates_that_come_day_by_day_reach_their_steps(database: Database) -> None:
    history = History.of(15, size=40)
    await agree(database)
    bills = sorted(history.rows["bill"], key=lambda row: row["at"])
    for kind in [kind for kind in history.rows if kind != "bill"]:
        history.rows[kind] = []
    for start in range(0, len(bills), 8):
        await note(database, *(fact for row in bills[start : start + 8] for fact in bill_facts(row)))
        await count(database, CALENDAR)
    assert history.accrued(LAST)[0] > 0
    await agrees(database, history)


async def test_price_checks_become_facts_and_their_rebate_is_that_of_the_terms(database: Database) -> None:
    await agree(database)
    day = CONTRACT.valid_from
    async with database.transaction() as connection:
        book = await terms.book(connection)
        checks = []
        for number in range(30):
            ask = terms_ask(number, day + timedelta(days=number % 5))
            checks.append(
                terms.price_check(ask, book.price(ask), unit_price=Decimal("41.205"), document_type="bill",
                                  document=f"B-{number}", line=1)
            )  # fmt: skip
        await terms.note(connection, [(each, new_id()) for each in checks])
        await terms.note(connection, [(checks[0], new_id())])
        (said,) = await accruals(connection, LAST)
    await count(database, CALENDAR)
    sums = (await counted(database))["rebate-accrual"].values()
    assert said.accrued > 0
    assert (sum(a for a, _ in sums), sum(b for _, b in sums)) == (said.accrued, said.bought.amount)


def terms_ask(number: int, on: date) -> terms.checks.Ask:
    return terms.checks.Ask(
        supplier="V1", item="GLV", quantity=Decimal(number % 7 - 1), unit="BX", on=on, facility="NORTH", currency="EUR"
    )

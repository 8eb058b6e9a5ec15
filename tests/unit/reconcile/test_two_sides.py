"""Two sides are compared by key and fields: against an oracle that knows nothing of sorting or streams."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hilum.canonical import Money
from hilum.canonical.units import Pack
from hilum.errors import Invalid, SettingsError
from hilum.reconcile import Difference, Field, Kind, Measure, Row, Tally, Window, Yardstick, differences
from hilum.reconcile.fields import grouped
from hilum.reconcile.rows import read, written
from hilum.reconcile.sorting import Sorted

pytestmark = pytest.mark.req("REC-1")

YARDSTICK = Yardstick(
    fields=[Field("amount", within=Decimal("0.05"), summed=True), Field("name"), Field("due", days=1)]
)
DAY = date(2026, 3, 10)

keys = st.sampled_from(["A", "a", "AB", 'A"', "A\tB", "Ä", "\U0001f600", "B\\", "1", "10", "2"])
amounts = st.decimals(min_value=-1, max_value=1, places=2)
rows = st.builds(
    lambda key, amount, name, due: Row(
        key=key, values={"amount": Money(amount=amount, currency="EUR"), "name": name, "due": DAY + timedelta(days=due)}
    ),
    keys,
    amounts,
    st.sampled_from(["x", "y", "tab\tand\nline"]),
    st.integers(0, 3),
)
sides = st.lists(rows, max_size=14)


def compared(
    here: Iterable[Row], there: Iterable[Row], yardstick: Yardstick = YARDSTICK, window: Window | None = None
) -> tuple[list[Difference], Tally]:
    """By the code under test, over files of a few rows each."""
    tally = Tally()
    with TemporaryDirectory() as folder:
        kept = []
        for name, side in (("here", here), ("there", there)):
            Path(folder, name).mkdir()
            one = Sorted(Path(folder, name), part=200)
            one.add(map(written, side))
            kept.append(one)
        return list(differences(kept[0], kept[1], yardstick, window or Window(), tally)), tally


def oracle(here: Sequence[Row], there: Sequence[Row]) -> dict[str, Kind]:
    """What is wrong, key by key, by looking at everything."""
    by_key: dict[str, tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
    for place, side in enumerate((here, there)):
        for row in side:
            by_key[row.key][place].append(row)
    found = {}
    for key, (mine, other) in by_key.items():
        if len(mine) > 1 or len(other) > 1:
            found[key] = Kind.DOUBLED
        elif not mine or not other:
            found[key] = Kind.MISSING if mine else Kind.EXTRA
        elif not near(mine[0], other[0]):
            found[key] = Kind.DIFFERENT
    return found


def near(one: Row, other: Row) -> bool:
    first, second = one.values, other.values
    assert isinstance(first["amount"], Money)
    assert isinstance(second["amount"], Money)
    assert isinstance(first["due"], date)
    assert isinstance(second["due"], date)
    cents = abs(first["amount"].amount - second["amount"].amount)
    days = abs((first["due"] - second["due"]).days)
    return cents <= Decimal("0.05") and days <= 1 and first["name"] == second["name"]


@settings(max_examples=80)
@given(here=sides, there=sides)
def test_what_is_found_is_what_looking_at_everything_finds(here: list[Row], there: list[Row]) -> None:
    found, tally = compared(here, there)
    expected = oracle(here, there)
    assert {each.key: each.kind for each in found} == expected
    assert len(found) == len(expected), "each key is told once"
    known = {row.key for row in here}, {row.key for row in there}
    assert (tally.here, tally.there) == (len(known[0]), len(known[1]))
    assert tally.same == len(known[0] | known[1]) - len(expected)
    assert tally.differences == len(expected)


@settings(max_examples=30)
@given(side=sides)
def test_a_side_agrees_with_itself_in_any_order(side: list[Row]) -> None:
    once = list({row.key: row for row in side}.values())
    found, tally = compared(once, reversed(once))
    assert not found
    for here, there in (pair for by in tally.sums.values() for pair in by.values()):
        assert here == there
    total = sum((row.values["amount"].amount for row in once), Decimal(0))  # type: ignore[union-attr]
    assert sum((pair[0] for pair in tally.sums["amount"].values()), Decimal(0)) == total


@settings(max_examples=30)
@given(row=rows)
def test_a_row_comes_back_from_disk_as_it_was(row: Row) -> None:
    line = written(row)
    assert b"\n" not in line
    back = read(line)
    assert (back.name, back.read()) == (row.key, row.values)


def one(**values: object) -> list[Row]:
    return [Row(key="K", values=values, title="Thing K")]  # type: ignore[arg-type]


def words(found: list[Difference]) -> list[tuple[str, str, str, str]]:
    return [(each.label, each.here, each.there, each.why) for difference in found for each in difference.apart]


def test_a_percentage_is_of_what_this_side_says_and_the_kinder_of_both_tolerances_counts() -> None:
    yardstick = Yardstick(fields=[Field("n", within=Decimal(2), percent=Decimal(10))])
    for there, differs in (("110", False), ("110.000001", True), ("90", False), ("89.9", True)):
        found, _ = compared(one(n=Decimal(100)), one(n=Decimal(there)), yardstick)
        assert bool(found) is differs, there
    assert not compared(one(n=Decimal(1)), one(n=Decimal(3)), yardstick)[0], "two of it are allowed, whatever the share"


def test_amounts_in_other_currencies_are_converted_or_said_not_to_be_comparable() -> None:
    here, there = one(amount=Money(amount="10", currency="EUR")), one(amount=Money(amount="11", currency="USD"))  # type: ignore[arg-type]
    found, _ = compared(here, there)
    ((_, mine, other, why),) = words(found)
    assert (mine, other) == ("10.00 EUR", "11.00 USD")
    assert why == "not comparable: nobody says what USD are in EUR"

    def rates(source: str, target: str, on: date | None) -> Decimal | None:
        return Decimal("0.909") if (source, target) == ("USD", "EUR") else None

    assert not compared(here, there, replace(YARDSTICK, rates=rates))[0], "11 USD are 9.999 EUR, rounded 10.00"


def test_quantities_in_other_units_are_converted_or_said_not_to_be_comparable() -> None:
    here = one(q=Measure(quantity=Decimal(2), unit="BX", item="GLV"))
    there = one(q=Measure(quantity=Decimal(100), unit="EA", item="GLV"))
    yardstick = Yardstick(fields=[Field("q", "quantity")])
    ((label, mine, other, why),) = words(compared(here, there, yardstick)[0])
    assert (label, mine, other) == ("quantity", "2 BX GLV", "100 EA GLV")
    assert why == "not comparable: nothing leads from EA to BX"
    packs = {"GLV": [Pack(unit="BX", holds=Decimal(50), of="EA")]}
    known = replace(yardstick, packs_of=lambda item: packs[item])
    assert not compared(here, there, known)[0]


def test_lines_are_compared_by_their_numbers_and_one_that_is_lacking_is_told() -> None:
    yardstick = Yardstick(fields=[Field("lines.quantity"), Field("lines.price")])
    here = one(**{"1.quantity": Decimal(5), "1.price": Decimal(2), "10.quantity": Decimal(1)})
    there = one(**{"1.quantity": Decimal(6), "1.price": None, "2.quantity": Decimal(9)})
    assert words(compared(here, there, yardstick)[0]) == [
        ("line 1, quantity", "5", "6", ""),  # nobody says the price there: it is not compared
        ("line 2, quantity", "—", "9", ""),
        ("line 10, quantity", "1", "—", ""),
    ]


def test_what_a_side_does_not_say_is_not_compared() -> None:
    assert not compared(one(name="x", amount=None), one(amount=Money(amount="3", currency="EUR")))[0]  # type: ignore[arg-type]


def test_the_latest_version_counts_and_what_is_on_its_way_is_no_difference() -> None:
    name = {"name": "new"}
    versions = [Row(key="K", values={"name": "old"}, version=1), Row(key="K", values=name, version=7)]
    there = [Row(key="K", values=name)]
    assert not compared(versions, there)[0]
    found, tally = compared(
        [versions[0], replace(versions[1], on_the_way=True)], [Row(key="K", values={"name": "old"})]
    )
    assert not found
    assert tally.on_the_way == 1
    now = datetime(2026, 3, 10, 12, tzinfo=UTC)
    young = [replace(versions[0], at=now)]
    assert compared(young, [], window=Window(settled=now.timestamp() - 1))[1].on_the_way == 1
    assert [each.kind for each in compared(young, [], window=Window(settled=now.timestamp()))[0]] == [Kind.MISSING]


def test_a_key_is_of_the_period_when_either_side_says_so() -> None:
    window = Window(since=DAY, until=DAY + timedelta(days=1))
    before = DAY - timedelta(days=1)
    inside, outside = Row(key="K", values={"name": "x"}, on=DAY), Row(key="K", values={"name": "y"}, on=before)
    assert [each.kind for each in compared([inside], [outside], window=window)[0]] == [Kind.DIFFERENT]
    assert compared([outside], [outside], window=window)[1] == Tally()
    assert compared([outside], [], window=window)[1].differences == 0
    assert compared([replace(outside, on=window.until)], [], window=window)[1].differences == 0


def test_what_is_there_twice_says_where() -> None:
    twice = [Row(key="K", reference=place) for place in ("account.move 7", "account.move 9")]
    ((label, here, there, _),) = words(compared([Row(key="K")], twice)[0])
    assert (label, here) == ("how often", "1")
    assert there == "2 times (account.move 7, account.move 9)"


def test_what_cannot_be_read_is_told_and_hides_nothing_else() -> None:
    wrong = Row(key="purchase.order 4", problem="purchase.order 4, partner_id: has no number")
    found, tally = compared([Row(key="A")], [Row(key="A"), wrong])
    assert [(each.kind, each.apart[0].why) for each in found] == [(Kind.UNREADABLE, wrong.problem)]
    assert tally.same == 1


def test_more_files_than_are_merged_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hilum.reconcile.sorting._AT_ONCE", 3)
    kept = Sorted(tmp_path, part=60)
    lines = [f"{number * 37 % 101:03d}\tx\ty".encode() for number in range(101)]
    kept.add(lines)
    assert len(list(tmp_path.iterdir())) > 9
    assert list(kept) == sorted(lines)


def test_wrong_declarations_are_refused() -> None:
    with pytest.raises(SettingsError, match="0 or more"):
        Field("amount", within=Decimal(-1))
    with pytest.raises(SettingsError, match="twice"):
        Yardstick(fields=[Field("a"), Field("a")])
    with pytest.raises(SettingsError, match="needs fields"):
        Yardstick(fields=[])
    with pytest.raises(Invalid, match="no key"):
        written(Row(key="", title="Bill"))


@pytest.mark.parametrize(
    ("amount", "shown"), [("1240", "1 240.00"), ("-0.5", "-0.50"), ("0.125", "0.125"), ("1234567.8", "1 234 567.80")]
)
def test_amounts_have_two_digits_and_thin_spaces(amount: str, shown: str) -> None:
    assert grouped(Decimal(amount)) == shown.replace(" ", "\u2009")

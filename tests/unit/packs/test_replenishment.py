"""What stores need: never ordered twice, never more than fits, and the same whatever is told again or late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.canonical import StockLevel, SupplyConsumed
from hilum.canonical.units import Pack
from hilum.errors import Invalid, SettingsError
from hilum.packs.inventory.replenishment import Level, Need, Stock, requisitions_of

pytestmark = pytest.mark.req("WF-4")

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


def level(**more: Any) -> Level:
    given = {"location": "WARD-3", "item": "GLV", "reorder_at": Decimal(20), "up_to": Decimal(100)}
    return Level(**{**given, **more})


def hour(number: int) -> datetime:
    return BEGIN + timedelta(hours=number)


def count(quantity: int, at: int, unit: str = "EA", lot: str | None = None) -> StockLevel:
    return StockLevel(count=f"C-{at}", item="GLV", location="WARD-3", quantity=Decimal(quantity), unit=unit,
                      counted_at=hour(at), lot=lot)  # fmt: skip


def use(name: str, quantity: int, at: int, unit: str = "EA", lot: str | None = None) -> SupplyConsumed:
    return SupplyConsumed(transaction=name, item="GLV", location="WARD-3", quantity=Decimal(quantity), unit=unit,
                          used_at=hour(at), lot=lot)  # fmt: skip


amounts = st.decimals(0, 500, places=1)
levels = st.tuples(
    amounts, amounts, st.decimals("0.1", 200, places=1), st.integers(0, 20), st.decimals(0, 30, places=1)
)


@st.composite
def some_levels(draw: st.DrawFn) -> Level:
    one, other, pack, lead, daily = draw(levels)
    return level(reorder_at=min(one, other), up_to=max(one, other), pack=pack, lead_days=lead, daily_use=daily)


@given(some_levels(), st.fractions(-500, 800))
def test_whole_packs_lift_it_above_the_threshold_and_not_above_the_target(what: Level, position: Fraction) -> None:
    quantity, pack = what.quantity(position), Fraction(what.pack)
    after = position + quantity
    if position > what.threshold:
        assert quantity == 0
        return
    assert quantity > 0
    assert (quantity / pack).denominator == 1
    assert after > what.threshold
    assert what.quantity(after) == 0  # so the same need is not ordered again
    # above the target only where one pack less would not do
    assert after <= what.target or after - pack <= what.threshold
    assert after + pack > what.target  # and as much as fits


@given(some_levels(), st.lists(st.integers(0, 60), max_size=30))
def test_one_need_is_ordered_once_however_often_one_looks(what: Level, uses: list[int]) -> None:
    stock = Stock(what)
    stock.counted(count(100, 0))
    for place, quantity in enumerate(uses, 1):
        stock.used(use(f"T-{place}", quantity, place))
        need = stock.need()
        if need is None:
            continue
        stock.ordered(f"O-{place}", need.quantity)
        assert stock.need() is None
        stock.ordered(f"O-{place}", need.quantity)  # told again
        stock.used(use(f"T-{place}", quantity, place))
        assert stock.need() is None
        assert stock.position > what.threshold


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("count"), st.integers(0, 300), st.integers(0, 20)),
        st.tuples(st.just("use"), st.integers(-20, 80), st.integers(0, 20)),
        st.tuples(st.just("receipt"), st.integers(1, 80), st.integers(0, 20)),
        st.tuples(st.just("order"), st.integers(1, 80), st.integers(0, 20)),
        st.tuples(st.just("closed"), st.integers(1, 80), st.integers(0, 20)),
        st.tuples(st.just("demand"), st.integers(0, 80), st.integers(0, 20)),
    ),
    max_size=20,
    unique_by=lambda event: (event[0], event[2]),
)


def told(events: list[tuple[str, int, int]]) -> Stock:
    stock = Stock(level())
    for kind, quantity, at in events:
        match kind:
            case "count":
                stock.counted(count(quantity, at))
            case "use":
                stock.used(use(f"T-{at}", quantity, at))
            case "receipt":
                stock.received(f"O-{at}", f"R-{at}", Decimal(quantity), hour(at))
            case "order":
                stock.ordered(f"O-{at}", Decimal(quantity))
            case "closed":
                stock.closed(f"O-{at}")
            case "demand":
                stock.planned(f"D-{at}", Decimal(quantity), "EA")
    return stock


@given(EVENTS, st.randoms(use_true_random=False))
def test_what_comes_again_or_in_another_order_changes_nothing(
    events: list[tuple[str, int, int]], shuffled: Any
) -> None:
    again = [*events, *events[: len(events) // 2]]
    shuffled.shuffle(again)
    one, other = told(events), told(again)
    assert (one.on_hand, one.on_order, one.demand, one.need()) == (other.on_hand, other.on_order, other.demand,
                                                                   other.need())  # fmt: skip


def test_a_count_has_what_came_and_went_before_it() -> None:
    stock = Stock(level(minimum=Decimal(10)))
    stock.counted(count(50, 2))
    stock.used(use("T-1", 30, 1))
    assert stock.on_hand == 50
    stock.used(use("T-3", 42, 3))
    assert (stock.on_hand, stock.short) == (8, True)
    need = stock.need()
    assert need == Need(location="WARD-3", item="GLV", unit="EA", quantity=Decimal(92), short=True,
                        words="8 on hand, 0 on order, 0 planned: ordered at 20, up to 100")  # fmt: skip
    stock.ordered("O-1", need.quantity)
    assert stock.short and stock.need() is None  # what is on its way does not help now, but it is ordered
    stock.received("O-1", "R-1", Decimal(90), hour(4))
    assert (stock.on_hand, stock.on_order, stock.short) == (98, 2, False)
    stock.closed("O-1")
    assert stock.on_order == 0


def test_lots_are_counted_each_for_itself_and_units_are_converted() -> None:
    stock = Stock(level(packs=(Pack(unit="BX", holds=Decimal(100), of="EA"),)))
    stock.counted(count(1, 1, "BX", "A"))
    stock.counted(count(20, 2, lot="B"))
    stock.used(use("T-1", 5, 1, lot="B"))  # before B was counted
    stock.used(use("T-2", 5, 2, lot="A"))
    assert stock.on_hand == 115
    with pytest.raises(Invalid, match="nothing says how many of these one CS is"):
        stock.used(use("T-3", 1, 3, "CS"))


def test_lead_time_and_large_packs() -> None:
    slow = level(lead_days=5, daily_use=Decimal(4))
    assert (slow.threshold, slow.target) == (40, 120)
    assert slow.quantity(Fraction(41)) == 0
    assert slow.quantity(Fraction(40)) == 80
    assert level(pack=Decimal(30)).quantity(Fraction(15)) == 60  # 90 would be 105 in all
    assert level(pack=Decimal(500)).quantity(Fraction(15)) == 500  # one pack is the least that helps


@pytest.mark.parametrize("wrong", [{"pack": Decimal(0)}, {"up_to": Decimal(10)}, {"lead_days": -1}])
def test_levels_that_do_not_go_together_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="WARD-3, GLV"):
        level(**wrong)


def test_needs_of_a_run_become_one_requisition_for_each_supplier_and_store() -> None:
    def need(item: str, location: str = "WARD-3", short: bool = False) -> Need:
        return Need(location=location, item=item, unit="EA", quantity=Decimal(5), short=short)

    needs = [need("B"), need("A"), need("C", short=True), need("A", "OR"), need("D")]
    suppliers = {"A": "V1", "B": "V1", "C": "V1"}
    made = requisitions_of(needs, run="20260302", supplier_of=lambda each: suppliers.get(each.item))
    assert [(one.number, one.urgent, [line.item for line in one.lines]) for one in made] == [
        ("RPL-20260302-OR-V1", False, ["A"]),
        ("RPL-20260302-WARD-3", False, ["D"]),
        ("RPL-20260302-WARD-3-V1", False, ["A", "B"]),
        ("RPL-20260302-WARD-3-V1-U", True, ["C"]),
    ]
    assert made[1].lines[0].supplier is None
    assert made == requisitions_of(needs[::-1], run="20260302", supplier_of=lambda each: suppliers.get(each.item))

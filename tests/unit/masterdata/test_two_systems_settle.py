"""Two systems hold the same record and are edited at both sides while changes and writes are under way: they settle."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hilum.masterdata.ownership import Matrix, Rule
from hilum.masterdata.sync import Change, Document, fingerprint, judge, judging
from hilum.masterdata.sync.document import Sent
from hilum.masterdata.sync.judging import Landing, Verdict
from support.two_edited import KEY, MATRIX, RULES, A, B, World

pytestmark = [pytest.mark.req("MD-5"), pytest.mark.req("MD-6")]

_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), st.sampled_from([A, B]), st.sampled_from(sorted(RULES))),
        st.tuples(
            st.sampled_from(["read", "land", "overtake", "judge", "lose", "restart"]),
            st.sampled_from([A, B]),
            st.just(""),
        ),
        st.tuples(st.sampled_from(["note", "number"]), st.just(A), st.just("")),
    ),
    max_size=40,
)


def lived(steps: list[tuple[str, str, str]], *, dated: bool, step: float = 5.0) -> World:
    world = World(dated=dated, step=step)
    for act, system, name in steps:
        match act:
            case "edit":
                world.edit(system, name)
            case "note" | "number":
                getattr(world, act)()
            case _:
                getattr(world, act)(system)
    world.settle()
    return world


def agree(steps: list[tuple[str, str, str]], step: float) -> None:
    agreed(lived(steps, dated=True, step=step))


def agreed(world: World, about: object = "") -> None:
    a, b = world.sides[A], world.sides[B]
    assert a.values == b.values
    assert a.values["of_a"] == a.own.get("of_a", "")
    assert a.values["of_b"] == b.own.get("of_b", "")
    if "if_empty" in a.own:  # also where what filled the empty field crossed the owner's first edit
        assert a.values["if_empty"] == a.own["if_empty"], about
    assert world.writes <= 4 * world.edits, "no storm"


def agree_without_dates(steps: list[tuple[str, str, str]]) -> None:
    world = lived(steps, dated=False)
    assert world.sides[A].values == world.sides[B].values
    assert world.writes <= 8 * world.edits, "no storm"


_ACTS = {"edit": 8, "read": 8, "judge": 10, "land": 6, "overtake": 6, "lose": 2, "note": 8, "restart": 1}
"""What happens how often while A does not show the number yet, and after it: writes of two ordering keys cross."""


def crossed(seed: int, *, dated: bool, step: float, tells: bool) -> World:
    """Forty things that happen, in the middle of which A begins to show the number; then they settle."""
    chance, world = random.Random(seed), World(dated=dated, step=step, numbered=False, tells=tells)
    numbered, names = chance.randrange(40), chance.sample(sorted(RULES), chance.choice((1, 2, 4)))
    for number in range(40):
        if number == numbered:
            world.number()
        (act,) = chance.choices(list(_ACTS), list(_ACTS.values()))
        system = chance.choice((A, B))
        if act == "edit":
            world.edit(system, chance.choice(names))
        elif act == "note":
            world.note()
        else:
            getattr(world, act)(system)
    world.settle()
    return world


_FEEDS = ((True, True), (True, False), (False, False))
"""Whether systems say when a record was changed, and whether they tell of every single change."""


def agree_after_crossing(seeds: range) -> None:
    for seed, (dated, tells), step in itertools.product(seeds, _FEEDS, (5.0, 0.05)):
        world = crossed(seed, dated=dated, step=step, tells=tells)
        assert world.sides[A].values == world.sides[B].values, (seed, dated, step, tells)
        assert world.writes <= 5 * world.edits + 4, "no storm"
        if dated:
            agreed(world, seed)


PACES = pytest.mark.parametrize("step", [5.0, 0.05], ids=["slowly", "quickly"])


@PACES
@settings(max_examples=80, deadline=None)
@given(steps=_STEPS)
def test_they_agree_and_no_owner_lost_an_edit(steps: list[tuple[str, str, str]], step: float) -> None:
    agree(steps, step)


@settings(max_examples=80, deadline=None)
@given(_STEPS)
def test_systems_that_do_not_say_when_agree_too(steps: list[tuple[str, str, str]]) -> None:
    agree_without_dates(steps)


@pytest.mark.long
@PACES
@settings(max_examples=5_000, deadline=None)
@given(steps=_STEPS)
def test_they_agree_in_thousands_of_histories(steps: list[tuple[str, str, str]], step: float) -> None:
    agree(steps, step)
    agree_without_dates(steps)


def test_they_agree_while_one_does_not_show_the_number_yet() -> None:
    agree_after_crossing(range(30))


@pytest.mark.long
@pytest.mark.timeout(600)
def test_they_agree_in_thousands_of_histories_with_late_numbers() -> None:
    agree_after_crossing(range(30, 3_000))


def test_an_edit_that_puts_back_what_the_hub_had_written_over_is_an_edit() -> None:
    world = World(dated=True)
    for system in (A, B):
        world.read(system)
        world.judge(system)
    world.sides[A].values["of_a"], world.sides[A].at = "one", 1_010.0
    world.now = 1_020.0
    world.settle()
    world.sides[A].values["of_a"], world.sides[A].at = "two", world.now
    world.settle()
    world.now += 5
    world.sides[A].values["of_a"], world.sides[A].at = "one", world.now
    world.settle()
    assert world.sides[B].values["of_a"] == "one"


def test_a_system_that_writes_a_value_in_its_own_form_is_not_corrected_for_ever() -> None:
    world = World(dated=True)
    world.edit(A, "of_a")
    world.settle()
    for _ in range(20):  # B always makes capitals of it
        world.now += 5
        side = world.sides[B]
        side.values["of_a"], side.at = "A1!", world.now
        world.read(B)
        world.judge(B)
        world.land(B)
        world.note()
    assert world.writes < 8


def test_what_was_given_up_is_no_echo() -> None:
    document = Document()
    note = fingerprint(KEY, "x")
    state = {"of_b": "x"}

    def seen(at: float | None) -> Verdict:
        document.fields.clear()
        change = Change(
            object="thing", system=B, facility="", values=state, prints={"of_b": note}, at=50.0, dated=True, now=60.0
        )
        document.fields.update(Document().fields)
        judge(change, document, Matrix(), lambda sent: Landing(at))
        document.fields["of_b"].view(B).shown = "other"
        document.fields["of_b"].value = "else"
        document.fields["of_b"].view(B).sent = [Sent(note, "m", 0)]
        return judge(change, document, MATRIX, lambda sent: Landing(at))[0].verdict

    assert seen(55.0) is Verdict.KEPT, "an echo, and not what is in force"
    assert seen(-1.0) is Verdict.ACCEPTED


@pytest.mark.parametrize("seeds", [range(100), pytest.param(range(100, 1_000), marks=pytest.mark.long)])
def test_a_system_that_tells_of_every_single_change_late_settles_too(seeds: range) -> None:
    for seed in seeds:
        chance, world = random.Random(seed), World(dated=True, step=0.03)
        for _ in range(150):
            act = chance.choices(["edit", "land", "judge", "note", "read"], [2, 4, 4, 4, 3])[0]
            system = chance.choice((A, B))
            before = world.sides[A].at
            if act == "edit":
                world.edit(system, "shared")
            elif act == "note":
                world.note()
            else:
                getattr(world, act)(B if act == "read" else system)
            if world.sides[A].at != before:
                world.read(A)
        world.settle()
        assert world.sides[A].values == world.sides[B].values, seed


@settings(max_examples=100, deadline=None)
@given(_STEPS)
def test_the_quick_decision_is_that_of_the_judge(steps: list[tuple[str, str, str]]) -> None:
    """What is decided without a judge is decided, and noted, as the judge would have."""
    quick, both = judging._as_ever, []

    def compared(change: Change, name: str, document: Document, rule: Rule) -> judging.Decision | None:
        other = document.copy()
        found = quick(change, name, document, rule)
        if found is not None:
            slow = judging._Judge(change, name, other, rule, lambda sent: Landing(0.0)).decide()
            both.append((found, slow, document.state(), other.state()))
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "_as_ever", compared)
        lived(steps, dated=True)
    for found, slow, one, other in both:
        assert (found, one) == (slow, other)
    assert both or not any(act == "edit" for act, *_ in steps)

"""The crosswalk in memory: what is linked, merged and parted again is answered as the log says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.errors import SettingsError, Unmapped
from hilum.masterdata.crosswalk.memory import Change, Crosswalk, number_of

pytestmark = pytest.mark.req("MD-2")


def linked() -> Crosswalk:
    made = Crosswalk()
    made.put("item", "EHR", "4711", 1)
    made.put("item", "ODOO", "GLV-01", 1)
    made.put("item", "EHR", "8015", 2)
    made.put("item", "ODOO", "GLV-99", 2)
    return made


def test_what_one_system_calls_so_the_other_calls_otherwise() -> None:
    assert linked().id("item", "EHR", "4711", "ODOO") == "GLV-01"
    assert linked().golden("item", "ODOO", "GLV-01") == "item-1"


@pytest.mark.parametrize(
    ("object_", "system", "identifier", "to"),
    [
        ("item", "EHR", "0000", "ODOO"),
        ("item", "LAB", "4711", "ODOO"),
        ("supplier", "EHR", "4711", "ODOO"),
        ("item", "EHR", "4711", "LAB"),
    ],
)
def test_what_is_not_linked_is_unmapped(object_: str, system: str, identifier: str, to: str) -> None:
    with pytest.raises(Unmapped) as found:
        linked().id(object_, system, identifier, to)
    assert identifier in str(found.value)


def test_the_latest_is_what_it_is_called_and_an_alias_is_not() -> None:
    made = linked()
    made.put("item", "ODOO", "GLV-NEW", 1)
    made.put("item", "ODOO", "GLV-ALSO", 1, alias=True)
    assert made.id("item", "EHR", "4711", "ODOO") == "GLV-NEW"
    assert made.golden("item", "ODOO", "GLV-ALSO") == "item-1"
    made.apply(Change(seq=9, act="unlink", object="item", system="ODOO", identifier="GLV-NEW", golden=1))
    assert made.id("item", "EHR", "4711", "ODOO") == "GLV-01"


def test_a_merge_joins_and_an_unmerge_restores() -> None:
    made = linked()
    made.apply(Change(seq=1, act="merge", object="item", golden=2, other=1))
    assert made.golden("item", "EHR", "8015") == "item-1"
    assert made.id("item", "EHR", "8015", "ODOO") == "GLV-01", "the one that stays is called as it was"
    assert made.names("item", "ODOO", 1) == ("GLV-01", "GLV-99")
    made.apply(Change(seq=2, act="unmerge", object="item", golden=2, other=1))
    assert made.id("item", "EHR", "8015", "ODOO") == "GLV-99"
    assert made.names("item", "ODOO", 1) == ("GLV-01",)
    assert made.seq == 2


def test_what_was_merged_is_called_by_what_it_brought() -> None:
    made = Crosswalk()
    made.put("item", "EHR", "1", 1)
    made.put("item", "EHR", "2", 2)
    made.put("item", "ODOO", "B", 2)
    made.join(2, 1)
    assert made.id("item", "EHR", "1", "ODOO") == "B"


def test_the_name_of_a_thing_is_read_or_refused() -> None:
    assert number_of("item-17") == ("item", 17)
    with pytest.raises(SettingsError):
        number_of("17")


_MOVES = st.lists(
    st.tuples(st.sampled_from(["link", "unlink", "merge", "unmerge"]), st.integers(0, 5), st.integers(1, 4)),
    max_size=40,
)


@given(_MOVES)
def test_any_history_is_answered_as_a_plain_list_says(moves: list[tuple[str, int, int]]) -> None:
    made, links, into = Crosswalk(), dict[str, int](), dict[int, int]()

    def root(number: int) -> int:
        while number in into:
            number = into[number]
        return number

    for seq, (act, n, number) in enumerate(moves, 1):
        identifier, other = str(n), n % 4 + 1
        if act == "link" and identifier not in links:
            links[identifier] = number
        elif act == "unlink" and identifier in links:
            number = links.pop(identifier)
        elif act == "merge" and number not in into and other not in into and number != other:
            into[number] = other
        elif act == "unmerge" and number in into:
            other = into.pop(number)
        else:
            continue
        made.apply(Change(seq=seq, act=act, object="x", system="S", identifier=identifier, golden=number, other=other))
    for identifier, number in links.items():
        assert made.golden("x", "S", identifier) == f"x-{root(number)}"
        assert identifier in made.names("x", "S", root(number))
    assert len(made) == len(links)

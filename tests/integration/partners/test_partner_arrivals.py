"""Numbers that a partner counts: what is missing is a case after its grace, what comes late ends it, twice is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hilum.cases import cases
from hilum.flow import Flow
from hilum.formats import edifact, x12
from hilum.journal import Draft, receive
from hilum.message import new_id
from hilum.partners import Arrived, Partners, Profile, arrivals, arrived
from hilum.postgres import Database
from hilum.runtime.partnering import Partnering
from support.looks import rows
from support.projects import make_flow

pytestmark = [pytest.mark.req("SYS-10"), pytest.mark.req("MOD-3")]

X12 = {"ours": {"id": "HILLTOP"}, "theirs": {"id": "GLOVECO"}}
FLOW = "procurement.from_gloveco"


def gloveco(**more: Any) -> Profile:
    facts = {"key": "gloveco", "name": "Gloves Ltd", "format": "x12", "x12": X12, "counts": ["interchanges"]}
    return Profile.model_validate({**facts, **more})


async def come(database: Database, *numbers: int | str, series: str = "interchange") -> list[str]:
    """Interchanges with these numbers come, each in a message of its own; what is told of the last."""
    told: list[str] = []
    for number in numbers:
        async with database.transaction() as connection:
            thing = Arrived(partner="gloveco", numbers=((series, str(number).zfill(9)),))
            told = await arrivals.note(connection, thing, new_id(), FLOW)
    return told


async def change(database: Database, statement: LiteralString) -> None:
    async with database.transaction() as connection:
        await connection.execute(statement)


async def gone(database: Database) -> list[tuple[int, int]]:
    async with database.cold() as connection:
        return [(each.first, each.last) for each in await arrivals.missing(connection)]


async def test_a_gap_is_noticed_and_filled_from_any_side(database: Database) -> None:
    assert await come(database, 17) == []  # whatever was before the first is not asked for
    assert await come(database, 18, 22) == ["interchange 19 to 21 have not come"]
    assert await come(database, 20) == ["interchange 20 was missing, and came"]
    assert await gone(database) == [(19, 19), (21, 21)]
    await come(database, 21, 19, 23)
    assert await gone(database) == []


async def test_a_replay_notes_nothing_and_another_message_of_the_same_number_is_told(database: Database) -> None:
    thing, name = Arrived(partner="gloveco", numbers=(("interchange", "18"),)), new_id()
    for _ in range(2):
        async with database.transaction() as connection:
            assert await arrivals.note(connection, thing, name, FLOW) == []
    assert await come(database, 18) == ["interchange 18 came in another message before"]
    async with database.cold() as connection:
        (twice,) = await arrivals.repeated(connection)
    assert (twice.number, twice.times, twice.message_id) == (18, 1, name)


@pytest.mark.parametrize("again", [[1, 2, 3], [1, 3]])
async def test_a_sequence_that_begins_anew_is_no_gap(database: Database, again: Sequence[int]) -> None:
    await come(database, 999_999_998, 999_999_999, *again)
    assert await gone(database) == ([] if again == [1, 2, 3] else [(2, 2)])


async def test_a_jump_is_a_new_sequence_and_numbers_before_the_first_may_come_late(database: Database) -> None:
    await come(database, 17, 5000, 5001, 16, 5002)
    assert await gone(database) == []
    await come(database, 5010, series="group PO")
    assert await gone(database) == []


async def test_a_person_gives_a_range_up(database: Database) -> None:
    await come(database, 1, 4)
    async with database.transaction() as connection:
        facts = {"series": "interchange", "actor": "ann", "reason": "sent by mail"}
        assert await arrivals.give_up(connection, "gloveco", 9, **facts) == 0
        assert await arrivals.give_up(connection, "gloveco", 3, **facts) == 2
    assert await gone(database) == []


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(list(range(100, 112))), st.integers(min_value=0, max_value=11))
async def test_in_any_order_missing_is_what_has_not_come(database: Database, order: list[int], left: int) -> None:
    await change(database, "TRUNCATE partner_series, partner_arrival, partner_missing")
    came = order[: len(order) - left]
    await come(database, *came)
    expected = {number for number in range(came[0], max(came)) if number not in came}
    found = {number for first, last in await gone(database) for number in range(first, last + 1)}
    assert found == expected - {number for number in expected if number < came[0]}


async def test_what_is_missing_after_its_grace_is_a_case_that_ends_when_it_comes(database: Database) -> None:
    flow: Flow = make_flow(None, name=FLOW)
    look = Partnering(database, Partners([gloveco()]), {flow.name: flow})
    await come(database, 17, 21)
    await look.step()
    assert await rows(database, "SELECT count(*) FROM exception_case") == [(0,)]
    await change(database, "UPDATE partner_missing SET noticed_at = now() - interval '5 hours'")
    await look.step()
    async with database.cold() as connection:
        (case,) = await cases(connection, conditions=True)
    assert (case.category, case.title, case.flow) == (
        "partner.missing", "Interchange numbers of Gloves Ltd missing", FLOW,
    )  # fmt: skip
    assert case.words == "Interchange 18 to 20 of Gloves Ltd did not come, although later ones did, noticed 5 h ago."
    await come(database, 18, 19, 20)
    await look.step()
    assert await rows(database, "SELECT count(*) FROM exception_case WHERE closed_at IS NULL") == [(0,)]


async def test_what_is_held_in_the_hub_is_not_missed(database: Database) -> None:
    flow: Flow = make_flow(None, name=FLOW)
    look = Partnering(database, Partners([gloveco()]), {flow.name: flow})
    await come(database, 17, 19)
    await change(database, "UPDATE partner_missing SET noticed_at = now() - interval '5 hours'")
    async with database.transaction() as connection:
        held = Draft(flow=FLOW, body=b"x", content_type="t", dedup_key="ZZ:GLOVECO/000000018", held=True)
        await receive(connection, [held], 8)
    await look.step()
    assert await rows(database, "SELECT count(*) FROM exception_case WHERE condition LIKE 'partner.%'") == [(0,)]


def test_which_numbers_count_is_said_by_the_profile() -> None:
    profile = gloveco(counts=["interchanges", "groups", "groups_by_kind"])
    assert profile.x12 is not None
    at = "2026-03-04"
    drafts = [x12.Draft("855", [("BAK", "00", "AT", "PO-1", None)]), x12.Draft("856", [("BSN", "00", "S-1", None)])]
    made = x12.build(profile.x12, drafts, numbers=x12.Numbers(18, 5), at=datetime.fromisoformat(at).replace(tzinfo=UTC))
    (found,) = arrived(profile, made)
    assert found.numbers == (
        ("interchange", "000000018"), ("group", "5"), ("group PR", "5"), ("group", "6"), ("group SH", "6"),
    )  # fmt: skip
    assert arrived(gloveco(counts=[]), made) == []
    text = edifact.parse(b"UNB+UNOC:3+A+B+260304:1011+A17'UNH+1+ORDERS:D:96A:UN'BGM+220+P+9'UNT+3+1'UNZ+1+A17'")
    assert arrived(gloveco(), text) == []  # no number: nothing to count
    assert gloveco().gap_after == timedelta(hours=4)

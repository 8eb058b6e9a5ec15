"""Cases without a message: one for each condition as long as it lasts, on an owner's desk, ended by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from hilum import cases
from hilum.cases import Case, NotPossible, Selection
from hilum.cases.jobs import Asked, prepare
from hilum.cases.selection import choose
from hilum.connector import Condition, Misfit
from hilum.flow import Criticality, Flow, Owners
from hilum.journal.audit.acts import ActSearch, search
from hilum.postgres import Database
from support.projects import make_flow

pytestmark = pytest.mark.req("NEW-9")

GONE = Misfit(
    what="res.partner.mobile", expected="char", found="not there", words="It is gone.", operations=("supplier",)
)
TITLE = Misfit(what="res.partner.title", expected="many2one", found="not there", words="It is gone too.")
DRIFT = Condition(category="endpoint.drift", subject="res.partner", title="It has changed", misfits=(GONE,))
ORDERS = make_flow(None, name="test.orders", criticality=Criticality.LOW)
SUPPLIERS = make_flow(
    None, name="test.suppliers", criticality=Criticality.HIGH, owners=Owners(business="Buyers", technical="ERP team")
)
USERS = {"supplier": [ORDERS, SUPPLIERS], "item": [ORDERS]}


async def settled(database: Database, *found: Condition, users: dict[str, list[Flow]] = USERS) -> list[Case]:
    """What is open after a look that found these."""
    async with database.transaction() as connection:
        await cases.settle(connection, "odoo.main", found, users)
    async with database.cold() as connection:
        return await cases.cases(connection)


async def acts(database: Database) -> list[str]:
    async with database.cold() as connection:
        return [act.action for act in reversed(await search(connection, ActSearch())) if act.action.startswith("case_")]


async def test_a_condition_is_one_case_that_counts_its_looks_and_ends_by_itself(database: Database) -> None:
    for looks in (1, 2, 3):
        (found,) = await settled(database, DRIFT)
        assert found.seen == looks
    assert (found.message_id, found.destination, found.flow) == (None, "odoo.main", "test.suppliers")
    assert found.flows == ["test.suppliers", "test.orders"]  # the most vital first; its owner has it
    assert (found.owner, found.other_owner, found.kind) == ("ERP team", "Buyers", "technical")
    assert found.misfits == [{"what": "res.partner.mobile", "expected": "char", "found": "not there"}]
    assert found.next_step.endswith(".")
    assert found.due_at is not None
    assert await settled(database) == []
    async with database.cold() as connection:
        ended = await cases.case(connection, found.id)
    assert ended is not None
    assert (ended.resolution, ended.closed_by, ended.gone_at is not None) == ("ended", "hub", True)
    assert await acts(database) == ["case_opened", "case_ended"]
    (again,) = await settled(database, DRIFT)
    assert again.id != found.id


async def test_what_a_person_closed_stays_closed_until_something_more_is_wrong(database: Database) -> None:
    (found,) = await settled(database, DRIFT)
    async with database.transaction() as connection:
        await cases.close_condition(connection, found.id, actor="eva", reason="We know; the flow goes on Friday.")
    assert await settled(database, DRIFT) == []
    (more,) = await settled(database, replace(DRIFT, misfits=(GONE, TITLE)))
    assert (more.id, more.closed_by) == (found.id, None)
    assert [each["what"] for each in more.misfits] == ["res.partner.mobile", "res.partner.title"]
    async with database.cold() as connection:
        (note,) = await cases.notes(connection, found.id)
    assert note.words == "Now also: res.partner.title."
    (less,) = await settled(database, DRIFT)
    assert less.id == found.id
    async with database.cold() as connection:
        assert [each.words for each in await cases.notes(connection, found.id)][1:] == ["No more: res.partner.title."]
    assert await acts(database) == ["case_opened", "case_closed", "case_renewed", "case_renewed"]


async def test_destinations_and_conditions_do_not_mix(database: Database) -> None:
    key = Condition(
        category="endpoint.key", subject="key", title="The key ends soon", due=datetime.now(UTC) + timedelta(days=3),
        misfits=(Misfit(what="key", expected="more", found="less", words="It ends."),),
    )  # fmt: skip
    assert len(await settled(database, DRIFT, key)) == 2
    async with database.transaction() as connection:
        await cases.settle(connection, "odoo.other", [DRIFT], USERS)
    (left, other) = sorted(await settled(database, key), key=lambda case: case.destination)
    assert (left.category, left.due_at, other.destination) == ("endpoint.key", key.due, "odoo.other")
    async with database.cold() as connection:
        assert [case.destination for case in await cases.conditions(connection)] == ["odoo.main", "odoo.other"]


async def test_people_find_assign_hand_over_and_note_it_like_any_case(database: Database) -> None:
    (found,) = await settled(database, DRIFT)
    async with database.transaction() as connection:
        assert await cases.assign(connection, found.id, to="eva", actor="jo")
        await cases.add_note(connection, found.id, actor="eva", words="Asked the ERP vendor.")
        assert await cases.hand_over(connection, found.id, actor="eva", reason="they know the field") == "Buyers"
    await settled(database, DRIFT)
    async with database.cold() as connection:
        for filters in ({"flow": "test.orders"}, {"flow": "test.suppliers"}, {"owner": "Buyers"}):
            (same,) = await cases.cases(connection, **filters)  # type: ignore[arg-type]
            assert (same.id, same.seen) == (found.id, 2)
            (grouped,) = await cases.groups(connection, **filters)  # type: ignore[arg-type]
            assert (grouped.messages, grouped.conditions, grouped.count, grouped.size) == (0, 1, 1, 0)
        assert await cases.cases(connection, flow="test.others") == []
        assert [(one.flow, one.count) for one in await cases.count_open(connection)] == [("test.suppliers", 1)]


async def test_acts_on_messages_leave_it_alone(database: Database) -> None:
    (found,) = await settled(database, DRIFT)
    async with database.cold() as connection:
        for selection in (Selection(group=found.group_key), Selection(category="endpoint.drift")):
            assert (await choose(connection, selection)).ids == []
            for act in ("replay", "discard", "assign"):
                assert (await prepare(connection, Asked(act=act, selection=selection))).steps == ()


async def test_a_condition_without_flows_of_this_hub_is_with_the_engineers(database: Database) -> None:
    (found,) = await settled(database, DRIFT, users={})
    assert (found.flow, found.flows, found.owner, found.other_owner) == ("", [], "Integration", "")
    async with database.transaction() as connection:
        with pytest.raises(NotPossible, match="no other owner"):
            await cases.hand_over(connection, found.id, actor="eva", reason="to whom?")


async def test_the_database_refuses_a_second_case_and_one_about_nothing(database: Database) -> None:
    await settled(database, DRIFT)
    copy = (
        "INSERT INTO exception_case (flow, ordinal, destination, condition, category, kind, title, words, next_step,"
        " owner) SELECT flow, ordinal, destination, {}, category, kind, title, words, next_step, owner"
        " FROM exception_case"
    )
    for condition, error in (("condition", psycopg.errors.UniqueViolation), ("''", psycopg.errors.CheckViolation)):
        with pytest.raises(error):
            async with database.transaction() as connection:
                await connection.execute(copy.format(condition).encode())

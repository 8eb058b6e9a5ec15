"""One list of cases and tasks: its filters, its orders, its search, its figures by team, on the real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import pytest
import pytest_asyncio
from pydantic import BaseModel, Field

from hilum import cases, desk
from hilum.canonical import Money
from hilum.cases.classify import Finding
from hilum.desk import Filter
from hilum.flow import Criticality, Owners, Stake
from hilum.message import new_id
from hilum.observe import catalogue
from hilum.observe.snapshot import Sample
from hilum.postgres import Database
from hilum.processes import Task, tasks
from hilum.security import Role, User
from support.projects import make_flow

pytestmark = pytest.mark.req("UX-2")


class Decision(BaseModel):
    decision: Literal["accept", "refuse"] = Field(description="accept: post it; refuse: tell the supplier.")
    comment: str = ""


def eur(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


@pytest_asyncio.fixture
async def filled(database: Database) -> AsyncIterator[Database]:
    """Three cases and two tasks of several teams, ages and amounts."""
    run = new_id()
    async with database.transaction() as connection:
        for flow, category, stake, hours in (
            ("bills", "unmapped", Stake(value=eur("500")), 1),
            ("bills", "unsure", Stake(value=Money(amount=Decimal(90), currency="USD")), 30),
            ("doses", "unmapped", Stake(criticality=Criticality.VITAL), 2),
        ):
            declared = make_flow(None, name=flow, owners=Owners(business="Buyers", technical="Integration"))
            finding = Finding(category=category, title=f"Something of {flow}", words=f"GTIN 0401 of {flow}")
            await cases.open_case(
                connection, finding, flow=flow, declared=declared, message_id=new_id(), stake=stake, destination="odoo"
            )
            await connection.execute(
                "UPDATE exception_case SET opened_at = opened_at - make_interval(hours => %s), due_at = due_at -"
                " make_interval(hours => %s) WHERE id = (SELECT max(id) FROM exception_case)",
                [hours, hours],
            )
        await connection.execute(
            "INSERT INTO process_run (id, process, version, key, workflow) VALUES (%s, 'orders', '1', 'PO-7', 'w')",
            [run],
        )
        for step, (title, value, team) in enumerate((("Bill B-1", "9000.50", "Buyers"), ("Bill B-2", "7", "Payables"))):
            asked = Task(title, Decision, team=team, words="too dear", value=eur(value), due="PT1H")
            await tasks.put(connection, "orders", run, step, asked)
    yield database


async def titles(database: Database, **wanted: Any) -> list[str]:
    async with database.cold() as connection:
        found = await desk.find(connection, Filter(**wanted))
    assert found.total == len(found.entries)
    return [each.title.removeprefix("Something of ") for each in found.entries]


async def test_the_list_is_filtered_and_sorted_by_what_decides_what_comes_first(filled: Database) -> None:
    assert (await titles(filled))[0] == "doses"  # vital
    assert await titles(filled, sort="value") == ["Bill B-1", "bills", "bills", "Bill B-2", "doses"]
    assert (await titles(filled, sort="age"))[:2] == ["bills", "doses"]
    assert await titles(filled, team="Payables") == ["Bill B-2"]
    assert await titles(filled, team="Integration") == ["bills"]
    assert await titles(filled, what="task", sort="value") == ["Bill B-1", "Bill B-2"]
    assert await titles(filled, older=timedelta(days=1)) == ["bills"]
    assert sorted(await titles(filled, due="breached")) == ["bills", "doses"]
    assert sorted(await titles(filled, due="soon")) == ["Bill B-1", "Bill B-2", "bills", "doses"]
    assert sorted(await titles(filled, at_least=Decimal(90))) == ["Bill B-1", "bills", "bills"]
    assert await titles(filled, criticality=2) == ["doses"]
    assert await titles(filled, flow="orders", sort="value") == ["Bill B-1", "Bill B-2"]
    assert await titles(filled, category="unsure") == ["bills"]
    assert await titles(filled, person="eva") == []


async def test_the_search_finds_words_only_of_what_may_be_read_and_identifiers_always(filled: Database) -> None:
    assert len(await titles(filled, text="gtin 0401")) == 3
    assert await titles(filled, text="gtin 0401", readable=["doses"]) == ["doses"]
    assert await titles(filled, text="dear", readable=[]) == []
    assert await titles(filled, text="PO-7", sort="value", readable=[]) == ["Bill B-1", "Bill B-2"]
    assert await titles(filled, text="%") == []  # a text, not a pattern
    async with filled.transaction() as connection:
        cursor = await connection.execute("SELECT message_id FROM exception_case WHERE flow = 'doses'")
        (message,) = await cursor.fetchone() or (None,)
        await connection.execute("INSERT INTO identifier (value, message_id) VALUES ('ACC-9', %s)", [message])
    assert await titles(filled, text="ACC-9", readable=[]) == ["doses"]


async def test_sums_are_by_currency_and_pages_are_of_one_list(filled: Database) -> None:
    async with filled.cold() as connection:
        whole = await desk.find(connection, Filter(sort="value"))
        first = await desk.find(connection, Filter(sort="value"), limit=2)
        then = await desk.find(connection, Filter(sort="value"), limit=2, skip=2)
    assert whole.at_stake == {"EUR": Decimal("9507.50"), "USD": Decimal(90)}
    assert (whole.total, whole.breached) == (5, 2)
    assert first.entries + then.entries == whole.entries[:4]


async def test_an_escalated_entry_is_of_both_teams(filled: Database) -> None:
    async with filled.transaction() as connection:
        await connection.execute(
            "UPDATE exception_case SET escalated_at = now(), escalated_to = 'Direction' WHERE category = 'unsure'"
        )
    assert await titles(filled, team="Direction") == await titles(filled, team="Integration") == ["bills"]
    async with filled.cold() as connection:
        assert await desk.teams(connection) == ["Buyers", "Direction", "Integration", "Payables"]


async def test_figures_by_team_are_what_the_metrics_tell(filled: Database) -> None:
    sample = Sample()
    async with filled.cold() as connection:
        found = {(each.team, each.what): each for each in await desk.figures(connection)}
        await desk.measure(connection, sample)
    buyers = found["Buyers", "case"]
    assert (buyers.open, buyers.breached, buyers.unassigned, buyers.escalated) == (2, 1, 2, 0)
    assert buyers.median_seconds == pytest.approx(1.5 * 3600, abs=120)
    assert found["Payables", "task"].soon == 1
    assert sample.get(catalogue.DESK_OPEN)["Buyers", "case"] == 2
    assert sample.get(catalogue.DESK_BREACHED)["Integration", "case"] == 1
    assert sample.get(catalogue.DESK_AGE)["Buyers", "case"] == pytest.approx(buyers.median_seconds, abs=60)


def person(role: Role, name: str = "mia") -> User:
    return User(name=name, role=role, disabled=False, created_at=datetime.now(UTC), created_by="t", last_login_at=None)


async def test_the_moves_of_a_task_are_the_answers_of_its_form(filled: Database) -> None:
    async with filled.cold() as connection:
        (asked, _) = await tasks.inbox(connection)
    moves = desk.moves_of_task(asked, person(Role.STEWARD))
    assert [(each.key, each.label, each.follows, each.why_not) for each in moves] == [
        ("accept", "Accept", "post it", ""), ("refuse", "Refuse", "tell the supplier", "")
    ]  # fmt: skip
    assert all("approve" in each.why_not for each in desk.moves_of_task(asked, person(Role.OPERATOR)))


class Approval(BaseModel):
    approved: bool = Field(description="Order it.")
    comment: str = ""


class Two(BaseModel):
    approved: bool
    urgent: bool


class WithWords(BaseModel):
    approved: bool
    compared: str


def test_a_form_with_one_decision_is_answered_by_buttons_and_another_one_is_a_form() -> None:
    choice = desk.choice_of(Approval.model_json_schema())
    assert choice is not None
    assert (choice.field, choice.options, choice.others) == (
        "approved",
        {"true": "Order it.", "false": ""},
        ("comment",),
    )
    assert [desk.label_of(choice, value) for value in choice.options] == ["Approved: yes", "Approved: no"]
    assert desk.choice_of(Two.model_json_schema()) is None
    said = desk.choice_of(WithWords.model_json_schema())
    assert said is not None
    assert (said.field, said.others) == ("approved", ("compared",))
    assert desk.choice_of({"properties": {"text": {"type": "string"}}, "required": ["text"]}) is None


async def test_the_moves_of_a_case_are_those_that_what_is_held_allows(filled: Database) -> None:
    async with filled.cold() as connection:
        (case,) = [each for each in await cases.cases(connection) if each.category == "unsure"]
    may = {each.key: each.why_not for each in desk.moves_of_case(case, person(Role.OPERATOR))}
    assert may == {
        "replay": "", "edit": "Needs the role steward or admin.", "discard": "Needs the role steward or admin.",
        "assign": "", "hand_over": "",
    }  # fmt: skip

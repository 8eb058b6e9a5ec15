"""Random bulk acts, approvals and kills against a small model: nothing twice, nothing unapproved, all of it audited."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hilum.cases import NotPossible, Selection, approvals, jobs, open_case, run_batch, running
from hilum.cases.classify import classify
from hilum.cases.jobs import Asked
from hilum.errors import Invalid
from hilum.journal import Draft, receive
from hilum.journal.moves import move_message
from hilum.postgres import Connection, Database
from hilum.security import Role, User
from hilum.settings import ApprovalRule
from support.acting import job, made, policy
from support.looks import assert_sound, rows
from support.servers import LANES, Databases

COUNT = 6
NEEDED = policy(ApprovalRule(act="discard", more_than=2))  # three or more need a second person
PEOPLE = ("ada", "ben")

STEP = st.one_of(
    st.tuples(st.just("make"), st.sampled_from(["replay", "discard"]), st.sets(st.integers(0, COUNT - 1), min_size=1)),
    st.tuples(st.just("run"), st.booleans()),
    st.tuples(st.just("decide"), st.integers(0, 3), st.sampled_from(PEOPLE), st.booleans()),
    st.tuples(st.just("move"), st.integers(0, 3), st.sampled_from(["pause", "resume", "cancel"])),
    st.tuples(st.just("hold"), st.integers(0, COUNT - 1)),
)


class Killed(BaseException):
    """The process ends in the middle of a batch."""


class Story:
    """Carries the steps out, and remembers what each job was allowed to do."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.ids: list[UUID] = []
        self.people: dict[str, User] = {}
        self.made: dict[int, tuple[str, str, set[UUID]]] = {}  # job → act, who, messages
        self.approved: dict[int, str] = {}  # job → by whom

    async def begin(self) -> None:
        for name in PEOPLE:
            self.people[name] = User(
                name=name, role=Role.STEWARD, disabled=False, created_at=datetime.now(UTC), created_by="test",
                last_login_at=None,
            )  # fmt: skip
        for n in range(COUNT):
            draft = Draft(flow="f", body=b"%d" % n, content_type="text/plain", held=True)
            async with self.database.transaction() as connection:
                await receive(connection, [draft], LANES)
                await self._open(connection, draft.id)
            self.ids.append(draft.id)

    async def _open(self, connection: Connection, message_id: UUID) -> None:
        await open_case(connection, classify(Invalid("no")), flow="f", declared=None, message_id=message_id)

    async def make(self, act: str, which: set[int]) -> None:
        who = PEOPLE[len(self.made) % 2]
        chosen = tuple(self.ids[n] for n in sorted(which))
        with suppress(NotPossible):
            planned = await made(self.database, Asked(act=act, selection=Selection(ids=chosen)), by=who, rules=NEEDED)
            items = await rows(self.database, "SELECT message_id FROM job_item WHERE job_id = %s", [planned.id])
            self.made[planned.id] = (act, who, {row[0] for row in items})
            assert (planned.state == "waiting") == (act == "discard" and len(items) > 2)

    async def run(self, killed: bool) -> None:
        """One batch; killed, nothing of it is done."""
        if not killed:
            await run_batch(self.database)
            return
        before = await rows(self.database, "SELECT id, state::text, state_at FROM message ORDER BY id")
        original, running._note = running._note, _kill  # type: ignore[assignment]
        try:
            await run_batch(self.database)
        except Killed:
            pass
        finally:
            running._note = original
        assert await rows(self.database, "SELECT id, state::text, state_at FROM message ORDER BY id") == before

    async def decide(self, number: int, name: str, agrees: bool) -> None:
        async with self.database.cold() as connection:
            found = await approvals.approvals(connection)
        if number >= len(found):
            return
        request = found[number]
        act = approvals.approve if agrees else approvals.refuse
        own = request.requested_by == name
        try:
            async with self.database.transaction() as connection:
                await act(connection, request.id, user=self.people[name], reason="decided")
        except NotPossible:
            assert own
            return
        assert not own
        if agrees:
            self.approved[int(request.subject["job"])] = name

    async def move(self, number: int, how: str) -> None:
        if number < len(self.made):
            act = {"pause": jobs.pause, "resume": jobs.resume, "cancel": jobs.cancel}[how]
            with suppress(NotPossible):
                async with self.database.transaction() as connection:
                    await act(connection, sorted(self.made)[number], by="ada", reason="moved")

    async def hold(self, number: int) -> None:
        """A message that was replayed fails again."""
        async with self.database.transaction() as connection:
            if await move_message(connection, self.ids[number], ("received",), "held") is not None:
                await self._open(connection, self.ids[number])

    async def check(self) -> None:
        acts = await rows(
            self.database,
            "SELECT action, actor, message_id, words FROM audit WHERE action IN ('replay', 'discard')"
            " AND message_id IS NOT NULL",
        )
        audited = Counter(
            (int(words.rpartition("(job ")[2].rstrip(")")), action, actor, message_id)
            for action, actor, message_id, words in acts
        )
        assert not audited or max(audited.values()) == 1  # no message twice in one job
        done = await rows(self.database, "SELECT job_id, message_id FROM job_item WHERE state = 'done'")
        assert {(number, message_id) for number, _, _, message_id in audited} == set(done)  # each act has its row
        for number, action, actor, message_id in audited:
            act, who, messages = self.made[number]
            assert (action, actor) == (act, who)
            assert message_id in messages
            if act == "discard" and len(messages) > 2:
                assert self.approved[number] != who
        for number in self.made:
            found = await job(self.database, number)
            assert found.settled <= found.total
            if found.state == "done":
                assert found.settled == found.total
        begun = await rows(self.database, "SELECT count(*) FROM audit WHERE action = 'job_made'")
        assert begun == [(len(self.made),)]
        used = await rows(self.database, "SELECT count(*) FROM audit WHERE action = 'approved'")
        assert used == [(len(self.approved),)]
        await assert_sound(self.database)


async def _kill(*_: object, **__: object) -> None:
    raise Killed


async def live(url: str, steps: list[tuple[object, ...]]) -> None:
    database = Database(url, hot=2, cold=3)
    await database.open()
    try:
        story = Story(database)
        await story.begin()
        for name, *values in steps:
            await getattr(story, str(name))(*values)
            await story.check()
        while await run_batch(database) is not None:
            pass
        await story.check()
    finally:
        await database.close()


@pytest.mark.req("MSG-7")
@pytest.mark.req("MSG-17")
@given(steps=st.lists(STEP, min_size=4, max_size=14))
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_acts_are_done_once_approved_and_audited(databases: Databases, steps: list[tuple[object, ...]]) -> None:
    with databases.migrated() as url, asyncio.Runner() as runner:
        runner.run(live(url, steps))


@pytest.mark.long
@pytest.mark.timeout(3000)
@given(steps=st.lists(STEP, min_size=10, max_size=50))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_many_long_stories_of_acts(databases: Databases, steps: list[tuple[object, ...]]) -> None:
    with databases.migrated() as url, asyncio.Runner() as runner:
        runner.run(live(url, steps))

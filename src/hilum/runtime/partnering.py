"""Looks now and then at what partners have not acknowledged; what is overdue or rejected becomes a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from hilum import cases
from hilum.connector import Condition, Misfit
from hilum.flow import Flow
from hilum.partners import Partners, Profile, register
from hilum.partners.register import Outstanding
from hilum.partners.words import called, sentence
from hilum.postgres import Connection, Database

EVERY: Final = 60.0
"""Seconds between two looks."""

UNACKNOWLEDGED, REJECTED = "partner.unacknowledged", "partner.rejected"

_MANY: Final = 20
"""More documents of one partner than this are one case: then it is the line that is at fault, not each document."""

_LOCK: Final = 0x68696C65  # of the hubs that look at once only one writes


class Partnering:
    """The partners of one hub."""

    def __init__(self, database: Database, partners: Partners, flows: Mapping[str, Flow]) -> None:
        self._database = database
        self._partners = partners
        self._users = {name: [flow] for name, flow in flows.items()}

    async def step(self) -> None:
        """Look at all. Raises `DatabaseUnavailable`."""
        async with self._database.transaction() as connection:
            cursor = await connection.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            if await cursor.fetchone() != (True,):
                return
            await register.catch_up(connection, self._partners)
            found = await register.outstanding(connection)
            now = datetime.now(UTC)
            for profile in self._partners.values():
                own = [each for each in found if each.partner == profile.key]
                conditions = conditions_of(profile, own, now)
                await cases.settle(
                    connection, f"partner.{profile.key}", conditions, self._users, reason="It is acknowledged."
                )
            await self._end_former(connection)

    async def _end_former(self, connection: Connection) -> None:
        """Cases of partners that this project has no more are over: nobody waits for their answers."""
        cursor = await connection.execute(
            "SELECT DISTINCT destination FROM exception_case"
            " WHERE condition LIKE 'partner.%%' AND gone_at IS NULL AND destination <> ALL (%s)",
            [[f"partner.{key}" for key in self._partners]],
        )
        for (destination,) in await cursor.fetchall():
            await cases.settle(connection, destination, [], self._users, reason="The partner has no profile any more.")


def conditions_of(profile: Profile, found: Sequence[Outstanding], now: datetime) -> list[Condition]:
    """What is wrong with what was sent to a partner, document by document; of very many in one."""
    overdue = [each for each in found if each.state is None and each.due_at is not None and each.due_at < now]
    rejected = [each for each in found if each.state == "rejected"]
    return [*_told(profile, overdue, UNACKNOWLEDGED, now), *_told(profile, rejected, REJECTED, now)]


def _told(profile: Profile, found: Sequence[Outstanding], category: str, now: datetime) -> list[Condition]:
    if len(found) > _MANY:
        return [_of_many(profile, found, category, now)]
    return [_of_one(profile, each, category, now) for each in found]


def _of_one(profile: Profile, each: Outstanding, category: str, now: datetime) -> Condition:
    what = (
        called(each.code, each.document) if each.document else f"{called(each.code, '')} in interchange {each.number}"
    )
    words = sentence(profile, each, now)
    state = "rejected" if category == REJECTED else "not acknowledged"
    misfit = Misfit(what=what, expected=_expected(each), found=state, words=words, operations=(each.flow,))
    title = f"{what[:1].upper()}{what[1:]} {state}"
    return Condition(category=category, subject=f"{what} (interchange {each.number})", title=title, misfits=(misfit,))


def _of_many(profile: Profile, found: Sequence[Outstanding], category: str, now: datetime) -> Condition:
    state = "rejected" if category == REJECTED else "not acknowledged"
    words = (
        f"{len(found)} documents sent to {profile.name} were {state}; the oldest: {sentence(profile, found[0], now)}"
    )
    flows = tuple(sorted({each.flow for each in found}))
    misfit = Misfit(what="many documents", expected="acknowledgements", found=state, words=words, operations=flows)
    return Condition(category=category, subject="many", title=f"Documents to {profile.name} {state}", misfits=(misfit,))


def _expected(each: Outstanding) -> str:
    return f"acknowledged by {each.due_at:%Y-%m-%d %H:%M} UTC" if each.due_at is not None else "accepted"

"""Looks now and then at what partners have not acknowledged; what is overdue or rejected becomes a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from hilum import cases
from hilum.connector import Condition, Misfit
from hilum.flow import Flow
from hilum.journal import known_keys
from hilum.partners import Partners, Profile, arrivals, register
from hilum.partners.arrivals import Missing
from hilum.partners.register import Outstanding
from hilum.partners.words import called, counted, sentence
from hilum.postgres import Connection, Database

EVERY: Final = 60.0
"""Seconds between two looks."""

UNACKNOWLEDGED, REJECTED, MISSING = "partner.unacknowledged", "partner.rejected", "partner.missing"

_MANY: Final = 20
"""More documents of one partner than this are one case: then it is the line that is at fault, not each document."""

_LOOKED_FOR: Final = 200
"""Missing numbers of one partner, at most, that are looked for among what is held in the hub."""

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
            missing = await arrivals.missing(connection)
            now = datetime.now(UTC)
            for profile in self._partners.values():
                own = [each for each in found if each.partner == profile.key]
                conditions = conditions_of(profile, own, now)
                gone = await self._gone(connection, profile, [each for each in missing if each.partner == profile.key])
                conditions += missing_of(profile, gone, now)
                await cases.settle(
                    connection, f"partner.{profile.key}", conditions, self._users, reason="It is acknowledged."
                )
            await self._end_former(connection)

    async def _gone(self, connection: Connection, profile: Profile, found: Sequence[Missing]) -> Sequence[Missing]:
        """Without the interchanges that the hub has, and that wait in it for a person to mend them."""
        own = [each for each in found if each.series == arrivals.INTERCHANGE]
        if not own:
            return found
        keys = {f"{profile.parties[1]}/{text}": number for number, text in arrivals.as_written(own, _LOOKED_FOR)}
        here = {keys[key] for key in await known_keys(connection, [own[0].flow], [*keys])}
        return [
            each
            for each in found
            if each.series != arrivals.INTERCHANGE or not here.issuperset(range(each.first, each.last + 1))
        ]

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


def missing_of(profile: Profile, found: Sequence[Missing], now: datetime) -> list[Condition]:
    """The numbers that are still missing after the grace of the profile: one case for all of one series."""
    late = [each for each in found if each.noticed_at + profile.gap_after < now]
    return [
        _of_series(profile, series, [each for each in late if each.series == series], now)
        for series in sorted({each.series for each in late})
    ]


def _of_series(profile: Profile, series: str, found: Sequence[Missing], now: datetime) -> Condition:
    misfits = tuple(
        Misfit(
            what=f"{series} {each}", expected="came before later ones", found="not here",
            words=counted(profile, each, now), operations=(each.flow,),
        )
        for each in found[:_MANY]
    )  # fmt: skip
    return Condition(
        category=MISSING, subject=f"numbers of {series}", misfits=misfits,
        title=f"{series[:1].upper()}{series[1:]} numbers of {profile.name} missing",
    )  # fmt: skip


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

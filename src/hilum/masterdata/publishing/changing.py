"""From a draft to a published version: draft, submit, approve by another person, publish; and back by a new version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from psycopg.types.json import Jsonb

from hilum.errors import SettingsError
from hilum.journal.audit import record
from hilum.journal.text import storable
from hilum.masterdata.publishing import reading
from hilum.masterdata.publishing.objects import model_of
from hilum.masterdata.publishing.reading import Change, ChangeSet, Content
from hilum.postgres import Connection
from hilum.security import User, why_no_second

_LOCK = 0x48494C50  # "HILP"

_IS: Final[Mapping[str, str]] = {
    "draft": "is a draft",
    "review": "is in review",
    "approved": "is approved",
    "published": "is published",
    "refused": "was refused",
    "withdrawn": "was withdrawn",
}
"""What is said of a change set in each state."""
_ONLY: Final[Mapping[str, str]] = {
    "review": "a draft can be submitted for review",
    "approved": "one in review can be approved",
    "refused": "one in review can be refused",
    "withdrawn": "one that is neither published, refused nor withdrawn can be withdrawn",
    "published": "an approved one can be published",
}
"""By the state that it was to have: what may be brought there."""


async def draft(
    connection: Connection,
    object_: str,
    title: str,
    contents: Mapping[str, Content | None],
    *,
    author: str,
    whole: bool = False,
    restores: int | None = None,
) -> int:
    """Within a transaction: a new change set; content by key, none: the record goes. Returns its number.

    `whole`: what is published and not named here goes too. Raises `SettingsError` where nothing would change.
    """
    model_of(object_)
    now = await reading.content(connection, object_)
    wanted = {**(dict.fromkeys(now) if whole else {}), **contents}
    found = [
        Change(key=key, before=now.get(key), after=after)
        for key, after in sorted(wanted.items())
        if now.get(key) != after
    ]
    if not found:
        raise SettingsError(f"Nothing would change: the published {object_} say this already.")
    cursor = await connection.execute(
        "INSERT INTO master_set (object, title, author, restores) VALUES (%s, %s, %s, %s) RETURNING id",
        [object_, storable(title), author, restores],
    )
    row = await cursor.fetchone()
    number = int(row[0]) if row else 0
    await connection.cursor().executemany(
        "INSERT INTO master_change (set_id, key, before, after) VALUES (%s, %s, %s, %s)",
        [[number, each.key, _json(each.before), _json(each.after)] for each in found],
    )
    await _note(connection, author, "master_drafted", number, f"{object_}, {len(found)} changes: {title}")
    return number


async def submit(connection: Connection, number: int, *, by: str, reason: str) -> None:
    """Within a transaction: ask another person to look at it. Raises `SettingsError`."""
    await _step(connection, number, ("draft",), "review", by=by, reason=reason)
    await connection.execute("UPDATE master_set SET submitted_by = %s WHERE id = %s", [by, number])
    await _note(connection, by, "master_submitted", number, reason)


async def approve(connection: Connection, number: int, *, user: User, reason: str) -> None:
    """Within a transaction: another person agrees. Raises `SettingsError`."""
    await _decide(connection, number, "approved", user, reason)


async def refuse(connection: Connection, number: int, *, user: User, reason: str) -> None:
    """Within a transaction: another person does not agree. Raises `SettingsError`."""
    await _decide(connection, number, "refused", user, reason)


async def withdraw(connection: Connection, number: int, *, by: str, reason: str) -> None:
    """Within a transaction: it ends unpublished. Raises `SettingsError`."""
    await _step(connection, number, ("draft", "review", "approved"), "withdrawn", by=by, reason=reason)
    await _note(connection, by, "master_withdrawn", number, reason)


async def publish(connection: Connection, number: int, *, by: str, reason: str) -> int:
    """Within a transaction: it becomes the next version, which flows take from then on. Returns the version.

    Raises `SettingsError` where it is not approved, or where a record was published otherwise since it was drafted.
    """
    found = await _need(connection, number)
    await connection.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, found.object])
    await _step(connection, number, ("approved",), "published", by=by, reason=reason)
    version = await reading.latest(connection, found.object) + 1
    changes = await reading.changes(connection, number)
    await _not_overtaken(connection, found, changes)
    await _write(connection, found.object, version, changes)
    await connection.execute(
        "INSERT INTO master_version (object, version, set_id, published_by) VALUES (%s, %s, %s, %s)",
        [found.object, version, number, by],
    )
    await connection.execute("UPDATE master_set SET version = %s WHERE id = %s", [version, number])
    await _note(connection, by, "master_published", number, f"{found.object} version {version}: {reason}")
    return version


async def restore(connection: Connection, object_: str, version: int, *, author: str, reason: str) -> int:
    """Within a transaction: draft the way back to an earlier version; returns the number of the change set.

    It is reviewed and published like any other, as a new version with the old content. Raises `SettingsError`.
    """
    model_of(object_)
    latest = await reading.latest(connection, object_)
    if version == latest:
        raise SettingsError(f"Version {version} of {object_} is in force already: there is nothing to go back to.")
    if not 0 <= version < latest:
        raise SettingsError(f"There is no version {version} of {object_}; the one in force is {latest}.")
    old = await reading.content(connection, object_, version)
    title = f"back to version {version}: {reason}"
    return await draft(connection, object_, title, old, author=author, whole=True, restores=version)


async def _decide(connection: Connection, number: int, state: str, user: User, reason: str) -> None:
    found = await _need(connection, number)
    for first in {found.author, found.submitted_by}:
        if why := why_no_second(user, asked_by=first):
            raise SettingsError(why)
    await _step(connection, number, ("review",), state, by=user.name, reason=reason)
    await connection.execute(
        "UPDATE master_set SET reviewer = %s, decided_at = now() WHERE id = %s", [user.name, number]
    )
    await _note(connection, user.name, f"master_{state}", number, reason)


async def _need(connection: Connection, number: int) -> ChangeSet:
    """The change set, locked. Raises `SettingsError`."""
    found = await reading.change_set(connection, number, lock=True)
    if found is None:
        raise SettingsError(f"There is no change set {number}.")
    return found


async def _step(connection: Connection, number: int, states: Sequence[str], to: str, *, by: str, reason: str) -> None:
    found = await _need(connection, number)
    if found.state not in states:
        raise SettingsError(f"Change set {number} {_IS[found.state]}, and only {_ONLY[to]}.")
    await connection.execute(
        "UPDATE master_set SET state = %s, reason = %s WHERE id = %s", [to, storable(reason), number]
    )


async def _not_overtaken(connection: Connection, found: ChangeSet, changes: Sequence[Change]) -> None:
    """Raises `SettingsError` where somebody published one of the records meanwhile."""
    now = await reading.content(connection, found.object)
    stale = [each.key for each in changes if now.get(each.key) != each.before]
    if stale:
        named = ", ".join(stale[:5]) + (", …" if len(stale) > 5 else "")
        raise SettingsError(
            f"{len(stale)} of its records were published otherwise since it was drafted ({named}): draft it again."
        )


async def _write(connection: Connection, object_: str, version: int, changes: Sequence[Change]) -> None:
    await connection.execute(
        "UPDATE master_record SET until = %s WHERE object = %s AND until IS NULL AND key = ANY(%s)",
        [version, object_, [each.key for each in changes if each.before is not None]],
    )
    await connection.cursor().executemany(
        "INSERT INTO master_record (object, key, since, content) VALUES (%s, %s, %s, %s)",
        [[object_, each.key, version, _json(each.after)] for each in changes if each.after is not None],
    )


def _json(content: Content | None) -> Any:
    return None if content is None else Jsonb(dict(content))


async def _note(connection: Connection, actor: str, action: str, number: int, words: str) -> None:
    await record(connection, actor=actor, action=action, words=f"change set {number}: {words}")

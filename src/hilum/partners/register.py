"""The register: control numbers are drawn in it, and what was sent stays in it until the partner has answered.

Numbers are drawn under the lock of their counter, in the transaction that notes what they are for: no two workers draw
the same, none is lost by a restart, and one that was drawn and never sent is there to be seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from hilum.partners import awaited
from hilum.partners.answers import Settled
from hilum.partners.profile import Profile
from hilum.postgres import Connection

MOST_NUMBER: Final = 999_999_999
"""The largest control number that nine digits can write; the one after it is 1."""

_KEPT: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One transaction set or message of what is sent."""

    code: str  # 850, ORDERS
    number: str  # ST02, UNH-01
    document: str = ""  # number of the business document in it
    change: str = ""  # number of the change of that document; empty: it is the document itself
    functional_id: str = ""  # GS01
    group: int = 0  # the n-th functional group of the interchange, from 0


@dataclass(frozen=True, slots=True)
class Drawn:
    """The numbers of one delivery, the same at each attempt."""

    number: int
    first_group: int
    at: datetime  # when they were drawn: the time in the envelope, so that each attempt has the same bytes
    former: tuple[int, datetime] | None = None  # number and time of what was sent before of the same document


@dataclass(frozen=True, slots=True, kw_only=True)
class Outstanding:
    """A document that the partner has not accepted."""

    partner: str
    format: str
    number: int  # of its interchange
    code: str
    document: str
    flow: str
    message_id: UUID
    drawn_at: datetime
    sent_at: datetime | None  # none: it was not sent (yet)
    due_at: datetime | None
    state: str | None  # none: not answered
    words: str = ""


async def draw(
    connection: Connection,
    profile: Profile,
    *,
    message_id: UUID,
    ordinal: int,
    flow: str,
    contents: Sequence[Content],
    groups: int = 0,
) -> Drawn:
    """Within a transaction: the numbers of a delivery; those that it has already where it was tried before.

    `contents`: what the partner is to answer. `groups`: functional groups, each of which has a number of its own.
    """
    pair = (profile.format, *profile.parties)
    for kind in ("interchange", "group"):
        await connection.execute(
            "INSERT INTO partner_counter (format, ours, theirs, kind, last) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [*pair, kind, profile.first_number - 1],
        )
    await connection.execute(
        "SELECT FROM partner_counter WHERE (format, ours, theirs) = (%s, %s, %s) ORDER BY kind FOR UPDATE", pair
    )
    if (known := await drawn(connection, message_id, ordinal)) is not None:
        return known
    number = await _next(connection, pair, "interchange", 1)
    first = await _next(connection, pair, "group", groups) if groups else 0
    cursor = await connection.execute(
        "INSERT INTO partner_interchange"
        " (partner, format, ours, theirs, number, first_group, acknowledges, message_id, ordinal, flow)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id, drawn_at",
        [profile.key, *pair, number, first, profile.acknowledges, message_id, ordinal, flow],
    )
    made = await cursor.fetchone()
    assert made is not None  # noqa: S101 - an insert without a conflict clause returns its row
    if contents:
        await connection.cursor().executemany(
            "INSERT INTO partner_document (interchange_id, place, partner, functional_id, group_number, number, code,"
            " document, change) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (made[0], place, profile.key, each.functional_id, first + each.group if first else 0, each.number,
                 each.code, each.document, each.change)
                for place, each in enumerate(contents, 1)
            ],
        )  # fmt: skip
    return Drawn(number, first, made[1], await _former(connection, made[0]))


async def _next(connection: Connection, pair: tuple[str, ...], kind: str, count: int) -> int:
    """The first of `count` numbers in a row; where nine digits end it begins with 1 again."""
    cursor = await connection.execute(
        "UPDATE partner_counter SET last = CASE WHEN last + %(count)s > %(most)s THEN 0 ELSE last END + %(count)s"
        " WHERE (format, ours, theirs, kind) = (%(format)s, %(ours)s, %(theirs)s, %(kind)s) RETURNING last",
        {"count": count, "most": MOST_NUMBER, "format": pair[0], "ours": pair[1], "theirs": pair[2], "kind": kind},
    )
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - the row was made above, and is locked
    return int(row[0]) - count + 1


async def drawn(connection: Connection, message_id: UUID, ordinal: int) -> Drawn | None:
    """The numbers that a delivery has; none: it was never tried."""
    cursor = await connection.execute(
        "SELECT id, number, first_group, drawn_at FROM partner_interchange WHERE message_id = %s AND ordinal = %s",
        [message_id, ordinal],
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    known, number, first_group, at = row
    return Drawn(number, first_group, at, await _former(connection, known))


async def _former(connection: Connection, interchange_id: int) -> tuple[int, datetime] | None:
    """What was sent before of the same document, sent or not: the same at each attempt. cXML names it in changes."""
    cursor = await connection.execute(
        "SELECT i.number, i.drawn_at FROM partner_document own JOIN partner_document d ON d.partner = own.partner"
        " AND d.document = own.document AND d.code = own.code AND d.interchange_id < own.interchange_id"
        " JOIN partner_interchange i ON i.id = d.interchange_id"
        " WHERE own.interchange_id = %s AND own.change <> '' AND i.format = 'cxml' ORDER BY i.id DESC LIMIT 1",
        [interchange_id],
    )
    return await cursor.fetchone()


async def note_sent(connection: Connection, profile: Profile, message_id: UUID, ordinal: int) -> None:
    """Within a transaction: the partner's side has taken it; from now on its answer is awaited."""
    cursor = await connection.execute(
        "UPDATE partner_interchange SET sent_at = coalesce(sent_at, now())"
        " WHERE message_id = %s AND ordinal = %s RETURNING id, sent_at",
        [message_id, ordinal],
    )
    row = await cursor.fetchone()
    if row is not None and profile.acknowledges != "nothing":
        await connection.execute(
            "UPDATE partner_document SET due_at = coalesce(due_at, %s) WHERE interchange_id = %s",
            [row[1] + profile.answer_within, row[0]],
        )


async def settle(connection: Connection, settled: Settled) -> int:
    """Within a transaction: note an answer; how many documents it is about. The same again changes nothing.

    An answer counts once: what was accepted stays so, and what was rejected too, until it is sent again.
    """
    if settled.document:
        return await _settle_document(connection, settled)
    interim = settled.by in ("TA1", "CONTRL received")
    count = 0
    for part in settled.parts:
        facts = _facts(settled) | {"number": part.number, "state": part.state, "words": part.words}
        count += await _update(connection, facts, interim=interim)
    if settled.others is not None:
        count += await _update(connection, _facts(settled) | {"number": "", "state": settled.others}, interim=interim)
    return count


def _facts(settled: Settled) -> dict[str, Any]:
    """What narrows down which documents are meant, and what is noted of them."""
    named = [part.number.lstrip("0") for part in settled.parts]
    return {
        "partner": settled.partner,
        "interchange": _number(settled.interchange),
        "functional_id": settled.functional_id,
        "group": _number(settled.group),
        "named": named,
        "by": settled.by.removesuffix(" received"),
        "words": settled.words,
    }


async def _update(connection: Connection, facts: dict[str, Any], *, interim: bool) -> int:
    """`interim`: that it was received says enough only of partners who say no more."""
    enough = "AND (%(state)s = 'rejected' OR i.acknowledges = 'interchange')" if interim else ""
    cursor = await connection.execute(
        "UPDATE partner_document d SET state = %(state)s, answered_at = now(), answered_by = %(by)s, words = %(words)s"
        " FROM partner_interchange i WHERE i.id = d.interchange_id AND d.partner = %(partner)s AND d.state IS NULL"
        " AND (%(interchange)s::bigint IS NULL OR i.number = %(interchange)s)"
        " AND (%(functional_id)s = '' OR d.functional_id = %(functional_id)s)"
        " AND (%(group)s::bigint IS NULL OR d.group_number = %(group)s)"
        " AND CASE WHEN %(number)s <> '' THEN ltrim(d.number, '0') = ltrim(%(number)s, '0')"
        f" ELSE ltrim(d.number, '0') <> ALL (%(named)s::text[]) END {enough}",
        facts,
    )
    return cursor.rowcount


_TAKEN = (
    "UPDATE partner_document d SET state = 'accepted', answered_at = now(), answered_by = %(by)s"
    " WHERE partner = %(partner)s AND document = %(document)s AND state IS NULL AND CASE"
    # an answer to the second change shows that the first came too
    " WHEN %(change)s <> '' THEN interchange_id <= coalesce((SELECT max(interchange_id) FROM partner_document"
    "  WHERE partner = %(partner)s AND document = %(document)s AND change = %(change)s), interchange_id)"
    # who names no change answers the order itself, or what has changed it since; an 865 answers both
    " ELSE %(by)s = '865' OR change = '' OR NOT EXISTS (SELECT FROM partner_document first WHERE first.change = ''"
    "  AND first.partner = %(partner)s AND first.document = %(document)s AND first.state IS NULL) END"
)
_REFUSED = (
    "UPDATE partner_document SET state = 'rejected', answered_at = now(), answered_by = %(by)s, words = %(words)s"
    " WHERE partner = %(partner)s AND document = %(document)s AND change <> '' AND state IS DISTINCT FROM 'closed'"
    " AND (change = %(change)s OR %(change)s = '') AND interchange_id = (SELECT max(interchange_id)"
    "  FROM partner_document WHERE partner = %(partner)s AND document = %(document)s AND change <> ''"
    "  AND (change = %(change)s OR %(change)s = '')) AND (state, words) IS DISTINCT FROM ('rejected', %(words)s)"
)
"""A change that the partner has, and does not want: also where it was acknowledged before."""


async def _settle_document(connection: Connection, settled: Settled) -> int:
    facts = settled.model_dump(include={"partner", "by", "document", "change", "words"})
    if settled.others == "rejected":
        count = (await connection.execute(_REFUSED, facts)).rowcount
        if count or settled.change:
            return count
    # a no that names no change, where none was sent, is to the order: it has arrived, and its process hears the no
    return (await connection.execute(_TAKEN, facts)).rowcount


def _number(text: str) -> int | None:
    """A control number; translators add and drop the zeros before it. None where none is said; -1: none of ours."""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 15 else -1


async def close(connection: Connection, partner: str, number: int, *, actor: str, reason: str) -> int:
    """Within a transaction: a person knows what became of the documents of an interchange, and ends the wait."""
    cursor = await connection.execute(
        "UPDATE partner_document d SET state = 'closed', answered_at = now(), answered_by = %s, words = %s"
        " FROM partner_interchange i WHERE i.id = d.interchange_id AND i.partner = %s AND i.number = %s"
        " AND (d.state IS NULL OR d.state = 'rejected')",
        [actor, reason, partner, number],
    )
    return cursor.rowcount


_OUTSTANDING = (
    "SELECT i.partner, i.format, i.number, d.code, d.document, i.flow, i.message_id, i.drawn_at, i.sent_at, d.due_at,"
    " d.state, d.words FROM partner_document d JOIN partner_interchange i ON i.id = d.interchange_id"
    " WHERE (d.state IS NULL AND (i.sent_at IS NULL OR d.due_at IS NOT NULL)"
    # a rejected one that was sent again is not looked at any more
    "  OR d.state = 'rejected' AND NOT EXISTS (SELECT FROM partner_document later WHERE later.partner = d.partner"
    "   AND later.document = d.document AND later.code = d.code AND later.interchange_id > d.interchange_id"
    "   AND d.document <> ''))"
    " AND (%(partner)s = '' OR i.partner = %(partner)s) ORDER BY i.drawn_at, i.number, d.place LIMIT %(limit)s"
)
_NAMES = (
    "partner", "format", "number", "code", "document", "flow", "message_id", "drawn_at", "sent_at", "due_at", "state",
    "words",
)  # fmt: skip


async def outstanding(connection: Connection, partner: str = "", *, limit: int = 10_000) -> list[Outstanding]:
    """What is not accepted, the oldest first; of all partners, or of one."""
    cursor = await connection.execute(_OUTSTANDING, {"partner": partner, "limit": limit})
    return [Outstanding(**dict(zip(_NAMES, row, strict=True))) for row in await cursor.fetchall()]


async def gaps(
    connection: Connection, *, older_than: timedelta = timedelta(hours=1)
) -> list[tuple[str, int, datetime]]:
    """Partner, control number and time of what was drawn and not sent: numbers that the partner will miss."""
    cursor = await connection.execute(
        "SELECT partner, number, drawn_at FROM partner_interchange WHERE sent_at IS NULL AND drawn_at < now() - %s"
        " ORDER BY drawn_at",
        [older_than],
    )
    return await cursor.fetchall()


async def catch_up(connection: Connection, partners: Mapping[str, Profile]) -> None:
    """Within a transaction: note as sent what the journal knows to be delivered. The hub may have died in between."""
    cursor = await connection.execute(
        "SELECT i.partner, i.message_id, i.ordinal FROM partner_interchange i JOIN delivery d"
        " ON d.message_id = i.message_id AND d.ordinal = i.ordinal WHERE i.sent_at IS NULL AND d.state = 'delivered'"
    )
    for partner, message_id, ordinal in await cursor.fetchall():
        if partner in partners:
            await note_sent(connection, partners[partner], message_id, ordinal)


async def forget(connection: Connection) -> None:
    """Erase what was sent, or came, so long ago that nobody asks any more; counters stay for ever."""
    await connection.execute("DELETE FROM partner_interchange WHERE drawn_at < now() - %s", [_KEPT])
    await connection.execute("DELETE FROM partner_arrival WHERE arrived_at < now() - %s", [_KEPT])
    await connection.execute("DELETE FROM partner_missing WHERE noticed_at < now() - %s", [_KEPT])
    await awaited.forget(connection)

"""Receipts of AS2 that partners post later: what is sent is noted before, and what its receipt says when it comes.

So a restart forgets neither: what may have been sent is known to be awaited, and what was answered is not sent again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from hilum.errors import Rejected
from hilum.journal.text import storable
from hilum.message import Delivered
from hilum.postgres import Connection

KEPT: Final = timedelta(days=400)
"""How long it is kept after it was sent, as the register of interchanges is."""

Answer = Delivered | Rejected
"""What a receipt that counts comes to."""

Ref = tuple[UUID, int]
"""A delivery: id of its message, ordinal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One message of AS2, by the two identifiers and its Message-ID."""

    ours: str
    theirs: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a message that was sent, or was about to be."""

    mic_hash: str
    mic: bytes
    answer: Answer | None  # none: no receipt has come
    told: bool  # its last attempt has ended, and was told what is here
    left: float  # seconds in which its receipt is still awaited; negative: it is overdue
    anew: bool  # since then a person has set it on its way again


async def known(connection: Connection, sent: Sent, delivery: Ref | None = None) -> Known | None:
    """None: it was never sent. `delivery`: that is to be attempted; none: nobody's, its receipt is read."""
    message_id, ordinal = delivery or (None, None)
    cursor = await connection.execute(
        "SELECT mic_hash, mic, answer, category, reference, words, told_at IS NOT NULL OR other,"
        " extract(epoch FROM due_at - now())::float8, other OR again"
        " FROM (SELECT a.*,"
        # a message that was translated again has other deliveries of the same key, perhaps with other content
        "  coalesce((a.message_id, a.ordinal) <> (%(message_id)s::uuid, %(ordinal)s::int2), false) AS other,"
        # another series of attempts begins with none; what a crash left behind has an older state
        "  coalesce(d.attempts = 0 AND d.state_at > coalesce(a.told_at, a.sent_at), false) AS again"
        "  FROM as2_awaited a LEFT JOIN delivery d ON d.message_id = a.message_id AND d.ordinal = a.ordinal"
        "  WHERE (a.ours, a.theirs, a.name) = (%(ours)s, %(theirs)s, %(name)s)) found",
        _key(sent) | {"message_id": message_id, "ordinal": ordinal},
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    mic_hash, mic, *said, told, left, anew = row
    return Known(mic_hash=mic_hash, mic=mic, answer=_answer(*said), told=told, left=left, anew=anew)


async def sending(
    connection: Connection, sent: Sent, mic: tuple[str, bytes], delivery: Ref, *, within: float, anew: bool
) -> bool:
    """Note what is about to be sent; its receipt is awaited for `within` seconds. `anew`: a former answer is over.

    False: its receipt came meanwhile, so it is not to be sent.
    """
    cursor = await connection.execute(
        "INSERT INTO as2_awaited AS a (ours, theirs, name, mic_hash, mic, message_id, ordinal, due_at)"
        " VALUES (%(ours)s, %(theirs)s, %(name)s, %(mic_hash)s, %(mic)s, %(message_id)s, %(ordinal)s,"
        "  now() + make_interval(secs => %(within)s))"
        " ON CONFLICT (ours, theirs, name) DO UPDATE SET mic_hash = excluded.mic_hash, mic = excluded.mic,"
        "  message_id = excluded.message_id, ordinal = excluded.ordinal, sent_at = now(), due_at = excluded.due_at,"
        "  answer = NULL, category = '', reference = '', words = '', answered_at = NULL, told_at = NULL"
        " WHERE a.answer IS NULL OR %(anew)s",
        _key(sent)
        | {"mic_hash": mic[0], "mic": mic[1], "message_id": delivery[0], "ordinal": delivery[1]}
        | {"within": within, "anew": anew},
    )
    return cursor.rowcount > 0


async def answered(connection: Connection, sent: Sent, answer: Answer) -> None:
    """Note what its receipt says. The first one counts; the same again changes nothing."""
    rejected = isinstance(answer, Rejected)
    await connection.execute(
        "UPDATE as2_awaited SET answer = %(answer)s, category = %(category)s, reference = %(reference)s,"
        " words = %(words)s, answered_at = now(), told_at = NULL"
        " WHERE (ours, theirs, name) = (%(ours)s, %(theirs)s, %(name)s) AND answer IS NULL",
        _key(sent)
        | {
            "answer": "rejected" if rejected else "delivered",
            "category": answer.category if isinstance(answer, Rejected) else "",
            "reference": "" if isinstance(answer, Rejected) else storable(answer.reference),
            "words": storable(str(answer) if isinstance(answer, Rejected) else answer.words),
        },
    )


async def told(connection: Connection, sent: Sent) -> Answer | None:
    """An attempt ends: what its receipt said, if it has come by now."""
    cursor = await connection.execute(
        "UPDATE as2_awaited SET told_at = now() WHERE (ours, theirs, name) = (%(ours)s, %(theirs)s, %(name)s)"
        " RETURNING answer, category, reference, words",
        _key(sent),
    )
    row = await cursor.fetchone()
    return _answer(*row) if row is not None else None


async def forget(connection: Connection) -> None:
    """Erase what was sent so long ago that nobody asks any more."""
    await connection.execute("DELETE FROM as2_awaited WHERE sent_at < now() - %s", [KEPT])


def _key(sent: Sent) -> dict[str, Any]:
    return {"ours": sent.ours, "theirs": sent.theirs, "name": storable(sent.name)}


def _answer(answer: str | None, category: str, reference: str, words: str) -> Answer | None:
    if answer is None:
        return None
    return Rejected(category, words) if answer == "rejected" else Delivered(reference=reference, words=words)

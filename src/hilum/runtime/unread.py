"""What no flow takes, or none can read, from a source whose sender cannot be told: kept, held with a case, bounded."""

from __future__ import annotations

from contextlib import suppress
from hashlib import blake2b
from typing import Final
from uuid import UUID

from hilum.cases import classify, open_case
from hilum.connector import Header, Receipt, Received
from hilum.errors import Busy, Invalid, NotAccepted
from hilum.flow import Flow
from hilum.journal import Draft, receive
from hilum.postgres import Connection, Database

MOST_OPEN: Final = 1_000
"""Messages of one flow that may wait unread. A flood of them is a wrong set-up, not bad luck: the source then stays
as it is, with everything behind, until people have looked; so it fills neither the disk nor the list of cases."""

_COME_AGAIN: Final = 30.0  # seconds


class Unread:
    """Keeps what would be refused for good by a source that has nobody to tell."""

    def __init__(self, database: Database, lanes: int) -> None:
        self._database = database
        self._lanes = lanes

    async def keep(self, received: Received, flow: Flow, error: NotAccepted | Invalid) -> Receipt:
        """Store it held, with a case of this flow, once. Raises `Busy` past the bound, `DatabaseUnavailable`."""
        draft = _draft(received, flow)
        async with self._database.transaction() as connection:
            if await _open_cases(connection, flow) >= MOST_OPEN:
                raise Busy(
                    f"{MOST_OPEN} messages that cannot be read wait for a person: resolve them first", after=_COME_AGAIN
                )
            (answer,) = await receive(connection, [draft], self._lanes)
            if isinstance(answer, Receipt) and not answer.duplicate:
                await open_case(connection, classify(error), flow=flow.name, declared=flow, message_id=draft.id)
        return answer if isinstance(answer, Receipt) else Receipt(message_id=answer.first_id, duplicate=True)


def cause_of(received: Received) -> UUID | None:
    """The message of the sending hub that this one comes from, where the sender says so."""
    with suppress(ValueError):
        return UUID(received.headers.get(Header.CAUSATION_ID, ""))
    return None


def _draft(received: Received, flow: Flow) -> Draft:
    """Without ordering key: where it belongs cannot be read, and it must not hold back those that can."""
    fingerprint = blake2b(received.body, digest_size=16).digest()
    draft = Draft(
        flow=flow.name,
        body=received.body,
        content_type=received.content_type,
        headers=received.headers,
        # apart from the keys of the flow: sent again after the flow was corrected it is a new message
        dedup_key=f"unread:{received.headers.get(Header.IDEMPOTENCY_KEY, '')}#{fingerprint.hex()}",
        fingerprint=fingerprint,
        priority=flow.priority,
        correlation_id=received.headers.get(Header.CORRELATION_ID, ""),
        cause_id=cause_of(received),
        held=True,
    )
    if not draft.correlation_id:
        draft.correlation_id = str(draft.id)
    return draft


async def _open_cases(connection: Connection, flow: Flow) -> int:
    cursor = await connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM exception_case WHERE flow = %s AND closed_at IS NULL AND ordinal < 0"
        " AND category IN ('invalid', 'not_accepted') LIMIT %s) t",
        [flow.name, MOST_OPEN],
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0

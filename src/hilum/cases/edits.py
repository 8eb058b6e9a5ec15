"""Edit and resubmit: a new message caused by the old one, which stays as it was received.

What was held ends, and the new one takes its place in the order. What was delivered or discarded already cannot be
taken back: the new one is then a message of now. Where a second person must agree, it is stored and held until then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from hilum.cases.classify import Finding
from hilum.cases.desk import NotPossible, close, open_case
from hilum.cases.endings import cancel_held, end_held, refuse_drafts
from hilum.flow import Flow
from hilum.journal import Draft, reading, receive
from hilum.journal.audit import record
from hilum.journal.moves import move_message, unblock
from hilum.journal.work import MESSAGE_BODY, translating
from hilum.message import Priority
from hilum.postgres import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What somebody makes of a message."""

    message_id: UUID  # the original
    body: bytes
    actor: str
    reason: str
    lanes: int  # of the journal
    key: str | None = None  # the ordering key of the edited body; None: that of the original


async def resubmit(connection: Connection, edit: Edit) -> UUID:
    """Within a transaction: send the edited message in place of the original; returns its id. Raises `NotPossible`."""
    draft = await _store(connection, edit, held=False)
    await _end_original(connection, edit, draft)
    return draft


async def keep_draft(connection: Connection, edit: Edit, declared: Flow | None) -> UUID:
    """Within a transaction: store the edited message, held until a second person agrees. Raises `NotPossible`."""
    draft = await _store(connection, edit, held=True)
    row = await _row(connection, edit.message_id)
    finding = Finding(
        category="edit_waits",
        title="An edit waits for a second person",
        words=f"{edit.actor} edited the message {edit.message_id}: {edit.reason}",
    )
    await open_case(connection, finding, flow=row.flow, declared=declared, message_id=draft)
    return draft


async def send_draft(connection: Connection, draft: UUID, subject: Mapping[str, object], *, by: str) -> None:
    """Within a transaction: a second person agreed, so the draft takes the original's place. Raises `NotPossible`."""
    edit = Edit(
        message_id=UUID(str(subject["message"])), body=b"", actor=by, reason=str(subject.get("reason", "")), lanes=0
    )
    row = await _row(connection, edit.message_id)
    if row.state != subject.get("state"):
        raise NotPossible("The original has moved on meanwhile; refuse this edit, and look at it again.")
    if await move_message(connection, draft, ("held",), "received") is None:
        raise NotPossible("The edited message has moved on meanwhile.")
    # its place is of now, unless it takes that of a held one
    await connection.execute("UPDATE message SET seq = nextval('message_seq') WHERE id = %s", [draft])
    await close(connection, draft, MESSAGE_BODY, resolution="replayed", actor=by, reason="approved")
    await connection.execute(
        "INSERT INTO reopened (message_id) VALUES (%s) ON CONFLICT (message_id) DO UPDATE SET at = now()", [draft]
    )
    await _end_original(connection, edit, draft)


async def drop_draft(connection: Connection, draft: UUID, *, by: str, reason: str) -> None:
    """Within a transaction: the edit is not sent; the original is left as it is."""
    if await move_message(connection, draft, ("held",), "discarded") is not None:
        await close(connection, draft, MESSAGE_BODY, resolution="discarded", actor=by, reason=reason)


async def _row(connection: Connection, message_id: UUID) -> reading.MessageRow:
    row = await reading.message(connection, message_id)
    if row is None:
        raise NotPossible("There is no such message.")
    return row


async def editable(connection: Connection, message_id: UUID) -> str:
    """What editing would do to the original, in words. Raises `NotPossible` where it cannot be edited now."""
    row = await _row(connection, message_id)
    if row.state == "held":
        return "It takes the place of the held one, which ends here; those that wait behind follow in order."
    if row.state in ("completed", "discarded"):
        return "The original was done already and stays so. What you send is a message of now, delivered once more."
    if any(d.state == "held" for d in await reading.deliveries(connection, message_id)):
        return (
            "What is held of the original ends here. What was delivered stays delivered: those receivers get the edited"
            " one as a new message. Those that wait behind go on."
        )
    raise NotPossible("It is under way: wait until it is done, or held.")


async def _store(connection: Connection, edit: Edit, *, held: bool) -> UUID:
    await editable(connection, edit.message_id)
    await refuse_drafts(connection, edit.message_id)
    row = await _row(connection, edit.message_id)
    cursor = await connection.execute("SELECT priority::text FROM message WHERE id = %s", [row.id])
    priority = (await cursor.fetchone() or (Priority.NORMAL,))[0]
    draft = Draft(
        flow=row.flow,
        body=edit.body,
        content_type=row.content_type,
        headers={**(row.headers or {}), "edited-by": edit.actor},
        key=row.key if edit.key is None else edit.key,
        correlation_id=row.correlation_id,
        cause_id=row.id,
        priority=Priority(priority),
        held=held,
    )
    await receive(connection, [draft], edit.lanes)
    return draft.id


async def _end_original(connection: Connection, edit: Edit, draft: UUID) -> None:
    """What is held of the original ends; a held message gives its place in the order to the new one."""
    row = await _row(connection, edit.message_id)
    if row.state == "held":
        await end_held(connection, row.id)
        await connection.execute(
            "UPDATE message SET seq = (SELECT seq FROM message WHERE id = %s) WHERE id = %s", [row.id, draft]
        )
        await unblock(connection, translating(row.flow), row.key, row.id, MESSAGE_BODY)
        await close(connection, row.id, MESSAGE_BODY, resolution="edited", actor=edit.actor, reason=edit.reason)
    elif row.state == "routed" and not await cancel_held(
        connection, row.id, resolution="edited", actor=edit.actor, reason=edit.reason
    ):
        raise NotPossible("The message has moved on meanwhile; nothing of it is held any more.")
    words = f"edited and resubmitted as {draft}: {edit.reason}"
    await record(connection, actor=edit.actor, action="resubmit", flow=row.flow, message_id=row.id, words=words)

"""The buttons under a message or a case: replay, edit and resubmit, discard, each with what it will do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from nicegui import ui

from hilum.cases import NotPossible
from hilum.console import acts
from hilum.console.components.controls import Button, reasons
from hilum.console.components.dialogs import Answer, Question, ask, bullets
from hilum.console.components.payload import decoded, is_hl7
from hilum.console.markup import Html, join, tag
from hilum.console.shell import Page, acting
from hilum.console.words import plural, refusal
from hilum.errors import HilumError
from hilum.journal.reading import Trace
from hilum.journal.work import MESSAGE_BODY
from hilum.security import Permission

Redraw = Callable[[], Awaitable[None]]
Ticked = Callable[[], Awaitable[list[UUID]]]


def why_not(page: Page, permission: Permission, impossible: str = "") -> str:
    """Why a button is disabled; empty: it is not."""
    return impossible if page.user.may(permission) else refusal(permission)


def buttons(page: Page, trace: Trace, redraw: Redraw) -> None:
    """What may be done with this message now; the result is said in place, and the page drawn again."""
    message = trace.message
    held = message.state == "held" or any(d.state == "held" for d in trace.deliveries)
    under_way = not held and message.state in ("received", "routed")
    no_replay = why_not(page, Permission.REPLAY, "Replay: it is under way already." if under_way else "")
    no_edit = why_not(
        page, Permission.EDIT, "" if message.state == "held" else "Edit: only a message that is held can be edited."
    )
    no_discard = why_not(page, Permission.DISCARD, "" if held else "Discard: nothing of it is held.")

    async def do_replay() -> None:
        await replay(page, [message.id], redraw)

    async def do_edit() -> None:
        await edit(page, message.id, message.flow, redraw)

    async def do_discard() -> None:
        await discard(page, [message.id], redraw)

    with ui.element("div").classes("acts"):
        Button("Replay…", acting(page, do_replay), look="primary" if held else "", why_not=no_replay)
        Button("Edit and resubmit…", acting(page, do_edit), why_not=no_edit)
        Button("Discard…", acting(page, do_discard), look="danger", why_not=no_discard)
    ui.html(reasons([no_replay, no_edit, no_discard]), sanitize=False)


async def replay(page: Page, message_ids: Sequence[UUID], redraw: Redraw) -> None:
    """Dry run, reason, replay. Raises what `acts.replay` raises."""
    steps = await acts.dry_run(page.visit, message_ids)
    going = [step for step in steps if step.action != "nothing"]
    if not going:
        raise NotPossible(" ".join(acts.steps_in_words(steps)))
    body = join(tag("p", "This is what would happen:"), bullets(acts.steps_in_words(steps)),
                tag("p", "Order is kept: those behind follow. It cannot be taken back.", class_="why"))  # fmt: skip
    question = Question(title=f"Replay {plural(len(going), 'message')}", body=body, do="Replay")
    answer = await ask(page, question)
    if answer is not None:
        page.say(await acts.replay(page.visit, steps, answer.reason))
        await redraw()


async def discard(page: Page, message_ids: Sequence[UUID], redraw: Redraw) -> None:
    """Say what it means, reason, discard. Raises what `acts.discard` raises."""
    count = plural(len(message_ids), "message")
    lines = (
        f"What is held of {count} ends here and is not delivered.",
        "Those that wait behind go on.",
        "The payload and the story stay; a discarded message can be replayed later.",
    )
    answer = await ask(page, Question(title=f"Discard {count}", body=bullets(lines), do="Discard", look="danger"))
    if answer is not None:
        page.say(await acts.discard(page.visit, message_ids, answer.reason))
        await redraw()


_EDITING = tag(
    "p",
    "What you send is a new message in place of the held one, with its place in the history. The original stays as it"
    " was received. That you saw the payload is audited.",
)


async def edit(page: Page, message_id: UUID, flow: str, redraw: Redraw) -> None:
    """Show the payload in an editor, check what comes back, resubmit. Raises what `acts.resubmit` raises."""
    body = await acts.view_payload(page.visit, message_id, MESSAGE_BODY, "to edit it")
    if body is None:
        raise NotPossible("The payload was removed when its retention ended; there is nothing to edit.")
    text = decoded(body)
    if text is None:
        raise NotPossible("The payload is not text and cannot be edited here.")

    def wrong(answer: Answer) -> str:
        try:
            edited = _encoded(answer.text, text[1], body)
        except HilumError as error:
            return str(error)
        if edited == body:
            return "Nothing was changed. To send it again as it is, replay it."
        return acts.problem_with(page.visit, flow, edited)

    shown = text[0].replace("\r\n", "\n").replace("\r", "\n")
    question = Question(title="Edit and resubmit", body=_EDITING, do="Resubmit", text=shown, check=wrong)
    answer = await ask(page, question)
    if answer is not None:
        new_id = await acts.resubmit(page.visit, message_id, _encoded(answer.text, text[1], body), answer.reason)
        page.say(_resubmitted(new_id))
        await redraw()


def _resubmitted(new_id: UUID) -> Html:
    return join("Resubmitted as a new message: ", tag("a", str(new_id), href=f"/messages/{new_id}", class_="mono"))


def _encoded(text: str, encoding: str, before: bytes) -> bytes:
    """The edited text as bytes, with the line ends of the original. Raises `NotPossible`."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    if is_hl7(before):
        # HL7 v2 §2.5.3: segments end with a carriage return.
        lines = lines.rstrip("\n").replace("\n", "\r") + ("\r" if before.endswith((b"\r", b"\n")) else "")
    elif b"\r\n" in before:
        lines = lines.replace("\n", "\r\n")
    try:
        return lines.encode(encoding)
    except UnicodeEncodeError:
        raise NotPossible("The text has a character that the original's character set does not have.") from None

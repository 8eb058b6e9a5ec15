"""The buttons under a message or a case: replay, edit and resubmit, discard, each with what it will do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from uuid import UUID

from nicegui import ui

from hilum.cases import NotPossible, editable
from hilum.cases.jobs import DISCARD, REPLAY, Asked
from hilum.console import acts, many, small
from hilum.console.components.controls import Button, reasons
from hilum.console.components.dialogs import Answer, Question, ask, bullets
from hilum.console.components.difference import difference, outcome
from hilum.console.components.payload import decoded, is_hl7
from hilum.console.links import job_link
from hilum.console.markup import Html, join, tag
from hilum.console.shell import Page, Redraw, acting
from hilum.console.words import JOB_ACTS, plural, refusal
from hilum.errors import HilumError
from hilum.journal.reading import Trace
from hilum.security import Permission

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
        page, Permission.EDIT, "Edit: it is under way; wait until it is done or held." if under_way else ""
    )
    no_discard = why_not(page, Permission.DISCARD, "" if held else "Discard: nothing of it is held.")

    async def do_replay() -> None:
        await replay(page, [message.id], redraw)

    async def do_edit() -> None:
        await edit(page, message.id, message.flow, redraw)

    async def do_discard() -> None:
        await discard(page, [message.id], redraw)

    waits = any(d.state == "waiting" and d.next_at is not None for d in trace.deliveries)
    with ui.element("div").classes("acts"):
        Button("Replay…", acting(page, do_replay), look="primary" if held else "", why_not=no_replay)
        Button("Edit and resubmit…", acting(page, do_edit), why_not=no_edit)
        Button("Discard…", acting(page, do_discard), look="danger", why_not=no_discard)
        if waits:
            _retrying(page, message.id, redraw)
        if held and message.key:
            pause = why_not(page, Permission.PAUSE)
            Button("Let those behind pass…", acting(page, partial(_let_pass, page, message.id, redraw)), why_not=pause)
    ui.html(reasons([no_replay, no_edit, no_discard]), sanitize=False)


def _retrying(page: Page, message_id: UUID, redraw: Redraw) -> None:
    """What waits for its next attempt: now, or not any more."""

    async def now() -> None:
        question = Question(
            title="Try now", body=tag("p", "What waits for its next attempt is tried at once."), do="Try"
        )
        if (answer := await ask(page, question)) is not None:
            page.say(await small.retry_now(page.visit, message_id, answer.reason))
            await redraw()

    async def end() -> None:
        words = "It is not tried again by itself: it is held, with a case, until a person replays or discards it."
        question = Question(title="End its attempts", body=tag("p", words), do="End them", look="danger")
        if (answer := await ask(page, question)) is not None:
            page.say(await small.cancel_retry(page.visit, message_id, answer.reason))
            await redraw()

    Button("Try now…", acting(page, now), why_not=why_not(page, Permission.REPLAY))
    Button("End its attempts…", acting(page, end), why_not=why_not(page, Permission.PAUSE))


async def _let_pass(page: Page, message_id: UUID, redraw: Redraw) -> None:
    words = "What waits behind it goes on now. It stays held itself, and comes after them when it is replayed."
    question = Question(title="Let those behind pass", body=tag("p", words), do="Let them pass")
    if (answer := await ask(page, question)) is not None:
        page.say(await small.let_pass(page.visit, message_id, answer.reason))
        await redraw()


async def begin(page: Page, asked: Asked, redraw: Redraw, *, reason: str = "") -> None:
    """Dry run of an act on many messages, reason, and the job. Raises what `many.begin` raises."""
    prepared = await many.dry_run(page.visit, asked)
    if not prepared.steps:
        raise NotPossible(" ".join(many.lines_in_words(prepared)) or "Nothing fits.")
    verb = JOB_ACTS[asked.act]
    demand = page.context.policy.demand(asked.act, prepared.by_flow)
    warnings = prepared.warnings(page.context.deduplicating) if asked.act == REPLAY else []
    body = join(
        tag("p", "This is what would happen:"),
        bullets(many.lines_in_words(prepared)),
        [tag("p", words, class_="alert" if words.startswith("Warning") else None) for words in warnings],
        demand and tag("p", demand.why, class_="why"),
        tag("p", "It is carried out in batches, and can be paused or cancelled under Replays.", class_="why"),
    )
    if not reason:
        title = f"{verb} {plural(len(prepared.steps), 'message')}"
        answer = await ask(page, Question(title=title, body=body, do=verb, look=_LOOK.get(asked.act, "primary")))
        if answer is None:
            return
        reason = answer.reason
    job, words = await many.begin(page.visit, prepared, reason)
    page.say([words, " ", tag("a", "Follow it", href=job_link(job.id))])
    await redraw()


_LOOK = {DISCARD: "danger"}


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


_EDITING = (
    "What you send is a new message, caused by this one. The original stays as it was received. That you saw the"
    " payload is audited."
)


async def edit(page: Page, message_id: UUID, flow: str, redraw: Redraw) -> None:
    """Show the payload in an editor, compare, try, resubmit. Raises what `acts.resubmit` raises."""
    body = await acts.original(page.visit, message_id)
    async with page.context.database.cold() as connection:
        follows = await editable(connection, message_id)
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
        if problem := acts.problem_with(page.visit, flow, edited):
            return problem
        trial = acts.tried(page.visit, flow, edited)
        return f"It would be held again: {trial.held.title}. {trial.held.words}" if trial and trial.held else ""

    def compared(answer: Answer) -> Html:
        try:
            edited = _encoded(answer.text, text[1], body)
        except HilumError as error:
            return tag("p", str(error), class_="alert")
        trial = acts.tried(page.visit, flow, edited)
        made = outcome(trial) if trial else tag("p", "The flow is not known here, so it cannot be tried.")
        return join(tag("h3", "What differs"), difference(body, edited), tag("h3", "What would come out"), made)

    shown = text[0].replace("\r\n", "\n").replace("\r", "\n")
    question = Question(title="Edit and resubmit", body=join(tag("p", _EDITING), tag("p", follows)), do="Resubmit",
                        text=shown, check=wrong, preview=compared, previewing="Compare and try")  # fmt: skip
    answer = await ask(page, question)
    if answer is not None:
        edited = _encoded(answer.text, text[1], body)
        new_id, request = await acts.resubmit(page.visit, message_id, edited, answer.reason)
        page.say(_resubmitted(new_id) if request is None else f"Request {request} waits for a second person.")
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

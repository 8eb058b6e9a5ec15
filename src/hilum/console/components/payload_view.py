"""A payload on a page: masked where its flow protects it, until somebody with the right says why they need it."""

from __future__ import annotations

from uuid import UUID

from nicegui import ui

from hilum.console import acts
from hilum.console.components.controls import Button, reasons
from hilum.console.components.dialogs import Question, ask
from hilum.console.components.payload import is_pdf, masked, shown
from hilum.console.markup import Html, join, tag
from hilum.console.shell import Page, acting
from hilum.console.words import refusal
from hilum.errors import KeyUnavailable
from hilum.journal import reading
from hilum.journal.payloads import Damaged
from hilum.security import Permission

_WHY = tag("p", "This payload is protected. That you looked at it, when and why, is written to the audit.")


async def payload_view(page: Page, flow: str, message_id: UUID, ordinal: int, title: str) -> None:
    """Show a stored body (−1: the message's), masked where the flow protects it."""
    protected = page.context.protects(flow)
    ui.html(tag("h2", title, protected and tag("small", "protected; shown masked")), sanitize=False)
    try:
        async with page.context.database.cold() as connection:
            body = await reading.body(connection, message_id, ordinal)
            gone = await reading.why_gone(connection, message_id) if body is None else ""
    except (Damaged, KeyUnavailable) as error:  # the rest of the page can be read
        ui.html(tag("p", str(error), class_="empty"), sanitize=False)
        return
    if body is None:
        ui.html(tag("p", gone, class_="empty"), sanitize=False)
    elif protected:
        _reveal(page, message_id, ordinal, masked(body))
    else:
        ui.html(shown(body), sanitize=False)
        _saving(page, message_id, body)


def _reveal(page: Page, message_id: UUID, ordinal: int, masked_body: Html) -> None:
    why_not = "" if page.user.may(Permission.VIEW_PAYLOAD) else refusal(Permission.VIEW_PAYLOAD)
    bar = ui.element("div")
    place = ui.html(masked_body, sanitize=False)
    below = ui.element("div")

    async def show() -> None:
        answer = await ask(page, Question(title="Show the payload", body=_WHY, do="Show"))
        if answer is None:
            return
        body = await acts.view_payload(page.visit, message_id, ordinal, answer.reason)
        bar.delete()
        note = tag("p", f"Shown to {page.user.name}: {answer.reason}", class_="why")
        place.set_content(join(note, shown(body)))
        with below:
            _saving(page, message_id, body)

    with bar:
        with ui.element("div").classes("acts"):
            Button("Show payload", acting(page, show), why_not=why_not)
        ui.html(reasons([why_not]), sanitize=False)


def _saving(page: Page, message_id: UUID, body: bytes | None) -> None:
    """A PDF is no text: whoever is asked about a bill looks at its paper in a reader of their own."""
    if body is None or not is_pdf(body):
        return

    async def save() -> None:
        ui.download.content(body, f"{message_id}.pdf", "application/pdf")

    with ui.element("div").classes("acts"):
        Button("Save the PDF", acting(page, save))

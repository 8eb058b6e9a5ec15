"""Asking before an act: what will happen, why it is done, and what is wrong with the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nicegui import ui

from hilum.console.components.controls import Button, Choice, Field
from hilum.console.markup import Child, Html, join, tag
from hilum.console.shell import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered."""

    reason: str = ""
    text: str = ""
    choice: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked."""

    title: str
    body: Html
    do: str  # the words on the button
    look: str = "primary"
    reason: str = "Reason"  # label of the reason; empty: none is asked for
    text: str | None = None  # text to be edited; None: nothing to edit
    choice: str = "To"  # label of the choice
    options: dict[str, str] | None = None  # value → words to choose from; None: nothing to choose
    line: str = ""  # label of one line to fill in; empty: none
    preview: Callable[[Answer], Html] | None = None  # what would come of the answer, shown on request; None: no button
    previewing: str = ""  # the words on that button
    check: Callable[[Answer], str] | None = None  # what is wrong with the answer, in words; empty: nothing


def bullets(lines: Sequence[Child]) -> Html:
    """What will happen, line by line."""
    return tag("ul", [tag("li", line) for line in lines])


async def ask(page: Page, question: Question) -> Answer | None:
    """Put the question; None: the person thought better of it."""
    page.layer.clear()
    with page.layer, ui.dialog() as dialog:
        dialog.props["aria-label"] = question.title
        with ui.element("div").classes("dialog" if question.text is None else "dialog big"):
            _contents(dialog, question)
    answer: Answer | None = await dialog
    return answer


def _contents(dialog: ui.dialog, question: Question) -> None:
    ui.html(join(tag("h2", question.title), question.body), sanitize=False)
    text = Field("Payload", value=question.text, lines=16, first=True) if question.text is not None else None
    choice = (
        Choice(question.choice, question.options, value=next(iter(question.options), "")) if question.options else None
    )
    first = text is None and choice is None and not question.line
    line = Field(question.line, first=True) if question.line else None
    reason = Field(question.reason, lines=2, look="plain", first=first) if question.reason else None
    problem = ui.html("", sanitize=False).props('aria-live="assertive"')

    shown = ui.html("", sanitize=False).props('aria-live="polite"')

    def given() -> Answer:
        return Answer(
            reason=reason.value.strip() if reason else "",
            text=text.value if text else "",
            choice=choice.value if choice else "",
            line=line.value.strip() if line else "",
        )

    def look() -> None:
        if question.preview is not None:
            shown.set_content(question.preview(given()))

    def submit() -> None:
        answer = given()
        wrong = _missing(question) if reason and not answer.reason else ""
        if not wrong and question.check is not None:
            wrong = question.check(answer)
        if wrong:
            problem.set_content(tag("p", wrong, class_="alert", role="alert"))
        else:
            dialog.submit(answer)

    with ui.element("div").classes("acts"):
        if question.preview is not None:
            Button(question.previewing, look)
        Button("Cancel", lambda: dialog.submit(None), look="quiet")
        Button(question.do, submit, look=question.look)


def _missing(question: Question) -> str:
    return "Say why: the audit keeps the reason." if question.reason == "Reason" else f"{question.reason} is missing."

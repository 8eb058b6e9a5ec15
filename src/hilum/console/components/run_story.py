"""The history of a run as a time line: what came, what it did, who decided, and the messages that it made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from uuid import UUID

from pydantic import BaseModel

from hilum.console.components.age import clock
from hilum.console.links import message_link
from hilum.console.markup import Child, Html, join, tag
from hilum.processes.naming import told_in_words
from hilum.processes.store import Sent, Told

KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "started": ("Began with", "flowing"),
        "moved": ("State", "flowing"),
        "heard": ("Came", "flowing"),
        "sent": ("Sent", "flowing"),
        "asked": ("Asked", "waiting"),
        "decided": ("Decided", "flowing"),
        "reminded": ("Reminded of", "waiting"),
        "escalated": ("Nobody decided, so it went to others", "waiting"),
        "undone": ("Undone", ""),
        "cancelling": ("Is being cancelled", ""),
        "held": ("Held", "held"),
        "repeated": ("Repeated", "flowing"),
        "migrated": ("Moved to another version", "flowing"),
        "completed": ("Completed", "done"),
        "failed": ("Failed", ""),
        "cancelled": ("Cancelled", ""),
    }
)
"""Kind of a line → words, look of its dot."""

QUOTING = frozenset({"held", "completed", "failed", "cancelled", "cancelling"})
"""Kinds whose words a process or a person wrote: they may quote what it is about."""


def run_story(
    told: Sequence[Told], sent: Sequence[Sent], shown: Callable[[str], str], heard: Sequence[type[BaseModel]] = ()
) -> Html:
    """The time line, oldest first. `shown`: a text that may quote the payload, as this user may see it.

    `heard`: the types of objects that the process hears.
    """
    commands = {each.step: each for each in sent}
    lines = [_line(each, commands.get(each.step) if each.kind == "sent" else None, shown, heard) for each in told]
    return tag("ol", lines, class_="story", aria_label="History")


def _line(told: Told, command: Sent | None, shown: Callable[[str], str], heard: Sequence[type[BaseModel]]) -> Html:
    head, look = KINDS.get(told.kind, (told.kind.capitalize(), ""))
    said = shown(told.words) if told.kind in QUOTING else told_in_words(told.kind, told.words, heard)
    small: list[Child] = []
    if told.actor:
        small.append(["By ", tag("b", told.actor)])
    if told.message_id is not None:
        small.append(["Message ", message_link(told.message_id)])
    if command is not None:
        small.append(command_words(command))
    what = join(head, said and ": ", said, [tag("small", line) for line in small])
    return tag("li", clock(told.at), tag("span", class_="dot"), tag("div", what, class_="what"), class_=look)


def command_words(command: Sent) -> Child:
    """What became of a command."""
    if command.refused:
        return ["Its flow did not take it: ", command.refused]
    if command.message_id is not None:
        return ["Message ", message_link(command.message_id)]
    if command.taken_at is not None:
        return "Taken by its flow"
    return f"Waits to be taken from {command.channel}"


def messages_of(told: Sequence[Told], sent: Sequence[Sent]) -> list[UUID]:
    """All messages that it heard or made, each once, in order."""
    heard = [each.message_id for each in told if each.message_id is not None]
    return list(dict.fromkeys([*heard, *(each.message_id for each in sent if each.message_id is not None)]))

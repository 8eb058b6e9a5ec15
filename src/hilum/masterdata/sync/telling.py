"""What a change means for the other systems: what each of them is told, and what of it may only fill a field. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from hilum.masterdata.ownership import Matrix, Others
from hilum.masterdata.sync.document import EMPTY, Document, Sent
from hilum.masterdata.sync.judging import Change


def to_tell(change: Change, document: Document, system: str) -> frozenset[str]:
    """The fields of a change that count and that a captured system does not have yet, as far as is known."""
    return frozenset(
        name
        for name, value in change.prints.items()
        if value == document.fields[name].value
        and (last := document.fields[name].view(system).last) != value
        and not (value == EMPTY and not last)  # nobody deletes what it does not know
    )


def counted(change: Change, document: Document) -> frozenset[str]:
    """The fields of a change that say what is in force."""
    return frozenset(name for name, value in change.prints.items() if value == document.fields[name].value)


def note_sent(document: Document, names: frozenset[str], system: str, message: str, ordinal: int) -> None:
    """The hub writes what is in force of these fields to a captured system, by this delivery."""
    for name in names:
        state = document.fields[name]
        state.view(system).sent.append(Sent(state.value, message, ordinal))


def only_to_fill(change: Change, names: Iterable[str], system: str, matrix: Matrix) -> frozenset[str]:
    """Those of these fields which the change may only fill in a system: it owns them, and took them as empty."""
    rules = {name: change.rule(name, matrix) for name in names}
    return frozenset(
        name
        for name, rule in rules.items()
        if rule.owner == system != change.system and rule.others is Others.ACCEPT_IF_EMPTY and not change.granted
    )


def fills_for(change: Change, document: Document, names: Iterable[str], matrix: Matrix) -> frozenset[str]:
    """The fields of a correction that may only fill what the sender owns: another system gave what is in force."""
    rules = {name: change.rule(name, matrix) for name in names}
    return frozenset(
        name
        for name, rule in rules.items()
        if rule.owner == change.system != document.fields[name].system and rule.others is Others.ACCEPT_IF_EMPTY
    )


def knows(document: Document, system: str) -> bool:
    """Did a captured system ever show or get anything of this object?"""
    return any(view.shown or view.sent for each in document.fields.values() if (view := each.views.get(system)))

"""The legal next moves of an entry: what may be done with it now, what follows, and why this person may not do it.

Moves of a task come from the form of its answer; those of a case from what is held; both from nowhere else. The order
is that in which a person would try them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hilum.cases import Case
from hilum.errors import Ambiguous, Undecided
from hilum.processes.tasks import Asked, why_not
from hilum.security import PERMISSIONS, Permission, User, who_can


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One thing that may be done, or not by this person."""

    key: str  # the value of the answer, or the name of the act
    label: str  # on the button
    follows: str  # what happens then
    why_not: str = ""  # empty: this person may


@dataclass(frozen=True, slots=True)
class Choice:
    """The one field of a form that decides, and what each of its values means."""

    field: str
    options: Mapping[str, str]  # by the value as text: what follows, as the form describes it
    others: tuple[str, ...]  # the fields beside it, as words that must be said with it


def choice_of(schema: Mapping[str, Any], order: Sequence[str] = ()) -> Choice | None:
    """Of a form's JSON Schema; none where more than one choice must be made, or none, or a number said."""
    told: Mapping[str, Any] = schema.get("properties", {})
    required = {name: _values(told[name]) for name in schema.get("required", ()) if name in told}
    choices = [name for name, values in required.items() if values]
    words = [name for name in required if name not in choices and told[name].get("type") == "string"]
    if len(choices) != 1 or len(choices) + len(words) < len(required):
        return None
    (name,) = choices
    names = [*(each for each in order if each in told), *(each for each in told if each not in order)]
    others = tuple(each for each in names if each != name)
    return Choice(name, _explained(required[name], str(told[name].get("description", ""))), others)


def _values(field: Mapping[str, Any]) -> list[str]:
    """The answers of a field that is a choice; none: it is no choice."""
    return ["true", "false"] if field.get("type") == "boolean" else [str(each) for each in field.get("enum", ())]


def _explained(values: Sequence[str], words: str) -> dict[str, str]:
    """A description that says `accept: …; refuse: …` says it of each value; another one is of the first."""
    parts = [part.strip().partition(":") for part in words.rstrip(".").split(";")]
    said = {name.strip(): told.strip() for name, sign, told in parts if sign}
    if set(values) <= said.keys():
        return {value: said[value] for value in values}
    return {value: words if at == 0 else "" for at, value in enumerate(values)}


_YES_NO: Final = {"true": "Yes", "false": "No"}


def moves_of_task(asked: Asked, user: User, refused: str | None = None) -> list[Move]:
    """The answers that its form allows; `refused`: why this person may give none, where the caller knows it better."""
    if not asked.open:
        return []
    why = why_not(asked, user.name, {each.value for each in PERMISSIONS[user.role]}) if refused is None else refused
    choice = choice_of(asked.fields)
    if choice is None:
        return [Move(key="decide", label="Decide", follows="The run goes on with the answer.", why_not=why)]
    return [
        Move(key=value, label=label_of(choice, value), follows=follows, why_not=why)
        for value, follows in choice.options.items()
    ]


def label_of(choice: Choice, value: str) -> str:
    """What stands on the button: the value, or of a yes-or-no field its name with it."""
    if value in _YES_NO and set(choice.options) == _YES_NO.keys():
        return f"{choice.field.replace('_', ' ').capitalize()}: {_YES_NO[value].lower()}"
    return value.replace("_", " ").capitalize()


def moves_of_case(case: Case, user: User) -> list[Move]:
    """What may be done with a case as it is now."""
    if not case.open:
        return []
    return [
        Move(key=key, label=label, follows=follows, why_not=_needs(user, permissions))
        for key, label, follows, permissions, fits in _OF_CASES
        if fits(case)
    ]


def _needs(user: User, permissions: Sequence[Permission]) -> str:
    missing = [each for each in permissions if not user.may(each)]
    return f"Needs the role {who_can(missing[0])}." if missing else ""


def _held(case: Case) -> bool:
    return case.message_id is not None


_Act = tuple[str, str, str, Sequence[Permission], Callable[[Case], bool]]

_OF_CASES: Final[Sequence[_Act]] = (
    ("let_through", "Let it through", "The change counts although another system owns it; its message goes on.",
     (Permission.CURATE,), lambda case: case.category == Undecided.category),
    ("answer", "Say which it is", "All that wait for the answer go on.", (Permission.CURATE, Permission.REPLAY),
     lambda case: case.category == Ambiguous.category),
    ("replay", "Replay", "It goes on its way again, in its old place.", (Permission.REPLAY,), _held),
    ("edit", "Edit and resubmit", "A new message takes its place; the original stays as it was received.",
     (Permission.EDIT,), _held),
    ("discard", "Discard", "It ends here; what waits behind it goes on.", (Permission.DISCARD,), _held),
    ("let_pass", "Let those behind pass", "They go on; it stays held, and comes after them.", (Permission.PAUSE,),
     lambda case: case.behind > 0),
    ("repeat", "Repeat the runs", "Each goes on from the step at which it stopped.", (Permission.REPLAY,),
     lambda case: case.category in ("process.held", "process.refused")),
    ("cancel", "Cancel the runs", "What each did is undone, and it ends.", (Permission.DISCARD,),
     lambda case: case.category in ("process.held", "process.refused")),
    ("close", "Close", "It stays closed until it is over, or something more is wrong there.", (Permission.PAUSE,),
     lambda case: not _held(case)),
    ("assign", "Take or assign", "It is with that person.", (Permission.ASSIGN,), lambda case: True),
    ("hand_over", "Hand over", "It is the flow's other owner's.", (Permission.ASSIGN,),
     lambda case: bool(case.other_owner)),
)  # fmt: skip
"""Key, words, what follows, what it needs, and of which cases it is legal."""

"""One word and one look for each state, outcome and act, everywhere in the console."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from hilum.cases import described
from hilum.flow import Criticality
from hilum.security import Permission, who_can


@dataclass(frozen=True, slots=True)
class StateWord:
    """How a state is shown."""

    word: str
    look: str  # flowing, waiting, held, done, off: colour and shape in console.css
    meaning: str  # on hover


MESSAGE_STATES: Mapping[str, StateWord] = MappingProxyType(
    {
        "received": StateWord("Received", "flowing", "Durable and acknowledged, not yet translated"),
        "routed": StateWord("Under way", "flowing", "Translated; its deliveries are under way"),
        "completed": StateWord("Completed", "done", "Every delivery is done"),
        "held": StateWord("Held", "held", "Waits for a person; a case says why"),
        "discarded": StateWord("Discarded", "off", "It ends here: a person, or a rule of the flow, decided so"),
    }
)

DELIVERY_STATES: Mapping[str, StateWord] = MappingProxyType(
    {
        "pending": StateWord("Pending", "flowing", "To be delivered next"),
        "waiting": StateWord("Waiting", "waiting", "Until its next attempt, or behind an earlier one of its key"),
        "delivered": StateWord("Delivered", "done", "The receiver has it"),
        "held": StateWord("Held", "held", "Waits for a person; a case says why"),
        "cancelled": StateWord("Cancelled", "off", "A person decided that it is not delivered"),
    }
)

RUN_STATES: Mapping[str, StateWord] = MappingProxyType(
    {
        "running": StateWord("Under way", "flowing", "It works, or waits for what it told"),
        "held": StateWord("Held", "held", "It stopped at something that its code or its rules do not allow"),
        "completed": StateWord("Completed", "done", "It came to its end"),
        "failed": StateWord("Failed", "off", "It could not go on, and undid what it had done"),
        "cancelled": StateWord("Cancelled", "off", "A person ended it, and it undid what it had done"),
    }
)

OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        "delivered": "delivered",
        "try_again": "not done, tried again later",
        "unsure": "answer lost: it may or may not have been done",
        "rejected": "refused by the receiver",
        "down": "the receiver as a whole did not work",
    }
)

ACTS: Mapping[str, str] = MappingProxyType(
    {
        "login": "logged in",
        "login_failed": "failed to log in",
        "login_delayed": "tried to log in too early",
        "logout": "logged out",
        "setup": "set up the hub",
        "view_payload": "looked at a payload",
        "master_drafted": "drafted changes of master data",
        "master_submitted": "asked for a review of master data",
        "master_approved": "approved changes of master data",
        "master_refused": "refused changes of master data",
        "master_withdrawn": "withdrew changes of master data",
        "master_published": "published master data",
        "master_not_taken": "did not take published master data",
        "onboarding_filed": "filed an onboarding",
        "onboarding_begun": "began a phase of an onboarding",
        "onboarding_undone": "undid a phase of an onboarding",
        "matched": "compared records",
        "view_match": "looked at two records",
        "match_same": "decided that two records are the same",
        "match_different": "decided that two records are different",
        "hold_payload": "put it on legal hold",
        "release_payload": "released it from legal hold",
        "erase_payload": "erased the payload",
        "onboarding_handed_in": "handed in a workbook",
        "shred_answered": "shredded the keys of answered questions",
        "erase_payloads": "erased payloads",
        "erase_evidence": "dropped messages without payload",
        "rotate_keys": "rotated the keys of payloads",
        "replay": "replayed",
        "run": "ran by hand",
        "runs_left_out": "left missed runs out",
        "destination_opened": "stopped a destination",
        "destination_closed": "let a destination go on",
        "discard": "discarded",
        "resubmit": "edited and resubmitted",
        "assign": "assigned",
        "hand_over": "handed over",
        "note": "wrote a note",
        "key_renewed": "put a new key in force",
        "key_not_renewed": "could not renew a key",
        "key_retired": "took a former key back",
        "case_opened": "opened a case",
        "case_renewed": "found more for a case",
        "case_ended": "ended a case",
        "case_escalated": "let a case go to others",
        "case_closed": "closed a case",
        "job_made": "began an act on many",
        "job_paused": "paused a job",
        "job_resumed": "resumed a job",
        "job_cancelled": "cancelled a job",
        "job_done": "ended a job",
        "approval_asked": "asked for a second person",
        "approved": "approved",
        "approval_refused": "refused",
        "approval_withdrawn": "withdrew a request",
        "approval_expired": "let a request expire",
        "flow_paused": "stopped a flow",
        "flow_resumed": "resumed a flow",
        "key_held": "held a key",
        "key_freed": "freed a key",
        "let_pass": "let those behind pass",
        "retry_now": "had it tried at once",
        "retry_cancelled": "ended its attempts",
        "export": "saved a list as a file",
        "held": "held",
        "audit_key": "changed the key of the audit",
        "audit_verified": "verified the audit",
        "audit_exported": "exported the audit",
        "audit_dropped": "removed a month of the audit",
        "view_message": "looked at a message",
        "view_cases": "looked at cases",
        "process_cancelled": "cancelled a run",
        "process_repeated": "repeated a run",
        "process_migrated": "moved runs to another version",
        "task_decided": "decided a task",
        "task_assigned": "gave a task",
        "command_not_taken": "did not take a command",
        "password_changed": "changed their password",
        "user_created": "made a user",
        "user_disabled": "disabled a user",
        "user_enabled": "enabled a user",
    }
)

CRITICALITIES: tuple[str, ...] = tuple(each.value for each in Criticality)
"""By rank: low, normal, high, vital."""

JOB_STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "planned": ("Planned", "waiting"),
        "waiting": ("Waits for approval", "waiting"),
        "running": ("Running", "flowing"),
        "paused": ("Paused", "waiting"),
        "done": ("Done", "done"),
        "cancelled": ("Cancelled", "off"),
        "partly_failed": ("Done, some failed", "held"),
    }
)
"""State of a job → word and look."""

JOB_ACTS: Mapping[str, str] = MappingProxyType({"replay": "Replay", "discard": "Discard", "assign": "Assign"})

STEP_ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "translate": "translated again",
        "deliver": "delivered again: what was held",
        "again": "delivered once more",
        "discard": "discarded",
        "assign": "assigned",
    }
)

ITEM_STATES: Mapping[str, str] = MappingProxyType(
    {"planned": "to come", "done": "done", "moved_on": "left alone", "failed": "failed"}
)

RESOLUTIONS: Mapping[str, str] = MappingProxyType(
    {
        "replayed": "replayed",
        "edited": "edited and resubmitted",
        "discarded": "discarded",
        "ended": "ended",
        "closed": "closed",
    }
)

_PERMISSION: Mapping[Permission, str] = MappingProxyType(
    {
        Permission.VIEW_PAYLOAD: "See protected payloads",
        Permission.ASSIGN: "Assign cases",
        Permission.REPLAY: "Replay",
        Permission.RUN: "Run by hand",
        Permission.EDIT: "Edit and resubmit",
        Permission.CURATE: "Change master data",
        Permission.DISCARD: "Discard",
        Permission.PAUSE: "Stop and let go on",
        Permission.APPROVE: "Approve as the second person",
        Permission.MANAGE_USERS: "Manage users",
    }
)


def category(key: str) -> str:
    """A category of cases in words."""
    return described(key).title


def refusal(permission: Permission) -> str:
    """Why somebody may not do it, and who can."""
    return f"{_PERMISSION[permission]}: needs the role {who_can(permission)}."


def permission_words(permission: Permission) -> str:
    """A permission in words."""
    return _PERMISSION[permission]


def number(value: int) -> str:
    """With thin spaces between the thousands: 1 204 533."""
    return f"{value:,}".replace(",", "\u2009")


def amount(value: Decimal) -> str:
    """Money with thin spaces between the thousands: 12 340.00."""
    return f"{value:,f}".replace(",", "\u2009")


def plural(count: int, one: str, many: str = "") -> str:
    """`1 message`, `3 messages`."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def size(count: int) -> str:
    """A number of bytes with its unit: `812 B`, `4.1 kB`, `2.3 MB`."""
    for unit, step in (("MB", 1_000_000), ("kB", 1_000)):
        if count >= step:
            return f"{count / step:.1f} {unit}"
    return f"{count} B"


_YEAR: Final = 365.25 * 86_400
"""Seconds."""


def duration(seconds: float) -> str:
    """A length of time with its unit: `30 s`, `12 min`, `3 h`, `2 d`, `10 years`."""
    if seconds >= 2 * _YEAR:
        return f"{seconds / _YEAR:.0f} years"
    for unit, step in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= step:
            return f"{seconds / step:.3g} {unit}"
    return f"{seconds:.3g} s"

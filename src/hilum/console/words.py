"""One word and one look for each state, outcome and act, everywhere in the console."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

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
        "hold_payload": "put it on legal hold",
        "release_payload": "released it from legal hold",
        "erase_payload": "erased the payload",
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
        "held": "held",
        "audit_key": "changed the key of the audit",
        "audit_verified": "verified the audit",
        "audit_exported": "exported the audit",
        "audit_dropped": "removed a month of the audit",
        "view_message": "looked at a message",
        "view_cases": "looked at cases",
        "password_changed": "changed their password",
        "user_created": "made a user",
        "user_disabled": "disabled a user",
        "user_enabled": "enabled a user",
    }
)

CATEGORIES: Mapping[str, str] = MappingProxyType(
    {
        "invalid": "Cannot be read",
        "unmapped": "Unknown code",
        "not_owner": "Not the owner",
        "refused": "Against a rule",
        "unsure": "Not known whether it arrived",
        "retries_exhausted": "All attempts failed",
        "settings": "Set-up of the flow",
        "identifier_reused": "Identifier used twice",
        "defect": "Defect of the flow",
        "endless": "Does not end",
        "stopped": "Stopped",
    }
)

RESOLUTIONS: Mapping[str, str] = MappingProxyType(
    {"replayed": "replayed", "edited": "edited and resubmitted", "discarded": "discarded"}
)

_PERMISSION: Mapping[Permission, str] = MappingProxyType(
    {
        Permission.VIEW_PAYLOAD: "See protected payloads",
        Permission.ASSIGN: "Assign cases",
        Permission.REPLAY: "Replay",
        Permission.RUN: "Run by hand",
        Permission.EDIT: "Edit and resubmit",
        Permission.DISCARD: "Discard",
        Permission.PAUSE: "Stop and let go on",
        Permission.MANAGE_USERS: "Manage users",
    }
)


def category(key: str) -> str:
    """A category of cases in words; those of endpoints (`odoo.validation`) stay as they are, readable."""
    return CATEGORIES.get(key) or key.replace(".", ": ").replace("_", " ")


def refusal(permission: Permission) -> str:
    """Why somebody may not do it, and who can."""
    return f"{_PERMISSION[permission]}: needs the role {who_can(permission)}."


def permission_words(permission: Permission) -> str:
    """A permission in words."""
    return _PERMISSION[permission]


def number(value: int) -> str:
    """With thin spaces between the thousands: 1 204 533."""
    return f"{value:,}".replace(",", "\u2009")


def plural(count: int, one: str, many: str = "") -> str:
    """`1 message`, `3 messages`."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def size(count: int) -> str:
    """A number of bytes with its unit: `812 B`, `4.1 kB`, `2.3 MB`."""
    for unit, step in (("MB", 1_000_000), ("kB", 1_000)):
        if count >= step:
            return f"{count / step:.1f} {unit}"
    return f"{count} B"


def duration(seconds: float) -> str:
    """A length of time with its unit: `30 s`, `12 min`, `3 h`, `2 d`."""
    for unit, step in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= step:
            return f"{seconds / step:.3g} {unit}"
    return f"{seconds:.3g} s"

"""Who may do what: one visible table from roles to permissions."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What a user is in the hub. Each one may do all that the one before it may."""

    VIEWER = "viewer"  # looks: counts, flows, cases, traces; protected payloads stay masked
    OPERATOR = "operator"  # keeps things running: sees payloads with a reason, assigns, replays, runs, pauses
    STEWARD = "steward"  # answers for the data: also edits, discards and approves
    ADMIN = "admin"  # also manages users


class Permission(StrEnum):
    """Something that not everybody may do."""

    VIEW_PAYLOAD = "view_payload"  # protected payloads, each time with a reason, audited
    ASSIGN = "assign"  # give a case to a person or back to its team
    REPLAY = "replay"  # send again what is held or done
    RUN = "run"  # run a flow by hand, outside its calendar or windows
    EDIT = "edit"  # change a held payload and resubmit it
    CURATE = "curate"  # change master data: identifiers in the crosswalk, what a change of another's field becomes
    DISCARD = "discard"  # end what is held
    PAUSE = "pause"  # stop a flow or a destination, hold a key, end further attempts
    APPROVE = "approve"  # agree, as the second person, to an act of somebody else
    MANAGE_USERS = "manage_users"  # make and disable users


_OPERATOR = frozenset({Permission.VIEW_PAYLOAD, Permission.ASSIGN, Permission.REPLAY, Permission.RUN, Permission.PAUSE})
_STEWARD = _OPERATOR | {Permission.EDIT, Permission.CURATE, Permission.DISCARD, Permission.APPROVE}

PERMISSIONS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.VIEWER: frozenset(),
        Role.OPERATOR: _OPERATOR,
        Role.STEWARD: _STEWARD,
        Role.ADMIN: _STEWARD | {Permission.MANAGE_USERS},
    }
)
"""The whole policy."""


def allows(role: Role, permission: Permission) -> bool:
    """May someone with this role do it?"""
    return permission in PERMISSIONS[role]


def who_can(permission: Permission) -> str:
    """The roles that may do it, in words: `steward or admin`."""
    return " or ".join(role.value for role in Role if allows(role, permission))

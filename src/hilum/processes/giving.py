"""Who may have a task: it is taken, given to somebody else who may decide it, or given back to the team."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from hilum.errors import Refused
from hilum.postgres import Connection
from hilum.processes.tasks import Asked, assign, task
from hilum.security import PERMISSIONS, User, users


async def give(connection: Connection, id: UUID, *, to: str, actor: str, reason: str = "") -> None:
    """Within a transaction: it is that person's, or (empty) the team's again. Raises `Refused`, with why."""
    found = await task(connection, id)
    if found is None:
        raise Refused("There is no such task.")
    if to and to not in [each.name for each in able(found, await users(connection))]:
        raise Refused(f"{to} cannot decide it, so it cannot be theirs.")
    await assign(connection, id, to=to, actor=actor, reason=" ".join(reason.split()))


def able(found: Asked, everybody: Sequence[User]) -> list[User]:
    """Who may decide it, if it is theirs."""
    return [user for user in everybody if not user.disabled and found.permission in held_by(user)
            and user.name not in found.not_by]  # fmt: skip


def held_by(user: User) -> set[str]:
    """The permissions of a user, as tasks name them."""
    return {permission.value for permission in PERMISSIONS[user.role]}

"""What stewards do with master data here: each act asks who they are, and why, in its own transaction."""

from __future__ import annotations

from uuid import UUID

from hilum import cases
from hilum.console.acts import allowed, reasoned
from hilum.console.session import Visit
from hilum.errors import SettingsError
from hilum.masterdata import crosswalk
from hilum.masterdata.crosswalk import Identifier, name_of, number_of
from hilum.security import Permission


async def let_through(visit: Visit, message_id: UUID, reason: str) -> str:
    """A change that is held for a steward counts; returns in words what follows."""
    user = await allowed(visit, Permission.CURATE)
    reason = reasoned(reason)
    async with visit.context.database.transaction() as connection:
        await cases.let_through(connection, message_id, actor=user.name, reason=reason)
    return "The change counts and is on its way."


async def link_identifier(visit: Visit, what: Identifier, to: str, reason: str) -> str:
    """An identifier names a thing (empty: a new one); returns in words what was done."""
    user = await allowed(visit, Permission.CURATE)
    reason = reasoned(reason)
    number = _number(what.object, to) if to.strip() else None
    async with visit.context.database.transaction() as connection:
        found = await crosswalk.link(connection, what, to=number, actor=user.name, reason=reason)
    return f"The {what} is {name_of(what.object, found)}."


async def merge_things(visit: Visit, thing: str, into: str, reason: str) -> str:
    """One thing is another one; returns in words what was done."""
    user = await allowed(visit, Permission.CURATE)
    reason = reasoned(reason)
    object_, number = number_of(thing)
    other = _number(object_, into)
    async with visit.context.database.transaction() as connection:
        await crosswalk.merge(connection, object_, number, into=other, actor=user.name, reason=reason)
    return f"{name_of(object_, number)} is {name_of(object_, other)} now."


async def unmerge_thing(visit: Visit, thing: str, reason: str) -> str:
    """The two are different after all; returns in words what was done."""
    user = await allowed(visit, Permission.CURATE)
    reason = reasoned(reason)
    object_, number = number_of(thing)
    async with visit.context.database.transaction() as connection:
        was = await crosswalk.unmerge(connection, object_, number, actor=user.name, reason=reason)
    return f"{name_of(object_, number)} stands for itself again; it was merged into {name_of(object_, was)}."


def _number(object_: str, name: str) -> int:
    kind, number = number_of(name)
    if kind != object_:
        raise SettingsError(f"{name} is of another kind than {object_}.")
    return number

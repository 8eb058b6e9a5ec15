"""What people do with comparisons and differences here: each act asks who they are, and for the reason."""

from __future__ import annotations

from hilum.cases import NotPossible
from hilum.console.acts import allowed, reasoned
from hilum.console.session import Visit
from hilum.reconcile import Accepted, accepting, asking
from hilum.security import Permission

COMPARE, ACCEPT = Permission.RUN, Permission.CURATE
"""What one needs to have two systems compared now, and to say that a difference is as it should be."""


async def compare_now(visit: Visit, name: str, reason: str) -> str:
    """Ask a worker to compare; returns in words what follows. Raises `NotPossible`."""
    user = await allowed(visit, COMPARE)
    reason = reasoned(reason)
    if name not in {each.name for each in visit.context.comparisons}:
        raise NotPossible("It is declared in no file of this hub, so nobody can compare it here.")
    async with visit.context.database.transaction() as connection:
        if not await asking.ask(connection, name, actor=user.name, reason=reason):
            raise NotPossible("Somebody has asked for it already; what it comes to is shown here.")
    return "It is compared in a moment. What it comes to is shown here."


async def accept(visit: Visit, number: int, as_: Accepted, reason: str) -> str:
    """Say that a difference is as it should be; returns in words what follows. Raises `NotPossible`."""
    user = await allowed(visit, ACCEPT)
    reason = reasoned(reason)
    async with visit.context.database.transaction() as connection:
        await accepting.accept(connection, number, as_, actor=user.name, reason=reason)
    return "It is accepted: nobody has to do anything about it, until something else differs of it."


async def take_back(visit: Visit, number: int, reason: str) -> str:
    """It is work again; returns in words what follows. Raises `NotPossible`."""
    user = await allowed(visit, ACCEPT)
    reason = reasoned(reason)
    async with visit.context.database.transaction() as connection:
        await accepting.take_back(connection, number, actor=user.name, reason=reason)
    return "It is open again: the next run that finds it opens a case of it."

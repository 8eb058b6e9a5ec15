"""What people do with cases, in one line each: jobs, approvals, and users who may."""

from __future__ import annotations

from hilum.cases import Policy, Selection, run_batch
from hilum.cases.jobs import Asked, Job, make, need, prepare
from hilum.postgres import Database
from hilum.security import Role, User, create_user, users
from hilum.settings import ApprovalRule, ApprovalSettings

PASSWORD = "four small grey boats"


def policy(*rules: ApprovalRule, hours: float = 24.0) -> Policy:
    """A policy with these rules, which knows no flow: every flow fits every condition."""
    return Policy(settings=ApprovalSettings(rules=list(rules), expires_hours=hours))


NOBODY_IS_ASKED = policy()


async def user(database: Database, name: str, role: Role) -> User:
    """A user of the hub."""
    async with database.transaction() as connection:
        return await create_user(connection, name, PASSWORD, role, created_by="test")


async def user_named(database: Database, name: str) -> User:
    """The user of this name."""
    async with database.cold() as connection:
        return next(each for each in await users(connection) if each.name == name)


async def made(
    database: Database, asked: Asked, *, by: str = "eva", rules: Policy = NOBODY_IS_ASKED, start: bool = True
) -> Job:
    """A job, as a person makes it after the dry run."""
    async with database.transaction() as connection:
        prepared = await prepare(connection, asked)
        return await make(connection, prepared, by=by, reason="corrected", policy=rules, start=start)


async def job(database: Database, number: int) -> Job:
    """How a job is now."""
    async with database.cold() as connection:
        return await need(connection, number)


async def run_to_end(database: Database, number: int) -> Job:
    """Carry a job out, as the command line does."""
    while await run_batch(database, only=number) is not None:
        pass
    return await job(database, number)


def replay_of(**selection: object) -> Asked:
    """A replay of what this selects."""
    return Asked(act="replay", selection=Selection(**selection))  # type: ignore[arg-type]

"""Who acts at the command line, and what the policy asks of them.

Without `--as` the account of this machine acts, as it always could: whoever can reach the project and the database may.
Where `[approvals]` asks for a second person, a login is needed (`--as`): only then is it known that whoever approves
it, in the console, is somebody else. Nothing can be approved here.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from hilum.cases import Demand, Policy
from hilum.cli.messages import actor
from hilum.cli.opening import journal, project_of, settings_of
from hilum.errors import SettingsError
from hilum.postgres import Connection, Database
from hilum.security import Permission, User, authenticate, who_can

PASSWORD = "HILUM_PASSWORD"  # noqa: S105 - the name of a variable
"""Environment variable with the password of the user that `--as` names; without it the password is asked for."""

As = Annotated[
    str, typer.Option("--as", help=f"Act as this user of the hub; the password is asked for, or in {PASSWORD}.")
]
Reason = Annotated[str, typer.Option(help="Why; kept in the audit.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and do nothing.")]


@dataclass(frozen=True, slots=True)
class Login:
    """A name and a password that were given, not yet proved."""

    name: str
    password: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts."""

    name: str  # for the audit
    user: User | None  # None: the account of this machine

    def permitted(self, permission: Permission) -> None:
        """Raises `SettingsError` where the role of the user does not allow it."""
        if self.user is not None and not self.user.may(permission):
            raise SettingsError(f"{self.name} may not do this: it needs the role {who_can(permission)}.")

    def asked(self, demand: Demand | None) -> None:
        """Raises `SettingsError` where a second person is needed, and it is not known who the first one is."""
        if demand is not None and self.user is None:
            raise SettingsError(
                f"{demand.why} Say who you are with --as USER; somebody else then approves it in the console."
            )


def login_of(name: str) -> Login | None:
    """What `--as` says; asks for the password. None: it says nothing."""
    if not name:
        return None
    password = os.environ.get(PASSWORD) or typer.prompt(f"Password of {name}", hide_input=True, err=True)
    return Login(name, str(password))


async def person(database: Database, login: Login | None) -> Person:
    """Who acts. Raises `LoginRefused` and `LoginDelayed`."""
    if login is None:
        return Person(actor(), None)
    user = await authenticate(database, login.name, login.password)
    return Person(user.name, user)


@asynccontextmanager
async def acting(folder: Path, login: Login | None, permission: Permission) -> AsyncIterator[tuple[Connection, Person]]:
    """A transaction for one act. Raises `SettingsError` where the role of whoever acts does not allow it."""
    async with journal(folder) as database:
        who = await person(database, login)
        who.permitted(permission)
        async with database.transaction() as connection:
            yield connection, who


def policy_of(folder: Path) -> Policy:
    """The policy of a project; its flows are only read where there are rules about them."""
    settings = settings_of(folder)
    if not settings.approvals.rules:
        return Policy(settings=settings.approvals)
    return Policy(settings=settings.approvals, flows=project_of(folder).flows)


def reasoned(reason: str) -> str:
    """The reason, without which nothing is done. Raises `SettingsError`."""
    if not reason.strip():
        raise SettingsError("Say why with --reason; it is kept in the audit.")
    return reason.strip()

"""Account: one's own password."""

from __future__ import annotations

from nicegui import ui

from hilum.cases import views
from hilum.console import small
from hilum.console.components.controls import Button, Choice, Field
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.markup import tag
from hilum.console.session import Visit
from hilum.console.shell import Page, acting, add_page, heading
from hilum.journal.audit import record
from hilum.processes.tasks import open_by_team
from hilum.security import MINIMUM_LENGTH, BadUser, authenticate, set_password


def add(context: Context, figures: Figures) -> None:
    """The page at `/account`."""

    async def build(page: Page) -> None:
        user = page.user
        heading("Account", tag("p", f"{user.name} may work here as {user.role.value}."))
        await _team(page)
        ui.html(tag("h2", "Password"), sanitize=False)
        before = Field("Password now", kind="password")
        after = Field("New password", kind="password", hint=f"At least {MINIMUM_LENGTH} characters. All logins end.")
        again = Field("New password again", kind="password")

        async def change() -> None:
            if after.value != again.value:
                raise BadUser("The two new passwords differ.")
            await change_password(page.visit, before.value, after.value)
            page.say("The password is changed. Log in again with the new one.")

        Button("Change the password", acting(page, change), look="primary")

    add_page("/account", "Account", context, figures, build)


async def _team(page: Page) -> None:
    """Whose cases and tasks are "my team's" under Exceptions and Workflows."""
    async with page.context.database.cold() as connection:
        mine = await views.team_of(connection, page.user.name)
        asked = await open_by_team(connection)
    owners = [each.owners for each in page.context.flows.values()]
    owners += [each.owners for each in page.context.processes]
    teams = sorted({*asked, *(team for each in owners for team in (each.business, each.technical))})
    if not teams:
        return
    ui.html(tag("h2", "Team"), sanitize=False)
    choice = Choice("My team", {"": "none", **{team: team for team in teams}}, value=mine)

    async def join() -> None:
        page.say(await small.join_team(page.visit, choice.value))

    Button("Keep it", acting(page, join))


async def change_password(visit: Visit, before: str, after: str) -> None:
    """Prove who it is once more, then change and audit. Raises `LoginRefused`, `LoginDelayed`, `WeakPassword`."""
    user = await visit.still()
    await authenticate(visit.context.database, user.name, before, host="account")
    async with visit.context.database.transaction() as connection:
        await set_password(connection, user.name, after)
        await record(connection, actor=user.name, action="password_changed")

"""Users: who may log in, as what; make one, lock one out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from nicegui import ui
from starlette.responses import Response

from hilum.console.acts import Forbidden
from hilum.console.components.age import ago
from hilum.console.components.chip import chip
from hilum.console.components.controls import Button, Choice, Field
from hilum.console.components.dialogs import Question, ask
from hilum.console.components.table import row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.markup import Html, join, tag
from hilum.console.pages import door
from hilum.console.session import Visit
from hilum.console.shell import Page, acting, add_page, heading, part
from hilum.console.words import permission_words, plural, refusal
from hilum.journal.audit import record
from hilum.security import (
    MINIMUM_LENGTH,
    PERMISSIONS,
    BadUser,
    Permission,
    Role,
    User,
    create_user,
    set_disabled,
    users,
)


def add(context: Context, figures: Figures) -> None:
    """The page at `/users`."""

    async def build(page: Page) -> Response | None:
        if not page.user.may(Permission.MANAGE_USERS):
            return door.not_allowed(refusal(Permission.MANAGE_USERS))
        content = ui.element("div")

        async def draw() -> None:
            async with context.database.cold() as connection:
                found = await users(connection)
            content.clear()
            with content:
                _contents(page, found, draw)

        await draw()
        return None

    add_page("/users", "Users", context, figures, build)


def _contents(page: Page, found: list[User], draw: Callable[[], Awaitable[None]]) -> None:
    active = [user for user in found if not user.disabled]
    heading("Users", tag("p", f"{plural(len(active), 'person', 'people')} may log in."))
    part(_table(found), "section")
    with ui.element("div").classes("pair"):
        with ui.element("div").classes("section"):
            _new(page, draw)
            _lock(page, found, draw)
        part(_roles(), "section")


def _table(found: list[User]) -> Html:
    rows = [
        row(user.name, user.role.value, chip("Locked out", "off") if user.disabled else chip("May log in", "done"),
            ago(user.last_login_at) or "never", [ago(user.created_at), tag("small", f"by {user.created_by}")])
        for user in found
    ]  # fmt: skip
    return table(("Name", "Role", "", "Last login", "Made"), rows, empty="Nobody.", label="Users")


def _new(page: Page, draw: Callable[[], Awaitable[None]]) -> None:
    ui.html(tag("h2", "Make a user"), sanitize=False)
    name = Field("Name")
    role = Choice("Role", {role.value: role.value for role in Role}, value=Role.VIEWER.value)
    password = Field("Password", kind="password", hint=f"At least {MINIMUM_LENGTH} characters.")

    async def make() -> None:
        made = await _make(page.visit, name.value.strip().lower(), password.value, role.value)
        page.say(f"{made.name} may log in as {made.role.value}.")
        await draw()

    Button("Make the user", acting(page, make), look="primary")


async def _manager(visit: Visit) -> User:
    user = await visit.still()
    if not user.may(Permission.MANAGE_USERS):
        raise Forbidden(refusal(Permission.MANAGE_USERS))
    return user


async def _make(visit: Visit, name: str, password: str, role: str) -> User:
    """Make and audit. Raises `Forbidden`, `BadUser`, `WeakPassword`."""
    manager = await _manager(visit)
    if role not in set(Role):
        raise BadUser("There is no such role.")
    async with visit.context.database.transaction() as connection:
        made = await create_user(connection, name, password, Role(role), created_by=manager.name)
        await record(connection, actor=manager.name, action="user_created", words=f"{made.name} as {made.role.value}")
    return made


def _lock(page: Page, found: list[User], draw: Callable[[], Awaitable[None]]) -> None:
    ui.html(join(tag("p"), tag("h2", "Lock out, or let in again")), sanitize=False)
    with ui.element("div").classes("acts"):
        for user in found:
            label = f"Let {user.name} in" if user.disabled else f"Lock {user.name} out"
            Button(label, acting(page, partial(_switch, page, user, draw)))


async def _switch(page: Page, user: User, draw: Callable[[], Awaitable[None]]) -> None:
    locked = not user.disabled
    body = tag("p", "Their sessions end at once." if locked else "They may log in again with their password.")
    question = Question(title=f"{'Lock out' if locked else 'Let in'} {user.name}", body=body, do="Do it",
                        look="danger" if locked else "primary")  # fmt: skip
    answer = await ask(page, question)
    if answer is None:
        return
    manager = await _manager(page.visit)
    async with page.context.database.transaction() as connection:
        await set_disabled(connection, user.name, locked)
        action = "user_disabled" if locked else "user_enabled"
        await record(connection, actor=manager.name, action=action, words=f"{user.name}: {answer.reason}")
    page.say(f"{user.name} is locked out." if locked else f"{user.name} may log in again.")
    await draw()


def _roles() -> Html:
    yes, no = tag("td", chip("Yes", "done")), tag("td", chip("No", "off"))
    rows = [
        row(permission_words(permission), *(yes if permission in PERMISSIONS[role] else no for role in Role))
        for permission in Permission
    ]
    heads = ("What", *(role.value for role in Role))
    return join(tag("h2", "Who may do what"), table(heads, rows, empty="", label="Roles and permissions"))

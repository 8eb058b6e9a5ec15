"""`hilum retry`: what waits for its next attempt is tried now, or not any more."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from hilum.cases import cancel_retry, retry_now
from hilum.cli.acting import As, Login, Reason, acting, login_of, reasoned
from hilum.cli.messages import message_id
from hilum.cli.opening import HERE, ProjectFolder, project_of, run
from hilum.cli.output import AsJson, emit_json, out, plain
from hilum.security import Permission

app = typer.Typer(help="What waits for its next attempt: try it now, or end its attempts.", no_args_is_help=True)

Message = Annotated[str, typer.Argument(help="Id of the message.")]


@app.command()
def now(
    message: Message, reason: Reason = "", as_user: As = "", project: ProjectFolder = HERE, as_json: AsJson = False
) -> None:
    """Try at once what waits for its time."""
    found = message_id(message)
    _told(run(_retry(project, found, reasoned(reason), login_of(as_user), end=False)), found, "tried now", as_json)


@app.command()
def cancel(
    message: Message, reason: Reason = "", as_user: As = "", project: ProjectFolder = HERE, as_json: AsJson = False
) -> None:
    """End its attempts: it is held, with a case, for a person to replay or discard."""
    found = message_id(message)
    _told(run(_retry(project, found, reasoned(reason), login_of(as_user), end=True)), found, "held", as_json)


async def _retry(folder: Path, message: UUID, reason: str, login: Login | None, *, end: bool) -> int:
    flows = project_of(folder).flows if end else {}
    async with acting(folder, login, Permission.PAUSE if end else Permission.REPLAY) as (connection, who):
        if not end:
            return await retry_now(connection, message, actor=who.name, reason=reason)
        return await cancel_retry(connection, message, actor=who.name, reason=reason, flows=flows)


def _told(count: int, message: UUID, what: str, as_json: bool) -> None:
    if as_json:
        emit_json({"message_id": message, "deliveries": count, "now": what})
    else:
        out.print(plain(f"{count} of its deliveries {'is' if count == 1 else 'are'} {what}."))

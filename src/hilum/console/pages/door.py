"""What is shown to those who are not logged in: the login, the first set-up, and that the database is away.

Plain pages without a live connection: they work before, and without, everything else.
"""

from __future__ import annotations

from starlette.responses import HTMLResponse

from hilum.console.assets import HEAD
from hilum.console.markup import Child, Html, join, tag
from hilum.security import MINIMUM_LENGTH


def _page(title: str, *content: Child, status: int = 200, refresh: bool = False) -> HTMLResponse:
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        HEAD,
        refresh and tag("meta", http_equiv="refresh", content="3"),
    )
    body = tag("body", tag("main", content, class_="door"))
    return HTMLResponse(join(Html("<!doctype html>"), tag("html", head, body, lang="en")), status_code=status)


def field(label: str, name: str, *, kind: str = "text", value: str = "", complete: str = "off", hint: str = "") -> Html:
    """A labelled text field of a plain form."""
    described = f"{name}-hint" if hint else None
    box = tag("input", name=name, type=kind, value=value or None, autocomplete=complete, required=True,
              autocapitalize="none", spellcheck="false", aria_describedby=described)  # fmt: skip
    named = tag("label", tag("span", label, class_="label"), box)
    return tag("div", named, hint and tag("span", hint, id=described, class_="hint"), class_="field")


def _alert(error: str) -> Child:
    return error and tag("p", error, class_="alert", role="alert")


def login_page(hub: str, *, error: str = "", name: str = "", target: str = "/", status: int = 200) -> HTMLResponse:
    """The login, with what went wrong the last time."""
    form = tag(
        "form",
        _alert(error),
        field("Name", "name", value=name, complete="username"),
        field("Password", "password", kind="password", complete="current-password"),
        tag("input", type="hidden", name="next", value=target),
        tag("button", "Log in", type="submit", class_="primary"),
        method="post",
        action="/login",
    )
    return _page(f"Log in · {hub}", tag("h1", hub), tag("p", "Log in to see what crosses.", class_="lead"), form,
                 status=status)  # fmt: skip


def setup_page(hub: str, token: str, *, error: str = "", name: str = "", status: int = 200) -> HTMLResponse:
    """Where the first administrator is made."""
    form = tag(
        "form",
        _alert(error),
        field("Name", "name", value=name or "admin", complete="username"),
        field("Password", "password", kind="password", complete="new-password",
              hint=f"At least {MINIMUM_LENGTH} characters; a few words are fine."),
        field("Password again", "again", kind="password", complete="new-password"),
        tag("input", type="hidden", name="token", value=token),
        tag("button", "Make the administrator", type="submit", class_="primary"),
        method="post",
        action="/setup",
    )  # fmt: skip
    lead = "Nobody can log in yet. Make the first administrator; the link then stops working."
    return _page(f"Set up · {hub}", tag("h1", f"Set up {hub}"), tag("p", lead, class_="lead"), form, status=status)


def set_up_already(hub: str) -> HTMLResponse:
    """The link was used."""
    content = tag("p", "This hub is set up already. ", tag("a", "Log in", href="/login"), class_="lead")
    return _page(f"Set up · {hub}", tag("h1", hub), content, status=410)


def database_away(words: str) -> HTMLResponse:
    """Shown in place of every page while the journal cannot be reached; looks again every 3 s."""
    return _page(
        "The database does not answer",
        tag("h1", "The database does not answer"),
        tag("p", "Senders get no false acknowledgement meanwhile: they keep what they have and send it again.",
            class_="lead"),
        tag("p", words, class_="alert", role="alert"),
        tag("p", "This page looks again every 3 seconds.", class_="hint"),
        status=503,
        refresh=True,
    )  # fmt: skip


def failed() -> HTMLResponse:
    """A page failed although the database answers: a defect, written to the log."""
    return _page(
        "This page failed",
        tag("h1", "This page failed"),
        tag("p", "The reason is in the hub's log. Nothing was changed. ", tag("a", "Go to the overview", href="/")),
        status=500,
    )


def not_found(what: str, back: str) -> HTMLResponse:
    """There is no such thing, or not any more."""
    title = f"There is no such {what}"
    hint = tag(
        "p",
        "The address may be cut short. ",
        tag("a", "Go to the overview" if back == "/" else f"Look at all {what}s", href=back),
    )
    return _page(title, tag("h1", title), hint, status=404)


def not_allowed(words: str) -> HTMLResponse:
    """The page is for others."""
    title = "This page is for others"
    return _page(
        title, tag("h1", title), tag("p", words), tag("p", tag("a", "Go to the overview", href="/")), status=403
    )


def refused(title: str, words: str, back: str) -> HTMLResponse:
    """What was sent was not taken."""
    return _page(
        title, tag("h1", title), tag("p", words, class_="alert", role="alert"), tag("p", tag("a", "Back", href=back)),
        status=400,
    )  # fmt: skip

"""Who is looking: the cookie, the guard in front of every page and socket, logging in and out. Logins are audited."""

from __future__ import annotations

from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from hilum.console import policy
from hilum.console.context import Context
from hilum.console.pages import door
from hilum.errors import DatabaseUnavailable, HilumError
from hilum.journal.audit import record
from hilum.observe import PATHS
from hilum.security import (
    LoginDelayed,
    LoginRefused,
    User,
    authenticate,
    end_session,
    find_session,
    finish_setup,
    open_session,
    shown_name,
)

COOKIE = "hilum_session"

_OPEN_PREFIXES = ("/_nicegui/", "/console/")  # scripts and styles; nothing of the hub is in them
_OPEN_PATHS = frozenset({"/login", "/setup", "/healthz", "/favicon.ico"}) | PATHS  # the probe has a guard of its own


class SessionEnded(HilumError):
    """The login has ended, or the user was disabled, since the page was opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One page opened by one person."""

    context: Context
    user: User
    token: str

    async def still(self) -> User:
        """The user as they are now; every act asks first. Raises `SessionEnded` and `DatabaseUnavailable`."""
        user = await find_session(self.context.database, self.token)
        if user is None:
            raise SessionEnded("Your login has ended. Log in again.")
        return user


class Guard:
    """Nothing but the login, static files and the health check is answered without a session."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self._app = app
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through, send to the login, or say that the database is away."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        nonce = scope.setdefault("state", {})["nonce"] = policy.new_nonce()
        if path.startswith(_OPEN_PREFIXES) or path in _OPEN_PATHS:
            await self._app(scope, receive, _with_headers(send, nonce, private=path in _OPEN_PATHS))
            return
        try:
            refused = await self._refusal(scope)
        except DatabaseUnavailable as error:
            refused = door.database_away(str(error))
        if refused is None:
            await self._app(scope, receive, _with_headers(send, nonce, private=True))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4401})
        else:
            await refused(scope, receive, _with_headers(send, nonce, private=True))

    async def _refusal(self, scope: Scope) -> Response | None:
        """None: there is a session, and its visit is in the scope."""
        token = _token(scope)
        user = await find_session(self._context.database, token) if token else None
        if user is not None:
            scope.setdefault("state", {})["visit"] = Visit(context=self._context, user=user, token=token)
            return None
        if scope["path"].startswith("/api/"):
            return JSONResponse({"error": "Log in first."}, status_code=401)
        query = scope.get("query_string", b"").decode("latin-1")
        wanted = scope["path"] + (f"?{query}" if query else "")
        return RedirectResponse(f"/login?next={quote(wanted)}" if wanted != "/" else "/login", status_code=303)


def _token(scope: Scope) -> str:
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(Headers(scope=scope).get("cookie", ""))
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""


def _with_headers(send: Send, nonce: str, *, private: bool) -> Send:
    async def sending(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", []), *policy.headers(nonce)]  # type: ignore[misc]
            if private:
                headers.append((b"cache-control", b"no-store"))
            message = {**message, "headers": headers}
        await send(message)

    return sending  # type: ignore[return-value]


def visit_of(request: Request) -> Visit:
    """The visit that the guard put there."""
    visit: Visit = request.state.visit
    return visit


def same_origin(request: Request) -> bool:
    """A form of another site may not log anybody in, nor act for them (OWASP CSRF cheat sheet, verifying origin)."""
    origin = request.headers.get("origin")
    return origin is None or origin.partition("://")[2] == request.headers.get("host")


def _safe(target: str) -> str:
    """Only a path of this site: `//elsewhere` and full addresses are not."""
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else "/"


def _let_in(request: Request, context: Context, token: str, target: str) -> Response:
    response = RedirectResponse(_safe(target), status_code=303)
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(context.hours * 3600),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return response


async def login(request: Request, context: Context, name: str, password: str, target: str) -> Response:
    """Answer the login form. Right, wrong and too early are all audited; a name that nobody has is not written down."""
    if not same_origin(request):
        return door.login_page(context.hub, error="The form came from another site.", target=target, status=403)
    peer = request.client.host if request.client else "unknown"
    try:
        user = await authenticate(context.database, name, password, host=peer)
        async with context.database.transaction() as connection:
            token = await open_session(connection, user.name, hours=context.hours)
            await record(connection, actor=user.name, action="login", words=f"from {peer}")
    except (LoginRefused, LoginDelayed) as error:
        return await _not_in(context, error, name, target, peer)
    except DatabaseUnavailable as error:
        return door.database_away(str(error))
    return _let_in(request, context, token, target)


async def _not_in(context: Context, error: LoginRefused | LoginDelayed, name: str, target: str, peer: str) -> Response:
    """Say why, and audit it. What came too early is counted, and audited once for all of it: see `ended_bursts`."""
    if context.telemetry is not None:
        context.telemetry.login_refused()
    if isinstance(error, LoginDelayed):
        return door.login_page(context.hub, error=str(error), name=name, target=target, status=429)
    async with context.database.transaction() as connection:
        tried = await shown_name(connection, name)
        await record(connection, actor=tried, action="login_failed", words=f"from {peer}")
    return door.login_page(context.hub, error=str(error), name=name, target=target, status=401)


async def logout(request: Request, context: Context) -> Response:
    """End the session and go to the login."""
    token = _token(request.scope)
    if token and same_origin(request):
        async with context.database.transaction() as connection:
            name = await end_session(connection, token)
            if name:
                await record(connection, actor=name, action="logout")
    response = RedirectResponse("/login", status_code=303)
    response.delete_cookie(COOKIE)
    return response


async def first_user(request: Request, context: Context, token: str, name: str, password: str, again: str) -> Response:
    """Answer the set-up form: make the first administrator and let them in."""
    name = name.strip().lower()
    if not same_origin(request):
        return door.setup_page(context.hub, token, error="The form came from another site.", name=name, status=403)
    if password != again:
        return door.setup_page(context.hub, token, error="The two passwords differ.", name=name, status=400)
    try:
        async with context.database.transaction() as connection:
            user = await finish_setup(connection, token, name, password)
            session = await open_session(connection, user.name, hours=context.hours)
            await record(connection, actor=user.name, action="setup", words="made the first administrator")
    except DatabaseUnavailable as error:
        return door.database_away(str(error))
    except HilumError as error:
        return door.setup_page(context.hub, token, error=str(error), name=name, status=400)
    return _let_in(request, context, session, "/")

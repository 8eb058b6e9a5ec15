"""The console's application: its routes, its pages, and the guard in front of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import JSONResponse
from nicegui import core, ui
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from hilum.console import assets, policy
from hilum.console.context import Context
from hilum.console.exports import add_exports
from hilum.console.figures import Figures
from hilum.console.pages import (
    account,
    approvals,
    audit,
    business,
    case,
    comparisons,
    crosswalk,
    desk,
    difference,
    door,
    exceptions,
    flows,
    group,
    indicator,
    lookups,
    matches,
    message,
    messages,
    onboarding,
    onboarding_file,
    onboarding_phases,
    operations,
    overview,
    ownership,
    partners,
    published,
    quality,
    replays,
    run,
    runs,
    task,
    thing,
    users,
)
from hilum.console.session import Guard, first_user, login, logout
from hilum.console.status import health, status
from hilum.errors import DatabaseUnavailable
from hilum.observe import PATHS, Probe
from hilum.security import any_user

PAGES = (
    overview.add,
    desk.add,
    exceptions.add,
    group.add,
    case.add,
    messages.add,
    message.add,
    replays.add,
    replays.add_one,
    flows.add,
    flows.add_one,
    runs.add,
    run.add,
    task.add,
    crosswalk.add,
    thing.add,
    matches.add,
    ownership.add,
    lookups.add,
    lookups.add_one,
    published.add,
    published.add_one,
    quality.add,
    onboarding.add,
    onboarding_file.add,
    onboarding_phases.add,
    comparisons.add,
    comparisons.add_one,
    difference.add,
    approvals.add,
    business.add,
    indicator.add,
    operations.add,
    partners.add,
    audit.add,
    users.add,
    account.add,
)
"""All pages, in the order of the navigation."""


def create_app(context: Context) -> FastAPI:
    """The console over this context. One at a time in a process: a new one takes the place of the one before."""
    app = FastAPI(title=f"Hilum {context.hub}", docs_url=None, redoc_url=None, openapi_url=None)
    figures = Figures(context)
    app.mount(assets.PATH, StaticFiles(directory=assets.FOLDER), name="console")
    _machine_routes(app, context, figures)
    _door_routes(app, context)
    audit.add_export(app, context)
    add_exports(app)
    onboarding.add_files(app, context)
    for page in PAGES:
        page(context, figures)
    _mount_pages(app, context)
    app.add_middleware(Guard, context=context)
    return app


def _mount_pages(app: FastAPI, context: Context) -> None:
    async def unknown(request: Request, error: Exception) -> Response:
        return door.not_found("page", "/")

    core.app.add_exception_handler(404, unknown)
    # NiceGUI has one application a process, which takes no middleware once it has run: give it a clean start.
    core.app.user_middleware.clear()
    core.app.middleware_stack = None
    policy.mark_scripts()
    ui.run_with(
        app,
        title=context.hub,
        favicon=assets.FOLDER / "mark.svg",
        language="en-GB",
        dark=None,
        tailwind=False,
        binding_refresh_interval=None,
        reconnect_timeout=30.0,
        show_welcome_message=False,
        on_air=None,
        storage_secret=None,  # nothing is kept in NiceGUI's storage: sessions are ours, the theme is the browser's
        gzip_middleware_factory=None,
    )


def _machine_routes(app: FastAPI, context: Context, figures: Figures) -> None:
    @app.get("/healthz")
    async def healthz() -> JSONResponse:
        code, words = await health(context)
        return JSONResponse(words, status_code=code)

    if context.telemetry is not None:
        _probe_routes(app, context.telemetry.probe)

    @app.get("/api/status")
    async def api_status() -> JSONResponse:
        try:
            return JSONResponse(status(context, await figures.snapshot()))
        except DatabaseUnavailable as error:
            return JSONResponse({"error": str(error)}, status_code=503)


def _probe_routes(app: FastAPI, probe: Probe) -> None:
    async def answer(request: Request) -> Response:
        peer = request.client.host if request.client else ""
        found = await probe.answer(request.url.path, peer, request.headers)
        # the header is set whole: Starlette would add a second charset
        return Response(found.body, status_code=found.status, headers={"Content-Type": found.content_type})

    for path in sorted(PATHS):
        app.add_api_route(path, answer, methods=["GET"])


def _door_routes(app: FastAPI, context: Context) -> None:
    @app.get("/login")
    async def login_page(request: Request) -> Response:
        return door.login_page(context.hub, target=request.query_params.get("next", "/"))

    @app.post("/login")
    async def log_in(
        request: Request,
        name: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        next: Annotated[str, Form()] = "/",  # the field's name in the form
    ) -> Response:
        return await login(request, context, name, password, next)

    @app.post("/logout")
    async def log_out(request: Request) -> Response:
        try:
            return await logout(request, context)
        except DatabaseUnavailable as error:
            return door.database_away(str(error))

    @app.get("/setup")
    async def setup_page(token: str = "") -> Response:
        try:
            async with context.database.cold() as connection:
                used = await any_user(connection)
        except DatabaseUnavailable as error:
            return door.database_away(str(error))
        return door.set_up_already(context.hub) if used else door.setup_page(context.hub, token)

    @app.post("/setup")
    async def set_up(
        request: Request,
        token: Annotated[str, Form()] = "",
        name: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        again: Annotated[str, Form()] = "",
    ) -> Response:
        return await first_user(request, context, token, name, password, again)

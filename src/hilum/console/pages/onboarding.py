"""Onboarding: what is taken in and how far it is, workbooks that were handed in, and the template of each kind."""

from __future__ import annotations

import io
from typing import Annotated

from fastapi import FastAPI, File, Form, Request, UploadFile
from starlette.responses import RedirectResponse, Response

from hilum.console.components.age import ago
from hilum.console.components.controls import reasons
from hilum.console.components.table import num, row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.markup import Html, join, tag
from hilum.console.pages import door
from hilum.console.pages.moves import why_not
from hilum.console.session import same_origin, visit_of
from hilum.console.shell import Page, add_page, heading, part
from hilum.console.words import plural, refusal
from hilum.errors import DatabaseUnavailable, HilumError
from hilum.masterdata import onboarding
from hilum.masterdata.onboarding import MOST_KEPT_BYTES, SHEETS, HandedIn, Onboarding
from hilum.security import Permission

PATH = "/master/onboarding"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def add(context: Context, figures: Figures) -> None:
    """The page at `/master/onboarding`."""

    async def build(page: Page) -> None:
        async with context.database.cold() as connection:
            found = await onboarding.onboardings(connection)
            files = await onboarding.handed_in(connection)
        heading("Onboarding", tag("p", tag("strong", _told(found))))
        part(_running(found), "section")
        part(_hand_in(why_not(page, Permission.CURATE)), "section")
        part(_files(files), "section")

    add_page(PATH, "Onboarding", context, figures, build)


def _told(found: list[Onboarding]) -> str:
    waiting = sum(each.done < each.phases for each in found)
    if waiting:
        return f"{plural(waiting, 'onboarding')} {'has' if waiting == 1 else 'have'} phases that have not begun."
    return "No phase waits to begin." if found else "Nothing is being taken in."


def _running(found: list[Onboarding]) -> Html:
    rows = [
        row(tag("a", each.code, href=f"{PATH}/{each.kind}/{each.code}", data_open=True), each.title, each.kind,
            num(f"{each.done} of {each.phases}"), each.made_by, ago(each.made_at), data_row=True)
        for each in found
    ]  # fmt: skip
    heads = ("Code", "Name", "Kind", "Phases begun>", "Filed by", "Filed")
    empty = "Nothing yet. Fill in a template, and hand it in below."
    return join(tag("h2", "Taken in by phases"), table(heads, rows, empty=empty, label="Onboardings"))


def _hand_in(refused: str) -> Html:
    templates = [tag("a", f"{kind}.xlsx", href=f"{PATH}/template/{kind}.xlsx", download=True) for kind in SHEETS]
    form = tag(
        "form",
        tag("label", tag("span", "Kind", class_="label"),
            tag("select", [tag("option", kind, value=kind) for kind in SHEETS], name="kind"), class_="field"),
        tag("label", tag("span", "Workbook (XLSX)", class_="label"),
            tag("input", type="file", name="file", accept=".xlsx", required=True), class_="field"),
        tag("button", "Check it", type="submit", class_="primary", disabled=bool(refused)),
        method="post", action=f"{PATH}/files", enctype="multipart/form-data", class_="card form",
    )  # fmt: skip
    return join(
        tag("h2", "Hand in a workbook", tag("small", "it is checked; nothing is changed")),
        tag("p", "Empty templates: ", join(*(join(each, " ") for each in templates))),
        form,
        reasons([refused]),
    )


def _files(files: list[HandedIn]) -> Html:
    rows = [
        row(tag("a", each.name, href=f"{PATH}/files/{each.id}", data_open=True), each.kind,
            num(f"{max(1, round(each.size / 1024))} kB"), each.actor, ago(each.at),
            "taken in" if each.onboarding_id else "", data_row=True)
        for each in files
    ]  # fmt: skip
    heads = ("File", "Kind", "Size>", "Handed in by", "When", "")
    return join(tag("h2", "Workbooks"), table(heads, rows, empty="None was handed in.", label="Workbooks"))


def add_files(app: FastAPI, context: Context) -> None:
    """`/master/onboarding/template/{kind}.xlsx` to be filled in, and where a filled-in one is sent."""

    @app.get(f"{PATH}/template/{{kind}}.xlsx")
    async def template(kind: str) -> Response:
        if kind not in SHEETS:
            return door.not_found("template", PATH)
        made = io.BytesIO()
        onboarding.write_template(kind, made)
        headers = {"content-disposition": f'attachment; filename="{kind}.xlsx"'}
        return Response(made.getvalue(), media_type=_XLSX, headers=headers)

    @app.post(f"{PATH}/files")
    async def hand_in(
        request: Request, file: Annotated[UploadFile, File()], kind: Annotated[str, Form()] = ""
    ) -> Response:
        user = visit_of(request).user
        if not same_origin(request) or not user.may(Permission.CURATE):
            return door.not_allowed(refusal(Permission.CURATE))
        try:
            body = await file.read(MOST_KEPT_BYTES + 1)
            async with context.database.transaction() as connection:
                number = await onboarding.hand_in(connection, kind, file.filename or "", body, by=user.name)
        except DatabaseUnavailable as error:
            return door.database_away(str(error))
        except HilumError as error:
            return door.refused("The workbook was not taken", str(error), PATH)
        return RedirectResponse(f"{PATH}/files/{number}", status_code=303)

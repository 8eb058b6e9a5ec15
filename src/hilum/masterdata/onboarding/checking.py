"""What a workbook would do, and everything that is wrong with it: sheet, row, column, why, and what to do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from hilum.errors import SettingsError
from hilum.masterdata import crosswalk, lookups
from hilum.masterdata.crosswalk import Identifier
from hilum.masterdata.onboarding.workbook import CROSSWALK, FLOWS, LOOKUPS, Cells, Sheet, sheets_of
from hilum.masterdata.publishing import content_of
from hilum.postgres import Connection

Book = Mapping[str, tuple[tuple[str, ...], list[Cells]]]

GUIDE = "Read me"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, for whoever filled the workbook in. Never shows what is in the cell."""

    sheet: str
    row: int | None  # of the spreadsheet; 1 is the head; none: it is about the sheet as a whole
    column: str
    why: str
    do: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that a phase does."""

    phase: int
    act: str  # lookup, crosswalk, publish, flow: in this order within a phase
    subject: Mapping[str, Any] = field(repr=False)

    def words(self) -> str:
        """What it does, for people."""
        return words_of(self.act, self.subject)


def words_of(act: str, subject: Mapping[str, Any]) -> str:
    """What a step does, for people."""
    if act == "flow":
        return f"flow {subject['flow']} runs"
    if act == "lookup":
        return f"{subject['table']}: {subject['code']} becomes {subject['value']}"
    if act == "publish":
        count, what = len(subject["contents"]), subject["object"].replace("_", " ")
        return f"{what}: {count} {'record' if count == 1 else 'records'} drafted, to be approved and published"
    what, same = subject["what"], subject["same_as"]
    to = f"to {same['identifier']} of {same['system']}" if same else "to a new thing"
    return f"{what['object']} {what['identifier']} of {what['system']} linked {to}"


@dataclass(slots=True, kw_only=True)
class Plan:
    """What would be done, phase by phase, or why it cannot be."""

    kind: str
    code: str = ""
    title: str = ""
    steps: list[Step] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, sheet: str, row: int | None, column: str, why: str, do: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(sheet=sheet, row=row, column=column, why=why, do=do))


_ORDER = ("lookup", "crosswalk", "publish", "flow")


async def check(connection: Connection, kind: str, book: Book, flows: Collection[str]) -> Plan:
    """Read a workbook against what is there: tables, the crosswalk, the flows of the project. Changes nothing."""
    plan = Plan(kind=kind)
    known = sheets_of(kind)
    for title in book:
        if title not in {GUIDE, *(each.name for each in known)}:
            plan.wrong(
                title, None, "", "There is no such sheet.", "Remove or rename it; --template has the right ones."
            )
    for number, sheet in enumerate(known):
        heads, rows = book.get(sheet.name, ((), []))
        if sheet.needed and len(rows) != 1:
            plan.wrong(sheet.name, 1, "", f"It has {len(rows)} rows.", "Say in one row what is taken in.")
        good = _formed(plan, sheet, heads, rows)
        if number == 0 and good:
            plan.code, plan.title = good[0].values["code"], good[0].values["title"]
        await _read(connection, plan, sheet, good, flows)
    plan.steps.sort(key=lambda each: (each.phase, _ORDER.index(each.act)))
    return plan


def _formed(plan: Plan, sheet: Sheet, heads: tuple[str, ...], rows: list[Cells]) -> list[Cells]:
    """The rows that have what they need."""
    names = {each.name: each for each in sheet.columns}
    for head in heads:
        if head and head not in names:
            plan.wrong(sheet.name, 1, head, "There is no such column.", f"There are: {', '.join(names)}.")
    good = []
    for row in rows:
        lacking = [name for name, each in names.items() if each.needed and not row.values.get(name)]
        for name in lacking:
            plan.wrong(sheet.name, row.number, name, "It is empty.", f"Fill in: {names[name].words}.")
        phase = row.values.get("phase", "")
        if phase and not (phase.isdigit() and 1 <= int(phase) <= 99):
            plan.wrong(sheet.name, row.number, "phase", "It is no number from 1 to 99.", "Write 1 for the first phase.")
        elif not lacking:
            good.append(row)
    return good


async def _read(connection: Connection, plan: Plan, sheet: Sheet, rows: list[Cells], flows: Collection[str]) -> None:
    seen: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple(row.values.get(each.name, "") for each in sheet.columns if each.needed and each.name != "value")
        if (before := seen.setdefault(key, row.number)) != row.number:
            plan.wrong(sheet.name, row.number, sheet.columns[0].name, f"It is in row {before} already.", "Remove one.")
            continue
        if sheet is FLOWS:
            _flow(plan, row, flows)
        elif sheet is LOOKUPS:
            await _lookup(connection, plan, row)
        elif sheet is CROSSWALK:
            await _identifier(connection, plan, row)
        elif sheet.publishes:
            _record(plan, sheet, row)


def _phase(row: Cells) -> int:
    return int(row.values.get("phase") or 1)


def _flow(plan: Plan, row: Cells, flows: Collection[str]) -> None:
    name = row.values["flow"]
    if name not in flows:
        plan.wrong(FLOWS.name, row.number, "flow", "There is no such flow.", "hilum flows list shows the names.")
        return
    plan.steps.append(Step(phase=_phase(row), act="flow", subject={"flow": name}))


async def _lookup(connection: Connection, plan: Plan, row: Cells) -> None:
    table, code, value = (row.values[name] for name in ("table", "code", "value"))
    columns = await lookups.columns_of(connection, table)
    if columns is None:
        do = f"Put it there first: hilum lookups import {table} FILE"
        plan.wrong(LOOKUPS.name, row.number, "table", "There is no such table in the database.", do)
        return
    there = (await lookups.content(connection, table, codes=[code])).rows
    if any(each.cells.get(columns[1]) != value for each in there):
        plan.wrong(LOOKUPS.name, row.number, "value", "The table says something else of this code.",
                   "Change it with hilum lookups, or take the row out.")  # fmt: skip
        return
    subject = {"table": table, "code": code, "column": columns[1], "value": value}
    plan.steps.append(Step(phase=_phase(row), act="lookup", subject=subject))


async def _identifier(connection: Connection, plan: Plan, row: Cells) -> None:
    values = row.values
    subject = {"object": values["object"], "system": values["system"], "identifier": values["identifier"]}
    other = {"object": values["object"], "system": values.get("same_as_system", ""),
             "identifier": values.get("same_as_identifier", "")}  # fmt: skip
    if bool(other["system"]) != bool(other["identifier"]):
        plan.wrong(
            CROSSWALK.name, row.number, "same_as_identifier", "One of the two is empty.", "Fill in both, or none."
        )
        return
    try:
        mine = await crosswalk.find(connection, Identifier(**subject))
        theirs = await crosswalk.find(connection, Identifier(**other)) if other["system"] else None
    except SettingsError as error:
        plan.wrong(CROSSWALK.name, row.number, "identifier", str(error), "Correct the row.")
        return
    if mine is not None and theirs is not None and mine.number != theirs.number:
        do = f"Merge them first: hilum crosswalk merge {mine.name} {theirs.name}"
        plan.wrong(CROSSWALK.name, row.number, "identifier", "It names another thing already.", do)
        return
    phase = _phase(row)
    planned = any(
        each.act == "crosswalk" and each.subject["what"] == other and each.phase <= phase for each in plan.steps
    )
    if other["system"] and theirs is None and not planned:
        do = "Correct it, or put the row that links it above this one, in the same phase or an earlier one."
        plan.wrong(CROSSWALK.name, row.number, "same_as_identifier", "Nobody knows this identifier.", do)
        return
    same_as = other if other["system"] else None
    plan.steps.append(Step(phase=phase, act="crosswalk", subject={"what": subject, "same_as": same_as}))


def _record(plan: Plan, sheet: Sheet, row: Cells) -> None:
    try:
        content = content_of(sheet.publishes, {k: v for k, v in row.values.items() if k != "phase"})
    except SettingsError as error:
        plan.wrong(sheet.name, row.number, str(error).partition(":")[0], str(error), "Correct the cell.")
        return
    phase = _phase(row)
    for each in plan.steps:
        if each.act == "publish" and each.phase == phase and each.subject["object"] == sheet.publishes:
            each.subject["contents"][content["code"]] = content
            return
    subject = {"object": sheet.publishes, "contents": {content["code"]: content}}
    plan.steps.append(Step(phase=phase, act="publish", subject=subject))

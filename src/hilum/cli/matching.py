"""`hilum match`: find records that are one thing, in lists and as they arrive, and answer what is not sure."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from hilum.cases.arrivals import answer_and_release, waiting
from hilum.cli.acting import As, DryRun, Login, Reason, acting, login_of, policy_of, reasoned
from hilum.cli.carrying import to_the_end
from hilum.cli.opening import HERE, ProjectFolder, journal, run, settings_of
from hilum.cli.output import AsJson, emit_json, fail, number, out, plain, table
from hilum.masterdata import matching
from hilum.masterdata.crosswalk import number_of
from hilum.masterdata.matching import Filed, Matcher, Pair, Question, Record, Verdict, kind_of, known
from hilum.security import Permission

app = typer.Typer(help="Which records of two systems are one thing.", no_args_is_help=True)

Object = Annotated[str, typer.Argument(help="Kind of record: supplier, item, patient_account, employee.")]


@app.command("files")
def match_files(
    object_: Object,
    left: Annotated[Path, typer.Argument(help="CSV: system, identifier, and a column for each field.")],
    right: Annotated[Path | None, typer.Argument(help="The other list; none: look for doubles in the first.")] = None,
    reason: Reason = "",
    dry_run: DryRun = False,
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Compare two lists: join what is surely the same in the crosswalk, and ask about what may be."""
    settings = settings_of(project)
    matcher = matching.matcher_of(kind_of(object_), settings.matching.get(object_))
    lists = [_read(matcher, file) for file in (left, right) if file is not None]
    pairs = list(matcher.between(*lists) if len(lists) > 1 else matcher.within(lists[0]))
    if dry_run:
        _tried(pairs, as_json)
        return
    filed = run(_file(project, matcher, pairs, reasoned(reason), login_of(as_user)))
    if as_json:
        emit_json(asdict(filed))
    else:
        out.print(
            plain(f"{number(filed.same)} joined, {number(filed.asked)} to ask about, {number(filed.known)} known.")
        )
        if filed.asked:
            out.print(plain(f"Next: hilum match list {object_}"))


def _read(matcher: Matcher, file: Path) -> list[Record]:
    if not file.is_file():
        fail(f"There is no file {file}.")
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return matching.read_records(matcher.kind, lines, file.name)


def _tried(pairs: list[Pair], as_json: bool) -> None:
    rows = [
        [each.verdict.value, f"{each.score:.3f}", each.left.system, each.left.identifier, each.right.system,
         each.right.identifier] for each in pairs
    ]  # fmt: skip
    columns = ["verdict", "score", "system", "identifier", "other system", "other identifier"]
    if as_json:
        emit_json([dict(zip(columns, row, strict=True)) for row in rows])
        return
    table(columns, rows, empty="Nothing looks alike.", right=["score"])
    same = sum(each.verdict is Verdict.SAME for each in pairs)
    asked = len(pairs) - same
    out.print(plain(f"{number(same)} would be joined, {number(asked)} asked about. Nothing was changed."))


async def _file(folder: Path, matcher: Matcher, pairs: list[Pair], reason: str, login: Login | None) -> Filed:
    async with acting(folder, login, Permission.CURATE) as (connection, who):
        await connection.execute("SET LOCAL statement_timeout = 0")
        encrypted = bool(settings_of(folder).encryption.classes)
        return await matching.file(connection, matcher, pairs, actor=who.name, reason=reason, encrypted=encrypted)


@app.command("list")
def list_questions(
    object_: Annotated[str, typer.Argument(help="Kind of record; empty: all.", metavar="[OBJECT]")] = "",
    decided: Annotated[bool, typer.Option("--decided", help="What people decided, instead.")] = False,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """List the questions, the likeliest first. The records themselves are shown in the console."""
    found = run(_list(project, object_, decided))
    if as_json:
        hidden = ("place", "evidence")
        emit_json([{k: v for k, v in asdict(each).items() if k not in hidden} for each in found])
        return
    rows = [
        [str(each.id), each.object, f"{each.score:.3f}", str(each.left), str(each.right), each.state, each.decided_by]
        for each in found
    ]
    columns = ["question", "object", "score", "one", "other", "state", "by"]
    table(columns, rows, empty="Nothing to ask about.", right=["question", "score"])


async def _list(folder: Path, object_: str, decided: bool) -> list[Question]:
    async with journal(folder) as database, database.cold() as connection:
        return await matching.questions(connection, object_, decided=decided, limit=500)


@app.command()
def decide(
    question: Annotated[int, typer.Argument(help="Number of the question.", min=1)],
    same: Annotated[bool, typer.Option("--same/--different", help="Are they one thing?")],
    reason: Reason = "",
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Answer a question. It is never asked again; a wrong join is undone with `hilum crosswalk`."""
    words = run(_decide(project, question, same, reasoned(reason), login_of(as_user)))
    if as_json:
        emit_json({"question": question, "same": same})
    else:
        out.print(plain(words), soft_wrap=True)


async def _decide(folder: Path, question: int, same: bool, reason: str, login: Login | None) -> str:
    async with acting(folder, login, Permission.CURATE) as (connection, who):
        return await matching.decide(connection, question, same=same, actor=who.name, reason=reason)


@app.command("arrivals")
def list_arrivals(
    object_: Annotated[str, typer.Argument(help="Kind of record; empty: all.", metavar="[OBJECT]")] = "",
    decided: Annotated[bool, typer.Option("--decided", help="What people answered, instead.")] = False,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """List the records that flows brought and that may be known already, with what they may be."""
    found = run(_arrivals(project, object_, decided))
    if as_json:
        emit_json(found)
        return
    rows = [
        [str(each["id"]), each["object"], each["system"], each["identifier"], _likely(each["likes"]), each["messages"],
         each["state"], each["decided_by"]]
        for each in found
    ]  # fmt: skip
    columns = ["arrival", "object", "system", "identifier", "may be", "messages", "state", "by"]
    table(columns, rows, empty="No arrival waits for an answer.", right=["arrival", "messages"])


def _likely(likes: list[dict[str, Any]]) -> str:
    return ", ".join(f"{each['thing']} {each['score']:.3f}" for each in likes)


async def _arrivals(folder: Path, object_: str, decided: bool) -> list[dict[str, Any]]:
    async with journal(folder) as database, database.cold() as connection:
        found = await matching.arrivals(connection, object_, decided=decided, limit=500)
        messages = await waiting(connection, [each.id for each in found])
        return [
            asdict(each)
            | {
                "likes": [
                    {"thing": like.name, "score": like.question.score}
                    for like in await matching.likes(connection, each)
                ],
                "messages": messages.get(each.id, 0),
            }
            for each in found
        ]


@app.command("answer")
def answer_arrival(
    arrival: Annotated[int, typer.Argument(help="Number of the arrival.", min=1)],
    same_as: Annotated[str, typer.Option("--same-as", help="The thing that it is: supplier-17.")] = "",
    new: Annotated[bool, typer.Option("--new", help="It is none of them.")] = False,
    reason: Reason = "",
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Say which known thing an arrival is, or that it is new; all messages that wait for it go on, in their order."""
    if bool(same_as) == new:
        fail("Say --same-as with the thing that it is, or --new.")
    answer = run(_answer(project, arrival, same_as, reasoned(reason), login_of(as_user)))
    if as_json:
        emit_json(answer)
    else:
        out.print(plain(answer["words"]), soft_wrap=True)


async def _answer(folder: Path, number: int, same_as: str, why: str, login: Login | None) -> dict[str, Any]:
    policy = policy_of(folder)
    async with acting(folder, login, Permission.CURATE) as (connection, who):
        who.permitted(Permission.REPLAY)
        about = await matching.arrival(connection, number)
        golden = None
        if same_as:
            object_, golden = number_of(same_as)
            if object_ != about.object:
                fail(f"{same_as} is no {about.object.replace('_', ' ')}.")
        words, job = await answer_and_release(
            connection, number, same_as=golden, by=who.name, reason=why, policy=policy
        )
        who.asked(policy.demand("replay", {about.flow: job.total}) if job else None)
    if job is not None and job.state == "running":
        async with journal(folder) as database:
            job = await to_the_end(database, job.id, None, by=who.name)
    done = f"Job {job.id} ({job.state}) releases {job.total} messages." if job else "Nothing waits for it any more."
    return {"arrival": number, "job": asdict(job) if job else None, "words": f"{words} {done}"}


@app.command()
def learn(
    object_: Object,
    file: Annotated[Path, typer.Argument(help="CSV: system, identifier, and a column for each field.")],
    reason: Reason = "",
    as_user: As = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Remember what a system says of its records, so that arrivals are compared with them. New ones become things.

    Records of two lists that are one thing are joined by `hilum match files`, before or after.
    """
    matcher = matching.matcher_of(kind_of(object_), settings_of(project).matching.get(object_))
    records = _read(matcher, file)
    made = run(_learn(project, matcher, records, reasoned(reason), login_of(as_user)))
    if as_json:
        emit_json({"remembered": len(records), "new": made})
    else:
        out.print(plain(f"{number(len(records))} remembered, {number(made)} of them as new things."))


async def _learn(folder: Path, matcher: Matcher, records: list[Record], reason: str, login: Login | None) -> int:
    async with acting(folder, login, Permission.CURATE) as (connection, who):
        await connection.execute("SET LOCAL statement_timeout = 0")
        encrypted = bool(settings_of(folder).encryption.classes)
        return await known.learn(connection, matcher, records, actor=who.name, reason=reason, encrypted=encrypted)

"""`hilum keys`: the keys that payloads in the journal are encrypted with."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from hilum.cli.messages import actor
from hilum.cli.opening import HERE, ProjectFolder, journal, run
from hilum.cli.output import AsJson, ago, emit_json, number, out, plain, table
from hilum.encryption.sealing import key_text, new_key
from hilum.journal.data_keys import listed, masters_in_use
from hilum.journal.keyring import Keyring
from hilum.postgres import Database

app = typer.Typer(help="Keys of the payloads in the journal.", no_args_is_help=True)


@app.command()
def new(as_json: AsJson = False) -> None:
    """Print a fresh random master key. Nothing is stored: keep it where secrets are kept, and a copy elsewhere."""
    key = key_text(new_key())
    if as_json:
        emit_json({"key": key})
    else:
        out.print(key)


@app.command("list")
def show(
    flow: Annotated[str, typer.Option(help="Only data keys of this flow.")] = "",
    limit: Annotated[int, typer.Option(help="The most data keys to show.", min=1, max=100_000)] = 50,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Master keys in use, and the data keys that they seal: flow, day, age, shredded or not. Never a key itself."""
    found = run(_list(project, flow, limit))
    if as_json:
        emit_json(found)
        return
    masters = [
        [m["id"], m["known"], number(m["data_keys"]), f"{m['first']} to {m['last']}", ago(m["oldest"])]
        for m in found["master_keys"]
    ]
    heads = ["master key", "here", "data keys", "days", "oldest"]
    table(heads, masters, empty="No payload is encrypted yet.", right=["data keys"])
    if found["place"]:
        out.print(f"The master key of this process comes from {plain(found['place'])}.", soft_wrap=True)
    if found["data_keys"]:
        out.print()
    keys = [
        [k["number"], k["flow"], k["period"], k["message_id"] or "", k["master_id"], ago(k["created_at"]), _state(k)]
        for k in found["data_keys"]
    ]
    if keys:
        table(["number", "flow", "day", "message", "master key", "made", "state"], keys, empty="", right=["number"])


def _state(key: dict[str, Any]) -> str:
    return f"shredded {key['shredded_at']:%Y-%m-%d}" if key["shredded_at"] else "in use"


async def _list(folder: Path, flow: str, limit: int) -> dict[str, Any]:
    async with journal(folder) as database:
        keyring = keyring_in(database)
        masters = await keyring.source.load()
        async with database.cold() as connection:
            used = await masters_in_use(connection)
            keys = await listed(connection, flow=flow, limit=limit)
    words = {True: "current", False: "known"}
    return {
        "place": keyring.source.place,
        "current": masters.current.id if masters else None,
        "master_keys": [
            asdict(m) | {"known": words[m.id == masters.current.id] if masters and m.id in masters.known else "missing"}
            for m in used
        ],
        "data_keys": [{k: v for k, v in asdict(key).items() if k != "wrapped"} for key in keys],
    }


@app.command()
def rotate(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Seal every data key under the current master key, while hubs run. No payload is touched.

    Every hub must know the new master key first (as its current or among its previous ones), and this command the old.
    """
    count, master = run(_rotate(project))
    if as_json:
        emit_json({"rotated": count, "master_key": master})
        return
    out.print(f"{number(count)} data keys are sealed anew; all are under the master key {master} now." if count
              else f"Nothing to do: every data key is under the master key {master}.", soft_wrap=True)  # fmt: skip


async def _rotate(folder: Path) -> tuple[int, str]:
    async with journal(folder) as database, database.cold() as connection:
        keyring = keyring_in(database)
        count = await keyring.rotate(connection, actor=actor())
        masters = await keyring.source.load()
        return count, masters.current.id if masters else ""


def keyring_in(database: Database) -> Keyring:
    """The keyring of an opened journal."""
    if not isinstance(database.keyring, Keyring):
        raise TypeError("a journal that was opened without its keyring")
    return database.keyring

"""`hilum catalog`: the business objects and events that the hub knows, with their schemas and examples."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from hilum import canonical
from hilum.canonical import BusinessObject
from hilum.cli.output import AsJson, emit_json, fail, out, plain, table

app = typer.Typer(help="Business objects and events: list, show, export their schemas.", no_args_is_help=True)


@app.command("list")
def list_objects(as_json: AsJson = False) -> None:
    """List the business objects with their events."""
    found = [_described(kind) for kind in canonical.BY_NAME.values()]
    if as_json:
        emit_json(found)
        return
    rows = [[each["name"], each["version"], each["kind"], each["event"], each["summary"]] for each in found]
    table(["object", "version", "sort", "event", "what it is"], rows, empty="", wrap=["what it is"])


def _described(kind: type[BusinessObject]) -> dict[str, Any]:
    return {
        "name": kind.name,
        "version": kind.version,
        "kind": kind.kind.value,
        "event": canonical.event_type(kind),
        "summary": (inspect.getdoc(kind) or "").partition("\n")[0],
        "business_key": inspect.getdoc(kind.business_key) or "",
    }


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="The object: hilum.charge, or charge.")],
    as_json: AsJson = False,
) -> None:
    """One object: what it is, its fields, an example and where that comes from; with --json also its JSON Schema."""
    kind = canonical.BY_NAME.get(name) or canonical.BY_NAME.get(f"hilum.{name}")
    if kind is None:
        fail(f"There is no object '{name}'. See: hilum catalog list")
    example = orjson.loads(canonical.write(canonical.example(kind)))
    if as_json:
        schema, origin = canonical.schema(kind), canonical.told_origin(kind.name)
        emit_json(_described(kind) | {"schema": schema, "example": example, "example_is": origin})
        return
    out.print(f"[bold]{kind.name}[/] {kind.version} ({kind.kind.value}, event {canonical.event_type(kind)})")
    out.print(plain(inspect.getdoc(kind) or ""), soft_wrap=True)
    out.print(plain(f"Business key: {inspect.getdoc(kind.business_key)}"), soft_wrap=True)
    rows = [[field, "yes" if each.is_required() else ""] for field, each in kind.model_fields.items()]
    table(["field", "required"], rows, empty="")
    out.print(plain(f"Example, {canonical.told_origin(kind.name)}:"), soft_wrap=True)
    out.print(plain(orjson.dumps(example, option=orjson.OPT_INDENT_2).decode()), soft_wrap=True)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="The folder; it is made where it is missing.")], as_json: AsJson = False
) -> None:
    """Write the JSON Schema and an example of each object into a folder, for partners and for checks."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, kind in canonical.BY_NAME.items():
        stem = f"{name}.v{kind.version.partition('.')[0]}"
        for file, content in (
            (f"{stem}.schema.json", canonical.schema(kind)),
            (f"{stem}.example.json", orjson.loads(canonical.write(canonical.example(kind)))["data"]),
        ):
            (folder / file).write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")
            written.append(file)
    if as_json:
        emit_json(written)
    else:
        out.print(plain(f"{len(written)} files written to {folder}."))

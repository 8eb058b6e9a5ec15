"""Writes the pages of `docs/reference` that repeat what the code says; with `--check`, fails where they differ.

One source for each fact: settings come from the pydantic models, commands from typer, errors from `hilum.errors`,
fields from the canonical objects, layers from the contract in pyproject.toml. What people should do about an error is
written by hand in `docs/reference/errors.toml`.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import inspect
import io
import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import typer
from docs_text import code, comments, default_words, doc, plain, table, type_words, written_types
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from hilum import canonical, cases, errors, packs
from hilum.cases import categories, urgency
from hilum.cli import app
from hilum.connector import Connector, Traits
from hilum.connectors import CONNECTORS, describe, find_destination, find_source, odoo
from hilum.flow import Criticality, Retry
from hilum.observe import METRICS, Scope, catalogue
from hilum.runtime import retry
from hilum.security import PERMISSIONS, Permission, Role
from hilum.settings import DestinationSettings, RetryRule, RetrySettings, Settings

ROOT: Final = Path(__file__).resolve().parent.parent
REFERENCE: Final = Path("docs/reference")
DECISIONS: Final = Path("docs/decisions")
HEAD: Final = "<!-- Written by scripts/generate_docs.py; change the code, not this page. -->\n\n"


# ---- pages


def connectors_page() -> str:
    """All connectors: what they promise and their settings."""
    parts = ["# Connectors\n\n", "What each connector is, what it promises, and every setting. Settings are keyword "]
    parts.append("arguments in a flow, or lines of `[endpoints.<kind>.<name>]` in `hilum.toml`. An unknown name is an ")
    parts.append("error. Any text in `hilum.toml` may hold `${NAME}` or `${NAME:-default}` from the environment.\n\n")
    kinds = [
        [f"[`{name}`](#{name})", "yes" if kind.source else "", "yes" if kind.destination else ""]
        for name, kind in CONNECTORS.items()
    ]
    parts.append(table(["kind", "source", "destination"], kinds))
    for name in CONNECTORS:
        parts.append(f"\n## {name}\n\n{_module_doc(name)}\n")
        parts += _sides(name)
    return "".join(parts)


def _module_doc(kind: str) -> str:
    place = CONNECTORS[kind].source or CONNECTORS[kind].destination
    return doc(importlib.import_module(place.partition(":")[0])).partition("\n\n")[0]


def _sides(kind: str) -> Iterator[str]:
    rows = list(csv.DictReader(io.StringIO(describe(kind))))
    for side, find in (("source", find_source), ("destination", find_destination)):
        mine = [row for row in rows if row["side"] == side]
        if not getattr(CONNECTORS[kind], side):
            continue
        connector: type[Connector] = find(kind)
        yield f"\n### {kind} {side}: `{connector.__name__}`\n\n{doc(connector)}\n\n"
        yield table(["promise", "value", "meaning"], _promises(connector, side)) + "\n"
        yield table(
            ["setting", "type", "default", "unit", "example", "meaning"],
            [
                [
                    code(row["name"]) + (" (required)" if row["required"] == "yes" else ""),
                    type_words(row["type"]),
                    default_words(row["default"]),
                    row["unit"],
                    default_words(row["example"]),
                    plain(row["description"]),
                ]
                for row in mine
            ],
        )


def _promises(connector: type[Connector], side: str) -> Iterator[list[str]]:
    """The traits that concern this side; their meaning says so where they concern one only."""
    other = {"source": "destination", "destination": "source"}[side]
    meanings = {"batch_limit": "destination: " + comments(Traits)["batch_limit"]} | {
        name: words for name, words in comments(Traits).items() if name != "batch_limit"
    }
    for name, words in meanings.items():
        if not words.startswith(f"{other}:"):
            value = getattr(connector.traits, name)
            shown = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
            yield [code(name), shown, words.partition(": ")[2] if words.startswith(f"{side}:") else words]


def settings_page() -> str:
    """`hilum.toml`."""
    parts = ["# Settings: hilum.toml\n\n"]
    parts.append("The file lies in the project folder. Without it every default holds. Unknown names are an error. ")
    parts.append("Any text may hold `${NAME}` or `${NAME:-default}`: the value then comes from the environment, and a ")
    parts.append(
        "variable that is not set and has no default stops the start with its name. `${file:/run/secrets/name}` "
    )
    parts.append(
        "is what the file holds, as container platforms and agents of vaults hand out secrets. `HILUM_DATABASE_URL` "
    )
    parts.append("takes the place of `[hub] database_url`, `HILUM_MASTER_KEY` that of `[encryption] key`.\n")
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            parts.append(f"\n## [{name}]\n\n{_purpose(section)}\n\n")
            parts.append(table(["setting", "type", "default", "meaning"], _settings_of(section)))
            for inner, within in section.model_fields.items():
                part = within.annotation
                if isinstance(part, type) and issubclass(part, BaseModel) and part is not RetrySettings:
                    parts.append(f"\n### [{name}.{inner}]\n\n{_purpose(part)}\n\n")
                    parts.append(table(["setting", "type", "default", "meaning"], _settings_of(part)))
    parts.append("\n## [retry.&lt;criticality&gt;]\n\nWhat is left out stays as [by default](policies.md). ")
    parts.append("In `[retry.<criticality>.try_again]` or `[retry.<criticality>.unsure]` the same settings hold after ")
    parts.append("that class of failure only.\n\n")
    parts.append(table(["setting", "type", "default", "meaning"], _settings_of(RetryRule)))
    parts.append(f'\n## [destinations."&lt;name&gt;"]\n\n{_purpose(DestinationSettings)}\n\n')
    parts.append(table(["setting", "type", "default", "meaning"], _settings_of(DestinationSettings)))
    endpoints = (Settings.model_fields["endpoints"].description or "").partition(";")[0]
    parts.append(
        f"\n## [endpoints.&lt;kind&gt;.&lt;name&gt;]\n\n{endpoints}. A flow names one as `<kind>.<name>`, for "
    )
    parts.append("example `odoo.main`. What may stand there is in [Connectors](connectors.md), the destination side ")
    parts.append("of the kind.\n")
    return "".join(parts)


def _purpose(section: type[BaseModel]) -> str:
    """What a section is for: its docstring without its name."""
    words = doc(section).partition(": ")[2]
    return words[:1].upper() + words[1:]


def _settings_of(section: type[BaseModel]) -> Iterator[list[str]]:
    for name, field in section.model_fields.items():
        default = (
            ""
            if field.default is PydanticUndefined or isinstance(field.default, BaseModel | None)
            else str(field.default)
        )
        shown = code(field.alias or name)
        yield [shown, type_words(field.annotation), default_words(default), plain(field.description or "")]


def commands_page() -> str:
    """The command line."""
    parts = ["# Commands\n\n"]
    parts.append("Every command answers with exit code 0, or with 1 and one line that says what is wrong. `--json` ")
    parts.append("answers for machines. `--project` (or `HILUM_PROJECT`) names the project folder; else it is the ")
    parts.append("folder that you are in.\n")
    root = typer.main.get_command(app)
    for words, command in walk(root, "hilum"):
        parts.append(f"\n## {words}\n\n{command.help or ''}\n\n")
        arguments = [_argument(each) for each in command.params if not _is_option(each)]
        parts.append(f"```sh\n{' '.join([words, *arguments, '[options]'])}\n```\n\n")
        rows = [_parameter(parameter) for parameter in command.params]
        if rows:
            parts.append(table(["argument or option", "default", "meaning"], rows))
    return "".join(parts)


def walk(command: Any, words: str) -> Iterator[tuple[str, Any]]:
    """Every command below, with the words to type."""
    for name, inner in getattr(command, "commands", {}).items():
        if getattr(inner, "commands", None):
            yield from walk(inner, f"{words} {name}")
        else:
            yield f"{words} {name}", inner


def _is_option(parameter: Any) -> bool:
    return bool(parameter.opts[0].startswith("-"))


def _argument(parameter: Any) -> str:
    more = "…" if parameter.nargs == -1 else ""
    return f"{parameter.name.upper()}{more}" if parameter.required else f"[{parameter.name.upper()}{more}]"


def _parameter(parameter: Any) -> list[str]:
    spelled = ", ".join([*parameter.opts, *parameter.secondary_opts]) if _is_option(parameter) else ""
    shown = code(spelled or parameter.name.upper())
    default = parameter.default
    nothing = default is None or default == "" or default is False or parameter.required or callable(default)
    meaning = plain(parameter.help or "")
    if parameter.envvar:
        meaning += f" Environment: `{parameter.envvar}`."
    if isinstance(parameter.show_default if spelled else None, str):
        return [shown, parameter.show_default, meaning]
    value = getattr(default, "value", default)
    return [shown, "required" if parameter.required else "" if nothing else default_words(str(value)), meaning]


def errors_page() -> str:
    """Each error: what it means, and what everybody does."""
    words = tomllib.loads((ROOT / REFERENCE / "errors.toml").read_text(encoding="utf-8"))
    first, _, rest = doc(errors).partition("\n\n")
    tree, _, last = rest.partition("\n\nTexts")
    parts = [f"# Errors\n\n{first}\n\n```text\n{inspect.cleandoc(tree)}\n```\n\nTexts{last}\n\n"]
    parts.append("A connector raises or returns a `Failure`; reading and translating raise a `Stop`. Anything else ")
    parts.append("that a flow raises is a defect: the message is held with a case for the technical owner, with file ")
    parts.append("and line but without any value of the message.\n")
    for name, kind in all_errors():
        entry = words[name]
        parts.append(f"\n## {name}\n\n{doc(kind).strip()}\n\n")
        parts.append(table(["who", "what"], [[who, entry[key]] for key, who in PARTIES.items()]))
    return "".join(parts)


PARTIES: Final = {"hub": "the hub", "engineer": "the engineer", "vendor": "the vendor is told"}


def all_errors() -> Iterator[tuple[str, type[errors.HilumError]]]:
    """What can really be raised, in the order of the file: the leaves of the tree, and `DatabaseUnavailable`."""
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, errors.HilumError):
            below = [each for each in kind.__subclasses__() if each.__module__ == errors.__name__]
            if not below or kind is errors.DatabaseUnavailable:
                yield name, kind


def canonical_page() -> str:
    """The business objects and their fields."""
    parts = [f"# Canonical objects\n\n{doc(canonical)}\n\n"]
    parts.append('Written as JSON, an object is `{"type", "version", "data"}`: decimals as text, times in ISO 8601, ')
    parts.append("absent members left out. Unknown members are refused.\n")
    for name, kind in sorted(canonical.BY_NAME.items()):
        parts.append(f"\n## {kind.__name__}\n\n{doc(kind)}\n\n`{name}`, version {kind.version}. ")
        key = inspect.getdoc(kind.business_key) or ""
        parts.append(f"Business key: {key[:1].lower()}{key[1:]}\n\n")
        parts.append(table(["field", "type", "default", "meaning"], _fields(kind)))
    parts.append("\n# Parts and lists of values\n")
    for kind in _parts():
        parts.append(f"\n## {kind.__name__}\n\n{doc(kind)}\n\n")
        if issubclass(kind, BaseModel):
            parts.append(table(["field", "type", "default", "meaning"], _fields(kind)))
        else:
            parts.append(table(["value", "meaning"], [[code(m.value), comments(kind).get(m.name, "")] for m in kind]))
    return "".join(parts)


def _parts() -> list[Any]:
    named = [getattr(canonical, name) for name in sorted(canonical.__all__)]
    objects = set(canonical.BY_NAME.values()) | {canonical.BusinessObject}
    return [kind for kind in named if isinstance(kind, type) and kind not in objects]


def _fields(kind: type[BaseModel]) -> Iterator[list[str]]:
    notes = comments(kind)
    written = written_types(kind)
    for name, field in kind.model_fields.items():
        default = "" if field.default in (PydanticUndefined, None, "") else str(field.default)
        need = "required" if field.is_required() else default_words(default)
        yield [code(name), code(written.get(name, "")), need, notes.get(name, "")]


def flows_page() -> str:
    """Ready-made flows, and what an Odoo endpoint can be asked to do."""
    parts = [f"# Ready-made flows and Odoo operations\n\n{doc(packs)}\n"]
    for name in packs.__all__:
        pack = getattr(packs, name)
        parts.append(f"\n## {name}\n\n{doc(pack)}\n")
        for each in pack.__all__:
            function = getattr(pack, each)
            given = ", ".join(code(parameter) for parameter in inspect.signature(function).parameters)
            parts.append(f"\n### {name}.{each}\n\n{doc(function)}\n\nParameters: {given}.\n")
    parts.append(
        '\n## Odoo operations\n\nEach makes a target of a flow: `flow.deliver_to(odoo.item("odoo.main"))`.\n\n'
    )
    operations = [(name, getattr(odoo, name)) for name in odoo.__all__ if inspect.isfunction(getattr(odoo, name))]
    rows = [[code(f"odoo.{name}"), doc(f)] for name, f in operations if name != "external_id"]
    parts.append(table(["target", "what happens in Odoo"], rows))
    return "".join(parts)


def categories_page() -> str:
    """Every category of a case."""
    head, _, _ = doc(categories).partition("\n\n")
    parts = [f"# Categories of exceptions\n\n{head}\n\n"]
    parts.append(
        "Business failures go to the flow's business owner, technical ones to its technical owner. A case may "
    )
    parts.append("say the next step more exactly than this page. How to resolve them: ")
    parts.append("[Resolve exceptions and replay](../howto/exceptions.md).\n\n")
    rows = [[code(each.key), each.title, each.meaning, each.kind, each.next_step] for each in cases.CATEGORIES.values()]
    parts.append(table(["category", "title", "what has happened", "whose", "next step"], rows))
    parts.append(
        "\nA connector of your own may give others: those that end in `.defect`, `.access` or `.protocol` are "
    )
    parts.append("technical, all others business.\n\n## Until when\n\n")
    parts.append("A case is due after this time, or after the promise (SLO) of its flow where that is longer:\n\n")
    times = [[each.value, str(urgency.TIME_TO_ACT[each])] for each in Criticality]
    parts.append(table(["criticality of the flow", "time (h:mm:ss)"], times))
    return "".join(parts)


def policies_page() -> str:
    """Retry and permissions: the tables that decide."""
    parts = [f"# Retries and permissions\n\n## Retries\n\n{doc(retry)}\n\n"]
    parts.append("By default, and changed by [`[retry.<criticality>]`](settings.md) or by the flow itself ")
    parts.append("(`Flow(..., retry=Retry(...))`); numbers in seconds:\n\n")
    heads = ["criticality", "after", *(code(name) for name in comments(Retry))]
    rules = [
        [code(criticality.value), code(kind.value), *(f"{getattr(rule, name):g}" for name in comments(Retry))]
        for (criticality, kind), rule in retry.DEFAULTS.items()
    ]
    parts.append(table(heads, rules) + "\n")
    parts.append(table(["number", "meaning"], [[code(name), words] for name, words in comments(Retry).items()]))
    kinds = [[code(kind.value), comments(retry.FailureClass)[kind.name]] for kind in retry.FailureClass]
    parts.append("\n" + table(["after", "meaning"], kinds))
    parts.append(f"\n## Roles\n\n{doc(Role)}\n\n")
    notes, allowed = comments(Role), comments(Permission)
    parts.append(table(["role", "meaning"], [[code(role.value), notes[role.name]] for role in Role]))
    rows = [
        [code(p.value), allowed[p.name], *("yes" if p in PERMISSIONS[role] else "" for role in Role)]
        for p in Permission
    ]
    parts.append("\n## Permissions\n\n" + table(["permission", "meaning", *(role.value for role in Role)], rows))
    return "".join(parts)


def metrics_page() -> str:
    """Every metric, from the catalogue."""
    parts = [f"# Metrics\n\n{doc(catalogue)}\n\nHow to collect them: [Watch a hub](../howto/telemetry.md).\n"]
    titles = {Scope.PROCESS: "Of each process", Scope.DATABASE: "Of the whole hub"}
    notes = comments(Scope)
    for scope, title in titles.items():
        parts.append(f"\n## {title}\n\n{notes[scope.name].capitalize()}.\n\n")
        rows = [
            [
                code(m.name),
                code(m.prometheus_series),
                m.kind.value,
                code(m.unit),
                " ".join(map(code, m.labels)),
                m.meaning,
            ]
            for m in METRICS
            if m.scope is scope
        ]
        parts.append(table(["metric", "in Prometheus", "kind", "unit", "labels", "meaning"], rows))
    return "".join(parts)


# ---- layers


def layers() -> list[list[str]]:
    """The layers of the contract in pyproject.toml, the highest first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    found = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    there = {path.stem for path in (ROOT / "src/hilum").iterdir()}
    rows = [[name.strip(" ()") for name in re.split(r"[|:]", layer)] for layer in found]
    return [kept for row in rows if (kept := [name for name in row if name in there])]


def packages_page() -> str:
    """Every layer with the first sentence of each package."""
    parts = ["# Packages\n\nA package imports from the rows below its own only, and packages of one row do not import "]
    parts.append("each other; `lint-imports` (in `make check`) keeps it so.\n\n")
    parts.append('![Layers](../images/layers.svg){ width="640" }\n\n')
    rows = [
        [code(f"hilum.{name}"), doc(importlib.import_module(f"hilum.{name}")).partition("\n\n")[0]]
        for layer in layers()
        for name in layer
    ]
    return "".join([*parts, table(["package", "what it is"], rows)])


_WIDTH, _ROW, _GAP = 720, 34, 6  # pixels


def layers_picture() -> str:
    """The layers as SVG, the highest on top."""
    found = layers()
    height = len(found) * (_ROW + _GAP) + _GAP
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        'font-family="ui-monospace, monospace" font-size="14" text-anchor="middle">',
        f"<title>{escape('Layers of hilum: imports point down')}</title>",
    ]
    for number, layer in enumerate(found):
        width = (_WIDTH - _GAP * (len(layer) + 1)) / len(layer)
        y = _GAP + number * (_ROW + _GAP)
        for place, name in enumerate(layer):
            x = _GAP + place * (width + _GAP)
            size = f'width="{width:.0f}" height="{_ROW}" rx="5"'
            lines.append(
                f'<rect x="{x:.0f}" y="{y}" {size} fill="#e8eef4" stroke="#5b7083"/>'
                f'<text x="{x + width / 2:.0f}" y="{y + 22}" fill="#1d2a36">{escape(name)}</text>'
            )
    return "\n".join([*lines, "</svg>", ""])


# ---- decisions


def decisions_page() -> str:
    """The index of the decisions, from their first lines."""
    parts = ["# Decisions\n\nOne page for each decision that shapes Hilum: the question, what we chose, why, and what "]
    parts.append("would change our mind. A page is not rewritten when the decision changes; a new one takes its place ")
    parts.append("and says so.\n\n")
    rows = []
    for page in sorted((ROOT / DECISIONS).glob("[0-9]*.md")):
        number, _, title = page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ").partition(" ")
        rows.append([f"[{number}]({page.name})", title])
    return "".join([*parts, table(["", "decision"], rows)])


# ---- the files

PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "connectors.md": connectors_page,
    "settings.md": settings_page,
    "commands.md": commands_page,
    "errors.md": errors_page,
    "canonical.md": canonical_page,
    "flows.md": flows_page,
    "policies.md": policies_page,
    "categories.md": categories_page,
    "metrics.md": metrics_page,
    "packages.md": packages_page,
}


def generated() -> dict[Path, str]:
    """Every generated file with its content; paths are below the project."""
    files = {REFERENCE / name: HEAD + page() for name, page in PAGES.items()}
    files[DECISIONS / "index.md"] = HEAD + decisions_page()
    files[Path("docs/images/layers.svg")] = layers_picture()
    return files


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages, or check them; the exit code is 1 where one differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, and fail where a page is not up to date")
    check = bool(parser.parse_args(arguments).check)
    stale = []
    for path, text in generated().items():
        file = ROOT / path
        if file.is_file() and file.read_text(encoding="utf-8") == text:
            continue
        stale.append(path)
        if not check:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    for path in stale:
        print(f"{path} is not up to date: run scripts/generate_docs.py" if check else f"written {path}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())

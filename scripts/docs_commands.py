"""Reference page of the command line, from typer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer
from docs_text import code, default_words, plain, table

from hilum.cli import app


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

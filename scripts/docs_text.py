"""How the generated pages are written: tables, docstrings, types and defaults in words."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, Final

# ---- Markdown


def cell(value: Any) -> str:
    """A value as one cell of a table."""
    return " ".join(str(value).split()).replace("|", "\\|")


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table."""
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    lines += [f"| {' | '.join(cell(value) for value in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def code(text: str) -> str:
    """A name or value as code; nothing stays nothing."""
    return f"`{text}`" if text else ""


def plain(text: str) -> str:
    """A description as text: an asterisk in it is an asterisk (outside of code, where it is one anyway)."""
    pieces = text.split("`")
    return "`".join(piece.replace("*", "\\*") if number % 2 == 0 else piece for number, piece in enumerate(pieces))


def doc(thing: object) -> str:
    """The docstring as Markdown."""
    return inspect.getdoc(thing) or ""


def comments(thing: type) -> dict[str, str]:
    """What stands behind the fields or members of a class: `name: type = default  # this`."""
    lines = inspect.getsource(thing).splitlines()
    found = {}
    for line in lines:
        if match := re.match(r"^    (\w+)(?::| =).*?  # (.+)$", line):
            found[match[1]] = match[2]
    return found


def written_types(kind: type) -> dict[str, str]:
    """The types as they are written in the source: `Code`, `Quantity`, `tuple[OrderLine, ...]`."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    return {
        line.target.id: ast.unparse(line.annotation)
        for line in body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
    }


# ---- types and defaults in words

_WORDS: Final = {
    "str": "text",
    "int": "whole number",
    "float": "number",
    "bool": "true or false",
    "SecretStr": "secret text",
    "Path": "path",
    "HttpUrl": "URL",
    "Decimal": "decimal number",
    "datetime": "time",
    "date": "date",
    "Calendar": "calendar",
    "Windows": "windows",
}


def type_words(annotation: object) -> str:
    """A type as people write values of it."""
    text = str(getattr(annotation, "__name__", annotation)) if isinstance(annotation, type) else str(annotation)
    if choices := re.search(r"Literal\[(.*?)\]", text):
        return "one of " + ", ".join(code(choice.strip("'\" ")) for choice in choices[1].split(","))
    text = re.sub(r"(?:typing\.)?(?:Optional\[)?(?:typing\.)?Annotated\[([\w.]+), InstanceOf\(\)\]\]?", r"\1", text)
    text = re.sub(r"\w+\.(?=\w)", "", text).replace(" | None", "").replace("NoneType", "")
    if listed := re.match(r"(?:tuple|list|Sequence)\[(.*?)(?:, \.\.\.)?\]$", text):
        return f"list of {_plural(listed[1])}"
    if re.match(r"(?:dict|Mapping)\[", text):
        return "table of texts"
    return _WORDS.get(text, code(text))


def _plural(name: str) -> str:
    return {"str": "texts", "int": "whole numbers"}.get(name, code(name))


def default_words(text: str) -> str:
    """A default as it would be written; an empty one is not shown."""
    if text in ("", "()", "{}", "[]", "**********"):
        return ""
    if text in ("True", "False"):
        return code(text.lower())
    if re.match(r"[(\[]|\{'", text):  # not the template of a name: {message_id}
        return code(_toml(ast.literal_eval(text)))
    return code(text)


def _toml(value: Any) -> str:
    """A value as it stands in hilum.toml."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_toml(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value).lower()

"""Which test proves which capability: the matrix of `docs/requirements.md` and the marks `@pytest.mark.req("MSG-1")`.

Tests are read, not imported. `--check` fails for an id that the page does not have, for a mark whose id cannot be
read, and for an id of `DONE` that no test carries. It names the ids of `NEXT` that still have none, without failing.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = "docs/requirements.md"
# The suites that ship with Hilum are tests too: they run through the classes in tests/conformance.
TESTS: Final = ("tests", "src/hilum/testing", "src/hilum/scaffold")

DONE: Final[tuple[str, ...]] = (
    *(
        "MSG-1",
        "MSG-2",
        "MSG-3",
        "MSG-4",
        "MSG-5",
        "MSG-6",
        "MSG-8",
        "MSG-9",
        "MSG-10",
        "MSG-11",
        "MSG-12",
        "MSG-13",
        "MSG-14",
    ),
    *(
        "NEW-1",
        "NEW-2",
        "NEW-3",
        "NEW-4",
        "SYS-11",
        "NEW-9",  # its metadata half; the dry run of messages against the next version comes with NEW-8
        "MSG-7",
        "MSG-15",
        "MSG-16",
        "MSG-17",
        "MOD-1",
        "MOD-2",
        "MOD-4",
        "MOD-5",
        "MOD-6",
        "MOD-7",
        "MD-1",
        "MD-2",
        "MD-5",
        "MD-6",
        "UX-2",
        "UX-3",
        "UX-4",
        "UX-5",
        "OBS-1",
        "OBS-4",
        "RES-1",
        "RES-3",
        "MD-3",
        "MD-4",
        "MD-7",
        "MD-8",
        "SYS-1",
        "SYS-2",
        "SYS-13",
        "SYS-14",
        "SYS-15",
        "WF-1",
        "SYS-12",
        "WF-3",
        "WF-2",
        "WF-12",
        "NEW-6",
        "SYS-9",
        "WF-4",
        "MOD-3",
        "SYS-10",
    ),
)
"""Capabilities that a user has: each must be carried by a test."""

NEXT: Final[tuple[str, ...]] = (
    *("SYS-3", "UX-1"),
    *("RES-2", "REC-1", "REC-3", "SEC-1", "SEC-2", "SEC-3", "SEC-4", "SEC-6", "SEC-7", "OBS-2"),
)
"""Capabilities of which a user has a part; they move to `DONE` when they are whole."""

_ROW = re.compile(r"^\| *([A-Z]+-\d+) *\| *(.+?) *\|", re.MULTILINE)


@dataclass(slots=True)
class Marks:
    """What was found in the tests: ids with the tests that carry them, and marks that cannot be read."""

    tests: dict[str, list[str]] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)


class _Finder(ast.NodeVisitor):
    """Collects the marks of one file. A mark belongs to the function or class that it stands at, or to the file."""

    def __init__(self, path: str, found: Marks) -> None:
        self._path = path
        self._found = found
        self._inside: list[str] = []
        self._loops: dict[str, ast.expr] = {}  # names of the loops over a list that is written there

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._within(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._within(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._within(node)

    def _within(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self._inside.append(node.name)
        self.generic_visit(node)
        self._inside.pop()

    def visit_For(self, node: ast.For) -> None:
        if isinstance(node.target, ast.Name):
            self._loops[node.target.id] = node.iter
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "req":
            for argument in node.args:
                self._note(node, argument)
        self.generic_visit(node)

    def _note(self, node: ast.Call, argument: ast.expr) -> None:
        names = list(self._texts(argument))
        for name in names:
            carriers = self._found.tests.setdefault(name, [])
            place = "::".join((self._path, *self._inside))
            if place not in carriers:
                carriers.append(place)
        if not names:
            self._found.unreadable.append(f"{self._path}:{node.lineno}: write the id as a text, so that it can be read")

    def _texts(self, value: ast.expr) -> Iterator[str]:
        """The texts that an argument stands for: itself, or those of the loop that it comes from."""
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value
        elif isinstance(value, ast.Tuple | ast.List):
            for each in value.elts:
                yield from self._texts(each)
        elif isinstance(value, ast.Name) and value.id in self._loops:
            yield from self._texts(self._loops[value.id])


def capabilities(page: str) -> dict[str, str]:
    """Ids of the page with their words, in its order. Raises `ValueError` for an id that comes twice."""
    found: dict[str, str] = {}
    for name, words in _ROW.findall(page):
        if name in found:
            raise ValueError(f"{PAGE}: {name} is there twice")
        found[name] = words
    return found


def marks(root: Path, folders: Sequence[str] = TESTS) -> Marks:
    """All marks in the Python files of these folders. Raises `SyntaxError` for a file that is no Python."""
    found = Marks()
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            _Finder(path.relative_to(root).as_posix(), found).visit(ast.parse(path.read_text(encoding="utf-8")))
    return found


def problems(known: Mapping[str, str], found: Marks, done: Sequence[str]) -> Iterator[str]:
    """What is wrong, in words."""
    yield from found.unreadable
    for name in sorted(set(found.tests) - set(known)):
        yield f"{found.tests[name][0]} carries {name}, which {PAGE} does not have"
    for name in done:
        if name not in known:
            yield f"DONE names {name}, which {PAGE} does not have"
        elif name not in found.tests:
            yield f"{name} is done, and no test carries it: {known[name]}"


def matrix(known: Mapping[str, str], found: Marks) -> Iterator[str]:
    """The lines to print: each id with its tests."""
    for name, words in known.items():
        carriers = found.tests.get(name, [])
        state = "done" if name in DONE else "next" if name in NEXT else ""
        yield f"{name:8} {len(carriers):3} {'test ' if len(carriers) == 1 else 'tests'} {state:5} {_short(words)}"
        yield from (f"{'':13}{carrier}" for carrier in carriers)
    proved = sum(name in found.tests for name in known)
    yield f"{proved} of {len(known)} capabilities are carried by a test."


def _short(words: str) -> str:
    return words if len(words) <= 80 else f"{words[:79].rstrip()}…"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the matrix, or check it; the exit code is 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="print only what is wrong, and fail for it")
    check = bool(parser.parse_args(arguments).check)
    known = capabilities((ROOT / PAGE).read_text(encoding="utf-8"))
    found = marks(ROOT)
    if not check:
        print("\n".join(matrix(known, found)))
        return 0
    wrong = list(problems(known, found, DONE))
    for words in wrong:
        print(words, file=sys.stderr)
    if missing := [name for name in NEXT if name not in found.tests]:
        print(f"still without a test in this milestone: {' '.join(missing)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""Accept the processes of the packs as they are now: `python scripts/accept_processes.py [--same-steps "why"] [names]`.

A run that is open goes on by replaying its steps, so a process whose code is another one has another version. All that
a process can reach in the packs is compared with what was accepted: the syntax tree, without comments, docstrings,
annotations and line numbers. What has changed is accepted where the version is a new one. Where it is the same, say
with `--same-steps` why a run that is open takes the same steps as before; the reason is kept in the file.

Writes tests/samples/processes/steps.json, with which tests/unit/docs/test_process_versions.py compares them.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import importlib
import inspect
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
SOURCE: Final = ROOT / "src"
FILE: Final = ROOT / "tests" / "samples" / "processes" / "steps.json"
PACKS: Final = "hilum.packs"
ENGINE: Final = ("hilum.processes.run", "Run")
"""What processes take their steps with: a step more in it is a step more in all of them."""
STEPS: Final = ("hilum.processes.run", "hilum.processes.arrivals", "hilum.processes.recording")
"""The modules that it is made of."""

Place = tuple[str, str]
"""Module and name of a definition."""


@dataclass(slots=True)
class Module:
    """What one file defines, and what it imports from where."""

    definitions: dict[str, ast.stmt] = field(default_factory=dict)
    imported: dict[str, Place] = field(default_factory=dict)  # name here → what it is; an empty name: a module


class Code:
    """The definitions of the packs, read and not run."""

    def __init__(self, source: Path = SOURCE) -> None:
        self._source = source
        self._modules: dict[str, Module] = {}
        self._digests: dict[Place, str] = {}

    def module(self, name: str) -> Module:
        """One module; an empty one where it is none that counts."""
        if name not in self._modules:
            path = self._path(name)
            counts = name.startswith(PACKS) or name in STEPS
            self._modules[name] = _read(path.read_text(encoding="utf-8")) if counts and path is not None else Module()
        return self._modules[name]

    def _path(self, name: str) -> Path | None:
        place = self._source.joinpath(*name.split("."))
        return next((each for each in (place.with_suffix(".py"), place / "__init__.py") if each.is_file()), None)

    def reached(self, *roots: Place) -> dict[Place, str]:
        """The definitions that these use, and those use in turn, with a digest of each."""
        found: dict[Place, str] = {}
        ahead = [*roots]
        while ahead:
            place = self._defined(ahead.pop())
            if place is None or place in found:
                continue
            found[place] = self._digest(place)
            ahead.extend(self._used(place))
        return found

    def _defined(self, place: Place) -> Place | None:
        """Where it is defined; none: not in the packs."""
        module, name = place
        while name not in self.module(module).definitions:
            imported = self.module(module).imported.get(name)
            if imported is None:
                return None
            module, name = imported
        return module, name

    def _digest(self, place: Place) -> str:
        if place not in self._digests:
            self._digests[place] = digest(self.module(place[0]).definitions[place[1]])
        return self._digests[place]

    def _used(self, place: Place) -> Iterator[Place]:
        here = self.module(place[0])
        for node in ast.walk(here.definitions[place[1]]):
            if isinstance(node, ast.Name):
                yield place[0], node.id
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                module, name = here.imported.get(node.value.id, ("", ""))
                if module:  # an attribute of a module that was imported
                    yield f"{module}.{name}".rstrip("."), node.attr


def _read(text: str) -> Module:
    made = Module()
    tree = ast.parse(text)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            made.definitions[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
            made.definitions.update(dict.fromkeys(names, node))
    for inner in ast.walk(tree):
        if isinstance(inner, ast.ImportFrom) and inner.module and not inner.level:
            made.imported.update({each.asname or each.name: (inner.module, each.name) for each in inner.names})
        elif isinstance(inner, ast.Import):
            made.imported.update({each.asname: (each.name, "") for each in inner.names if each.asname})
    made.definitions.pop("__all__", None)
    return made


_FOR_PEOPLE: Final = {"returns", "annotation", "type_comment", "type_params", "kind", "ctx", "simple"}
"""Members of syntax trees that say nothing of what is done."""


def digest(node: ast.stmt) -> str:
    """Of what a definition does, the same in each version of Python."""
    return hashlib.sha256(repr(_bare(node)).encode()).hexdigest()[:12]


def _bare(node: Any) -> Any:
    if isinstance(node, list):
        return [_bare(each) for each in node]
    if not isinstance(node, ast.AST):
        return node
    members = {name: value for name, value in ast.iter_fields(node) if name not in _FOR_PEOPLE}
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        members["body"] = [each for each in node.body if not _is_a_word(each)]
    return type(node).__name__, [(name, _bare(value)) for name, value in members.items() if value not in (None, [])]


def _is_a_word(node: ast.stmt) -> bool:
    """A text that stands alone: a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


@dataclass(frozen=True, slots=True)
class Declared:
    """One process that a pack makes."""

    name: str
    version: str
    made_by: Place


def declared(source: Path = SOURCE) -> Iterator[Declared]:
    """All processes of the packs: what they are called is in the defaults of the functions that make them."""
    for path in sorted((source / "hilum" / "packs").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef) or not _makes_a_process(node):
                continue
            module = ".".join(path.relative_to(source).with_suffix("").parts)
            given = inspect.signature(getattr(importlib.import_module(module), node.name)).parameters
            yield Declared(given["name"].default, given["version"].default, (module, node.name))


def _makes_a_process(node: ast.AST) -> bool:
    calls = [each.func for each in ast.walk(node) if isinstance(each, ast.Call)]
    return any(isinstance(each, ast.Name) and each.id == "Process" for each in calls)


def now() -> dict[str, Any]:
    """Version and steps of each process, and the definitions that these come from."""
    code = Code()
    definitions: dict[str, str] = {}
    processes: dict[str, Any] = {}
    for each in declared():
        found = code.reached(each.made_by, ENGINE)
        named = {f"{module}.{name}": value for (module, name), value in found.items()}
        definitions.update(named)
        # digests alone: what is moved to another file is the same
        steps = hashlib.sha256(" ".join(sorted(set(named.values()))).encode()).hexdigest()[:16]
        processes[each.name] = {"version": each.version, "steps": steps, "uses": sorted(named)}
    return {"definitions": definitions, "processes": processes}


def accepted() -> dict[str, Any]:
    """What was accepted."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    return {"definitions": {}, "processes": {}} | found


def changes(was: Mapping[str, Any], is_now: Mapping[str, Any], name: str) -> list[str]:
    """The definitions of a process that are others than those that were accepted."""
    uses: Sequence[str] = is_now["processes"][name]["uses"]
    known = set(was["definitions"].values())
    others = [each for each in uses if was["definitions"].get(each) != is_now["definitions"][each]]
    return [each for each in others if is_now["definitions"][each] not in known]


def refusals(was: Mapping[str, Any], is_now: Mapping[str, Any]) -> dict[str, str]:
    """The processes whose steps may be others although their version is the same; why, in words."""
    found = {}
    for name, process in is_now["processes"].items():
        former = was["processes"].get(name)
        if former is None or former["version"] != process["version"] or former["steps"] == process["steps"]:
            continue
        what = ", ".join(changes(was, is_now, name)) or "something was taken out"
        found[name] = (
            f"{name} {process['version']} is another one than was accepted ({what}). Runs that are open replay its"
            " steps: raise its version, or run scripts/accept_processes.py --same-steps 'why they take the same'"
        )
    return found


def write(was: Mapping[str, Any], is_now: Mapping[str, Any], reason: str, names: Sequence[str]) -> None:
    """Keep what is now, with why it is the same where somebody says so."""
    refused = refusals(was, is_now)
    processes = {}
    for name, process in is_now["processes"].items():
        former = was["processes"].get(name, {})
        same = former.get("same_steps", []) if former.get("version") == process["version"] else []
        if name in refused:
            if not reason or (names and name not in names):
                raise SystemExit(refused[name])
            same = [*same, reason]
        processes[name] = {"version": process["version"], "steps": process["steps"], "same_steps": same}
    kept = {"definitions": is_now["definitions"], "processes": processes}
    FILE.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{FILE.name}: {len(processes)} processes accepted")


def main(arguments: Sequence[str]) -> None:
    """Accept all that may be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--same-steps", default="", metavar="WHY", help="why runs that are open take the same steps")
    parser.add_argument("names", nargs="*", help="the processes that this is said of; none: all that have changed")
    given = parser.parse_args(arguments)
    write(accepted(), now(), given.same_steps, given.names)


if __name__ == "__main__":
    main(sys.argv[1:])

"""Reference pages of what the hub decides: errors, categories of cases, retries and permissions, metrics."""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from docs_text import code, comments, doc, table

from hilum import cases, errors
from hilum.cases import categories, urgency
from hilum.flow import Criticality, Pattern, Retry, promises
from hilum.observe import METRICS, Scope, catalogue
from hilum.runtime import retry
from hilum.security import PERMISSIONS, Permission, Role

WORDS: Final = Path(__file__).resolve().parent.parent / "docs/reference/errors.toml"


def errors_page() -> str:
    """Each error: what it means, and what everybody does."""
    words = tomllib.loads(WORDS.read_text(encoding="utf-8"))
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
    parts.append(f"\n## Patterns\n\n{doc(promises)}\n\n")
    notes = comments(Pattern)
    parts.append(table(["pattern", "meaning"], [[code(p.value), notes[p.name]] for p in Pattern]) + "\n")
    heads = ["pattern", *(name.replace("_", " ") for name in comments(promises.Defaults))]
    parts.append(table(heads, [_defaults_of(pattern) for pattern in Pattern]))
    parts.append(f"\n## Roles\n\n{doc(Role)}\n\n")
    notes, allowed = comments(Role), comments(Permission)
    parts.append(table(["role", "meaning"], [[code(role.value), notes[role.name]] for role in Role]))
    rows = [
        [code(p.value), allowed[p.name], *("yes" if p in PERMISSIONS[role] else "" for role in Role)]
        for p in Permission
    ]
    parts.append("\n## Permissions\n\n" + table(["permission", "meaning", *(role.value for role in Role)], rows))
    return "".join(parts)


def _defaults_of(pattern: Pattern) -> list[str]:
    given = promises.DEFAULTS[pattern]
    slo = f"{given.slo.percent:g} % within {given.slo.within}"
    shown = [given.criticality.value, given.priority.value, given.on_held, given.data_class.value, given.retention, slo]
    return [code(pattern.value), *shown]


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

"""`make test-odoo`: only what runs on the Odoo that the environment names; at the end a table of what was proven.

A pytest plugin (`-p support.odoo_report`), so that the same tests need nothing of it in any other run.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from typing import Any

import pytest

from support.odoo_named import VARIABLES, NamedOdoo

ON_THE_SERVER = ("real server", ("real", "auto"))  # the parameters of the fixtures `odoo` and `far`
_DOCUMENTS = "test_contract_hub_once"
_WORDS = {"passed": "proven", "skipped": "skipped", "failed": "FAILED"}


class Report:
    """What became of the tests, by file, and of the documents that a whole hub wrote."""

    def __init__(self) -> None:
        self.titles: dict[str, str] = {}
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.reasons: dict[str, list[str]] = defaultdict(list)
        self.documents: dict[str, dict[str, str]] = defaultdict(dict)

    def note(self, report: pytest.TestReport) -> None:
        """Count a test: by its call, or by what kept it from that."""
        if report.when != "call" and report.passed:
            return
        path, _, name = report.nodeid.partition("::")
        file = path.rpartition("/")[2].removesuffix(".py")
        outcome = _WORDS[report.outcome]
        self.counts[file][outcome] += 1
        if report.skipped:
            self.reasons[_reason(report)].append(name)
        if file == _DOCUMENTS:
            test, _, parameters = name.partition("[")
            document = parameters.rstrip("]").removeprefix(f"{ON_THE_SERVER[0]}-")
            self.documents[document][test] = outcome

    def lines(self) -> list[str]:
        """The table, for a terminal."""
        columns = list(_WORDS.values())
        found = [_row("", *columns)]
        for file in sorted(self.counts):
            found.append(_row(self.titles.get(file, file), *(str(self.counts[file][each] or "") for each in columns)))
        if self.documents:
            found += ["", _row("a whole hub, each document", "lost", "twice", "killed")]
            for document, outcomes in sorted(self.documents.items()):
                said = [next((outcomes[x] for x in outcomes if word in x), "") for word in ("lost", "twice", "killed")]
                found.append(_row(document, *said))
        if self.reasons:
            found += ["", "skipped, and why:"]
        for reason, names in sorted(self.reasons.items(), key=lambda each: -len(each[1])):
            found.append(f"  {len(names):4}  {reason}")
        return found


def _row(title: str, *cells: str) -> str:
    return f"{title[:80]:80} " + " ".join(f"{each:>8}" for each in cells)


def _reason(report: pytest.TestReport) -> str:
    told: Any = report.longrepr
    words = told[2] if isinstance(told, tuple) else str(told)
    return str(words).removeprefix("Skipped: ")


_report = Report()


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to run without the server."""
    missing = [name for name in VARIABLES if not os.environ.get(name)]
    if missing:
        raise pytest.UsageError(f"Name the Odoo server: set {', '.join(missing)}.")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what runs on sandboxes."""
    chosen = [item for item in items if _on_the_server(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
    items[:] = chosen
    for item in chosen:
        module = getattr(item, "module", None)
        _report.titles[item.path.stem] = (module.__doc__ or item.path.stem).splitlines()[0] if module else ""


def _on_the_server(item: pytest.Item) -> bool:
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    return any(parameters.get(name) in ON_THE_SERVER for name in ("odoo", "far"))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Hear of each test."""
    _report.note(report)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table."""
    known = NamedOdoo.known()
    terminalreporter.section("Odoo " + (f"{known.version}, {known.currency}" if known else "was not reached"))
    for line in _report.lines():
        terminalreporter.write_line(line)

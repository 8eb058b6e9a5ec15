"""The matrix of capabilities and tests: what it finds, and what it fails for."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

PAGE = """\
| id | capability |
|---|---|
| MSG-1 | durable |
| MSG-2 | counted | once |
| WF-10 | later |
"""

TESTS = """
import pytest

pytestmark = pytest.mark.req("MSG-2")

@pytest.mark.req("MSG-1")
def test_one(): ...

@pytest.mark.req("MSG-1")
class TestMany:
    @pytest.mark.req("WF-10")
    async def test_two(self): ...

    @pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.req("WF-10"))])
    def test_three(self, x): ...

def hook(items):
    for capability in ("WF-10", "MSG-2"):
        items[0].add_marker(pytest.mark.req(capability))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_it.py").write_text(TESTS)
    return tmp_path


def test_marks_are_found_wherever_pytest_takes_them(requirements_matrix: ModuleType, project: Path) -> None:
    found = requirements_matrix.marks(project)
    assert found.unreadable == []
    assert found.tests == {
        "MSG-2": ["tests/test_it.py", "tests/test_it.py::hook"],
        "MSG-1": ["tests/test_it.py::test_one", "tests/test_it.py::TestMany"],
        "WF-10": [
            "tests/test_it.py::TestMany::test_two",
            "tests/test_it.py::TestMany::test_three",
            "tests/test_it.py::hook",
        ],
    }


def test_the_page_gives_ids_and_words_in_its_order(requirements_matrix: ModuleType) -> None:
    assert requirements_matrix.capabilities(PAGE) == {"MSG-1": "durable", "MSG-2": "counted", "WF-10": "later"}
    with pytest.raises(ValueError, match="MSG-1 is there twice"):
        requirements_matrix.capabilities(PAGE + "| MSG-1 | again |\n")


def test_unknown_ids_missing_tests_and_unreadable_marks_are_problems(
    requirements_matrix: ModuleType, project: Path
) -> None:
    (project / "tests/test_other.py").write_text(
        'import pytest\nNAME = "MSG-1"\n@pytest.mark.req("MSG-99")\n@pytest.mark.req(NAME)\ndef test_x(): ...\n'
    )
    known = requirements_matrix.capabilities(PAGE + "| SEC-1 | safe |\n")
    wrong = list(requirements_matrix.problems(known, requirements_matrix.marks(project), ("MSG-1", "SEC-1", "SEC-9")))
    assert wrong == [
        "tests/test_other.py:4: write the id as a text, so that it can be read",
        "tests/test_other.py::test_x carries MSG-99, which docs/requirements.md does not have",
        "SEC-1 is done, and no test carries it: safe",
        "DONE names SEC-9, which docs/requirements.md does not have",
    ]


def test_nothing_is_wrong_where_all_is_carried(requirements_matrix: ModuleType, project: Path) -> None:
    known = requirements_matrix.capabilities(PAGE)
    assert list(requirements_matrix.problems(known, requirements_matrix.marks(project), tuple(known))) == []


@pytest.mark.long  # it takes seconds, and `make check` runs it each time
def test_this_project_passes_its_own_check(requirements_matrix: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    failed = requirements_matrix.main(["--check"])
    assert failed == 0, capsys.readouterr().err


def test_the_two_lists_name_capabilities_of_the_page_once(requirements_matrix: ModuleType, root: Path) -> None:
    known = requirements_matrix.capabilities((root / requirements_matrix.PAGE).read_text(encoding="utf-8"))
    named = [*requirements_matrix.DONE, *requirements_matrix.NEXT]
    assert len(named) == len(set(named))
    assert set(named) <= set(known)

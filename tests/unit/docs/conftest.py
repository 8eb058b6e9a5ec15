"""The scripts that make and check the documents, as modules; and the documents' own examples."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def root() -> Path:
    return ROOT


def _script(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return importlib.import_module(name)


@pytest.fixture
def generate_docs(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return _script("generate_docs", monkeypatch)


@pytest.fixture
def docs_text(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return _script("docs_text", monkeypatch)


@pytest.fixture
def requirements_matrix(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return _script("requirements_matrix", monkeypatch)

"""The reference pages say what the code says, and leave nothing out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer
from pydantic import BaseModel

from hilum.canonical import BY_NAME
from hilum.cli import app
from hilum.connector import ConnectorSettings
from hilum.connectors import CONNECTORS, find_destination, find_source
from hilum.settings import Settings


def test_every_generated_page_is_up_to_date(
    generate_docs: ModuleType, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outdated = generate_docs.main(["--check"])
    assert outdated == 0, capsys.readouterr().out


def test_a_page_that_was_edited_by_hand_is_found(
    generate_docs: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generate_docs, "generated", lambda: {Path("page.md"): "as generated\n"})
    monkeypatch.setattr(generate_docs, "ROOT", tmp_path)
    assert generate_docs.main([]) == 0
    assert generate_docs.main(["--check"]) == 0
    (tmp_path / "page.md").write_text("as somebody liked it\n")
    assert generate_docs.main(["--check"]) == 1
    assert "page.md is not up to date" in capsys.readouterr().out
    assert (tmp_path / "page.md").read_text() == "as somebody liked it\n"


def _all_settings() -> Iterator[tuple[str, str, type[BaseModel]]]:
    for kind, each in CONNECTORS.items():
        if each.source:
            yield "connectors.md", kind, find_source(kind).Settings
        if each.destination:
            yield "connectors.md", kind, find_destination(kind).Settings
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield "settings.md", name, field.annotation


@pytest.mark.parametrize(("page", "place", "settings"), list(_all_settings()), ids=lambda value: str(value))
def test_every_setting_is_described(page: str, place: str, settings: type[BaseModel], root: Path) -> None:
    text = (root / "docs/reference" / page).read_text(encoding="utf-8")
    for name, field in settings.model_fields.items():
        assert field.description, f"{place}.{name} has no description"
        assert f"| `{field.alias or name}`" in text
        if issubclass(settings, ConnectorSettings):
            assert field.examples, f"{place}.{name} has no example"


def test_every_command_and_option_is_described(generate_docs: ModuleType, root: Path) -> None:
    text = (root / "docs/reference/commands.md").read_text(encoding="utf-8")
    commands: list[tuple[str, Any]] = list(generate_docs.walk(typer.main.get_command(app), "hilum"))
    assert len(commands) > 10
    for words, command in commands:
        assert command.help, f"{words} has no help"
        assert f"\n## {words}\n" in text
        for parameter in command.params:
            assert parameter.help, f"{words}: {parameter.name} has no help"


def test_every_error_says_what_everybody_does(generate_docs: ModuleType, root: Path) -> None:
    words = tomllib.loads((root / "docs/reference/errors.toml").read_text(encoding="utf-8"))
    names = [name for name, _ in generate_docs.all_errors()]
    assert {"TryAgain", "Unsure", "Rejected", "Down", "Unmapped", "SettingsError"} <= set(names)
    assert sorted(words) == sorted(names)
    for name, entry in words.items():
        assert set(entry) == set(generate_docs.PARTIES), name
        assert all(text.endswith((".", "?")) for text in entry.values()), name


def test_every_connector_and_business_object_has_a_section(root: Path) -> None:
    connectors = (root / "docs/reference/connectors.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\w+)$", connectors, re.MULTILINE) == list(CONNECTORS)
    canonical = (root / "docs/reference/canonical.md").read_text(encoding="utf-8")
    for kind in BY_NAME.values():
        assert f"\n## {kind.__name__}\n" in canonical
        for name in kind.model_fields:
            assert f"| `{name}` |" in canonical


def test_the_layers_are_those_of_the_contract(generate_docs: ModuleType, root: Path) -> None:
    rows = generate_docs.layers()
    assert rows[0] == ["cli"]
    assert rows[-1] == ["errors"]
    drawn = [name for row in rows for name in row]
    assert len(drawn) == len(set(drawn))
    # __main__ and the like are no packages; everything else has its place in the picture
    there = {path.stem for path in (root / "src/hilum").iterdir() if not path.name.startswith(("_", "py."))}
    assert set(drawn) == there


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        ("pydantic.types.SecretStr | None", "secret text"),
        ("pathlib._local.Path | None", "path"),
        ("tuple[str, ...]", "list of texts"),
        ("typing.Literal['retry', 'reject']", "one of `retry`, `reject`"),
        ("collections.abc.Mapping[str, str]", "table of texts"),
        ("bool", "true or false"),
    ],
)
def test_types_are_told_in_words(docs_text: ModuleType, annotation: str, words: str) -> None:
    assert docs_text.type_words(annotation) == words


@pytest.mark.parametrize(
    ("default", "shown"),
    [
        ("", ""),
        ("()", ""),
        ("('*',)", '`["*"]`'),
        ("True", "`true`"),
        ("{'BX': 'box'}", '`{BX = "box"}`'),
        ("{message_id}-{ordinal}", "`{message_id}-{ordinal}`"),
        ("**********", ""),
    ],
)
def test_defaults_are_shown_as_they_are_written(docs_text: ModuleType, default: str, shown: str) -> None:
    assert docs_text.default_words(default) == shown


def test_an_asterisk_of_a_description_stays_one(docs_text: ModuleType) -> None:
    assert docs_text.plain("ADT^* takes `*` and *") == "ADT^\\* takes `*` and \\*"

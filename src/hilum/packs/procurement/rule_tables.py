"""Tables of rules in files of a project, as approvals and tolerances are: read, and refused by file and place."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from hilum.errors import SettingsError
from hilum.settings import problems_of

Table = TypeVar("Table", bound=BaseModel)


def table_in(path: Path, name: str, model: type[Table]) -> Table:
    """The table in a file, or in the file of that name in a folder. Raises `SettingsError` naming what is wrong."""
    file = path / name if path.is_dir() else path
    try:
        return table_of(file.read_text(encoding="utf-8"), model)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file.name} cannot be read: {type(error).__name__}.") from None
    except SettingsError as error:
        raise SettingsError(f"{file.name}: {error}") from None


def table_of(text: str, model: type[Table]) -> Table:
    """The table in this text (TOML). Raises `SettingsError`."""
    try:
        return model.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"it is no TOML: {error}") from None
    except ValidationError as error:
        raise SettingsError(problems_of(error)) from None

"""`${NAME}`, `${NAME:-default}` and `${file:/path}` in the texts of `hilum.toml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from hilum.errors import SettingsError

_VARIABLE: Final = re.compile(
    r"\$\{(?:file:(?P<file>/[^}]+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?)\}"
)


def interpolate(value: Any, environment: Mapping[str, str], where: str = "") -> Any:
    """Replace `${NAME}` and `${file:/path}` in every text, at any depth.

    Raises `SettingsError` that names the place and the variable or file, never what is in it.
    """
    if isinstance(value, str):

        def replaced(found: re.Match[str]) -> str:
            if found["file"]:
                return _secret_in(Path(found["file"]), where)
            name, default = found["name"], found["default"]
            if environment.get(name):
                return environment[name]
            if default is None:
                raise SettingsError(f"{where}: the environment variable {name} is not set.")
            return default

        return _VARIABLE.sub(replaced, value)
    if isinstance(value, dict):
        return {key: interpolate(item, environment, f"{where}.{key}".strip(".")) for key, item in value.items()}
    if isinstance(value, list):
        return [interpolate(item, environment, f"{where}[{n}]") for n, item in enumerate(value)]
    return value


def _secret_in(path: Path, where: str) -> str:
    """The text of a file, without the line end that editors leave there."""
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SettingsError(f"{where}: the file {path} cannot be read: {words}.") from None

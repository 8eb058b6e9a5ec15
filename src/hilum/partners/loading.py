"""The profiles of a project: one TOML file for each partner in the folder `partners`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from hilum.errors import SettingsError, Unmapped
from hilum.partners.profile import Profile
from hilum.settings import problems_of

FOLDER: Final = "partners"
"""Below the project folder."""


class Partners(Mapping[str, Profile]):
    """The trading partners of a project by key. Raises `SettingsError` where two cannot be told apart."""

    def __init__(self, profiles: Iterable[Profile] = ()) -> None:
        self._profiles = {profile.key: profile for profile in profiles}
        self._suppliers: dict[str, Profile] = {}
        parties: dict[tuple[str, tuple[str, str]], Profile] = {}
        for profile in self._profiles.values():
            other = self._suppliers.get(profile.supplier) if profile.supplier else None
            if other is not None:
                raise SettingsError(
                    f"{FOLDER}: {other.key} and {profile.key} are both for the supplier {profile.supplier}."
                )
            if profile.supplier:
                self._suppliers[profile.supplier] = profile
            same = parties.setdefault((profile.format, profile.parties), profile)
            if same is not profile:
                raise SettingsError(
                    f"{FOLDER}: {same.key} and {profile.key} have the same identifiers in {profile.format}; "
                    "control numbers count for a pair of identifiers, so one profile must hold both."
                )

    def __getitem__(self, key: str) -> Profile:
        return self._profiles[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._profiles)

    def __len__(self) -> int:
        return len(self._profiles)

    def of_supplier(self, code: str) -> Profile:
        """The profile for the hub's supplier number. Raises `Unmapped`: the supplier gets no electronic documents."""
        found = self._suppliers.get(code)
        if found is None:
            raise Unmapped(FOLDER, code)
        return found


def load_partners(folder: Path) -> Partners:
    """Read the profiles; none where there is no such folder. Raises `SettingsError` naming file and setting.

    Variables in the settings of routes, and in the secret of cXML, stay as they are until something is opened:
    asking for the status of a hub needs no secret.
    """
    return Partners(_read(path) for path in sorted(folder.glob("*.toml")))


def _read(path: Path) -> Profile:
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from None
    if "key" in data:
        raise SettingsError(f"{path}: key: the name of the file is the key; leave it out.")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", path.stem):
        raise SettingsError(f"{path}: call the file with small letters, digits and underscores, such as gloveco.toml.")
    try:
        return Profile(**data, key=path.stem)
    except ValidationError as error:
        raise SettingsError(f"{path}: {problems_of(error)}") from None

"""Rules of data quality: data in `quality.toml`, each with one of the checks below. Pure but for reading the file.

[[rule]]
object = "item"
field = "barcode"
check = "gtin"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hilum.canonical import identifiers
from hilum.errors import Invalid, SettingsError
from hilum.masterdata.quality.names import unknown_name
from hilum.settings import problems_of

FILE: Final = "quality.toml"
"""Where a project says what must hold of its data."""

UNIQUE: Final = "unique"
"""The check that compares a record with all others: made when counts are written (`unique`)."""


class Codes(Protocol):
    """Lookup tables, as `hilum.flow.Lookup` has them."""

    def codes(self, name: str) -> Any:
        """The codes of a table. Raises `SettingsError` where there is none."""


class Rule(BaseModel):
    """One rule: what must hold of a field of an object."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    object: str = Field(description="Object, without the first part of its name: item, supplier, stock.level")
    field: str = Field(description="Field of the object; a part of a part with a dot: address.city")
    check: str = Field(description="required, pattern, gtin, gln, in_lookup, unique or fresh")
    value: str = Field("", description="pattern: a regular expression; in_lookup: a table; fresh: days")

    @model_validator(mode="after")
    def _known(self) -> Rule:
        if self.check not in NAMES:
            raise ValueError(f"check: there are {', '.join(NAMES)}")
        if self.check in ("pattern", "in_lookup", "fresh") and not self.value:
            raise ValueError(f"value: {self.check} needs one")
        if self.check == "fresh" and not self.value.isdigit():
            raise ValueError("value: a number of days")
        if self.check == "pattern":
            try:
                re.compile(self.value)
            except re.error as error:
                raise ValueError(f"value: no regular expression: {error}") from None
        return self

    @property
    def name(self) -> str:
        """What people call it: `barcode: gtin`."""
        return f"{self.field}: {self.check}"


EMPTY: Final = (None, "", ())
"""What counts as no value."""

Check = Callable[[Rule, Any, Codes | None], bool]
"""Does the value hold? It is there, except for `required`."""


def _required(rule: Rule, value: Any, codes: Codes | None) -> bool:
    return value not in (None, "", ())


def _pattern(rule: Rule, value: Any, codes: Codes | None) -> bool:
    return re.fullmatch(rule.value, str(value)) is not None


def _gtin(rule: Rule, value: Any, codes: Codes | None) -> bool:
    return _valid(identifiers.gtin, value)


def _gln(rule: Rule, value: Any, codes: Codes | None) -> bool:
    return _valid(identifiers.gln, value)


def _valid(check: Callable[[str], str], value: Any) -> bool:
    try:
        check(str(value))
    except (Invalid, ValueError):
        return False
    return True


def _in_lookup(rule: Rule, value: Any, codes: Codes | None) -> bool:
    return codes is not None and str(value) in codes.codes(rule.value)


def _fresh(rule: Rule, value: Any, codes: Codes | None) -> bool:
    day = value.date() if isinstance(value, datetime) else value
    return isinstance(day, date) and (datetime.now(UTC).date() - day).days <= int(rule.value)


CHECKS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "required": _required,
        "pattern": _pattern,
        "gtin": _gtin,
        "gln": _gln,
        "in_lookup": _in_lookup,
        "fresh": _fresh,
    }
)
"""All checks of a record by itself."""

NAMES: Final = (*CHECKS, UNIQUE)
"""All checks."""


def value_of(rule: Rule, thing: object) -> Any:
    """The value that the rule is about; none where it is not there."""
    value: Any = thing
    for name in rule.field.split("."):
        value = value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
    return value


def holds(rule: Rule, value: Any, codes: Codes | None) -> bool:
    """Does the rule hold of this value? One that is empty is only wrong where it is required."""
    if rule.check != "required" and value in EMPTY:
        return True
    return CHECKS[rule.check](rule, value, codes)


def load_rules(path: Path) -> dict[str, list[Rule]]:
    """The rules of a file by object; none where there is no file. Raises `SettingsError` that names the rule."""
    if not path.is_file():
        return {}
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from None
    if others := sorted(data.keys() - {"rule"}):
        raise SettingsError(f"{path}: there is no '{others[0]}' here; each rule is a [[rule]].")
    found: dict[str, list[Rule]] = {}
    for number, each in enumerate(data.get("rule", []), start=1):
        try:
            rule = Rule(**each)
        except ValidationError as error:
            raise SettingsError(f"{path}, rule {number}: {problems_of(error)}") from None
        if words := unknown_name(rule.object, rule.field):
            raise SettingsError(f"{path}, rule {number}: {words}")
        found.setdefault(rule.object, []).append(rule)
    return found


def tables_of(rules: Mapping[str, Sequence[Rule]]) -> frozenset[str]:
    """The lookup tables that the rules ask."""
    return frozenset(rule.value for some in rules.values() for rule in some if rule.check == "in_lookup")


def need_tables(rules: Mapping[str, Sequence[Rule]], codes: Codes) -> None:
    """Raises `SettingsError` where a rule asks a lookup table that is in no file and not in the database."""
    for name in sorted(tables_of(rules)):
        try:
            codes.codes(name)
        except SettingsError as error:
            raise SettingsError(f"{FILE}: a rule asks the lookup table '{name}'. {error}") from None

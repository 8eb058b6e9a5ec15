"""Primitive types of FHIR R4 (https://hl7.org/fhir/R4/datatypes.html): what a JSON value must be to be one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

_CLOCK = r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?"
_ZONE = r"(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00))"
_DAY: Final = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?", re.ASCII)
_MOMENT: Final = re.compile(rf"(\d{{4}}-\d{{2}}-\d{{2}})T{_CLOCK}{_ZONE}", re.ASCII)
_TIME: Final = re.compile(_CLOCK, re.ASCII)
_CODE: Final = re.compile(r"\S+(\s\S+)*")
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_OID: Final = re.compile(r"urn:oid:[0-2](\.(0|[1-9]\d*))+", re.ASCII)
_UUID: Final = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_BASE64: Final = re.compile(r"(\s*([0-9a-zA-Z+/=]){4}\s*)*", re.ASCII)

LONGEST: Final = 2**20
"""Characters of a string."""


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= LONGEST


def _matches(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(f"{text}-01-01"[:10] if len(text) == 4 else f"{text}-01"[:10]))
    except ValueError:
        return False


def _day(value: Any) -> bool:
    return isinstance(value, str) and _DAY.fullmatch(value) is not None and _is_day(value)


def _instant(value: Any) -> bool:
    found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    return found is not None and _is_day(found[1])


def _integer(least: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value < 2**31


def _decimal(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _no_blanks(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and not any(each.isspace() for each in value)


PRIMITIVES: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = MappingProxyType(
    {
        "base64Binary": (_matches(_BASE64), "base64"),
        "boolean": (lambda value: isinstance(value, bool), "true or false"),
        "canonical": (_no_blanks, "a canonical URL without blanks"),
        "code": (_matches(_CODE), "a code"),
        "date": (_day, "a date: YYYY, YYYY-MM or YYYY-MM-DD"),
        "dateTime": (lambda value: _day(value) or _instant(value), "a date, or a date and time with its zone"),
        "decimal": (_decimal, "a number"),
        "id": (_matches(_ID), "an id of at most 64 letters, digits, - and ."),
        "instant": (_instant, "a date and time with its zone"),
        "integer": (_integer(-(2**31)), "a whole number"),
        "markdown": (_text, "a text that is not empty"),
        "oid": (_matches(_OID), "an OID (urn:oid:…)"),
        "positiveInt": (_integer(1), "a whole number above 0"),
        "string": (_text, "a text that is not empty"),
        "time": (_matches(_TIME), "a time of day"),
        "unsignedInt": (_integer(0), "a whole number, 0 or above"),
        "uri": (_no_blanks, "a URI without blanks"),
        "url": (_no_blanks, "a URL without blanks"),
        "uuid": (_matches(_UUID), "a UUID (urn:uuid:…)"),
        "xhtml": (_text, "XHTML"),
    }
)
"""Name of the type → is this value one, and what is expected in words."""

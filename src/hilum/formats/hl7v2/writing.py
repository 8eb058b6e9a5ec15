"""What may be put into a message, and how a value becomes encoded text."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from hilum.formats.hl7v2 import datatypes
from hilum.formats.hl7v2.delimiters import ABSENT, Delimiters
from hilum.formats.hl7v2.escapes import escape
from hilum.formats.hl7v2.paths import Place


class Encoded(str):
    """Text that is encoded already, with the delimiters of the message it goes into: `Encoded("12^^^HOSP")`."""

    __slots__ = ()


# Put into a field, it asks the receiver to delete what it has (§2.5.3).
NULL: Final = Encoded('""')

# None empties the part, which says nothing to the receiver; NULL asks it to delete.
Value = str | int | Decimal | date | datetime | None


def encode_value(value: Value, delimiters: Delimiters) -> str:
    """A value as encoded text. Raises `ValueError` for what no message can hold, `TypeError` for bool."""
    if isinstance(value, str):
        return _encode_text(value, delimiters)
    if value is None:
        return ""
    if isinstance(value, bool):
        raise TypeError("HL7 has no true and false; say which code of the table is meant, for example 'Y'")
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError("a number in HL7 is finite")
    if isinstance(value, datetime):
        return datatypes.write_timestamp(value)
    return (
        datatypes.write_date(value)
        if isinstance(value, date)
        else format(value, "f" if isinstance(value, Decimal) else "d")
    )


def _encode_text(value: str, delimiters: Delimiters) -> str:
    if not isinstance(value, Encoded):
        return escape(value, delimiters)
    if delimiters.field in value or "\r" in value or "\n" in value:
        raise ValueError("encoded text must stay within its field and line")
    return str(value)


def put(encoded: str, place: Place, value: str, delimiters: Delimiters) -> str:
    """The encoded field with the part that `place` names replaced by the encoded `value`; the rest stays as it is."""
    own, (_, repetition, component, subcomponent) = delimiters, place
    steps: list[tuple[str, int]] = []
    if repetition or (component and own.repetition in encoded):
        steps.append((own.repetition, repetition or 1))
    if component:
        steps.append((own.component, component))
    if subcomponent:
        steps.append((own.subcomponent, subcomponent))
    return _put(encoded, steps, value)


def _put(encoded: str, steps: list[tuple[str, int]], value: str) -> str:
    if not steps:
        return value
    (delimiter, number), *inner = steps
    if delimiter == ABSENT:
        if number > 1:
            raise ValueError("MSH-2 announces no delimiter for this part")
        return _put(encoded, inner, value)
    parts = encoded.split(delimiter)
    parts += [""] * (number - len(parts))
    parts[number - 1] = _put(parts[number - 1], inner, value)
    return delimiter.join(parts)

"""How a field is declared, and how a value that a client sends becomes the value that is kept.

Kept values: text, number, boolean; date `YYYY-MM-DD`; datetime `YYYY-MM-DD HH:MM:SS[.ffffff]` in UTC; a many2one as
the id; a many2many as a list of ids; None for "empty". A one2many is kept by its inverse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hilum.simulator.odoo.errors import InvalidText, TypeFault, ValueFault
from hilum.simulator.odoo.orm.versions import FIRST, LAST

if TYPE_CHECKING:
    from hilum.simulator.odoo.orm.record import Record

TO_MANY = frozenset({"one2many", "many2many"})
DATE_FORMAT = "%Y-%m-%d"
DATETIME_FORMAT = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One field of a model."""

    kind: str  # the type as `fields_get` names it: char, integer, many2one, …
    label: str  # what people see; error texts use it
    comodel: str = ""  # the model at the other end of a relation
    inverse: str = ""  # one2many only: the many2one of the comodel that points back
    required: bool = False
    readonly: bool = False  # only told by fields_get; the server accepts writes to it silently
    selection: tuple[tuple[str, str], ...] = ()  # (key, label)
    default: Any = None  # a value, or a function of the environment
    compute: Callable[[Record], Any] | None = None  # not stored; worked out at each read
    related: str = ""  # a dotted path; reads and writes go to its end
    since: int = FIRST  # the first version that has the field, by its first number
    until: int = LAST  # the last one
    groups: str = ""  # external id of the group that may see it; empty: all
    index: bool = False  # equality searches use an index
    ondelete: str = ""  # many2one: "cascade", "restrict" or "set null" (default; "restrict" where required)
    unique: str = ""  # the error text if another record has the same value; empty: need not be unique
    module: str = ""  # the module that adds it to a model of another one; empty: the model's own
    digits: int | None = None  # float: decimals kept; None: all

    @property
    def stored(self) -> bool:
        """True where the value is in the record's own row."""
        return self.compute is None and not self.related and self.kind != "one2many"

    @property
    def on_delete(self) -> str:
        """What happens to this many2one if its target is deleted."""
        return self.ondelete or ("restrict" if self.required else "set null")


Columns = Mapping[str, Field | tuple[Field, ...]]
"""Field name → the field; several where it was another one in other versions."""


def as_of(columns: Columns, major: int) -> dict[str, Field]:
    """The fields as one version has them."""
    found = {}
    for name, fields in columns.items():
        for field in fields if isinstance(fields, tuple) else (fields,):
            if field.since <= major <= field.until:
                found[name] = field
    return found


def char(label: str, **options: Any) -> Field:
    """One line of text."""
    return Field(kind="char", label=label, **options)


def text(label: str, **options: Any) -> Field:
    """Many lines of text."""
    return Field(kind="text", label=label, **options)


def html(label: str, **options: Any) -> Field:
    """Rich text."""
    return Field(kind="html", label=label, **options)


def integer(label: str, **options: Any) -> Field:
    """A whole number; empty is 0."""
    return Field(kind="integer", label=label, **options)


def decimal(label: str, **options: Any) -> Field:
    """A floating point number (`float` on the wire); empty is 0.0."""
    return Field(kind="float", label=label, **options)


def money(label: str, **options: Any) -> Field:
    """An amount in the record's currency (`monetary` on the wire), two decimals."""
    return Field(kind="monetary", label=label, **{"digits": 2, **options})


def boolean(label: str, **options: Any) -> Field:
    """True or false."""
    return Field(kind="boolean", label=label, **options)


def date(label: str, **options: Any) -> Field:
    """A calendar day."""
    return Field(kind="date", label=label, **options)


def moment(label: str, **options: Any) -> Field:
    """A point in time (`datetime` on the wire), UTC."""
    return Field(kind="datetime", label=label, **options)


def document(label: str, **options: Any) -> Field:
    """A JSON object (`json` on the wire)."""
    return Field(kind="json", label=label, **options)


def binary(label: str, **options: Any) -> Field:
    """A content in base64."""
    return Field(kind="binary", label=label, **options)


def many2one_reference(label: str, **options: Any) -> Field:
    """The number of a record whose model another field names."""
    return Field(kind="many2one_reference", label=label, **options)


def choice(label: str, selection: tuple[tuple[str, str], ...], **options: Any) -> Field:
    """One of a fixed list (`selection` on the wire)."""
    return Field(kind="selection", label=label, selection=selection, **options)


def many2one(comodel: str, label: str, **options: Any) -> Field:
    """A link to one record."""
    return Field(kind="many2one", label=label, comodel=comodel, index=True, **options)


def one2many(comodel: str, inverse: str, label: str, **options: Any) -> Field:
    """The records that point here by their field `inverse`."""
    return Field(kind="one2many", label=label, comodel=comodel, inverse=inverse, **options)


def many2many(comodel: str, label: str, **options: Any) -> Field:
    """Links to any number of records."""
    return Field(kind="many2many", label=label, comodel=comodel, **options)


def to_kept(model: str, name: str, field: Field, value: Any) -> Any:
    """The kept form of a scalar or many2one that a client sent.

    Raises ValueFault (bad number, date or selection key) and InvalidText (text instead of an id), with Odoo's texts.
    """
    if field.kind == "boolean":
        return bool(value)
    if value is None or value is False or (value == "" and field.kind != "selection"):
        return EMPTY.get(field.kind)
    return _CONVERTERS[field.kind](model, name, field, value)


def _kept_text(model: str, name: str, field: Field, value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def _kept_integer(model: str, name: str, field: Field, value: Any) -> int:
    try:
        return int(value)
    except (ValueError, TypeError) as error:
        raise _python_fault(error) from None


def _kept_float(model: str, name: str, field: Field, value: Any) -> float:
    try:
        number = float(value)
    except (ValueError, TypeError) as error:
        raise _python_fault(error) from None
    return number if field.digits is None else rounded(number, field.digits)


def _python_fault(error: Exception) -> ValueFault:
    return TypeFault(str(error)) if isinstance(error, TypeError) else ValueFault(str(error))


def rounded(number: float, digits: int) -> float:
    """Half away from zero with Odoo's tolerance for binary fractions: 1.005 becomes 1.01."""
    scaled = number * 10**digits
    nudge = abs(scaled) * 2**-51  # two units in the last place of the binary fraction
    whole = int(abs(scaled) + 0.5 + nudge)
    return float((whole if number >= 0 else -whole) / 10**digits)


def _kept_date(model: str, name: str, field: Field, value: Any) -> str:
    shown = str(value)[:10]
    try:
        return datetime.strptime(shown, DATE_FORMAT).strftime(DATE_FORMAT)
    except ValueError as error:
        raise ValueFault(str(error)) from None


def _kept_datetime(model: str, name: str, field: Field, value: Any) -> str:
    shown = str(value)
    if len(shown) == len("2026-01-02"):
        shown += " 00:00:00"
    try:
        return datetime.strptime(shown, DATETIME_FORMAT).strftime(DATETIME_FORMAT)
    except ValueError as error:
        raise ValueFault(str(error)) from None


def _kept_choice(model: str, name: str, field: Field, value: Any) -> str:
    for key, _label in field.selection:
        if key == value:
            return key
    raise ValueFault(f"Wrong value for {model}.{name}: {value!r}")


def _kept_id(model: str, name: str, field: Field, value: Any) -> int:
    if isinstance(value, int):
        return value
    raise InvalidText(
        f'invalid input syntax for type integer: "{value}"\n'
        if isinstance(value, str)
        else f"Wrong value for {model}.{name}: {value!r}"
    )


EMPTY: dict[str, Any] = {  # what "not set" is kept as; None for all other kinds
    "integer": 0,
    "many2one_reference": 0,
    "float": 0.0,
    "monetary": 0.0,
    "boolean": False,
}
_CONVERTERS: dict[str, Callable[[str, str, Field, Any], Any]] = {
    "char": _kept_text,
    "text": _kept_text,
    "html": _kept_text,
    "binary": _kept_text,
    "integer": _kept_integer,
    "many2one_reference": _kept_integer,
    "float": _kept_float,
    "monetary": _kept_float,
    "date": _kept_date,
    "datetime": _kept_datetime,
    "selection": _kept_choice,
    "many2one": _kept_id,
    "json": lambda model, name, field, value: value,
}

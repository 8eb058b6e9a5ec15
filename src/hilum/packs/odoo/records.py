"""A captured change of Odoo, read field by field: what is wrong says which record and which field, never its value.

The envelope is that of `hilum.connectors.odoo.changes`. Fields have other names in other versions of Odoo, so every
accessor takes several: the first one that the record has counts. A field that is not there at all was not read, and
nothing can be said of the record: `Invalid`. What depends on a module or a version is asked for with `given`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from html.parser import HTMLParser
from typing import Any, Final

from hilum.canonical.conversions import plain
from hilum.errors import Invalid

_PLACES: Final = 6  # decimals of quantities and amounts; Odoo's binary fractions have more

DELETED: Final = "It was deleted in Odoo, which no longer says what it was."
"""Why a flow takes no record that is gone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """The record at the other end of a relation."""

    id: int
    name: str = field(default="", repr=False)
    external_id: str = ""
    code: str = ""  # what people or standards call it; empty: it has none


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One record, or one line of a document, as it was captured."""

    model: str
    id: int
    external_id: str = ""
    values: Mapping[str, Any] = field(repr=False)
    kind: str = "changed"
    written: str = ""  # ISO 8601, UTC; empty for lines

    def where(self, name: str) -> str:
        """How errors call a field: `purchase.order 12, partner_id`."""
        return f"{self.model} {self.id}, {name}"

    def given(self, *names: str) -> bool:
        """Has this Odoo one of these fields, and was it read?"""
        return any(name in self.values for name in names)

    def text(self, *names: str) -> str:
        """A text without spaces around it; empty where Odoo has none."""
        value = self._value(names)
        return str(value).strip() if value not in (None, False) else ""

    def words(self, *names: str) -> str:
        """A rich text as plain text."""
        found = self.text(*names)
        return _without_tags(found) if "<" in found else found

    def number(self, *names: str) -> Decimal:
        """An exact number as Odoo shows it, rounded to six decimals; 0 where it has none. Raises `Invalid`."""
        value = self._value(names)
        try:
            found = Decimal(str(value or 0))
        except InvalidOperation:
            found = Decimal("NaN")
        if not found.is_finite():
            raise Invalid("is no number", where=self.where(names[0]))
        return Decimal(plain(round(found, _PLACES)))

    def yes(self, *names: str) -> bool:
        """A mark."""
        return bool(self._value(names))

    def day(self, *names: str) -> date | None:
        """A day; of a time the day in UTC. Raises `Invalid`."""
        text = self.text(*names)[:10]
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise Invalid("is no date", where=self.where(names[0])) from None

    def moment(self, *names: str) -> datetime | None:
        """A time with its zone. Raises `Invalid`."""
        text = self.text(*names)
        try:
            found = datetime.fromisoformat(text) if text else None
        except ValueError:
            found = datetime.min
        if found is not None and found.tzinfo is None:
            raise Invalid("is no time with a zone", where=self.where(names[0]))
        return found

    def reference(self, *names: str) -> Reference | None:
        """The record at the other end of a relation; None where there is none. Raises `Invalid` for a bare id."""
        value = self._value(names)
        return None if value in (None, False) else self._reference(value, names[0])

    def references(self, *names: str) -> list[Reference]:
        """The records at the other end of a relation to many. Raises `Invalid`."""
        return [self._reference(each, names[0]) for each in self._list(names)]

    def lines(self, model: str, *names: str) -> list[Record]:
        """The lines of a document. Raises `Invalid`, also where the hub's user may not read them: none are others."""
        if self._value(names) is None:
            raise Invalid(f"the hub's user in Odoo may not read {model}: give it the right", where=self.where(names[0]))
        return [self._line(model, each, names[0]) for each in self._list(names)]

    def _value(self, names: Sequence[str]) -> Any:
        for name in names:
            if name in self.values:
                return self.values[name]
        raise Invalid("was not read: name it among the `fields` of the source", where=self.where(names[0]))

    def _list(self, names: Sequence[str]) -> Sequence[Any]:
        value = self._value(names) or []
        if not isinstance(value, list):
            raise Invalid("is no list", where=self.where(names[0]))
        return value

    def _reference(self, value: Any, name: str) -> Reference:
        if not isinstance(value, Mapping) or not isinstance(value.get("id"), int):
            raise Invalid("is a bare id: this change was captured by an older hub", where=self.where(name))
        texts = {part: str(value.get(part) or "") for part in ("name", "external_id", "code")}
        return Reference(id=value["id"], **texts)

    def _line(self, model: str, value: Any, name: str) -> Record:
        if not isinstance(value, Mapping) or not isinstance(value.get("id"), int):
            raise Invalid("is a bare id: this change was captured by an older hub", where=self.where(name))
        return Record(model=model, id=value["id"], external_id=str(value.get("external_id") or ""), values=value)


def record_of(envelope: Any) -> Record:
    """The record in a captured change. Raises `Invalid` where it is none."""
    try:
        return Record(
            model=str(envelope["model"]),
            id=int(envelope["id"]),
            external_id=str(envelope["external_id"] or ""),
            values=dict(envelope["values"]),
            kind=str(envelope["kind"]),
            written=str(envelope["write_date"]),
        )
    except (KeyError, TypeError, ValueError):
        raise Invalid("not a captured change: model, id, kind, external_id, write_date and values are needed") from None


class _Texts(HTMLParser):
    """Collects what a rich text says."""

    _BREAKS: Final = frozenset({"p", "br", "div", "li", "tr", "h1", "h2", "h3"})

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in self._BREAKS:
            self.said.append("\n")

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def _without_tags(text: str) -> str:
    reader = _Texts()
    reader.feed(text)
    reader.close()
    return "\n".join(line.strip() for line in "".join(reader.said).splitlines() if line.strip())

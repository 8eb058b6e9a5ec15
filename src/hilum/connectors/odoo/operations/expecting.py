"""What a field of Odoo has to be for an operation to work, and whether it is. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.operations.field_types import FIELD_TYPES

_ACCEPTED: Final[Mapping[str, tuple[str, ...]]] = {
    "char": ("char", "text"),
    "html": ("html", "text"),
    "float": ("float", "monetary"),
    "day": ("date", "datetime"),
    "many": ("one2many", "many2many"),
}
"""Types of the table that several of Odoo's fit; any other fits itself only."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """What a field has to be."""

    types: tuple[str, ...]  # any of these, as Odoo names them
    relation: str = ""  # the model at the other end; empty: any, or it has none
    values: tuple[str, ...] = ()  # of a selection: those that must be there

    def misfit(self, facts: Mapping[str, Any]) -> tuple[str, str] | None:
        """(expected, found) where the field is something else. `facts` as `fields_get` has them; None: it fits."""
        kind = str(facts.get("type"))
        if kind not in self.types:
            return f"{' or '.join(self.types)}{self._to(self.relation)}", f"{kind}{self._to(facts.get('relation'))}"
        if self.relation and facts.get("relation", self.relation) != self.relation:
            return f"{kind}{self._to(self.relation)}", f"{kind}{self._to(facts['relation'])}"
        there = {str(value) for value, _ in facts["selection"]} if facts.get("selection") else set(self.values)
        if absent := [value for value in self.values if value not in there]:
            return f"a selection with {', '.join(self.values)}", f"one without {', '.join(absent)}"
        return None

    @staticmethod
    def _to(model: Any) -> str:
        return f" to {model}" if model else ""


def expected(model: str, field: str, names: Dialect) -> Expected | None:
    """What a field that an operation needs has to be on a server that uses these names; None: nobody says."""
    found = _by_field(model).get(field)
    if found is not None and (model, field) == ("purchase.requisition", "state"):
        return Expected(types=found.types, values=(*found.values, names.agreement_confirmed))
    return found


@cache
def _by_field(model: str) -> dict[str, Expected]:
    return dict(_read(FIELD_TYPES.get(model, {})))


def _read(by_type: Mapping[str, str]) -> Iterator[tuple[str, Expected]]:
    for text, fields in by_type.items():
        kind, _, more = text.partition(" ")
        selection = kind == "selection"
        one = Expected(
            types=_ACCEPTED.get(kind, (kind,)),
            relation="" if selection else more,
            values=tuple(more.split("|")) if selection and more else (),
        )
        yield from ((name, one) for name in fields.split())

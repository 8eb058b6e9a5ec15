"""A unit of measure becomes a unit of Odoo, as a multiple of one that Odoo brings: a millilitre is 0.001 L.

How many it holds follows from its code, exactly, as supply chains and laboratories define it. Of a package (a box) no
code says what it holds: that is a fact about an item, so a person makes such a unit in Odoo. Units that Odoo has
already, its own or a person's, are used and left as they are. What a unit of the hub holds is written once: Odoo keeps
it from being changed when goods have moved in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar, Final

from hilum.canonical import Unit, units
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.base import Needs, Upsert, joined
from hilum.connectors.odoo.references import MISSING
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.units import UNIT, units_needed
from hilum.connectors.odoo.work import Task
from hilum.errors import Invalid, Rejected, Unsure
from hilum.message import Delivered

_BASES: Final = ("EA", "KGM", "LTR", "MTR")
"""What others are made multiples of. Not time: a day of Odoo's has eight hours."""
_DIGITS: Final = 15  # of a ratio: what a float keeps


class UpsertUnit(Upsert):
    """Unit → uom.uom."""

    name: ClassVar[str] = "unit"
    accepts: ClassVar[tuple[type, ...]] = (Unit,)
    needs: ClassVar[Needs] = {"uom.uom": ("name", "factor")}
    model = "uom.uom"
    kind = UNIT
    noun = "unit"

    def needed(self, names: Dialect) -> Needs:
        """See `Operation.needed`."""
        own = ("relative_factor",) if names.relative_units else ("uom_type",)
        return joined(self.needs, {self.model: own}, units_needed(names))

    async def values(self, session: Session, thing: Unit, task: Task) -> Mapping[str, Any]:
        """See `Upsert.values`. A unit that is there and not the hub's settles the task."""
        target = await session.client.reference(session.xml_id(self.kind, thing.code))
        if target is not None and target[0] == self.model and target[1]:
            return {"name": thing.title}
        there = await session.units.find(thing.code)
        if not isinstance(there, Rejected):
            words = f"Odoo has the unit {thing.code} as {session.units.name(there)}; it stays as it is."
            task.deliver(f"{self.model}:{there} {thing.code}", words)
            return {}
        base, holds = await _multiple(session, thing)
        if session.client.dialect.relative_units:
            return {"name": thing.title, "relative_factor": _cell(holds), "relative_uom_id/.id": base["id"]}
        # before 19 the factor is how many of this are in the reference unit of the category
        factor = Fraction(str(base["factor"])) / holds
        size = "smaller" if factor > 1 else "bigger"
        cells = {"name": thing.title, "category_id/.id": base["category_id"], "uom_type": size}
        return {**cells, "factor": _cell(factor)}

    async def landed(self, session: Session, task: Task) -> Delivered | Unsure | None:
        """See `Operation.landed`."""
        found = await super().landed(session, task)
        return task.outcome if isinstance(task.outcome, Delivered) else found

    async def write(self, session: Session, records: Sequence[Record], tasks: Sequence[Task]) -> None:
        """See `Upsert.write`. Items of the same batch may be kept in it."""
        await super().write(session, records, tasks)
        session.units.forget()


async def _multiple(session: Session, thing: Unit) -> tuple[Row, Fraction]:
    """A unit that Odoo has, and how many of it one of this holds. Raises `Rejected` where nobody knows."""
    for code in _BASES:
        try:
            holds, _ = units.factor(thing.code, code)
        except Invalid:
            continue
        number = await session.units.find(code)
        if isinstance(number, Rejected):
            raise number
        names = session.client.dialect
        (row,) = await session.client.read("uom.uom", [number], ["factor", names.unit_family])
        return row, holds
    words = f"How much one {thing.code} ({thing.title}) holds follows from no table: it depends on the item."
    raise Rejected(MISSING, f"{words} Make the unit in Odoo, or name one under `units` of this endpoint; then replay.")


def _cell(ratio: Fraction) -> str:
    return format(Decimal(f"{float(ratio):.{_DIGITS}g}"), "f")

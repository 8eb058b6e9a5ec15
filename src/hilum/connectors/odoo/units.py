"""Units of measure: a code of UN/ECE Recommendation 20 or UCUM to Odoo's unit, and which units convert into each other.

Odoo 19 accepts a unit of another kind on a line without a word (kilograms of a product counted in pieces), so the hub
compares before it sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from hilum.canonical import units
from hilum.connectors.odoo.client import OdooClient
from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.external_ids import PREFIX, external_id
from hilum.connectors.odoo.references import MISSING
from hilum.errors import Invalid, Rejected

UNIT: Final = "unit"
"""The middle part of external identifiers of units that the hub has made."""

_MODEL: Final = "uom.uom"
_READ: Final = ("name", "factor")

# Odoo's own external identifiers of its units, the same in 16 to 19. Codes are compared in upper case.
_ODOO_UNITS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("EA", "C62", "H87", "PCE", "PC", "PCS", "NIU", "UN", "UNIT", "[EACH]", "{EACH}"), "product_uom_unit"
    ),
    **dict.fromkeys(("DZN", "DZ", "DOZ"), "product_uom_dozen"),
    **dict.fromkeys(("KGM", "KG"), "product_uom_kgm"),
    **dict.fromkeys(("GRM", "G"), "product_uom_gram"),
    **dict.fromkeys(("TNE", "T"), "product_uom_ton"),  # codespell:ignore
    **dict.fromkeys(("LBR", "[LB_AV]"), "product_uom_lb"),
    **dict.fromkeys(("ONZ", "[OZ_AV]"), "product_uom_oz"),
    **dict.fromkeys(("LTR", "L"), "product_uom_litre"),
    **dict.fromkeys(("GLL", "[GAL_US]"), "product_uom_gal"),
    **dict.fromkeys(("MTR", "M"), "product_uom_meter"),
    **dict.fromkeys(("CMT", "CM"), "product_uom_cm"),
    **dict.fromkeys(("HUR", "H", "HR"), "product_uom_hour"),
    **dict.fromkeys(("DAY", "D"), "product_uom_day"),
}

# The other way: the first code of each unit, which is that of UN/ECE.
_CODES: Final[Mapping[str, str]] = {f"uom.{name}": code for code, name in reversed(list(_ODOO_UNITS.items()))}


def code_of(xml_id: str, title: str) -> str | None:
    """The code of one of Odoo's units: of its own ones, or its title where that is a code; None: nobody knows."""
    if found := _CODES.get(xml_id):
        return found
    try:
        units.meaning(title)
    except Invalid:
        return None
    return title


def units_needed(names: Dialect) -> dict[str, tuple[str, ...]]:
    """What is read of units on a server that uses these names."""
    return {_MODEL: (*_READ, names.unit_family)}


class Units:
    """The units that a server has; read once, two calls."""

    def __init__(self, client: OdooClient, own: Mapping[str, str], prefix: str = PREFIX) -> None:
        self._client = client
        self._prefix = prefix
        self._own = {code.upper(): name for code, name in own.items()}
        self._by_name: dict[str, int] = {}
        self._family: dict[int, int] = {}
        self._names: dict[int, str] = {}
        self._factors: dict[int, Decimal] = {}

    async def find(self, code: str) -> int | Rejected:
        """Odoo's id of the unit, or the `Rejected` that says what to do."""
        if not self._family:
            await self._read()
        name = self._own.get(code.upper()) or self._odoo_name(code)
        ours = external_id(UNIT, code, prefix=self._prefix)
        for each in (name, ours, code):
            if (number := self._by_name.get(each.lower())) is not None:
                return number
        return Rejected(
            MISSING,
            f"Odoo has no unit for the code {code}. Name the Odoo unit under `units` of this endpoint, then replay.",
        )

    def convert(self, one: int, other: int) -> bool:
        """Do these two units convert into each other? Equal ones do, without a look at the server's list."""
        return one == other or self._family.get(one) == self._family.get(other, 0)

    def holds(self, one: int, other: int) -> Decimal | None:
        """How many of the other unit are in one of this, from 19 on; none: they do not convert."""
        if not self.convert(one, other):
            return None
        return self._factors[one] / self._factors[other]

    def name(self, number: int) -> str:
        """How Odoo calls the unit."""
        return self._names.get(number, str(number))

    def forget(self) -> None:
        """Read the list again at the next use."""
        self._family = {}

    @staticmethod
    def _odoo_name(code: str) -> str:
        known = _ODOO_UNITS.get(code.upper())
        return f"uom.{known}" if known else code

    async def _read(self) -> None:
        family = self._client.dialect.unit_family
        rows = await self._client.search_read(_MODEL, [], [*_READ, family])
        xml_ids = await self._client.external_ids(_MODEL, [row["id"] for row in rows])
        self._names = {row["id"]: str(row["name"]) for row in rows}
        self._factors = {row["id"]: Decimal(str(row["factor"])) for row in rows}
        # a name of Odoo's own file wins over a title that happens to be the same
        self._by_name = {title.lower(): number for number, title in self._names.items()}
        self._by_name |= {xml_id.lower(): number for number, xml_id in xml_ids.items()}
        parents = {row["id"]: row[family] for row in rows}
        by_category = family == "category_id"
        self._family = {number: parent if by_category else _root(number, parents) for number, parent in parents.items()}


def _root(number: int, parents: Mapping[int, int | bool]) -> int:
    """The unit at the end of the chain of reference units (Odoo 19)."""
    seen = {number}
    while (parent := parents.get(number)) and parent not in seen:
        seen.add(number := int(parent))
    return number

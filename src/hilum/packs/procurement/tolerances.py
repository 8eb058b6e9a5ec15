"""How far a bill may be from what it should be: a table in `tolerances.toml`; of its rules the first that fits counts.

    [[rule]]
    supplier = "GLOVECO"
    categories = ["implants"]
    price_percent = 0

    [[rule]]
    categories = ["gloves", "dressings"]
    price_percent = 2
    quantity_percent = 5

    [[rule]]
    price_percent = 1
    extras_amount = 30

Pure but for reading the file.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hilum.packs.procurement.rule_tables import table_in, table_of

FILE: Final = "tolerances.toml"
"""Where a project says how far bills may be off."""

Least = Annotated[Decimal, Field(ge=0)]


class Tolerances(BaseModel):
    """How far a bill may be from what it should be. Of a percentage and an amount the one that allows more counts."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    price_percent: Least = Field(Decimal(0), description="Above the price that it should have.")
    price_amount: Least = Field(Decimal(0), description="The same as money for the line, in its currency.")
    quantity_percent: Least = Field(Decimal(0), description="More than received, and more than ordered.")
    extras_percent: Least = Field(Decimal(0), description="Freight and charges, of the goods.")
    extras_amount: Least = Field(Decimal(0), description="Freight and charges, as money for the bill.")
    total: Least = Field(Decimal("0.02"), description="Between the printed total and what the lines come to.")


TolerancesOf = Callable[[str, str], Tolerances]
"""The tolerances of a supplier and an item; for an empty item those of the supplier's bills as a whole."""


def strict(_supplier: str, _item: str) -> Tolerances:
    """No tolerance but two cents of rounding in the total."""
    return Tolerances()


class Rule(Tolerances):
    """Whose bills, and of what; both where both are said."""

    supplier: str = Field("", description="The hub's code of the supplier; empty: any.")
    categories: tuple[str, ...] = Field((), description="The item is of one of these; empty: any, and the whole bill.")

    @property
    def fits_all(self) -> bool:
        """Is it without conditions?"""
        return not self.supplier and not self.categories

    def fits(self, supplier: str, category: str) -> bool:
        """Do its conditions hold? A bill as a whole has no category."""
        return self.supplier in ("", supplier) and (not self.categories or category in self.categories)


class ToleranceTable(BaseModel):
    """The table."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    rule: tuple[Rule, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.rule[-1].fits_all:
            raise ValueError("the last rule must name no supplier and no categories: it says what holds for the others")
        if any(rule.fits_all for rule in self.rule[:-1]):
            raise ValueError("rules behind one that names no supplier and no categories would never count")
        return self

    def tolerances_of(self, category_of: Callable[[str], str]) -> TolerancesOf:
        """As the rules of a process take it."""

        def found(supplier: str, item: str) -> Tolerances:
            category = category_of(item) if item else ""
            return next(rule for rule in self.rule if rule.fits(supplier, category))

        return found


def no_category(_: str) -> str:
    """Items have no categories."""
    return ""


def load_tolerances(path: Path, category_of: Callable[[str], str] = no_category) -> TolerancesOf:
    """The table in a file, or in `tolerances.toml` of a folder. Raises `SettingsError` naming what is wrong.

    `category_of`: of an item, as in the rules of the process.
    """
    return table_in(path, FILE, ToleranceTable).tolerances_of(category_of)


def tolerance_table(text: str) -> ToleranceTable:
    """The table in this text (TOML). Raises `SettingsError`."""
    return table_of(text, ToleranceTable)

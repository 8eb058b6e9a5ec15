"""What a line of the table says: one kind of object, the records that tell of it, and what Odoo does not keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from hilum.canonical import BusinessObject
from hilum.packs.odoo.conventions import Conventions
from hilum.packs.odoo.records import Record

Reading = Callable[[Record, Conventions], BusinessObject | None]
"""What a record says of one kind of object; None: it is none. Raises `Invalid`, `Unmapped`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Captured:
    """One kind of object, and the records that tell of it."""

    object: type[BusinessObject]
    model: str
    read: Reading
    key: str  # what its business key is, for people
    fields: tuple[str, ...] = field(repr=False)  # that are read; `?` behind those that not every Odoo has
    lost: Mapping[str, str] = field(default_factory=dict)  # member → why it does not come back as it was written
    filled: Mapping[str, str] = field(default_factory=dict)  # member → what Odoo puts there where nothing was written


OF_TRADE: Final = "a number of trade: the hub's crosswalk has it, and it is not written into Odoo"
"""Why a GTIN or GLN is not kept there."""

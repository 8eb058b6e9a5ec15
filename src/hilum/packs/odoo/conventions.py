"""What a flow knows of one Odoo that its records do not say, and how the hub's keys and codes are found in them.

A business key comes from the hub's own external identifier where the record has one, for ever the same whatever people
write into the record. Identifiers of awkward keys end in a hash; there the record's own code counts, if that hash is
its own. What Odoo's people have made carries no identifier of the hub: its code is the key.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from hilum.canonical import Money
from hilum.canonical.times import day
from hilum.connectors.odoo.external_ids import PREFIX, external_id
from hilum.connectors.odoo.references import ITEM, Kind
from hilum.connectors.odoo.units import UNIT, code_of
from hilum.errors import Invalid, Unmapped
from hilum.flow import Lookup
from hilum.packs.building import mapped
from hilum.packs.odoo.records import Record, Reference

UNITS: Final = "odoo_units"
"""The lookup table that gives the hub's code for a unit of Odoo's that is not its own: `Box of 50` → `BX`."""

CHANGED: Final = "was changed in Odoo, so the hub's number of it is not known: put it back there"

_NUMBERED = re.compile(r"(?P<key>.+)_(?P<line>\d{1,6})__[0-9a-f]{16}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Conventions:
    """Of one Odoo. The defaults fit one company that works in UTC."""

    prefix: str = PREFIX  # of the endpoint: the module part of external identifiers
    currency: str = ""  # of the company (ISO 4217); empty: amounts to which Odoo writes no currency are refused
    zone: str = "UTC"  # where the company is: the day that a time of Odoo's belongs to
    cases_project: str = ""  # the project whose tasks are service cases; empty: only those that the hub has made
    hub: Lookup | None = field(default=None, repr=False)  # has the table `odoo_units`, where there is one

    # ---- keys

    def own(self, xml_id: str, kind: str) -> str:
        """The key in the hub's external identifier of this kind; empty: it is not of the hub, or it is a hash."""
        start = f"{self.prefix}.{kind}_"
        key = xml_id.removeprefix(start)
        return key if xml_id.startswith(start) and external_id(kind, key or " ", prefix=self.prefix) == xml_id else ""

    def is_own(self, xml_id: str, kind: str) -> bool:
        """Is this the hub's external identifier of such a thing?"""
        return xml_id.startswith(f"{self.prefix}.{kind}_")

    def proves(self, xml_id: str, kind: str, key: str) -> bool:
        """Does the external identifier belong to this key?"""
        return bool(key) and external_id(kind, key, prefix=self.prefix) == xml_id

    def key(self, record: Record, kind: str, *fields: str) -> str:
        """The business key of a record: of the hub's identifier, else the first of these fields that has a text.

        Raises `Invalid` where it has none, and where the field no longer says what a hashed identifier was made of.
        """
        if found := self.own(record.external_id, kind):
            return found
        texts = [text for name in fields if record.given(name) and (text := record.text(name))]
        return self._code(record.external_id, kind, texts, record.where(fields[0]))

    def identity(self, found: Record | Reference, kind: str, where: str, *candidates: str) -> str:
        """The key of what has no number in Odoo: of the hub's identifier, else made of Odoo's id (`odoo-12`).

        `candidates`: texts that may be what a hashed identifier was made of. Raises `Invalid` where none of them is.
        """
        if not self.is_own(found.external_id, kind):
            return f"odoo-{found.id}"
        key = self.own(found.external_id, kind)
        return key or self._code(found.external_id, kind, [*candidates, found.external_id], where)

    def of(self, record: Record, name: str, *kinds: Kind) -> str:
        """The key of what a relation leads to, as the first kind that fits calls it; empty where it leads nowhere.

        Raises `Invalid` where it has neither an identifier of the hub nor a code.
        """
        found = record.reference(name)
        return self.called(found, record.where(name), *kinds) if found is not None else ""

    def called(self, found: Reference, where: str, *kinds: Kind) -> str:
        """The key of a related record. Raises `Invalid`."""
        for kind in kinds:
            if key := self.own(found.external_id, kind.kind):
                return key
        kind = next((each for each in kinds if self.is_own(found.external_id, each.kind)), kinds[0])
        named = kind.fallback and not {"name", "complete_name"}.isdisjoint(kind.by)
        texts = [text for text in (found.code, found.name if named else "") if text]
        return self._code(found.external_id, kind.kind, texts, where)

    def item(self, record: Record, name: str) -> str:
        """The item number of a product, or of the template that a vendor price belongs to. Raises `Invalid`."""
        found = record.reference(name)
        if found is None:
            raise Invalid("no product is given", where=record.where(name))
        if name == "product_tmpl_id":
            # Odoo names the template of a product that was loaded after the product, with this behind it
            found = replace(found, external_id=found.external_id.removesuffix("_product_template"))
        return self.called(found, record.where(name), ITEM)

    def _code(self, xml_id: str, kind: str, texts: list[str], where: str) -> str:
        if self.is_own(xml_id, kind) and texts:
            proven = [text for text in texts if self.proves(xml_id, kind, text)]
            if proven or "__" not in xml_id:
                return (proven or texts)[0]
            raise Invalid(CHANGED, where=where)
        if texts:
            return texts[0]
        raise Invalid("has no number: give it one in Odoo", where=where)

    def line_of(self, xml_id: str, kind: str, number: str = "") -> tuple[str, int] | None:
        """Document and line in the external identifier of a line; None: it is not of the hub, or cannot be told.

        They are read from the part that people can read, and must give the same hash. `number`: of the document, where
        it is known; then every number is found.
        """
        start = f"{self.prefix}.{kind}_"
        found = _NUMBERED.fullmatch(xml_id.removeprefix(start)) if xml_id.startswith(start) else None
        if found is None:
            return None
        line = int(found["line"])
        for key in (number, found["key"]):
            if self.proves(xml_id, kind, f"{key}/{line}"):
                return key, line
        return None

    def numbered(self, lines: list[Record], kind: str, number: str) -> list[tuple[int, Record]]:
        """Lines with their numbers: those that the hub gave, and for others the next ones that are free."""
        known = {line.id: told[1] for line in lines if (told := self.line_of(line.external_id, kind, number))}
        used, last, found = set(known.values()), 0, []
        for line in lines:
            place = known.get(line.id)
            if place is None:
                place = next(n for n in range(last + 1, last + len(lines) + len(used) + 2) if n not in used)
                used.add(place)
            last = place
            found.append((place, line))
        return found

    # ---- codes

    def unit(self, record: Record, *names: str) -> str:
        """The code of a unit: UN/ECE Rec 20, the lookup table `odoo_units`, or its name where that is a code.

        Raises `Unmapped` for one that nobody knows.
        """
        found = record.reference(*names)
        if found is None:
            raise Invalid("no unit is given", where=record.where(names[0]))
        return self.unit_code(found, record.where(names[0]))

    def unit_code(self, found: Reference, where: str) -> str:
        """See `unit`."""
        if own := self.own(found.external_id, UNIT):
            return own
        if self.hub is not None:
            with suppress(Unmapped):  # the table is for what the hub does not know itself
                return mapped(self.hub, UNITS, found.name)
        if code := code_of(found.external_id, found.name):
            return code
        raise Unmapped(UNITS, found.name, where=where)

    def money(self, record: Record, *names: str) -> Money | None:
        """An amount in the record's currency, else in that of the company; None for 0. Raises `Invalid`."""
        amount = record.number(*names)
        if not amount:
            return None
        own = record.reference("currency_id") if record.given("currency_id") else None
        currency = own.code if own is not None else self.currency
        if not currency:
            words = "Odoo gives no currency with it: tell the flow that of the company (`currency=`)"
            raise Invalid(words, where=record.where(names[0]))
        return Money(amount=amount, currency=currency)

    def price(self, record: Record, name: str) -> Money:
        """An amount in the record's own currency, also 0. Raises `Invalid`."""
        return Money(amount=record.number(name), currency=self.needed(record, "currency_id"))

    def needed(self, record: Record, name: str) -> str:
        """The currency in which a document is. Raises `Invalid`."""
        found = record.reference(name)
        if found is None or not found.code:
            raise Invalid("no currency is given", where=record.where(name))
        return found.code

    def local_day(self, record: Record, name: str) -> date | None:
        """The day on which a time of Odoo's is at the company's place."""
        at = record.moment(name)
        return day(at, self.zone) if at is not None else None

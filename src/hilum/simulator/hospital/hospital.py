"""The simulated hospital: its master data, and the traffic of its systems."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

from hilum.simulator.hospital.catalogue import ALIAS, CURRENCY, SERVICES, STOCKED, VENDORS, WARDS, Article
from hilum.simulator.hospital.events import Event
from hilum.simulator.hospital.rendering import table
from hilum.simulator.hospital.traffic import Requisitions, Shares, Story

Lookup = Literal["items", "locations", "suppliers", "units"]
MasterData = Literal["suppliers", "locations", "items", "counts"]
MASTER_DATA: tuple[MasterData, ...] = ("suppliers", "locations", "items", "counts")
"""In the order in which Odoo needs them: an item names its supplier, a count its item and its location."""

START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


class Hospital:
    """One hospital: the same seed gives the same hospital and the same traffic.

    `facility` is what its systems call themselves (MSH-4), and begins every transaction number. `opening_stock` is
    what the first count finds of each stocked item in each store; no more than that is ever used. A store asks for an
    item when it used `reorder_at` pieces of it since it last asked.
    """

    def __init__(
        self, seed: int = 1, *, facility: str = "HILLSIDE", opening_stock: int = 1_000, reorder_at: int = 12
    ) -> None:
        self.seed = seed
        self.facility = facility
        self.opening_stock = opening_stock
        self.reorder_at = reorder_at
        self.items = STOCKED
        self.services = SERVICES
        self.suppliers = VENDORS
        self.wards = WARDS

    @property
    def stores(self) -> dict[str, str]:
        """Code and title of each store."""
        return {ward.store: ward.store_title for ward in self.wards}

    def article(self, code: str) -> Article:
        """The article of that code. Raises `KeyError`."""
        return {found.code: found for found in (*self.items, *self.services)}[code]

    def opening(self) -> dict[tuple[str, str], Decimal]:
        """What the first count finds: (item, store) → quantity."""
        return {(item.code, store): Decimal(self.opening_stock) for store in self.stores for item in self.items}

    def traffic(
        self,
        *,
        count: int | None = None,
        shares: Shares | None = None,
        requisitions: Requisitions = "hl7",
        start: datetime = START,
        run: str = "",
    ) -> Iterator[Event]:
        """What the systems send, in the order in which it happens; without `count` it does not end.

        Patients are admitted, use supplies, are transferred, change their telephone, are discharged; a store asks for
        what it used. `shares` says how much goes wrong; `requisitions` how stores ask. `run` is
        put into every identifier that must be new, so that a second run on the same hub, or a second hospital on the
        same Odoo, is no repetition of the first.
        """
        story = Story(self, shares=shares or Shares(), requisitions=requisitions, start=start, run=run)
        return story.events(count)

    def lookup(self, table_name: Lookup) -> str:
        """One lookup table of the hub, as CSV."""
        if table_name == "items":
            columns = ("code", "item", "description", "stocked", "unit", "price", "currency", "supplier", "cost")
            return table(columns, (_lookup_row(found) for found in (*self.items, *self.services)))
        if table_name == "locations":
            rows = [{"ward": ward.code, "location": ward.store, "description": ward.title} for ward in self.wards]
            return table(("ward", "location", "description"), rows)
        if table_name == "suppliers":
            rows = [{"code": each.code, "supplier": each.code, "description": each.title} for each in self.suppliers]
            return table(("code", "supplier", "description"), rows)
        return table(("unit", "hub"), [{"unit": "EA", "hub": "EA"}])

    def missing_rows(self) -> str:
        """The lines that a steward adds to the table `items` for the codes that are sent unmapped on purpose."""
        rows = [{**_lookup_row(found), "code": f"{ALIAS}{found.code}"} for found in self.items]
        return table(tuple(rows[0]), rows).split("\n", 1)[1]

    def master_data(self, kind: MasterData) -> str:
        """One file of master data, as CSV with the columns of the packs' flows."""
        if kind == "suppliers":
            columns = ("code", "title", "tax_id", "email", "phone", "street", "city", "postal_code", "country")
            return table(columns, ({name: getattr(vendor, name) for name in columns} for vendor in self.suppliers))
        if kind == "locations":
            stores = [{"code": code, "title": title, "facility": self.facility} for code, title in self.stores.items()]
            return table(("code", "title", "facility"), stores)
        if kind == "items":
            rows = [_item_row(found) for found in (*self.items, *self.services)]
            return table(tuple(rows[0]), rows)
        # A count finds what the wards call their place; one ward stands for its store.
        ward_of = {ward.store: ward.code for ward in reversed(self.wards)}
        counts = [
            {"count": "OPENING", "item": item, "location": ward_of[store], "quantity": quantity, "unit": "EA"}
            for (item, store), quantity in self.opening().items()
        ]
        return table(("count", "item", "location", "quantity", "unit"), counts)

    def write_lookups(self, folder: Path) -> list[Path]:
        """Write the lookup tables that make every code of the traffic known; returns the files."""
        names: tuple[Lookup, ...] = ("items", "locations", "suppliers", "units")
        return [_write(folder / f"{name}.csv", self.lookup(name)) for name in names]

    def write_master_data(self, folder: Path) -> list[Path]:
        """Write suppliers.csv, locations.csv, items.csv and counts.csv; returns them in the order Odoo needs them."""
        return [_write(folder / f"{kind}.csv", self.master_data(kind)) for kind in MASTER_DATA]


def _lookup_row(article: Article) -> dict[str, object]:
    return {
        "code": article.code,
        "item": article.code,
        "description": article.title,
        "stocked": "yes" if article.stocked else "no",
        "unit": "EA",
        "price": article.price,
        "currency": CURRENCY,
        "supplier": article.supplier,
        "cost": article.cost if article.stocked else "",
    }


def _item_row(article: Article) -> dict[str, object]:
    row = _lookup_row(article)
    return {
        "code": article.code,
        "title": article.title,
        **{name: row[name] for name in ("unit", "stocked", "cost", "price", "currency", "supplier")},
    }


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    # whole or not at all: a hub may be watching the folder
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8", newline="")
    return part.replace(path)

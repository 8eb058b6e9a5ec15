"""What the hub knows of implants that were used: which item, whose, recalled or not, at which price from whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from hilum.canonical import ImplantUsed
from hilum.canonical.conversions import to_decimal
from hilum.canonical.trade import OWN as HUB
from hilum.flow.prices import Ask, Expected
from hilum.flow.tables import Content, read_csv
from hilum.masterdata import crosswalk, lookups
from hilum.masterdata.terms import book_for, book_of_items
from hilum.packs.building import decimal_in
from hilum.packs.contracts.checking import NOBODY
from hilum.packs.implants.rules import ImplantRules
from hilum.packs.inventory.implant_lines import BILL_ONLY, CONSIGNED, supplied
from hilum.postgres import Connection

WHOSE: Final = {True: CONSIGNED, False: BILL_ONLY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A use that is looked up, with what people have said of it."""

    name: str
    used: ImplantUsed
    item: str = ""
    whose: str = ""
    supplier: str = ""


class Known(BaseModel):
    """What is known of one use. Empty texts and none: nobody knows."""

    model_config = ConfigDict(frozen=True)

    item: str = ""
    title: str = ""
    unit: str = "EA"
    whose: str = ""  # `CONSIGNED`, `BILL_ONLY`, `OWN`
    recalls: tuple[str, ...] = ()  # in words
    supplier: str = ""
    unit_price: Decimal | None = None  # as a contract says
    currency: str = ""
    contract: str = ""
    words: str = ""  # whose price it is, or why there is none
    charge: Decimal | None = None  # for one, to the patient
    charge_currency: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a lookup table by code, as they hold on a day."""

    rows: Mapping[str, Mapping[str, str]]
    column: str = ""  # what a code becomes

    def value(self, code: str) -> str:
        """What the code becomes; empty: it is not there."""
        return self.rows.get(code, {}).get(self.column, "")


async def known(connection: Connection, rules: ImplantRules, questions: Sequence[Question]) -> dict[str, Known]:
    """By the name of the use. Within a transaction; reads only."""
    told: dict[str, Known] = {}
    for each in questions:
        told[each.name] = await _known(connection, rules, each)
    return told


async def _known(connection: Connection, rules: ImplantRules, question: Question) -> Known:
    used = question.used
    codes = await _codes(connection, question)
    items = await rows(connection, rules.lookups, "items", codes, used.used_on)
    code = next((each for each in codes if each in items.rows), "")
    facts = items.rows.get(code, {})
    item = question.item or items.value(code) or used.item or ""
    if not item:
        return Known()
    whose = question.whose or WHOSE.get(used.consigned, "") if used.consigned is not None else question.whose
    whose = whose or (supplied(facts, f"lookup table items, code {code}") if facts else "")
    price = await _price(connection, rules, question, item, question.supplier or used.supplier or facts.get("supplier"))
    agreed = price is not None and price.is_agreed and price.price is not None
    return Known(
        item=item,
        title=facts.get("description", "") or used.description or item,
        unit=used.unit,
        whose=whose,
        recalls=await _recalls(connection, rules, used, item),
        supplier=price.supplier if price is not None and price.supplier != NOBODY else "",
        unit_price=to_decimal(price.price, 6)[0] if price is not None and agreed and price.price is not None else None,
        currency=(price.currency or "") if price is not None and agreed else "",
        contract=(price.contract or "") if price is not None and agreed else "",
        words=price.words if price is not None else "",
        charge=decimal_in(facts, "price", f"lookup table items, code {code}") if facts.get("price") else None,
        charge_currency=facts.get("currency", ""),
    )


async def _codes(connection: Connection, question: Question) -> list[str]:
    """Under which its row in `items` may stand, the most telling first."""
    used = question.used
    found = [question.item, used.code, used.item or ""]
    if used.device is not None and not question.item:
        system, number = used.device.known_as
        found.append(number)
        if not any(found[:3]):
            named = crosswalk.Identifier(object="item", system=system, identifier=number)
            thing = await crosswalk.find(connection, named)
            found += [each.identifier for each in thing.identifiers if each.system == HUB] if thing else []
    return list(dict.fromkeys(each for each in found if each))


async def _price(
    connection: Connection, rules: ImplantRules, question: Question, item: str, supplier: str | None
) -> Expected | None:
    """What the supplier has agreed; where none is named, whoever is the cheapest that has agreed a price."""
    used = question.used
    ask = Ask(
        supplier=supplier or NOBODY, item=item, quantity=abs(used.quantity), unit=used.unit, on=used.used_on,
        facility=rules.facility_of(used), packs=rules.packs_of(item),
    )  # fmt: skip
    if supplier:
        return (await book_for(connection, supplier, [item])).price(ask)
    book = await book_of_items(connection, [item])
    sources = book.sources(ask)
    return sources[0] if sources else replace(book.price(ask), words=f"nobody has agreed a price for {item}")


async def _recalls(connection: Connection, rules: ImplantRules, used: ImplantUsed, item: str) -> tuple[str, ...]:
    """The table `recalls`: an item or a device, where wanted with `:` and the lot or serial number, and its words."""
    device = used.device.device if used.device is not None else ""
    lots = {used.lot or ""} | ({used.device.lot, used.device.serial} if used.device is not None else set())
    things = [each for each in (item, device) if each]
    codes = [*things, *(f"{thing}:{lot}" for thing in things for lot in sorted(lots) if lot)]
    found = await rows(connection, rules.lookups, "recalls", codes, used.used_on)
    return tuple(dict.fromkeys(f"recalled: {found.value(code)}".rstrip(": ") for code in codes if code in found.rows))


async def rows(connection: Connection, folder: Path | None, table: str, codes: Iterable[str], on: date) -> Table:
    """What a lookup table says of these codes: in the database, else in its file; nothing where there is neither."""
    wanted = sorted(set(codes))
    if await lookups.columns_of(connection, table) is not None:
        content = await lookups.content(connection, table, codes=wanted)
    else:
        content = _file(folder / f"{table}.csv") if folder is not None else Content(columns=(), rows=())
    found = {row.code: row.cells for row in content.rows if row.code in wanted and row.holds(on)}
    return Table(found, content.columns[1] if content.columns else "")


def _file(path: Path) -> Content:
    if not path.is_file():
        return Content(columns=(), rows=())
    with path.open(encoding="utf-8-sig", newline="") as file:
        return read_csv(file, path.name)

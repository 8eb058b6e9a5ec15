"""What an item brings with it is linked: from then on a GTIN on a label, or a GLN in a document, finds it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from hilum.canonical import Item, Packing, Supplier, SupplyConsumed, read_label
from hilum.cases import cases
from hilum.connectors.crosswalk import link
from hilum.errors import Rejected
from hilum.flow import Lookup
from hilum.masterdata import crosswalk
from hilum.masterdata.crosswalk import Identifier, bringing
from hilum.postgres import Database
from hilum.runtime import Hub
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.projects import make_flow, order

pytestmark = pytest.mark.req("MD-2")

PIECE, BOX, OTHER = "05412345000044", "15412345000041", "05412345000068"
WHO = {"actor": "hub", "reason": "brought"}


def glove(*gtins: str, code: str = "GLOVE-M", **more: Any) -> Item:
    packings = tuple(Packing(gtin=gtin, quantity=Decimal(10**place)) for place, gtin in enumerate(gtins))
    return Item(code=code, title="Glove", packings=packings, **more)


async def brought(database: Database, thing: Item | Supplier) -> int:
    async with database.transaction() as connection:
        return await bringing.bring(connection, thing, **WHO)


async def names(database: Database, system: str, identifier: str, object_: str = "item") -> dict[str, list[str]]:
    """All that the thing is called, by system; the first is what it is called there."""
    async with database.cold() as connection:
        found = await crosswalk.find(connection, Identifier(object=object_, system=system, identifier=identifier))
    made: dict[str, list[str]] = {}
    for each in found.identifiers if found is not None else ():
        made.setdefault(each.system, []).append(each.identifier)
    return made


async def test_all_numbers_name_one_thing_and_the_piece_is_what_it_is_called(database: Database) -> None:
    item = glove(PIECE, BOX, manufacturer="Nitrion", manufacturer_item="NX-7")
    async with database.cold() as connection:
        assert await bringing.missing(connection, item)
    assert await brought(database, item) == 4
    assert await names(database, "GTIN", BOX) == {"HUB": ["GLOVE-M"], "GTIN": [PIECE, BOX], "MPN": ["Nitrion:NX-7"]}
    async with database.cold() as connection:
        assert not await bringing.missing(connection, item)
    assert await brought(database, item) == 0
    assert await brought(database, glove(OTHER)) == 1
    assert (await names(database, "HUB", "GLOVE-M"))["GTIN"] == [PIECE, OTHER, BOX], "a new number is an alias"


async def test_a_thing_that_is_known_by_another_system_keeps_its_names(database: Database) -> None:
    async with database.transaction() as connection:
        number = await crosswalk.link(connection, Identifier(object="item", system="EHR", identifier="4711"), **WHO)
        gtin = Identifier(object="item", system="GTIN", identifier=PIECE)
        await crosswalk.link(connection, gtin, to=number, **WHO)
    assert await brought(database, glove(PIECE)) == 1
    assert await names(database, "EHR", "4711") == {"EHR": ["4711"], "GTIN": [PIECE], "HUB": ["GLOVE-M"]}


async def test_what_was_merged_counts_as_one(database: Database) -> None:
    await brought(database, glove(PIECE))
    async with database.transaction() as connection:
        other = await crosswalk.link(connection, Identifier(object="item", system="GTIN", identifier=BOX), **WHO)
    with pytest.raises(Rejected, match=f"names item-{other} already. Correct the number"):
        await brought(database, glove(PIECE, BOX))
    async with database.transaction() as connection:
        mine = await crosswalk.find(connection, Identifier(object="item", system="HUB", identifier="GLOVE-M"))
        assert mine is not None
        await crosswalk.merge(connection, "item", other, into=mine.number, **WHO)
    assert await brought(database, glove(PIECE, BOX)) == 0


async def test_two_items_cannot_have_one_number_also_when_they_come_at_once(database: Database) -> None:
    found = await asyncio.gather(
        *(brought(database, glove(PIECE, code=f"GLOVE-{n}")) for n in range(4)), return_exceptions=True
    )
    assert sorted(str(type(each).__name__) for each in found) == ["Rejected"] * 3 + ["int"]
    assert all("which the hub calls GLOVE-" in str(each) for each in found if isinstance(each, Rejected))
    linked = await names(database, "GTIN", PIECE)
    assert len(linked["HUB"]) == 1


async def test_a_number_that_cannot_be_kept_is_told(database: Database) -> None:
    with pytest.raises(Rejected, match="cannot be kept"):
        await brought(database, glove(manufacturer="M" * 300, manufacturer_item="1"))


async def test_a_label_finds_the_item_that_another_flow_brought(
    database: Database, hub: Callable[..., Awaitable[Hub]]
) -> None:
    master, scans, receiver = Feed("items"), Feed("scans"), Receiver()
    numbered = make_flow(master, name="master.items", translate=lambda made, _: [Item(**made["item"])])
    numbered.deliver_to(link())

    def used(made: Any, lookup: Lookup) -> list[SupplyConsumed]:
        label = read_label(made["udi"])
        system, number = label.known_as
        item = lookup.item(number, by=system)
        return [SupplyConsumed(transaction=made["id"], item=item, quantity=1, location="OR1", device=label)]

    await hub(numbered, make_flow(scans, receiver, name="or.scans", translate=used))
    item = {"code": "MESH-15", "title": "Mesh", "packings": [{"gtin": PIECE}]}
    await master.send(order(1, item=item))

    async def known() -> bool:
        return bool(await names(database, "GTIN", PIECE))

    await eventually(known)
    await scans.send(order(2, udi=f"(01){PIECE}(17)280131(21)SN-1"))
    await eventually(lambda: len(receiver.taken) == 1)
    assert receiver.bodies[0]["item"] == "MESH-15"
    assert receiver.bodies[0]["device"]["serial"] == "SN-1"

    await master.send(order(3, item=item | {"code": "MESH-20"}))

    async def held() -> bool:
        async with database.cold() as connection:
            return bool(await cases(connection))

    await eventually(held)
    async with database.cold() as connection:
        (case,) = await cases(connection)
    assert (case.category, "which the hub calls MESH-15" in case.words) == ("crosswalk.taken", True)


async def test_a_supplier_is_found_by_the_gln_in_a_document(database: Database) -> None:
    await brought(database, Supplier(code="S-200", title="Gloveco", gln="5412345000013"))
    live = crosswalk.LiveCrosswalk(database)
    await live.load()
    lookup = Lookup()
    lookup.identifiers = live
    assert lookup.supplier("5412345000013", by="GLN") == "S-200"


def test_what_has_no_numbers_is_no_delivery() -> None:
    target = link()
    assert target.encode(Item(code="A", title="B")) is None
    assert target.encode(glove(PIECE)) is not None

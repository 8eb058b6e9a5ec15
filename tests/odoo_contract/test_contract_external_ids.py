"""Measured facts §7: external ids and `load`, the base of exactly-once writing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from contract_client import Refusal, Server, unique

SPACE = "hilumcontract"  # a prefix that is no module's name


def xid() -> str:
    return f"{SPACE}.{unique()}"


async def load(odoo: Server, fields: list[str], *rows: list[Any], model: str = "res.partner", **options: Any) -> Any:
    return await odoo.call(model, "load", fields=fields, data=list(rows), **options)


async def behind(odoo: Server, name: str) -> list[Any]:
    """What the external id stands for."""
    module, _, rest = name.partition(".")
    return await odoo.call("ir.model.data", "check_object_reference", module=module, xml_id=rest)


async def named(odoo: Server, record_id: int) -> str:
    """The external id of a partner; XML cannot carry what `get_external_id` answers, because its keys are numbers."""
    if odoo.protocol == "xmlrpc":
        (row,) = await odoo.call("res.partner", "get_metadata", [record_id])
        return str(row["xmlid"])
    told = await odoo.call("res.partner", "get_external_id", [record_id])
    assert list(told) == [str(record_id)]
    return str(told[str(record_id)])


async def test_load_creates_record_and_external_id(odoo: Server) -> None:
    """Measured facts §7: one call creates the record and its external id."""
    name = xid()
    answer = await load(odoo, ["id", "name"], [name, "Sterile Goods"])
    assert (answer["messages"], answer["nextrow"]) == ([], 0)
    (partner,) = answer["ids"]
    assert await behind(odoo, name) == ["res.partner", partner]
    assert await named(odoo, partner) == name


async def test_second_load_updates(odoo: Server) -> None:
    """Measured facts §7: the same id again updates the same record, also an archived one, which stays archived."""
    name = xid()
    first = await load(odoo, ["id", "name"], [name, "Before"])
    await odoo.call("res.partner", "action_archive", first["ids"])
    second = await load(odoo, ["id", "name"], [name, "After"])
    assert second["ids"] == first["ids"]
    row = await odoo.read("res.partner", first["ids"][0], "name", "active")
    assert (row["name"], row["active"]) == ("After", False)


async def test_same_id_twice_in_a_batch(odoo: Server) -> None:
    """Measured facts §7: the last row wins, there is one record."""
    name = xid()
    answer = await load(odoo, ["id", "name"], [name, "First"], [name, "Last"])
    assert len(set(answer["ids"])) == 1
    assert await odoo.value("res.partner", answer["ids"][0], "name") == "Last"


async def test_deleted_record_takes_its_external_id(odoo: Server) -> None:
    """Measured facts §7: the external id goes with the record, the next load creates anew."""
    name = xid()
    (first,) = (await load(odoo, ["id", "name"], [name, "A"]))["ids"]
    await odoo.call("res.partner", "unlink", [first])
    (second,) = (await load(odoo, ["id", "name"], [name, "A"]))["ids"]
    assert second != first


async def test_by_database_id(odoo: Server) -> None:
    """Read in the source, not measured: the column `.id` changes a record by its id; archived ones if told so."""
    partner = await odoo.create("res.partner", {"name": unique()})
    columns = [".id", "name", "country_id/id"]
    changed = await load(odoo, columns, [str(partner), "By id", "base.be"])
    assert (changed["ids"], changed["messages"]) == ([partner], [])
    assert await odoo.value("res.partner", partner, "name") == "By id"
    await odoo.call("res.partner", "action_archive", [partner])
    assert (await load(odoo, columns, [str(partner), "Lost", ""]))["ids"] is False
    found = await load(odoo, columns, [str(partner), "Found", ""], context={"active_test": False})
    assert found["ids"] == [partner]
    row = await odoo.read("res.partner", partner, "name", "active")
    assert (row["name"], row["active"]) == ("Found", False)


async def test_several_external_ids_of_one_record(odoo: Server) -> None:
    """Measured facts §7: one record may have several, each leads to it, and a load by either changes it."""
    await odoo.needs("ir.model.data", "Access Rights administrator")
    first, second = xid(), xid()
    (partner,) = (await load(odoo, ["id", "name"], [first, "A"]))["ids"]
    row = {"module": SPACE, "name": second.partition(".")[2], "model": "res.partner", "res_id": partner}
    await odoo.create("ir.model.data", {**row, "noupdate": True})
    assert await behind(odoo, second) == ["res.partner", partner]
    assert (await load(odoo, ["id", "name"], [second, "B"]))["ids"] == [partner]
    assert await odoo.value("res.partner", partner, "name") == "B", "`noupdate` is ignored"


async def test_any_row_in_error_keeps_nothing(odoo: Server) -> None:
    """Measured facts §7: ids is false, messages tell record and rows, nothing is kept; the call itself succeeds."""
    good, bad = xid(), xid()
    answer = await load(odoo, ["id", "name", "country_id"], [good, "A", ""], [bad, "B", "Atlantis-Contract"])
    assert answer["ids"] is False
    (message,) = answer["messages"]
    assert (message["type"], message["record"], message["rows"]) == ("error", 1, {"from": 1, "to": 1})
    assert message["message"]
    for name in (good, bad):
        with pytest.raises(Refusal) as caught:
            await behind(odoo, name)
        assert (caught.value.name, caught.value.message) == (
            "builtins.ValueError",
            f"External ID not found in the system: {name}",
        )


async def test_external_id_of_another_model(odoo: Server) -> None:
    """Measured facts §7: an id that belongs to another model is a message."""
    name = xid()
    await load(odoo, ["id", "name"], [name, "A"], model="res.partner.category")
    answer = await load(odoo, ["id", "name"], [name, "A"])
    assert answer["ids"] is False
    assert answer["messages"][0]["message"].startswith(
        f"For external id {name} when trying to create/update a record of model res.partner found record of different"
    )


async def test_unknown_column(odoo: Server) -> None:
    """Measured facts §7: an unknown column raises a ValueError (500)."""
    refusal = await odoo.refused("res.partner", "load", fields=["id", "nofield"], data=[[xid(), "x"]])
    odoo.expect_status(refusal, 500)
    assert (refusal.name, refusal.message) == ("builtins.ValueError", "Invalid field name 'nofield'")


async def test_values(odoo: Server) -> None:
    """Measured facts §7: text, numbers and null work, "" clears, a selection takes key or label, "1" is true."""
    first, second = xid(), xid()
    columns = ["id", "name", "color", "type", "city", "is_company"]
    told = await odoo.call("res.partner", "fields_get", allfields=["type"], attributes=["selection"])
    label = dict(told["type"]["selection"])["delivery"]
    nothing = "" if odoo.protocol == "xmlrpc" else None  # which XML cannot say
    rows = [first, "A", 3, "delivery", "Ghent", "1"], [second, "B", nothing, label, "", "0"]
    answer = await load(odoo, columns, *rows)
    rows = await odoo.call("res.partner", "read", answer["ids"], fields=columns[1:])
    assert [(row["color"], row["type"], row["city"], row["is_company"]) for row in rows] == [
        (3, "delivery", "Ghent", True),
        (0, "delivery", False, False),
    ]
    await load(odoo, ["id", "city"], [first, ""])
    assert await odoo.value("res.partner", answer["ids"][0], "city") is False


@pytest.mark.parametrize("value", [True, False])
async def test_json_booleans_are_refused(odoo: Server, value: bool) -> None:
    """Measured facts §7: a JSON boolean raises `'bool' object has no attribute 'lower'`."""
    refusal = await odoo.refused("res.partner", "load", fields=["id", "name", "is_company"], data=[[xid(), "A", value]])
    assert refusal.name == "builtins.AttributeError"
    assert refusal.message == "'bool' object has no attribute 'lower'"


async def test_relations(odoo: Server) -> None:
    """Measured facts §7: by database id, by external id (also of an earlier row), by name."""
    parent, child = xid(), xid()
    (country,) = await odoo.find("res.country", [["code", "=", "FR"]])
    columns = ["id", "name", "country_id/.id", "parent_id/id"]
    answer = await load(odoo, columns, [parent, "Group", country, ""], [child, "Ward", "", parent])
    rows = await odoo.call("res.partner", "read", answer["ids"], fields=["country_id", "parent_id"], load=None)
    assert rows[0]["country_id"] == country
    assert rows[1]["parent_id"] == answer["ids"][0]
    (named,) = (await load(odoo, ["id", "name", "country_id"], [xid(), "C", "Belgium"]))["ids"]
    assert (await odoo.value("res.partner", named, "country_id"))[1] == "Belgium"


async def test_lines(odoo: Server) -> None:
    """Measured facts §7: `order_line/id` updates lines; without it every run adds them again; none is deleted."""
    await odoo.needs("purchase.order")
    vendor = await odoo.create("res.partner", {"name": unique("vendor")})
    product = await odoo.create("product.product", {"name": unique()})
    order, one, two = xid(), xid(), xid()
    columns = ["id", "partner_id/.id", "order_line/id", "order_line/product_id/.id", "order_line/product_qty"]
    first = await load(
        odoo, columns, [order, vendor, one, product, 3], ["", "", two, product, 4], model="purchase.order"
    )
    again = await load(odoo, columns, [order, vendor, one, product, 5], model="purchase.order")
    assert first["ids"] == again["ids"]
    lines = await odoo.find("purchase.order.line", [["order_id", "=", first["ids"][0]]], order="id")
    rows = await odoo.call("purchase.order.line", "read", lines, fields=["product_qty"])
    assert [row["product_qty"] for row in rows] == [5, 4]
    bare = ["id", "partner_id/.id", "order_line/product_id/.id", "order_line/product_qty"]
    await load(odoo, bare, [order, vendor, product, 1], model="purchase.order")
    await load(odoo, bare, [order, vendor, product, 1], model="purchase.order")
    assert len(await odoo.find("purchase.order.line", [["order_id", "=", first["ids"][0]]])) == 4


async def test_no_prefix(odoo: Server) -> None:
    """Measured facts §7: without a module prefix the name is kept under `__import__`."""
    name = unique()
    (partner,) = (await load(odoo, ["id", "name"], [name, "A"]))["ids"]
    assert await named(odoo, partner) == f"__import__.{name}"


async def test_characters(odoo: Server) -> None:
    """Measured facts §7: spaces are refused; later dots, / # :, non-ASCII and 1,000 characters are accepted."""
    spaced = await load(odoo, ["id", "name"], [f"{SPACE}.a b", "A"])
    assert spaced["ids"] is False
    assert "ir_model_data_name_nospaces" in spaced["messages"][0]["message"]
    for tail in (".x/#:é", "x" * 980):
        name = xid() + tail
        (partner,) = (await load(odoo, ["id", "name"], [name, "A"]))["ids"]
        assert await behind(odoo, name) == ["res.partner", partner]


async def test_import_limit(odoo: Server) -> None:
    """Measured facts §7: the context `_import_limit` cuts, nextrow tells where to go on."""
    rows = [[xid(), f"P{n}"] for n in range(5)]
    answer = await load(odoo, ["id", "name"], *rows, context={"_import_limit": 2})
    assert (len(answer["ids"]), answer["nextrow"]) == (2, 2)


async def test_many_rows(odoo: Server) -> None:
    """Measured facts §7: a large load is one call with nextrow 0."""
    rows = [[xid(), f"P{n}"] for n in range(200)]
    answer = await load(odoo, ["id", "name"], *rows)
    assert (len(set(answer["ids"])), answer["nextrow"]) == (200, 0)


async def test_rows_by_hand(odoo: Server) -> None:
    """Measured facts §7: an administrator may write ir.model.data; a duplicate is a ValidationError (422)."""
    await odoo.needs("ir.model.data", "Access Rights administrator")
    name = unique("hand")
    row = {"module": SPACE, "name": name, "model": "res.partner", "res_id": 99_999_999}
    made = await odoo.create("ir.model.data", row)
    refusal = await odoo.refused("ir.model.data", "create", vals_list=row)
    odoo.expect_status(refusal, 422)
    assert refusal.name == "odoo.exceptions.ValidationError"
    assert "ir_model_data_module_name_uniq_index" in refusal.message
    assert f"(module, name)=({SPACE}, {name}) already exists." in refusal.message
    await odoo.call("ir.model.data", "unlink", [made])


async def test_parallel_loads_of_one_new_id(odoo: Server) -> None:
    """Measured facts §7: never a duplicate; a loser gets ids false and may repeat, which updates."""
    name = xid()
    answers = await asyncio.gather(*(load(odoo, ["id", "name"], [name, f"by {n}"]) for n in range(4)))
    winners = {answer["ids"][0] for answer in answers if answer["ids"]}
    assert len(winners) == 1
    repeated = await load(odoo, ["id", "name"], [name, "again"])
    assert set(repeated["ids"]) == winners

"""Measured facts §2 and §5: reading, writing, searching, and what differs between 18 and 19."""

from __future__ import annotations

from typing import Any

import pytest
from contract_client import Server, unique


async def test_create_answers_ids(odoo: Server) -> None:
    """Measured facts §2, §3: JSON-2 create always answers a list; over RPC one dict gives an int, a list a list."""
    one = await odoo.call("res.partner", "create", vals_list={"name": unique()})
    two = await odoo.call("res.partner", "create", vals_list=[{"name": unique()}, {"name": unique()}])
    assert isinstance(one, list if odoo.json2 else int)
    assert len(two) == 2
    assert await odoo.call("res.partner", "create", vals_list=[]) == []


async def test_empty_values_and_relations(odoo: Server) -> None:
    """Measured facts §2: an empty char or relation reads false; a many2one [id, name], with load null the id."""
    (country,) = await odoo.find("res.country", [["code", "=", "BE"]])
    values = {"name": unique(), "country_id": country}
    partner = await odoo.create("res.partner", values)
    row = await odoo.read("res.partner", partner, "email", "parent_id", "country_id", "category_id")
    assert (row["email"], row["parent_id"], row["category_id"]) == (False, False, [])
    assert row["country_id"] == [country, "Belgium"]
    (bare,) = await odoo.call("res.partner", "read", [partner], fields=["country_id"], load=None)
    assert bare["country_id"] == country


async def test_search_read(odoo: Server) -> None:
    """Measured facts §2: search_read takes domain, fields, limit, offset and order."""
    ref = unique()
    ids = await odoo.call("res.partner", "create", vals_list=[{"name": f"{ref} {n}", "ref": ref} for n in range(3)])
    domain = [["ref", "=", ref]]
    rows = await odoo.call("res.partner", "search_read", domain=domain, fields=["name"], limit=2, order="id desc")
    assert rows == [{"id": ids[2], "name": f"{ref} 2"}, {"id": ids[1], "name": f"{ref} 1"}]
    assert await odoo.find("res.partner", domain, offset=2, order="id desc") == [ids[0]]
    assert await odoo.call("res.partner", "search_count", domain=domain) == 3


async def test_domain_is_required_for_search(json2: Server) -> None:
    """Measured facts §2: search needs a domain, search_read may leave it out."""
    refusal = await json2.refused("res.partner", "search")
    assert (refusal.status, refusal.message) == (422, "missing a required argument: 'domain'")
    assert isinstance(await json2.call("res.partner", "search_read", fields=["id"], limit=1), list)


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (["name", "ilike", "ALPHA"], "a"),
        (["name", "like", "alpha"], "a"),
        (["name", "=like", "%beta"], "b"),
        (["name", "not ilike", "alpha"], "bc"),
        (["city", "=", False], "bc"),
        (["city", "!=", "Ghent"], "bc"),
        (["city", "in", ["Ghent", "Liège"]], "a"),
        (["color", ">=", 2], "bc"),
        (["color", "<", 2], "a"),
        (["parent_id.city", "=", "Ghent"], "b"),
        (["parent_id", "=", False], "ac"),
        (["parent_id", "ilike", "alpha"], "b"),
        (["id", "child_of", "a"], "ab"),
        (["child_ids.color", "=", 2], "a"),
    ],
)
async def test_domain_operators(odoo: Server, term: list[Any], expected: str) -> None:
    """Documented by Odoo, not measured: operators over text, numbers, relations and dotted paths."""
    ref = unique()
    first = await odoo.create("res.partner", {"name": f"{ref} alpha", "ref": ref, "city": "Ghent", "color": 1})
    second = await odoo.create("res.partner", {"name": f"{ref} beta", "ref": ref, "parent_id": first, "color": 2})
    third = await odoo.create("res.partner", {"name": f"{ref} gamma", "ref": ref, "color": 3})
    await odoo.call("res.partner", "write", [second], vals={"city": False})
    names = {first: "a", second: "b", third: "c"}
    condition = [term[0], term[1], first] if term[2] == "a" else term
    found = await odoo.find("res.partner", [["ref", "=", ref], condition])
    assert "".join(sorted(names[each] for each in found)) == expected


async def test_domain_logic(odoo: Server) -> None:
    """Documented by Odoo, not measured: prefix operators | & ! combine the terms after them."""
    ref = unique()
    ids = await odoo.call("res.partner", "create", vals_list=[{"name": f"{ref} {n}", "color": n} for n in range(4)])
    own = ["id", "in", ids]
    either = await odoo.find("res.partner", ["&", own, "|", ["color", "=", 0], ["color", "=", 3]], order="id")
    neither = await odoo.find("res.partner", [own, "!", ["color", "in", [0, 3]]], order="id")
    assert (either, neither) == ([ids[0], ids[3]], ids[1:3])


async def test_archived_records_hide(odoo: Server) -> None:
    """Measured facts §9: archived rows need the context active_test false, or a term on active."""
    ref = unique()
    partner = await odoo.create("res.partner", {"name": ref, "ref": ref})
    await odoo.call("res.partner", "action_archive", [partner])
    domain = [["ref", "=", ref]]
    assert await odoo.find("res.partner", domain) == []
    assert await odoo.find("res.partner", domain, context={"active_test": False}) == [partner]
    assert await odoo.find("res.partner", [*domain, ["active", "=", False]]) == [partner]


async def test_write_and_unlink(odoo: Server) -> None:
    """Measured facts §2: write and unlink answer true."""
    partner = await odoo.create("res.partner", {"name": unique()})
    assert await odoo.call("res.partner", "write", [partner], vals={"city": "Ghent"}) is True
    assert await odoo.value("res.partner", partner, "city") == "Ghent"
    assert await odoo.call("res.partner", "unlink", [partner]) is True
    assert await odoo.call("res.partner", "read", [partner], fields=["name"]) == []


async def test_write_without_ids_does_nothing(json2: Server) -> None:
    """Measured facts §2: write without ids answers true and changes nothing."""
    city = unique("city")
    assert await json2.call("res.partner", "write", vals={"city": city}) is True
    assert await json2.find("res.partner", [["city", "=", city]]) == []


async def test_one_call_is_one_transaction(odoo: Server) -> None:
    """Measured facts §2: a bad record in a create list leaves nothing of the call."""
    ref = unique()
    await odoo.refused("res.partner", "create", vals_list=[{"name": ref, "ref": ref}, {"name": ref, "type": "zz"}])
    assert await odoo.find("res.partner", [["ref", "=", ref]]) == []


async def test_x2many_commands(odoo: Server) -> None:
    """Measured facts §5: [0,0,{}] adds, [1,id,{}] changes, [4,id] links, [5] clears, [6,0,ids] sets."""
    tags = await odoo.call("res.partner.category", "create", vals_list=[{"name": unique("tag")} for _ in range(3)])
    partner = await odoo.create(
        "res.partner", {"name": unique(), "child_ids": [[0, 0, {"name": "Ward"}]], "category_id": [[6, 0, tags[:2]]]}
    )
    row = await odoo.read("res.partner", partner, "child_ids", "category_id")
    assert sorted(row["category_id"]) == sorted(tags[:2])
    (child,) = row["child_ids"]
    changes = {"child_ids": [[1, child, {"city": "Ghent"}]], "category_id": [[5], [4, tags[2]]]}
    await odoo.call("res.partner", "write", [partner], vals=changes)
    assert await odoo.value("res.partner", child, "city") == "Ghent"
    assert await odoo.value("res.partner", partner, "category_id") == [tags[2]]


async def test_name_search(odoo: Server) -> None:
    """Measured facts §2: pairs of id and name; the filter is `domain` in 19, `args` before."""
    name = unique()
    partner = await odoo.create("res.partner", {"name": name})
    filters: dict[str, Any] = {"domain" if odoo.is_19 else "args": [["id", "=", partner]]}
    assert await odoo.call("res.partner", "name_search", name=name, limit=3, **filters) == [[partner, name]]


async def test_fields_get(odoo: Server) -> None:
    """Measured facts §2: an object by field with the attributes that were asked for."""
    told = await odoo.call(
        "res.partner", "fields_get", allfields=["name", "country_id"], attributes=["type", "relation"]
    )
    assert told["name"]["type"] == "char"
    assert told["country_id"] == {"type": "many2one", "relation": "res.country"}


async def test_exists(odoo: Server) -> None:
    """Measured facts §2: `exists` is callable before 19 and private in 19."""
    partner = await odoo.create("res.partner", {"name": unique()})
    if odoo.is_19:
        assert (await odoo.refused("res.partner", "exists", [partner])).name == "odoo.exceptions.AccessError"
    else:
        assert await odoo.call("res.partner", "exists", [partner]) == [partner]


async def test_grouped_sums(odoo: Server) -> None:
    """Measured facts §2: read_group answers in both, formatted_read_group only in 19."""
    ref = unique()
    values = [{"name": ref, "ref": ref, "city": city, "color": 1} for city in ("Ghent", "Ghent", "Namur")]
    await odoo.call("res.partner", "create", vals_list=values)
    domain = [["ref", "=", ref]]
    old = await odoo.call("res.partner", "read_group", domain=domain, fields=["color:sum"], groupby=["city"])
    assert {row["city"]: (row["city_count"], row["color"]) for row in old} == {"Ghent": (2, 2), "Namur": (1, 1)}
    arguments = {"domain": domain, "groupby": ["city"], "aggregates": ["__count", "color:sum"]}
    if odoo.is_19:
        new = await odoo.call("res.partner", "formatted_read_group", **arguments)
        assert {row["city"]: (row["__count"], row["color:sum"]) for row in new} == {"Ghent": (2, 2), "Namur": (1, 1)}
    else:
        await odoo.refused("res.partner", "formatted_read_group", **arguments)


async def test_sums_of_ids(odoo: Server) -> None:
    """Decision 0053. Documented, not measured: ids can be averaged, without groups, also where nothing is found."""
    ref = unique()
    ids = await odoo.call("res.partner", "create", vals_list=[{"name": ref, "ref": ref} for _ in range(3)])
    for domain, told in (([["ref", "=", ref]], (3, sum(ids))), ([["id", "=", 0]], (0, 0))):
        if odoo.is_19:
            arguments = {"domain": domain, "groupby": [], "aggregates": ["__count", "id:avg"]}
            rows = await odoo.call("res.partner", "formatted_read_group", **arguments)
        else:
            arguments = {"domain": domain, "groupby": [], "fields": ["middle:avg(id)"], "lazy": False}
            rows = await odoo.call("res.partner", "read_group", **arguments)
        row = rows[0] if rows else {"__count": 0}
        average = row.get("id:avg" if odoo.is_19 else "middle") or 0
        assert (row["__count"], round(average * row["__count"])) == told


async def test_web_calls(odoo: Server) -> None:
    """Measured facts §2: web_search_read and web_save work in both. Documented: 16 has no web_save."""
    name = unique()
    if not odoo.since(17):
        assert (await odoo.refused("res.partner", "web_save", [], vals={})).name == "builtins.AttributeError"
        return
    (saved,) = await odoo.call("res.partner", "web_save", [], vals={"name": name}, specification={"name": {}})
    found = await odoo.call("res.partner", "web_search_read", domain=[["name", "=", name]], specification={"name": {}})
    assert (found["length"], found["records"]) == (1, [{"id": saved["id"], "name": name}])


@pytest.mark.parametrize(
    ("model", "until_18", "since_19"),
    [
        ("purchase.order.line", {"product_uom", "taxes_id"}, {"product_uom_id", "tax_ids"}),
        ("sale.order.line", {"product_uom", "tax_id"}, {"product_uom_id", "tax_ids"}),
        ("product.template", {"uom_po_id"}, set()),
        ("uom.uom", {"category_id", "uom_type"}, {"relative_factor", "relative_uom_id"}),
        ("product.supplierinfo", set(), {"product_uom_id"}),
        ("purchase.order", set(), {"locked"}),
        ("stock.move", {"name"}, set()),
        ("account.account", {"deprecated"}, {"active"}),
        ("res.partner", {"mobile", "title"}, set()),
        ("maintenance.equipment", {"location"}, {"location_id"}),
        ("maintenance.request", set(), {"schedule_end"}),
        ("hr.employee", {"gender", "bank_account_id"}, {"sex", "bank_account_ids", "version_id"}),
        ("res.users", {"groups_id"}, {"group_ids"}),
    ],
)
async def test_fields_that_differ(odoo: Server, model: str, until_18: set[str], since_19: set[str]) -> None:
    """Measured facts §5: fields that 18 has and 19 has not, or the other way round. 16 and 17 are as 18."""
    await odoo.needs(model)
    fields = set(await odoo.call(model, "fields_get", attributes=["type"]))
    here, gone = (since_19, until_18) if odoo.is_19 else (until_18, since_19)
    assert here <= fields
    assert not gone & fields


OLDER = [  # model, last version, its fields that are gone after it, and those that came then
    ("stock.move", 16, {"quantity_done", "reserved_availability", "scrap_ids"}, {"quantity", "picked", "scrap_id"}),
    ("stock.move.line", 16, {"qty_done", "reserved_uom_qty"}, {"quantity", "picked"}),
    ("purchase.order.line", 16, set(), {"discount"}),
    ("product.supplierinfo", 16, set(), {"discount"}),
    ("project.task", 16, {"kanban_state"}, {"state"}),
    ("hr.employee", 16, {"address_home_id"}, set()),
    ("res.partner", 16, set(), {"complete_name"}),
    ("product.template", 17, {"detailed_type"}, {"is_storable"}),
    ("account.payment", 17, {"ref"}, {"memo", "invoice_ids"}),
    ("account.move", 17, {"payment_id", "reversal_move_id"}, {"origin_payment_id", "reversal_move_ids"}),
    ("account.account", 17, {"company_id"}, {"company_ids"}),
    ("res.company", 17, {"period_lock_date"}, {"hard_lock_date", "sale_lock_date", "purchase_lock_date"}),
    (
        "purchase.requisition",
        17,
        {"type_id", "origin", "ordering_date"},
        {"requisition_type", "reference", "date_start"},
    ),
]


@pytest.mark.every_odoo
@pytest.mark.parametrize(("model", "last", "before", "after"), OLDER)
async def test_fields_of_older_versions(odoo: Server, model: str, last: int, before: set[str], after: set[str]) -> None:
    """Documented of 16 and 17: fields by which they differ from 18."""
    await odoo.needs(model)
    fields = set(await odoo.call(model, "fields_get", attributes=["type"]))
    here, gone = (after, before) if odoo.since(last + 1) else (before, after)
    assert here <= fields
    assert not gone & fields


async def test_unit_factors(odoo: Server) -> None:
    """Measured facts §5: a dozen has factor 0.083 in 18; a pack of 6 has factor 6 in 19: the inverse meaning."""
    await odoo.needs("uom.uom")
    reference = await odoo.call("ir.model.data", "check_object_reference", module="uom", xml_id="product_uom_unit")
    if odoo.is_19:
        values = {"name": unique("pack"), "relative_factor": 6.0, "relative_uom_id": reference[1]}
        unit = await odoo.create("uom.uom", values)
        assert await odoo.value("uom.uom", unit, "factor") == pytest.approx(6.0)
    else:
        dozen = await odoo.call("ir.model.data", "check_object_reference", module="uom", xml_id="product_uom_dozen")
        assert await odoo.value("uom.uom", dozen[1], "factor") == pytest.approx(1 / 12)


@pytest.mark.every_odoo
async def test_a_unit_in_use_keeps_what_it_holds(odoo: Server) -> None:
    """Read in the source, not measured: once there is stock in a unit, its ratio is refused, its name is not."""
    await odoo.needs("stock.quant")
    reference = await odoo.call("ir.model.data", "check_object_reference", module="uom", xml_id="product_uom_unit")
    if odoo.is_19:
        ratio, values = "relative_factor", {"relative_factor": 10.0, "relative_uom_id": reference[1]}
    else:
        (category, _) = await odoo.value("uom.uom", reference[1], "category_id")
        ratio, values = "factor", {"factor": 0.1, "uom_type": "bigger", "category_id": category}
    unit = await odoo.create("uom.uom", {"name": unique("tray"), **values})
    bought = {} if odoo.is_19 else {"uom_po_id": unit}
    product = await odoo.create("product.product", {"name": unique(), **odoo.stored, "uom_id": unit, **bought})
    await odoo.call("uom.uom", "write", [unit], vals={ratio: values[ratio] * 2})
    (place,) = await odoo.find("stock.location", [["usage", "=", "internal"]], limit=1, order="id")
    count = {"product_id": product, "location_id": place, "inventory_quantity_auto_apply": 3}
    await odoo.create("stock.quant", count, inventory_mode=True)
    refusal = await odoo.refused("uom.uom", "write", [unit], vals={ratio: values[ratio]})
    odoo.expect_status(refusal, 422)
    assert refusal.name == "odoo.exceptions.UserError"
    assert await odoo.value("uom.uom", unit, ratio) == pytest.approx(values[ratio] * 2)
    assert await odoo.call("uom.uom", "write", [unit], vals={"name": unique("crate")}) is True


@pytest.mark.every_odoo
async def test_storable_products(odoo: Server) -> None:
    """Measured facts §5: storable is `is_storable`; the type `product` is refused in both.

    Documented of 16 and 17: the detailed type says it.
    """
    await odoo.needs("product.product")
    if not odoo.since(18):
        old = await odoo.create("product.product", {"name": unique(), "detailed_type": "product"})
        assert await odoo.value("product.product", old, "type") == "product"
        return
    values = {"name": unique(), "type": "consu", "is_storable": True}
    product = await odoo.create("product.product", values)
    assert await odoo.value("product.product", product, "is_storable") is True
    refusal = await odoo.refused("product.product", "create", vals_list={"name": unique(), "type": "product"})
    assert refusal.name == "builtins.ValueError"


async def test_template_and_variant_stay_in_step(odoo: Server) -> None:
    """Measured facts §9: name and price go from variant to template, code and barcode from template to variant."""
    await odoo.needs("product.product")
    code, barcode = unique("code"), unique("bar")
    product = await odoo.create("product.product", {"name": unique(), "default_code": code, "list_price": 2.5})
    template = (await odoo.value("product.product", product, "product_tmpl_id"))[0]
    row = await odoo.read("product.template", template, "default_code", "list_price", "product_variant_ids")
    assert (row["default_code"], row["list_price"], row["product_variant_ids"]) == (code, 2.5, [product])
    await odoo.call("product.template", "write", [template], vals={"barcode": barcode, "name": code})
    changed = await odoo.read("product.product", product, "barcode", "name")
    assert (changed["barcode"], changed["name"]) == (barcode, code)


async def test_uniqueness(odoo: Server) -> None:
    """Measured facts §6: partner ref and vat and product default_code are not unique, a barcode is."""
    ref = unique()
    await odoo.call("res.partner", "create", vals_list=[{"name": ref, "ref": ref}] * 2)
    await odoo.needs("product.product")
    await odoo.call("product.product", "create", vals_list=[{"name": ref, "default_code": ref}] * 2)
    await odoo.create("product.product", {"name": ref, "barcode": ref})
    refusal = await odoo.refused("product.product", "create", vals_list={"name": ref, "barcode": ref})
    assert refusal.name == "odoo.exceptions.ValidationError"
    assert refusal.message.startswith("Barcode(s) already assigned:")


async def test_vendor_price_knows_its_variant(odoo: Server) -> None:
    """Measured facts §5: product_id of a vendor price stays empty in 18 and is the only variant in 19."""
    await odoo.needs("product.supplierinfo")
    vendor = await odoo.create("res.partner", {"name": unique("vendor")})
    product = await odoo.create("product.product", {"name": unique()})
    template = (await odoo.value("product.product", product, "product_tmpl_id"))[0]
    price = await odoo.create("product.supplierinfo", {"partner_id": vendor, "product_tmpl_id": template, "price": 1})
    kept = await odoo.value("product.supplierinfo", price, "product_id")
    assert (kept[0] if kept else False) == (product if odoo.is_19 else False)

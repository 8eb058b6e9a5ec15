"""Measured facts §2, §3, §6, §7: what a least-privileged user may and may not do; keys that expire; XML-RPC."""

from __future__ import annotations

import xmlrpc.client
from datetime import UTC, datetime, timedelta

import pytest
from contract_client import DAY, Server, unique

from hilum.simulator.odoo import INTEGRATION_GROUPS


@pytest.fixture
async def user(odoo: Server) -> Server:
    """The server, logged in as a user with the groups that a purchase needs and no more."""
    sandbox = odoo.only_sandbox("a second user with few groups")
    odoo.key = sandbox.make_key("integration", groups=INTEGRATION_GROUPS)
    odoo.uid = (await odoo.post_rpc("common", "authenticate", odoo.database, "integration", odoo.key, {}))["result"]
    return odoo


@pytest.mark.parametrize("model", ["product.product", "product.supplierinfo", "hr.employee", "ir.model.data"])
async def test_no_right_to_create(user: Server, model: str) -> None:
    """Measured facts §2, §6, §7: products, vendor prices, employees and external ids need more rights (403)."""
    refusal = await user.refused(model, "create", vals_list={"name": "x"})
    user.expect_status(refusal, 403)
    assert refusal.name == "odoo.exceptions.AccessError"
    assert refusal.message.startswith("You are not allowed to create '")
    assert f"({model}) records.\n\nThis operation is allowed for the following groups:" in refusal.message


async def test_external_ids_without_the_right(user: Server) -> None:
    """Measured facts §7: reading ir.model.data is refused, but load and check_object_reference work."""
    assert (await user.refused("ir.model.data", "search_read", domain=[])).name == "odoo.exceptions.AccessError"
    name = unique()
    rows = [[f"hilumcontract.{name}", "A"]]
    (partner,) = (await user.call("res.partner", "load", fields=["id", "name"], data=rows))["ids"]
    reference = {"module": "hilumcontract", "xml_id": name}
    assert await user.call("ir.model.data", "check_object_reference", **reference) == ["res.partner", partner]


async def test_public_fields_of_employees(user: Server) -> None:
    """Measured facts §6: without the group, a read of employees leaves restricted fields out or refuses them."""
    sandbox = user.only_sandbox("an employee")
    employee = sandbox.change(lambda env: env["hr.employee"].create({"name": "A", "barcode": "77"}).id)
    (row,) = await user.call("hr.employee", "read", [employee])
    assert "name" in row
    assert "barcode" not in row
    refusal = await user.refused("hr.employee", "read", [employee], fields=["barcode"])
    user.expect_status(refusal, 403)
    assert refusal.message.startswith('You do not have enough rights to access the field "barcode" on Employee')


@pytest.mark.every_odoo
async def test_the_whole_chain_with_few_rights(user: Server) -> None:
    """Measured facts §6: order, receipt, bill, posting and payment run as the least-privileged user."""
    sandbox = user.only_sandbox("a product")
    product = sandbox.change(lambda env: env["product.product"].create({"name": "Gauze", **user.stored}).id)
    vendor = await user.create("res.partner", {"name": unique("vendor")})
    line = {"product_id": product, "product_qty": 2, "price_unit": 4}
    order = await user.create("purchase.order", {"partner_id": vendor, "order_line": [[0, 0, line]]})
    await user.call("purchase.order", "button_confirm", [order])
    (receipt,) = await user.value("purchase.order", order, "picking_ids")
    await user.receive(receipt)
    await user.call("purchase.order", "action_create_invoice", [order])
    (bill,) = await user.value("purchase.order", order, "invoice_ids")
    await user.call("account.move", "write", [bill], vals={"invoice_date": DAY})
    await user.call("account.move", "action_post", [bill])
    wizard = await user.create("account.payment.register", {}, active_model="account.move", active_ids=[bill])
    await user.call("account.payment.register", "action_create_payments", [wizard])
    assert await user.value("account.move", bill, "payment_state") == "paid"


async def test_part_receipt_needs_an_email_address(user: Server) -> None:
    """Measured facts §6: a user without e-mail address cannot receive a part."""
    sandbox = user.only_sandbox("a user without e-mail address")
    uid = user.uid
    sandbox.change(lambda env: env["res.users"].write(uid, {"email": False}))
    product = sandbox.change(lambda env: env["product.product"].create({"name": "Gauze", **user.stored}).id)
    vendor = await user.create("res.partner", {"name": unique("vendor")})
    line = {"product_id": product, "product_qty": 2, "price_unit": 4}
    order = await user.create("purchase.order", {"partner_id": vendor, "order_line": [[0, 0, line]]})
    await user.call("purchase.order", "button_confirm", [order])
    (receipt,) = await user.value("purchase.order", order, "picking_ids")
    (move,) = await user.find("stock.move", [["picking_id", "=", receipt]])
    await user.call("stock.move", "write", [move], vals=user.goes(1))
    refusal = await user.refused("stock.picking", "button_validate", [receipt], context={"skip_backorder": True})
    assert refusal.message == "Unable to send message, please configure the sender's email address."


async def test_expired_key(odoo: Server) -> None:
    """Measured facts §2, §3: an expired key is 401 `Invalid apikey`, AccessDenied, and a login answers false."""
    sandbox = odoo.only_sandbox("a key that is about to expire")
    key = sandbox.make_key("short", expires=datetime.now(UTC) + timedelta(hours=1), groups=INTEGRATION_GROUPS)
    login = ("common", "authenticate", odoo.database, "short", key, {})
    uid = (await odoo.post_rpc(*login))["result"]
    assert uid
    odoo.clock.ahead += timedelta(hours=2)
    assert (await odoo.post_rpc(*login))["result"] is False
    call = await odoo.post_rpc("object", "execute_kw", odoo.database, uid, key, "res.partner", "search", [[]], {})
    assert call["error"]["data"]["name"] == "odoo.exceptions.AccessDenied"
    if odoo.is_19:
        reply = await odoo.post_json2("res.partner/search", {"domain": []}, Authorization=f"bearer {key}")
        assert (reply.status_code, reply.json()["message"]) == (401, "Invalid apikey")


async def test_module_that_is_not_installed(odoo: Server) -> None:
    """Measured facts §2, §3: the models of a module that is not installed do not exist."""
    sandbox = odoo.only_sandbox("removing a module")
    sandbox.set_module("maintenance", installed=False)
    refusal = await odoo.refused("maintenance.request", "search", domain=[])
    odoo.expect_status(refusal, 404)
    assert "maintenance.request" in refusal.message


async def xml(odoo: Server, *args: object) -> object:
    """An `execute_kw` over XML-RPC."""
    return await odoo.post_xml("object", "execute_kw", odoo.database, odoo.uid, odoo.key, *args)


async def test_xml_rpc(odoo: Server) -> None:
    """Measured facts §3: always HTTP 200; faults 1 programming error, 2 refusal, 3 access denied, 4 no access."""
    partner = await xml(odoo, "res.partner", "create", [{"name": unique()}])
    assert isinstance(partner, int)
    cases = [
        (("res.partner", "nope", [partner]), 1),
        (("res.partner", "write", [[99_999_999], {"name": "x"}]), 2),
        (("res.partner", "_private", [partner]), 4),
    ]
    for args, code in cases:
        with pytest.raises(xmlrpc.client.Fault) as caught:
            await xml(odoo, *args)
        assert caught.value.faultCode == code
    odoo.key = "wrong"
    with pytest.raises(xmlrpc.client.Fault) as caught:
        await xml(odoo, "res.partner", "search", [[]])
    assert caught.value.faultCode == 3


async def test_xml_rpc_cannot_send_numbers_as_keys(odoo: Server) -> None:
    """Read in the source, not measured: `get_external_id` is fault 1 over XML-RPC; `get_metadata` tells the same."""
    name = f"hilumcontract.{unique('xml')}"
    partner = (await odoo.call("res.partner", "load", fields=["id", "name"], data=[[name, "X"]]))["ids"][0]
    with pytest.raises(xmlrpc.client.Fault) as caught:
        await xml(odoo, "res.partner", "get_external_id", [[partner]])
    assert caught.value.faultCode == 1
    (row,) = await xml(odoo, "res.partner", "get_metadata", [[partner]])
    assert (row["id"], row["xmlid"]) == (partner, name)


async def test_xml_rpc_cannot_send_none(odoo: Server) -> None:
    """Measured facts §1: Fault 1 "cannot marshal None", although the change is committed."""
    await odoo.needs("purchase.order")
    vendor = await odoo.create("res.partner", {"name": unique("vendor")})
    order = await odoo.create("purchase.order", {"partner_id": vendor})
    with pytest.raises(xmlrpc.client.Fault) as caught:
        await xml(odoo, "purchase.order", "button_cancel", [[order]])
    assert caught.value.faultCode == 1
    assert "cannot marshal None" in caught.value.faultString
    assert await odoo.value("purchase.order", order, "state") == "cancel"

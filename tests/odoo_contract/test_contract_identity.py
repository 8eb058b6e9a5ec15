"""Measured facts §1 to §3: who is let in by what, and what a user does not see."""

from __future__ import annotations

import pytest
from contract_client import Server, unique

from hilum.simulator.odoo import INTEGRATION_GROUPS


async def test_a_charset_beside_the_content_type(json2: Server) -> None:
    """Measured facts §2: the content type may have a charset."""
    headers = {"Authorization": f"bearer {json2.key}", "X-Odoo-Database": json2.database}
    headers |= {"Content-Type": "application/json; charset=utf-8"}
    url = f"{json2.url}/json/2/res.partner/search"
    reply = await json2.http.post(url, content=b'{"domain": [["id", "=", 0]]}', headers=headers)
    assert (reply.status_code, reply.json()) == (200, [])


async def test_the_only_database_need_not_be_named(json2: Server) -> None:
    """Measured facts §2: without the header the only database is taken."""
    json2.only_sandbox("a server with one database")
    headers = {"Authorization": f"bearer {json2.key}"}
    reply = await json2.http.post(f"{json2.url}/json/2/res.partner/search_count", json={"domain": []}, headers=headers)
    assert reply.status_code == 200


async def test_a_session_of_another_user(json2: Server) -> None:
    """Measured facts §2: a key with the session cookie of another user is 403 AccessDenied, so a client keeps none."""
    sandbox = json2.only_sandbox("a session of a second user")
    cookie = sandbox.make_session("somebody")
    reply = await json2.post_json2("res.partner/search", {"domain": []}, Cookie=f"session_id={cookie}")
    assert reply.status_code == 403
    body = reply.json()
    assert (body["name"], body["message"]) == (
        "odoo.exceptions.AccessDenied",
        "Session user does not match the used apikey.",
    )
    own = sandbox.make_session(json2.login)
    reply = await json2.post_json2("res.partner/search_count", {"domain": []}, Cookie=f"session_id={own}")
    assert reply.status_code == 200


@pytest.mark.parametrize("sort", ["password", "scope"])
async def test_passwords_and_keys_for_something_else(odoo: Server, sort: str) -> None:
    """Measured facts §2, §3: a password works over RPC and never by JSON-2; a key of another scope nowhere."""
    sandbox = odoo.only_sandbox("a password, and a key of another scope")
    key = sandbox.make_key("visitor", groups=INTEGRATION_GROUPS)
    (number,) = [each["id"] for each in sandbox.records("res.users") if each["login"] == "visitor"]
    (row,) = [each["id"] for each in sandbox.records("res.users.apikeys") if each["user_id"] == number]
    values = {"password": True} if sort == "password" else {"scope": "odoo.plugin.outlook"}
    sandbox.change(lambda env: env["res.users.apikeys"].write(row, values))
    told = (await odoo.post_rpc("common", "authenticate", odoo.database, "visitor", key, {}))["result"]
    assert told == (number if sort == "password" else False)
    if odoo.is_19:
        reply = await odoo.post_json2("res.partner/search", {"domain": []}, Authorization=f"bearer {key}")
        assert (reply.status_code, reply.json()["message"]) == (401, "Invalid apikey")


async def test_many_wrong_logins(odoo: Server) -> None:
    """Measured facts §3: wrong keys in a row do not lock a user out over RPC, nor wrong ones by JSON-2."""
    for _ in range(12):
        wrong = await odoo.post_rpc("common", "authenticate", odoo.database, odoo.login, unique("wrong"), {})
        assert wrong["result"] is False
    right = await odoo.post_rpc("common", "authenticate", odoo.database, odoo.login, odoo.key, {})
    assert right["result"] == odoo.uid
    if odoo.json2:
        for _ in range(12):
            reply = await odoo.post_json2("res.partner/search", {"domain": []}, Authorization=f"bearer {'0' * 40}")
            assert reply.status_code == 401
        assert await odoo.find("res.partner", [["id", "=", 0]]) == []


async def test_databases_are_listed(odoo: Server) -> None:
    """Measured facts §3: all names, unless listing is off."""
    told = await odoo.post_rpc("db", "list")
    if "error" in told:
        assert odoo.sandbox is None, "only a real server may have switched it off"
        assert told["error"]["data"]["name"] == "odoo.exceptions.AccessDenied"
    else:
        assert odoo.database in told["result"]


async def test_documentation_without_the_group(odoo_19: Server) -> None:
    """Measured facts §1: without the group Technical Documentation it is a 403 AccessError, without a key 401."""
    sandbox = odoo_19.only_sandbox("a second user with few groups")
    key = sandbox.make_key("integration", groups=INTEGRATION_GROUPS)
    url = f"{odoo_19.url}/doc-bearer/index.json"
    reply = await odoo_19.http.get(url, headers={"Authorization": f"bearer {key}"})
    assert (reply.status_code, reply.json()["name"]) == (403, "odoo.exceptions.AccessError")
    assert (await odoo_19.http.get(url)).status_code == 401


async def test_what_a_record_rule_hides(odoo: Server) -> None:
    """Measured facts §2: a search leaves hidden records out; reading one is an AccessError (403)."""
    sandbox = odoo.only_sandbox("a record rule")
    ref = unique()
    seen, hidden = await odoo.call("res.partner", "create", vals_list=[{"name": ref, "ref": ref}] * 2)
    odoo.key = sandbox.make_key("integration", groups=INTEGRATION_GROUPS)
    odoo.uid = (await odoo.post_rpc("common", "authenticate", odoo.database, "integration", odoo.key, {}))["result"]
    sandbox.hide("res.partner", hidden)
    assert await odoo.find("res.partner", [["ref", "=", ref]]) == [seen]
    refusal = await odoo.refused("res.partner", "read", [hidden], fields=["name"])
    odoo.expect_status(refusal, 403)
    assert refusal.name == "odoo.exceptions.AccessError"
    assert "doesn't have 'read' access to:" in refusal.message

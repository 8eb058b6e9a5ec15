"""Measured facts §1 and §2: versions, routes, authentication, bodies."""

from __future__ import annotations

import gzip
import json

import httpx
import pytest
from contract_client import Server, unique


def members(reply: httpx.Response) -> dict[str, object]:
    """The error body, checked to have the five members."""
    body = reply.json()
    assert set(body) == {"name", "message", "arguments", "context", "debug"}
    assert "Traceback" in body["debug"]
    return body


async def test_version_without_login(odoo: Server) -> None:
    """Measured facts §1: 19 tells its version at two paths, /web/version sets a cookie; 18 answers 404 in HTML."""
    plain = await odoo.http.get(f"{odoo.url}/json/version")
    web = await odoo.http.get(f"{odoo.url}/web/version")
    odoo.http.cookies.clear()
    if odoo.is_19:
        assert plain.json()["version_info"][:2] == [19, 0]
        assert plain.json()["version"].startswith("19.0")
        assert "set-cookie" not in plain.headers
        assert "session_id" in web.headers["set-cookie"]
    else:
        assert {plain.status_code, web.status_code} == {404}
        assert plain.headers["content-type"].startswith("text/html")


@pytest.mark.every_odoo
async def test_version_over_rpc(odoo: Server) -> None:
    """Measured facts §1: common.version has the same members in every version, protocol_version is 1."""
    told = (await odoo.post_rpc("common", "version"))["result"]
    assert told["server_serie"] == odoo.version
    assert told["server_version_info"][:2] == [int(odoo.version[:2]), 0]
    assert told["protocol_version"] == 1


async def test_no_json2_on_18(odoo_18: Server) -> None:
    """Measured facts §1: 18 redirects /json/2 to the login page with 303."""
    reply = await odoo_18.post_json2("res.partner/search_count", {"domain": []})
    assert reply.status_code == 303
    assert "/web/login" in reply.headers["location"]


async def test_success_headers(json2: Server) -> None:
    """Measured facts §2: application/json with charset, nosniff, no cookie; the result has no envelope."""
    reply = await json2.post_json2("res.partner/search_count", {"domain": [["id", "=", 0]]})
    assert (reply.status_code, reply.json()) == (200, 0)
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in reply.headers


async def test_date_header_tells_server_time(odoo: Server) -> None:
    """Measured facts §9: the HTTP Date header is the application server's clock."""
    reply = await odoo.http.post(f"{odoo.url}/jsonrpc", json={"params": {"service": "common", "method": "version"}})
    assert reply.headers["date"].endswith("GMT")


@pytest.mark.parametrize("word", ["bearer", "Bearer", "BEARER"])
async def test_bearer_in_any_case(json2: Server, word: str) -> None:
    """Measured facts §2: "bearer" is case-insensitive."""
    body = {"domain": [["id", "=", 0]]}
    reply = await json2.post_json2("res.partner/search", body, Authorization=f"{word} {json2.key}")
    assert (reply.status_code, reply.json()) == (200, [])


async def test_wrong_key(json2: Server) -> None:
    """Measured facts §2: a wrong key is 401 with the bearer challenge, `Invalid apikey`."""
    reply = await json2.post_json2("res.partner/search", {"domain": []}, Authorization="bearer " + "0" * 40)
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"] == "Bearer"
    body = members(reply)
    assert (body["name"], body["message"]) == ("werkzeug.exceptions.Unauthorized", "Invalid apikey")
    assert body["arguments"] == ["Invalid apikey", 401]


async def test_no_key_and_basic_auth(json2: Server) -> None:
    """Measured facts §2: without a key, or with Basic, 401 asks for an API key."""
    basic = await json2.post_json2("res.partner/search", {"domain": []}, Authorization="Basic eDp5")
    none = await json2.http.post(f"{json2.url}/json/2/res.partner/search", json={"domain": []})
    for reply in (basic, none):
        assert reply.status_code == 401
        assert str(members(reply)["message"]).startswith("User not authenticated, use an API Key with a Bearer")


@pytest.mark.parametrize("path", ["res.partner", ""])
async def test_path_without_method(json2: Server, path: str) -> None:
    """Measured facts §2: a path without a method is 404 with a hint."""
    reply = await json2.post_json2(path, {})
    if path or json2.sandbox:
        assert reply.status_code == 404


@pytest.mark.parametrize("verb", ["GET", "PUT"])
async def test_other_verbs(json2: Server, verb: str) -> None:
    """Measured facts §2: GET and PUT are 404 `Did you mean POST /json/2/<model>/<method>?`."""
    headers = {"Authorization": f"bearer {json2.key}", "Content-Type": "application/json"}
    reply = await json2.http.request(verb, f"{json2.url}/json/2/res.partner/search", headers=headers)
    assert reply.status_code == 404
    assert str(members(reply)["message"]).startswith("Did you mean POST /json/2/<model>/<method>?")


async def test_malformed_json(json2: Server) -> None:
    """Measured facts §2: malformed JSON is 400 BadRequest and says where."""
    headers = {"Authorization": f"bearer {json2.key}", "Content-Type": "application/json"}
    url = f"{json2.url}/json/2/res.partner/search"
    reply = await json2.http.post(url, content=b'{"domain": [}', headers=headers)
    assert reply.status_code == 400
    body = members(reply)
    assert body["name"] == "werkzeug.exceptions.BadRequest"
    assert str(body["message"]).startswith("could not parse the body as json: Expecting value: line 1 column 13")


async def test_gzip_body_is_not_understood(json2: Server) -> None:
    """Measured facts §2: a compressed request body is 400, Content-Encoding is not understood."""
    headers = {"Authorization": f"bearer {json2.key}", "Content-Type": "application/json", "Content-Encoding": "gzip"}
    content = gzip.compress(json.dumps({"domain": []}).encode())
    reply = await json2.http.post(f"{json2.url}/json/2/res.partner/search", content=content, headers=headers)
    assert reply.status_code == 400
    assert str(members(reply)["message"]).startswith("could not parse the body as json")


async def test_chunked_body_is_ignored(json2: Server) -> None:
    """Measured facts §2: a body without Content-Length counts as no arguments at all."""

    async def chunks():
        yield b'{"domain": []}'

    headers = {"Authorization": f"bearer {json2.key}", "Content-Type": "application/json"}
    reply = await json2.http.post(f"{json2.url}/json/2/res.partner/search", content=chunks(), headers=headers)
    assert reply.status_code == 422
    assert members(reply)["message"] == "missing a required argument: 'domain'"


@pytest.mark.parametrize("body", [b"[]", b"null", b""])
async def test_body_that_is_no_object(json2: Server, body: bytes) -> None:
    """Measured facts §2: an array, null or nothing counts as no arguments."""
    headers = {"Authorization": f"bearer {json2.key}", "Content-Type": "application/json"}
    reply = await json2.http.post(f"{json2.url}/json/2/res.partner/search", content=body, headers=headers)
    assert reply.status_code == 422
    assert members(reply)["message"] == "missing a required argument: 'domain'"


async def test_wrong_content_type(json2: Server) -> None:
    """Measured facts §2: another content type is 415 in HTML, with an accept header."""
    headers = {"Authorization": f"bearer {json2.key}", "Content-Type": "text/plain"}
    reply = await json2.http.post(f"{json2.url}/json/2/res.partner/search", content=b"{}", headers=headers)
    assert reply.status_code == 415
    assert reply.headers["content-type"].startswith("text/html")
    assert reply.headers["accept"] == "application/json"
    assert "Request inferred type is compatible with" in reply.text


async def test_unknown_database(json2: Server) -> None:
    """Measured facts §2: an unknown database is 404 in HTML."""
    reply = await json2.post_json2("res.partner/search", {"domain": []}, **{"X-Odoo-Database": unique("nodb")})
    assert reply.status_code == 404
    assert reply.headers["content-type"].startswith("text/html")
    assert "No database is selected" in reply.text


async def test_none_over_rpc_has_no_result_member(odoo: Server) -> None:
    """Measured facts §1: a method that returns None has no `result` member over JSON-RPC; JSON-2 answers null."""
    await odoo.needs("purchase.order")
    vendor = await odoo.create("res.partner", {"name": unique("vendor")})
    order = await odoo.create("purchase.order", {"partner_id": vendor})
    reply = await odoo.execute("purchase.order", "button_cancel", [order])
    assert set(reply) == {"jsonrpc", "id"}
    assert await odoo.call("purchase.order", "button_cancel", [order]) is None


async def test_api_documentation(odoo_19: Server) -> None:
    """Measured facts §1: 19 tells its models and methods at /doc-bearer with a key of the documentation group."""
    headers = {"Authorization": f"bearer {odoo_19.key}"}
    index = await odoo_19.http.get(f"{odoo_19.url}/doc-bearer/index.json", headers=headers)
    if index.status_code == 403 and odoo_19.sandbox is None:
        pytest.skip("the key's user is not in the group Technical Documentation")
    assert "res.partner" in {model["model"] for model in index.json()["models"]}
    partner = (await odoo_19.http.get(f"{odoo_19.url}/doc-bearer/res.partner.json", headers=headers)).json()
    assert "vals_list" in partner["methods"]["create"]["parameters"]
    assert partner["fields"]["name"]["type"] == "char"


async def test_cookie_without_key(json2: Server) -> None:
    """Measured facts §2: a session cookie alone is 401 (19); a client keeps no cookies."""
    json2.only_sandbox("a session cookie that is not logged in may be told otherwise")
    reply = await json2.http.post(
        f"{json2.url}/json/2/res.partner/search", json={"domain": []}, headers={"Cookie": "session_id=abc"}
    )
    assert reply.status_code == 401
    assert str(members(reply)["message"]).startswith('Missing "Authorization" or Sec-headers')

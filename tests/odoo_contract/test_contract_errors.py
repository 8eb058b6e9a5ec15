"""Measured facts §2 and §3: which error a call gets, by status (JSON-2) and name (both)."""

from __future__ import annotations

import pytest
from contract_client import Server, unique

MISSING_ID = 99_999_999


@pytest.mark.parametrize("method", ["_compute_display_name", "browse"])
async def test_private_method(odoo: Server, method: str) -> None:
    """Measured facts §2, §3: private methods are an AccessError (403)."""
    refusal = await odoo.refused("res.partner", method, [1])
    odoo.expect_status(refusal, 403)
    assert refusal.name == "odoo.exceptions.AccessError"
    assert refusal.message.startswith(f"Private methods (such as 'res.partner.{method}') cannot be called remotely.")


async def test_unknown_method(odoo: Server) -> None:
    """Measured facts §2, §3: no such method is 404 NotFound in JSON-2, AttributeError over RPC, with one text."""
    refusal = await odoo.refused("res.partner", "nope", [1])
    odoo.expect_status(refusal, 404)
    assert refusal.name == ("werkzeug.exceptions.NotFound" if odoo.json2 else "builtins.AttributeError")
    assert refusal.message.startswith("The method 'res.partner.nope' does not exist")


async def test_unknown_model(odoo: Server) -> None:
    """Measured facts §2, §3: no such model is 404 NotFound in JSON-2, a UserError over RPC."""
    refusal = await odoo.refused("no.model", "search", domain=[])
    odoo.expect_status(refusal, 404)
    if odoo.json2:
        assert (refusal.name, refusal.message) == (
            "werkzeug.exceptions.NotFound",
            "the model 'no.model' does not exist",
        )
    else:
        assert (refusal.name, refusal.message) == ("odoo.exceptions.UserError", "Object no.model doesn't exist")


@pytest.mark.parametrize(("method", "arguments"), [("write", {"vals": {"name": "x"}}), ("unlink", {})])
async def test_missing_record(odoo: Server, method: str, arguments: dict[str, object]) -> None:
    """Measured facts §2, §3: write and unlink of a missing id are a MissingError (404)."""
    refusal = await odoo.refused("res.partner", method, [MISSING_ID], **arguments)
    odoo.expect_status(refusal, 404)
    assert refusal.name == "odoo.exceptions.MissingError"
    assert refusal.message.startswith(
        f"Record does not exist or has been deleted.\n(Record: res.partner({MISSING_ID},), User: {odoo.uid})"
    )


async def test_read_of_a_missing_record(odoo: Server) -> None:
    """Measured facts §2: missing ids are silently left out of a read."""
    assert await odoo.call("res.partner", "read", [MISSING_ID], fields=["name"]) == []


async def test_unknown_field_in_create(odoo: Server) -> None:
    """Measured facts §2, §3: an unknown field is a ValueError (500); the text differs between 18 and 19."""
    refusal = await odoo.refused("res.partner", "create", vals_list={"name": "x", "nofield": 1})
    odoo.expect_status(refusal, 500)
    assert refusal.name == "builtins.ValueError"
    place = "in 'res.partner'" if odoo.is_19 else "on model 'res.partner'"
    assert refusal.message == f"Invalid field 'nofield' {place}"


async def test_unknown_field_in_read_and_order(odoo: Server) -> None:
    """Measured facts §2: an unknown field to read or to order by is a ValueError (500)."""
    partner = await odoo.create("res.partner", {"name": unique()})
    for refusal in (
        await odoo.refused("res.partner", "read", [partner], fields=["nofield"]),
        await odoo.refused("res.partner", "search", domain=[["id", "=", partner]], order="nofield desc"),
    ):
        odoo.expect_status(refusal, 500)
        assert refusal.name == "builtins.ValueError"
        assert refusal.message.startswith("Invalid field 'nofield' on")


async def test_unknown_field_and_operator_in_domain(odoo: Server) -> None:
    """Measured facts §2: an unknown field or a bad operator in a domain is a ValueError (500)."""
    field = await odoo.refused("res.partner", "search", domain=[["nofield", "=", 1]])
    operator = await odoo.refused("res.partner", "search", domain=[["name", "zz", 1]])
    for refusal in (field, operator):
        odoo.expect_status(refusal, 500)
        assert refusal.name == "builtins.ValueError"
    assert field.message.startswith("Invalid field res.partner.nofield in condition")


async def test_bad_selection_value(odoo: Server) -> None:
    """Measured facts §2: a key that the selection does not have is a ValueError (500)."""
    refusal = await odoo.refused("res.partner", "create", vals_list={"name": "x", "type": "zz"})
    odoo.expect_status(refusal, 500)
    assert (refusal.name, refusal.message) == ("builtins.ValueError", "Wrong value for res.partner.type: 'zz'")


async def test_text_for_an_id(odoo: Server) -> None:
    """Measured facts §2: a text where an id is needed is a database error (500)."""
    refusal = await odoo.refused("res.partner", "create", vals_list={"name": "x", "country_id": "Belgium"})
    odoo.expect_status(refusal, 500)
    assert refusal.name == "psycopg2.errors.InvalidTextRepresentation"
    assert refusal.message.startswith('invalid input syntax for type integer: "Belgium"')


async def test_bad_number_and_date(odoo: Server) -> None:
    """Measured facts §2, §5: a bad float or an ISO date-time in values is a ValueError (500)."""
    number = await odoo.refused("product.template", "create", vals_list={"name": "x", "list_price": "abc"})
    await odoo.needs("purchase.order")
    vendor = await odoo.create("res.partner", {"name": unique("vendor")})
    values = {"partner_id": vendor, "date_order": "2026-01-02T03:04:05"}
    moment = await odoo.refused("purchase.order", "create", vals_list=values)
    for refusal in (number, moment):
        odoo.expect_status(refusal, 500)
        assert refusal.name == "builtins.ValueError"
    assert number.message == "could not convert string to float: 'abc'"
    assert moment.message.startswith("time data '2026-01-02T03:04:05' does not match format")


async def test_required_field(odoo: Server) -> None:
    """Measured facts §2, §3: a missing required field is a ValidationError (422) that names the field."""
    refusal = await odoo.refused("product.template", "create", vals_list={"list_price": 1})
    odoo.expect_status(refusal, 422)
    assert refusal.name == "odoo.exceptions.ValidationError"
    assert refusal.message.startswith("The operation cannot be completed:")
    wanted = "Missing required value for the field 'Name' (name)." if odoo.is_19 else "Field: Name (name)"
    assert wanted in refusal.message


async def test_partner_needs_a_name(odoo: Server) -> None:
    """Measured facts §2: a check of the database is a ValidationError (422)."""
    refusal = await odoo.refused("res.partner", "create", vals_list={"email": "a@hospital.example"})
    odoo.expect_status(refusal, 422)
    assert refusal.name == "odoo.exceptions.ValidationError"
    assert "Contacts require a name" in refusal.message


async def test_foreign_key(odoo: Server) -> None:
    """Measured facts §2, §3: a many2one id that does not exist is a ValidationError (422), with a misleading text."""
    refusal = await odoo.refused("res.partner", "create", vals_list={"name": "x", "country_id": MISSING_ID})
    odoo.expect_status(refusal, 422)
    assert refusal.name == "odoo.exceptions.ValidationError"
    assert ("Another model is using the record" if odoo.is_19 else "res_partner_country_id_fkey") in refusal.message


async def test_unknown_language(odoo: Server) -> None:
    """Measured facts §2: an unknown language in the context is a UserError (422)."""
    refusal = await odoo.refused("res.partner", "search_read", domain=[], limit=1, context={"lang": "xx_XX"})
    odoo.expect_status(refusal, 422)
    assert (refusal.name, refusal.message) == ("odoo.exceptions.UserError", "Invalid language code: xx_XX")


async def test_other_company(odoo: Server) -> None:
    """Measured facts §2: a company that is not allowed is an AccessError (403)."""
    context = {"allowed_company_ids": [MISSING_ID]}
    refusal = await odoo.refused("res.partner", "search_read", domain=[], limit=1, context=context)
    odoo.expect_status(refusal, 403)
    assert refusal.name == "odoo.exceptions.AccessError"
    assert refusal.message.startswith("Access to unauthorized or invalid companies.")


async def test_wrong_arguments(odoo: Server) -> None:
    """Measured facts §2, §3: a wrong argument name is 422 in JSON-2, a TypeError over RPC."""
    refusal = await odoo.refused("res.partner", "search", domain=[], foo=1)
    if odoo.json2:
        assert (refusal.status, refusal.name) == (422, "werkzeug.exceptions.UnprocessableEntity")
        assert refusal.message == "got an unexpected keyword argument 'foo'"
        missing = await odoo.refused("res.partner", "create")
        assert (missing.status, missing.message) == (422, "missing a required argument: 'vals_list'")
    else:
        assert refusal.name == "builtins.TypeError"
        assert "got an unexpected keyword argument 'foo'" in refusal.message


async def test_extra_argument_to_search_read(odoo: Server) -> None:
    """Measured facts §2: search_read hands extra arguments on, so the error is a TypeError (500)."""
    refusal = await odoo.refused("res.partner", "search_read", domain=[["id", "=", 0]], foo=1)
    odoo.expect_status(refusal, 500)
    assert refusal.name == "builtins.TypeError"


async def test_ids_for_a_model_method(json2: Server) -> None:
    """Measured facts §2: a method of the model must not carry ids in JSON-2."""
    refusal = await json2.refused("res.partner", "create", [1], vals_list={"name": "x"})
    assert (refusal.status, refusal.message) == (422, "cannot call res.partner.create with ids")


async def test_create_by_keyword_over_rpc(odoo: Server) -> None:
    """Measured facts §3: over RPC the values must be positional, else an IndexError."""
    reply = await odoo.execute("res.partner", "create", vals_list={"name": "x"})
    assert reply["error"]["data"]["name"] == "builtins.IndexError"


async def test_rpc_error_envelope(odoo: Server) -> None:
    """Measured facts §3: error.code is 200 in 18 and 0 in 19; error.data has the five members."""
    error = (await odoo.execute("res.partner", "nope", [1]))["error"]
    assert error["code"] == (0 if odoo.is_19 else 200)
    assert error["message"] == "Odoo Server Error"
    assert {"name", "message", "arguments", "context", "debug"} <= set(error["data"])


async def test_rpc_wrong_key_and_database(odoo: Server) -> None:
    """Measured facts §3: a wrong key is AccessDenied, an unknown database an OperationalError."""
    call = ("res.partner", "search", [[]], {})
    denied = await odoo.post_rpc("object", "execute_kw", odoo.database, odoo.uid, "0" * 40, *call)
    assert denied["error"]["data"]["name"] == "odoo.exceptions.AccessDenied"
    assert denied["error"]["data"]["message"] == "Access Denied"
    other = await odoo.post_rpc("object", "execute_kw", odoo.database, odoo.uid + 100_000, odoo.key, *call)
    assert other["error"]["data"]["name"] == "odoo.exceptions.AccessDenied"
    nodb = await odoo.post_rpc("object", "execute_kw", unique("nodb"), odoo.uid, odoo.key, *call)
    assert nodb["error"]["data"]["name"] == "psycopg2.OperationalError"
    assert "does not exist" in nodb["error"]["data"]["message"]


async def test_rpc_login(odoo: Server) -> None:
    """Measured facts §3: authenticate answers the uid, or false for a wrong key."""
    right = await odoo.post_rpc("common", "authenticate", odoo.database, odoo.login, odoo.key, {})
    wrong = await odoo.post_rpc("common", "authenticate", odoo.database, odoo.login, "wrong", {})
    assert (right["result"], wrong["result"]) == (odoo.uid, False)


async def test_rpc_malformed_bodies(odoo: Server) -> None:
    """Measured facts §3: malformed JSON and non-objects are HTTP 400; a wrong content type 400 (18) or 415 (19)."""
    headers = {"Content-Type": "application/json"}
    broken = await odoo.http.post(f"{odoo.url}/jsonrpc", content=b"{", headers=headers)
    array = await odoo.http.post(f"{odoo.url}/jsonrpc", content=b"[1]", headers=headers)
    plain = await odoo.http.post(f"{odoo.url}/jsonrpc", content=b"{}", headers={"Content-Type": "text/plain"})
    assert (broken.status_code, array.status_code) == (400, 400)
    assert "Invalid JSON data" in broken.text
    assert "Invalid JSON-RPC data" in array.text
    assert plain.status_code == (415 if odoo.is_19 else 400)
    assert plain.headers["content-type"].startswith("text/html")


async def test_rpc_chunked_body_is_read(odoo_18: Server) -> None:
    """Measured facts §3: unlike JSON-2, JSON-RPC reads a chunked body (measured on 18)."""

    async def chunks():
        yield b'{"params": {"service": "common", "method": "version", "args": []}}'

    reply = await odoo_18.http.post(
        f"{odoo_18.url}/jsonrpc", content=chunks(), headers={"Content-Type": "application/json"}
    )
    assert reply.json()["result"]["server_serie"] == "18.0"

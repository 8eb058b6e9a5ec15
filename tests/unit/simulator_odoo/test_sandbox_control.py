"""The sandbox shows what it holds and what it was asked: to tests, over HTTP, and to people on a page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest

from hilum.simulator.odoo import SandboxOdoo

pytestmark = pytest.mark.req("UX-5")
Post = Callable[..., Awaitable[httpx.Response]]


async def test_calls_are_counted_with_their_records(sandbox: SandboxOdoo, http: httpx.AsyncClient, post: Post) -> None:
    await post("res.partner/create", vals_list=[{"name": "A"}, {"name": "B"}, {"name": "C"}])
    await post("res.partner/load", fields=["id", "name"], data=[["hub.a", "A"], ["hub.b", "B"]])
    await post("res.partner/create", vals_list={"nofield": 1})
    told = (await http.get(f"{sandbox.url}/sandbox/calls")).json()
    assert told == {
        "res.partner/create": {"calls": 2, "records": 4, "failed": 1},
        "res.partner/load": {"calls": 1, "records": 2, "failed": 0},
    }
    await http.delete(f"{sandbox.url}/sandbox/calls")
    assert (await http.get(f"{sandbox.url}/sandbox/calls")).json() == {}


async def test_records_with_external_ids(sandbox: SandboxOdoo, http: httpx.AsyncClient, post: Post) -> None:
    await post("res.partner/load", fields=["id", "name"], data=[["hub.vendor_7", "Sterile Goods"]])
    rows = (await http.get(f"{sandbox.url}/sandbox/records", params={"model": "res.partner"})).json()
    (row,) = [row for row in rows if row["external_ids"] == ["hub.vendor_7"]]
    assert row["name"] == "Sterile Goods"
    assert rows == sandbox.records("res.partner")


@pytest.mark.parametrize("model", ["no.model", "res.users.apikeys", ""])
async def test_no_records_of_keys_or_unknown_models(sandbox: SandboxOdoo, http: httpx.AsyncClient, model: str) -> None:
    reply = await http.get(f"{sandbox.url}/sandbox/records", params={"model": model})
    assert reply.status_code == 404


@pytest.mark.parametrize("path", ["/", "/web"])
async def test_page_says_what_it_is_and_shows_effects(
    sandbox: SandboxOdoo, http: httpx.AsyncClient, post: Post, path: str
) -> None:
    (vendor,) = (await post("res.partner/create", vals_list={"name": "<b>Bandage & Co</b>"})).json()
    (product,) = (await post("product.product/create", vals_list={"name": "Gauze", "default_code": "GZ-1"})).json()
    line = [0, 0, {"product_id": product, "product_qty": 4, "price_unit": 2.5}]
    await post("purchase.order/create", vals_list={"partner_id": vendor, "order_line": [line]})
    page = await http.get(sandbox.url + path)
    assert page.headers["content-type"].startswith("text/html")
    assert "Sandbox Odoo (simulated)" in page.text
    assert "http-equiv=refresh" in page.text
    assert "&lt;b&gt;Bandage &amp; Co&lt;/b&gt;" in page.text
    assert "<b>Bandage" not in page.text
    for shown in ("GZ-1", "P00001", "10.00"):
        assert shown in page.text


async def test_key_shows_in_no_repr(sandbox: SandboxOdoo) -> None:
    assert sandbox.api_key not in repr(sandbox)
    assert all(sandbox.api_key not in str(row) for row in sandbox.records("res.users.apikeys"))


async def test_body_over_the_limit(http: httpx.AsyncClient) -> None:
    """Measured facts §2, §3: 413 in JSON-2; over RPC the same name with status 200. The limit is 128 MiB by default."""
    async with SandboxOdoo(body_limit=1000) as small:
        headers = {"Authorization": f"bearer {small.api_key}"}
        body = {"vals_list": {"name": "x" * 2000}}
        reply = await http.post(f"{small.url}/json/2/res.partner/create", json=body, headers=headers)
        assert (reply.status_code, reply.json()["name"]) == (413, "werkzeug.exceptions.RequestEntityTooLarge")
        rpc = await http.post(f"{small.url}/jsonrpc", json={"params": body})
        assert (rpc.status_code, rpc.json()["error"]["data"]["name"]) == (200, reply.json()["name"])


async def test_several_databases_need_the_header(http: httpx.AsyncClient) -> None:
    """Measured facts §2: with several databases and no filter, a call without the header is 404 in HTML."""
    async with SandboxOdoo(other_databases=["training"]) as several:
        headers = {"Authorization": f"bearer {several.api_key}"}
        url = f"{several.url}/json/2/res.partner/search_count"
        bare = await http.post(url, json={"domain": []}, headers=headers)
        named = await http.post(url, json={"domain": []}, headers={**headers, "X-Odoo-Database": several.database})
        assert (bare.status_code, named.status_code) == (404, 200)
        listed = {"params": {"service": "db", "method": "list", "args": []}}
        assert (await http.post(f"{several.url}/jsonrpc", json=listed)).json()["result"] == ["hilum", "training"]


async def test_connections_close_as_without_a_proxy(sandbox: SandboxOdoo, post: Post) -> None:
    """Measured facts §1: no keep-alive unless a proxy is in front."""
    assert (await post("res.partner/search_count", domain=[])).headers["connection"] == "close"

"""What the hub relies on to file papers at records, and to make units and accounts: by `load`, once."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha1

import pytest
from contract_client import Refusal, Server, unique

PAPER = b"a certificate"


async def loaded(odoo: Server, into: str, xml_id: str, **cells: str) -> int:
    """The id of what `load` made or found; it must be the same both times."""
    found = []
    for _ in range(2):
        answer = await odoo.call(into, "load", fields=["id", *cells], data=[[xml_id, *cells.values()]])
        assert answer["ids"], answer["messages"]
        found += answer["ids"]
    assert len(set(found)) == 1
    return int(found[0])


@pytest.mark.req("SYS-1")
async def test_an_attachment_is_loaded_once_with_its_checksum(odoo: Server) -> None:
    partner = await odoo.create("res.partner", {"name": unique("papers")})
    cells = {"name": "Certificate", "res_model": "res.partner", "res_id": str(partner), "type": "binary"}
    content = b64encode(PAPER).decode()
    made = await loaded(
        odoo, "ir.attachment", f"hilumcontract.{unique()}", **cells, datas=content, mimetype="application/pdf"
    )
    fields = ["res_model", "res_id", "checksum", "file_size", "type"]
    (row,) = await odoo.call("ir.attachment", "read", [made], fields=fields)
    checksum = sha1(PAPER, usedforsecurity=False).hexdigest()
    assert [row[name] for name in fields] == ["res.partner", partner, checksum, len(PAPER), "binary"]
    link = {**cells, "type": "url", "url": "https://papers.example/1.pdf"}
    linked = await loaded(odoo, "ir.attachment", f"hilumcontract.{unique()}", **link)
    assert await odoo.value("ir.attachment", linked, "url") == link["url"]


@pytest.mark.req("SYS-1")
async def test_a_note_is_loaded_once_into_the_chatter(odoo: Server) -> None:
    await odoo.needs("mail.message")
    partner = await odoo.create("res.partner", {"name": unique("chatter")})
    made = await loaded(
        odoo,
        "mail.message",
        f"hilumcontract.{unique()}",
        model="res.partner",
        res_id=str(partner),
        message_type="comment",
        **{"subtype_id/id": "mail.mt_note"},
        body="<p>noted</p>",
    )
    (row,) = await odoo.call("mail.message", "read", [made], fields=["model", "res_id", "body"])
    assert (row["model"], row["res_id"]) == ("res.partner", partner)
    assert "noted" in row["body"]


@pytest.mark.req("SYS-1")
async def test_a_unit_is_loaded_as_a_multiple_of_another(odoo: Server) -> None:
    await odoo.needs("uom.uom")
    found = await odoo.find("uom.uom", [["name", "in", ["Units", "Unit(s)"]]])
    if not found:
        pytest.skip("this Odoo calls its units otherwise")
    if odoo.since(19):
        cells = {"relative_factor": "100", "relative_uom_id/.id": str(found[0])}
    else:
        category = (await odoo.value("uom.uom", found[0], "category_id"))[0]
        cells = {"category_id/.id": str(category), "uom_type": "bigger", "factor": "0.01"}
    try:
        made = await loaded(odoo, "uom.uom", f"hilumcontract.{unique()}", name=unique("Hundred"), **cells)
    except Refusal as refused:
        pytest.skip(f"needs the right to create units ({refused.name})")
    factor = await odoo.value("uom.uom", made, "factor")
    assert factor == pytest.approx(100 if odoo.since(19) else 0.01)


@pytest.mark.req("SYS-1")
async def test_an_account_is_loaded_once(odoo: Server) -> None:
    await odoo.needs("account.account")
    code = f"9{abs(hash(unique())) % 10**6:06d}"
    cells = {"code": code, "name": "Supplies", "account_type": "expense", "reconcile": "0"}
    try:
        made = await loaded(odoo, "account.account", f"hilumcontract.{unique()}", **cells)
    except Refusal as refused:
        pytest.skip(f"needs the right to create accounts ({refused.name})")
    (row,) = await odoo.call("account.account", "read", [made], fields=["code", "account_type"])
    assert (row["code"], row["account_type"]) == (code, "expense")

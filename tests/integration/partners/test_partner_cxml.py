"""cXML over HTTP: orders leave under the secret, Responses settle them, documents come in without it; UBL bills too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import aiohttp
import orjson
import pytest
from aiohttp import web

from hilum import canonical
from hilum.canonical import OrderLine, PurchaseOrder
from hilum.cli.check import check
from hilum.errors import SettingsError
from hilum.flow import load_project
from hilum.formats import cxml
from hilum.journal.work import bodies
from hilum.partners import register
from hilum.postgres import Database
from hilum.runtime import Hub
from hilum.testing import eventually
from support import waits
from support.looks import rows
from support.projects import MASTER_KEY

SAMPLES = Path(__file__).parents[2] / "samples"

pytestmark = [pytest.mark.req("SYS-10"), pytest.mark.req("MOD-3")]

FLOWS = """
from hilum.canonical import BusinessObject
from hilum.connectors import files
from hilum.flow import with_partners
from hilum.packs import procurement

@with_partners
def flows(partners):
    yield procurement.to_partners(
        partners, source=files.Folder(url="{folder}/orders", split="none", stable_for=0, poll=0.02)
    )
    received = files.write(url="{folder}/received", name="{{message_id}}-{{ordinal}}.json", accepts=(BusinessObject,))
    yield from procurement.from_partners(partners, deliver_to=[received])
"""

GLOVECO = """
name = "Gloves Ltd"
supplier = "S-200"
format = "cxml"

[cxml]
ours = {{ identity = "HILLTOP" }}
theirs = {{ domain = "DUNS", identity = "123456789" }}
secret = "${{OUR_WORD}}"
their_secret = "${{THEIR_WORD}}"
bill_to = {{ name = "Hilltop Hospital", street = ["Main street 1"], city = "Hilltop", country = "US" }}

[send.main]
kind = "http"
settings = {{ url = "{url}" }}

[receive.documents]
kind = "http"
settings = {{ host = "127.0.0.1", port = 0, path = "/cxml" }}

[receive.bills]
format = "ubl"
kind = "files"
settings = {{ url = "{folder}/bills", pattern = "*.xml", stable_for = 0, poll = 0.02 }}
"""


class Supplier:
    """The far side: answers each document with the status that it is told to."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.status = 200
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(await request.read())
        body = cxml.answer_to(self.status, "as told", payload_id="r@gloveco", at=datetime.now(UTC))
        return web.Response(body=body, content_type="text/xml")


@pytest.fixture
async def supplier() -> AsyncIterator[Supplier]:
    made = Supplier()
    app = web.Application()
    app.router.add_post("/cxml", made.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/cxml"
    yield made
    await runner.cleanup()


@pytest.fixture
def folder(tmp_path: Path, supplier: Supplier, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("orders", "received", "bills", "flows", "partners"):
        (tmp_path / name).mkdir()
    (tmp_path / "hilum.toml").write_text(f'[hub]\nname = "test"\n[encryption]\nkey = "{MASTER_KEY}"\n')
    (tmp_path / "flows" / "exchange.py").write_text(FLOWS.format(folder=tmp_path))
    (tmp_path / "partners" / "gloveco.toml").write_text(GLOVECO.format(folder=tmp_path, url=supplier.url))
    monkeypatch.setenv("OUR_WORD", "our-word")
    monkeypatch.setenv("THEIR_WORD", "their-word")
    return tmp_path


@pytest.fixture
async def hub(folder: Path, database: Database) -> AsyncIterator[Hub]:
    made = Hub(load_project(folder), database, roles=("listener", "worker"))
    await made.start()
    yield made
    await made.stop()


def put(folder: Path, name: str, data: bytes) -> None:
    draft = folder.parent / f"{name}.draft"
    draft.write_bytes(data)
    draft.rename(folder / name)


def order(number: str) -> bytes:
    line = OrderLine(number=1, item="GLV-M", quantity=Decimal(40), unit="BX", unit_price=Decimal("8.20"))
    return canonical.write(PurchaseOrder(number=number, supplier="S-200", currency="EUR", lines=(line,)))


async def waiting(database: Database) -> list[tuple[str, str | None]]:
    async with database.cold() as connection:
        return [(each.document, each.state) for each in await register.outstanding(connection)]


async def test_an_order_leaves_under_the_secret_and_its_response_settles_it(
    hub: Hub, folder: Path, supplier: Supplier, database: Database
) -> None:
    put(folder / "orders", "a.json", order("PO-7"))
    await waits.messages(database, completed=1)
    found = cxml.read(supplier.got[0])
    assert (found.kind, found.secret, found.sender.identity) == ("OrderRequest", "our-word", "HILLTOP")
    assert found.payload_id.startswith("1.")
    assert found.body.text("OrderRequestHeader/BillTo/Address/Name") == "Hilltop Hospital"
    assert await waiting(database) == []
    assert await rows(database, "SELECT state, answered_by FROM partner_document") == [("accepted", "Response")]


@pytest.mark.parametrize(("status", "state"), [(406, "held"), (403, "pending"), (503, "waiting")])
async def test_a_status_that_is_no_success_is_none(
    hub: Hub, folder: Path, supplier: Supplier, database: Database, status: int, state: str
) -> None:
    supplier.status = status
    put(folder / "orders", "a.json", order("PO-7"))
    await eventually(lambda: supplier.got)
    await waits.deliveries(database, **{state: 1})
    assert await waiting(database) == [("PO-7", None)]
    supplier.status = 200
    if state == "waiting":
        await waits.deliveries(database, delivered=1)
        assert {cxml.read(each).payload_id for each in supplier.got} == {cxml.read(supplier.got[0]).payload_id}


async def test_documents_come_in_by_http_and_their_secret_is_not_kept(
    hub: Hub, folder: Path, database: Database
) -> None:
    (url,) = (source.address for source in hub.sources if "/cxml" in source.address)
    async with aiohttp.ClientSession() as session:

        async def post(data: bytes) -> cxml.Status:
            async with session.post(url, data=data, headers={"Content-Type": "text/xml"}) as answer:
                assert answer.status == 200
                return cxml.read_response(await answer.read())

        for name in ("confirmation", "ship_notice", "invoice"):
            assert await post((SAMPLES / "cxml" / f"{name}.xml").read_bytes()) == cxml.Status("200", "OK")
        assert (await post(b"<cXML/>")).code == "406"
        other = (SAMPLES / "cxml" / "invoice.xml").read_bytes().replace(b"their-word", b"guessed")
        assert (await post(other.replace(b"i-1@", b"i-2@"))).code == "200"
    await waits.messages(database, completed=3, discarded=1)
    found = sorted(orjson.loads(each.read_bytes())["number"] for each in (folder / "received").glob("*.json"))
    assert found == ["C-9", "INV-7", "S-1"]
    async with database.cold() as connection:
        cursor = await connection.execute("SELECT id, ordinal FROM payload")
        refs = [(row[0], row[1]) for row in await cursor.fetchall()]
        stored = await bodies(connection, refs)
    assert stored
    assert not [ref for ref, body in stored.items() if b"their-word" in body or b"guessed" in body]  # type: ignore[operator]


async def test_a_ubl_bill_comes_in_beside_it(hub: Hub, folder: Path, database: Database) -> None:
    put(folder / "bills", "a.xml", (SAMPLES / "ubl" / "invoice.xml").read_bytes())
    await waits.messages(database, completed=1)
    (file,) = (folder / "received").glob("*.json")
    found = orjson.loads(file.read_bytes())
    assert (found["number"], found["supplier"], found["total"]) == ("INV-7", "S-200", "306.13")


def test_check_names_what_is_wrong_with_a_profile(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(folder)
    assert "1 trading partner" in " ".join(capsys.readouterr().out.split())
    file = folder / "partners" / "gloveco.toml"
    good = file.read_text()
    for old, new, words in (
        ('kind = "http"', 'kind = "htp"', r"gloveco.toml, \[send.main\]: there is no connector 'htp'"),
        ("path =", "pth =", r"gloveco.toml, \[receive.documents\]: http: pth"),
        ("[cxml]", "[cxm]", r"gloveco.toml: .*section \[cxml\] is missing|cxm: there is no such setting"),
        ('name = "Gloves Ltd"', "", "gloveco.toml: name"),
        ('format = "cxml"', 'format = "fax"', "gloveco.toml: format"),
    ):
        file.write_text(good.replace(old, new, 1))
        with pytest.raises(SettingsError, match=words):
            check(folder)

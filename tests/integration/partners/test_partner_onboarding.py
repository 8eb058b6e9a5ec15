"""A trading partner is added by a file: orders go out under durable numbers, answers settle them, documents come in."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from hilum import canonical
from hilum.canonical import OrderLine, PurchaseOrder
from hilum.flow import load_project
from hilum.formats import edifact, x12
from hilum.formats.x12 import documents
from hilum.packs.procurement import x12_orders
from hilum.partners import register
from hilum.postgres import Database
from hilum.runtime import Hub
from hilum.testing import eventually
from support import waits
from support.projects import MASTER_KEY

pytestmark = [pytest.mark.req("SYS-10"), pytest.mark.req("MOD-3")]

FLOWS = """
from hilum import canonical
from hilum.canonical import BusinessObject
from hilum.connectors import files
from hilum.flow import with_partners
from hilum.packs import procurement

@with_partners
def flows(partners):
    orders = files.Folder(url="{folder}/orders", split="none", stable_for=0, poll=0.02)
    yield procurement.to_partners(partners, source=orders)
    received = files.write(url="{folder}/received", name="{{message_id}}-{{ordinal}}.json", accepts=(BusinessObject,))
    yield from procurement.from_partners(partners, deliver_to=[received])
"""

GLOVECO = """
name = "Gloves Ltd"
supplier = "S-200"
format = "x12"
means = {{ VP = "UK" }}

[x12]
ours = {{ id = "HILLTOP" }}
theirs = {{ id = "123456789", qualifier = "01" }}
item_qualifiers = ["UK"]

[send.main]
kind = "files"
settings = {{ url = "{folder}/to-gloveco", name = "{{message_id}}-{{ordinal}}.edi" }}

[receive.main]
kind = "files"
settings = {{ url = "{folder}/from-gloveco", pattern = "*.edi", stable_for = 0, poll = 0.02 }}
"""

MEDIX = """
name = "Medix"
supplier = "S-300"
format = "edifact"

[edifact]
ours = {{ id = "5412345000013", qualifier = "14" }}
theirs = {{ id = "MEDIX" }}
decimal = ","
types = {{ ORDERS = "ORDERS:D:96A:UN:EAN008" }}

[send.orders]
sets = ["ORDERS"]
kind = "files"
settings = {{ url = "{folder}/to-medix", name = "{{message_id}}.edi" }}

[send.answers]
sets = ["CONTRL"]
kind = "files"
settings = {{ url = "{folder}/to-medix-answers" }}

[receive.main]
kind = "files"
settings = {{ url = "{folder}/from-medix", pattern = "*.edi", stable_for = 0, poll = 0.02 }}
"""

PLACES = (
    "orders", "received", "to-gloveco", "from-gloveco", "to-medix", "to-medix-answers", "from-medix", "flows",
    "partners",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in PLACES:
        (tmp_path / name).mkdir()
    settings = f'[hub]\nname = "test"\n[encryption]\nkey = "{MASTER_KEY}"\n'
    (tmp_path / "hilum.toml").write_text(settings)
    (tmp_path / "flows" / "exchange.py").write_text(FLOWS.format(folder=tmp_path))
    (tmp_path / "partners" / "gloveco.toml").write_text(GLOVECO.format(folder=tmp_path))
    return tmp_path


def put(folder: Path, name: str, data: bytes) -> None:
    draft = folder.parent / f"{name}.draft"
    draft.write_bytes(data)
    draft.rename(folder / name)


def order(number: str, supplier: str = "S-200") -> bytes:
    line = OrderLine(number=1, item="GLV-M", quantity=Decimal("2.5"), unit="BX", unit_price=Decimal("8.20"))
    made = PurchaseOrder(number=number, supplier=supplier, currency="EUR", lines=(line,))
    return canonical.write(made)


async def waiting(database: Database) -> list[str]:
    async with database.cold() as connection:
        return [each.document for each in await register.outstanding(connection)]


async def running(folder: Path, database: Database) -> Hub:
    hub = Hub(load_project(folder), database, roles=("listener", "worker"))
    await hub.start()
    return hub


async def test_a_partner_is_added_by_a_file_alone(folder: Path, database: Database) -> None:
    hub = await running(folder, database)
    try:
        put(folder / "orders", "a.json", order("PO-1"))
        await eventually(lambda: list((folder / "to-gloveco").glob("*.edi")))
        (file,) = (folder / "to-gloveco").glob("*.edi")
        out = x12.parse(file.read_bytes())
        assert (out.control_number, out.groups[0].control_number, out.problems()) == ("000000001", "1", [])
        assert out.sets[0]["BEG-03"] == "PO-1"

        async def noted() -> bool:
            return await waiting(database) == ["PO-1"]

        await eventually(noted)
    finally:
        await hub.stop()

    (folder / "partners" / "medix.toml").write_text(MEDIX.format(folder=folder))  # and nothing else
    hub = await running(folder, database)
    try:
        await answers_of_gloveco(folder, database, out)
        await orders_to_medix(folder, database)
    finally:
        await hub.stop()


async def answers_of_gloveco(folder: Path, database: Database, out: x12.Interchange) -> None:
    theirs = x12.Partner(
        name="us", ours=x12.Party(id="123456789", qualifier="01"), theirs=x12.Party(id="HILLTOP"), answer="997"
    )
    answer = x12.answer(out, theirs, at=datetime.now(UTC)).answer
    assert answer is not None
    put(folder / "from-gloveco", "997.edi", answer.encode())

    async def settled() -> bool:
        return await waiting(database) == []

    await eventually(settled)
    ids = (("VP", "00012345600012"),)  # its own way to say that this is a GTIN
    line = documents.InvoicedLine(number="1", quantity=Decimal(2), unit="BX", price=Decimal("8.2"), ids=ids)
    day = datetime(2026, 4, 1, tzinfo=UTC).date()
    bill = documents.Invoice(number="INV-7", invoiced_on=day, order="PO-1", lines=(line,), total=Decimal("16.40"))
    sent = x12.build(theirs, [documents.draft_invoice(bill)], numbers=x12.Numbers(31, 31), at=datetime.now(UTC))
    put(folder / "from-gloveco", "810.edi", sent.encode())
    await eventually(lambda: list((folder / "received").glob("*.json")))
    (received,) = (folder / "received").glob("*.json")
    found = orjson.loads(received.read_bytes())
    assert (found["number"], found["supplier"], found["lines"][0]["item"]) == ("INV-7", "S-200", "00012345600012")
    await eventually(lambda: len(list((folder / "to-gloveco").glob("*.edi"))) == 2)
    answers = [x12.parse(each.read_bytes()) for each in (folder / "to-gloveco").glob("*.edi")]
    (ours,) = (each for each in answers if each.sets[0].code == "997")
    assert ours.control_number == "000000002"  # a number of its own, after that of the order, and after a restart
    assert x12.read_acknowledgement(ours.sets[0]).control_number == "31"
    assert await waiting(database) == []  # an answer is not answered


async def orders_to_medix(folder: Path, database: Database) -> None:
    put(folder / "orders", "b.json", order("PO-2", "S-300"))
    await eventually(lambda: list((folder / "to-medix").glob("*.edi")))
    (file,) = (folder / "to-medix").glob("*.edi")
    out = edifact.parse(file.read_bytes())
    assert (out.control_reference, out.problems()) == ("1", [])
    assert b"UNA:+,? '" in file.read_bytes()
    assert b"QTY+21:2,5:BX'" in file.read_bytes()
    assert out.messages[0]["UNH-02.5"] == "EAN008"
    theirs = edifact.Partner(name="us", ours={"id": "MEDIX"}, theirs={"id": "5412345000013", "qualifier": "14"})  # type: ignore[arg-type]
    rows: list[Any] = [("BGM", "231", "A-9", "29"), ("RFF", ["ON", "PO-2"])]
    sent = edifact.build(theirs, [edifact.Draft("ORDRSP:D:96A:UN", rows)], reference="77", at=datetime.now(UTC))
    put(folder / "from-medix", "ordrsp.edi", sent.encode())
    await eventually(lambda: list((folder / "to-medix-answers").glob("[!.]*")))

    async def settled() -> bool:
        return await waiting(database) == []

    await eventually(settled)  # the answer shows that the order came
    (contrl,) = (folder / "to-medix-answers").glob("[!.]*")
    verdict = edifact.read_answer(edifact.parse(contrl.read_bytes()).messages[0])
    assert (verdict.reference, verdict.accepted) == ("77", True)
    await eventually(lambda: len(list((folder / "received").glob("*.json"))) == 2)


async def test_an_unknown_supplier_and_a_foreign_sender_wait_for_a_person(folder: Path, database: Database) -> None:
    hub = await running(folder, database)
    try:
        put(folder / "orders", "a.json", order("PO-1", "S-999"))
        partner = x12.Partner(name="x", ours=x12.Party(id="OTHER"), theirs=x12.Party(id="HILLTOP"))
        made = x12_orders.order_to_x12(
            canonical.read(order("PO-5")),
            partner,
            ordered_on=datetime.now(UTC).date(),
        )
        draft = documents.draft_order(made)  # type: ignore[arg-type]
        sent = x12.build(partner, [draft], numbers=x12.Numbers(1, 1), at=datetime.now(UTC))
        put(folder / "from-gloveco", "x.edi", sent.encode())
        await waits.messages(database, held=2)
    finally:
        await hub.stop()

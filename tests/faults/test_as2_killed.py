"""`kill -9` of a hub that awaits a receipt: the next life awaits it further, and sends nothing again."""

from __future__ import annotations

from pathlib import Path

import pytest

from hilum.postgres import Database
from hilum.testing import eventually
from support.as2_world import LOCAL, LatePartner, World, serving
from support.cluster import free_port
from support.looks import rows
from support.serving import HubProcess
from support.waits import deliveries

pytestmark = pytest.mark.req("SYS-10")

FLOW = """
from hilum.connectors import as2, files
from hilum.flow import DataClass, Flow, Owners, Slo

documents = Flow(
    "test.documents", version="1.0", summary="Documents go to a partner",
    owners=Owners(business="Purchasing", technical="Integration"), data_class=DataClass.INTERNAL,
    slo=Slo(percent=99, within="30s"), retention="P1Y",
    source=files.Folder(url="{folder}", split="none", stable_for=0, poll=0.02), format="bytes",
)


@documents.translate
def as_it_is(body, hub):
    yield body


documents.deliver_to(as2.send("as2.far"))
"""
HUB = """
[worker]
lease_seconds = 1.0
[endpoints.as2.far]
url = "{url}"
our_id = "A"
partner_id = "B"
our_key = "{key}"
our_certificate = "{certificate}"
partner_certificates = ["{theirs}"]
receipt_url = "{receipts}"
receipt_host = "127.0.0.1"
receipt_port = {port}
"""


async def test_a_killed_hub_awaits_its_receipt_further(tmp_path: Path, postgres_url: str, database: Database) -> None:
    world, port = World(tmp_path), free_port()
    partner = LatePartner(world, f"http://{LOCAL}:{port}/receipts")
    project, documents = tmp_path / "hub", tmp_path / "documents"
    documents.mkdir()
    (project / "flows").mkdir(parents=True)
    (project / "flows" / "documents.py").write_text(FLOW.format(folder=documents))
    async with serving(partner.take) as url:
        made = HUB.format(
            url=url, key=world.a[0], certificate=world.a[1], theirs=world.b[1], receipts=partner.receipts, port=port
        )
        (project / "hilum.toml").write_text(made)
        hub = HubProcess(project, postgres_url)
        await hub.start()
        try:
            (tmp_path / "one.draft").write_bytes(b"ISA*1~")
            (tmp_path / "one.draft").rename(documents / "one.edi")
            await eventually(lambda: partner.names)
            await hub.kill()
            assert await partner.confirm() == 0
            assert await rows(database, "SELECT state::text, attempts FROM delivery") == [("pending", 0)]
            await hub.start()
            assert await partner.confirm() == 200
            await deliveries(database, delivered=1)
        finally:
            await hub.stop()
    assert len(partner.names) == 1, "it was not sent again"

"""A flow that never ends with one message: the process ends itself, and the next one holds that message only."""

from __future__ import annotations

from pathlib import Path

import pytest

from hilum.postgres import Database
from hilum.runtime.watchdog import EXIT_CODE
from hilum.testing import eventually
from support.looks import rows, states
from support.serving import HubProcess
from support.waits import replay

FLOW = """
from pathlib import Path

from hilum.connectors import files
from hilum.flow import DataClass, Flow, Owners, Slo

orders = Flow(
    "test.orders", version="1.0", summary="Orders of a folder",
    owners=Owners(business="Buyers", technical="Integration"),
    data_class=DataClass.INTERNAL, slo=Slo(percent=99, within="30s"), retention="P1Y", format="json",
    source=files.Folder(url={taken!r}, stable_for=0, poll=0.05, split="none"), order_by=lambda order: order["id"],
)


@orders.translate
def translate(order, hub):
    while order["id"] == "endless" and not Path({mended!r}).exists():
        pass
    yield order


orders.deliver_to(files.write(url={given!r}, name="{{key}}.json"))
"""


def project(folder: Path) -> Path:
    for name in ("flows", "in", "out"):
        (folder / name).mkdir(parents=True)
    text = FLOW.format(taken=str(folder / "in"), given=str(folder / "out"), mended=str(folder / "mended"))
    (folder / "flows" / "orders.py").write_text(text)
    (folder / "hilum.toml").write_text(
        "[worker]\ntranslation_warn_seconds = 0.3\ntranslation_limit_seconds = 1.5\n[encryption]\nfor = []\n"
    )
    return folder


@pytest.mark.req("MSG-17")
@pytest.mark.timeout(120)
async def test_a_flow_that_does_not_end_costs_one_process_and_holds_one_message(
    tmp_path: Path, database: Database, postgres_url: str
) -> None:
    folder = project(tmp_path / "hub")
    hub = HubProcess(folder, postgres_url)
    await hub.start()
    (folder / "in" / "1.json").write_text('{"id": "endless", "secret": "Quillfeather"}')
    assert await hub.ended() == EXIT_CODE
    ((message_id,),) = await rows(database, "SELECT message_id FROM endless_translation")
    said = "\n".join(hub.output)
    assert f"has been translating the message {message_id}" in said
    assert f"does not end with the message {message_id}" in said
    assert "Quillfeather" not in said

    (folder / "in" / "2.json").write_text('{"id": "other"}')
    await hub.start()
    try:
        await eventually(lambda: (folder / "out" / "other.json").exists(), lambda: hub.output[-20:])

        async def held() -> bool:
            return await states(database) == {"held": 1, "completed": 1}

        await eventually(held, lambda: hub.output[-20:])
        assert await rows(database, "SELECT message_id, category FROM exception_case") == [(message_id, "endless")]

        (folder / "mended").touch()
        assert await replay(database, message_id) == 1
        await eventually(lambda: (folder / "out" / "endless.json").exists(), lambda: hub.output[-20:])
    finally:
        assert await hub.stop() == 0

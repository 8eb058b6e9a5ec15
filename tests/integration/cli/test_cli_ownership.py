"""`hilum ownership` and `hilum check`: who owns what, what did not count, and letting one through."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from cli_calls import Cli

from hilum.flow import load_project
from hilum.postgres import Database
from hilum.runtime import Hub
from support import waits

pytestmark = pytest.mark.req("MD-1")

FLOW = """
from hilum.canonical import Supplier
from hilum.connectors import files
from hilum.flow import DataClass, Flow, Owners, Slo

common = dict(
    version="1.0", owners=Owners(business="Supply chain", technical="Integration"), data_class=DataClass.INTERNAL,
    slo=Slo(percent=99, within="5m"), retention="P1Y", format="json", order_by=lambda m: m["code"],
)
for system in ("SRM", "ODOO"):
    flow = Flow(f"suppliers.{system.lower()}", summary=f"Suppliers of {system}", system=system, **common,
                source=files.Folder(url=f"{HERE}/{system}", pattern="*.json", stable_for=0, poll=0.1))
    flow.translate(lambda parsed, hub: Supplier(**parsed))
    flow.deliver_to(files.write(url=f"{HERE}/out", name="{flow}-{message_id}.json"))
    globals()[system] = flow
"""

MATRIX = """[systems]
SRM = []
ODOO = []

[[owned]]
object = "hilum.supplier"
owner = "SRM"
others = "hold"
"""


@pytest.fixture
def project(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in which two systems tell of suppliers, and one of them owns them."""
    for name in ("flows", "SRM", "ODOO", "out"):
        (tmp_path / name).mkdir()
    (tmp_path / "hilum.toml").write_text("[worker]\nlease_seconds = 2.0\n")
    (tmp_path / "flows" / "flows.py").write_text(f'HERE = "{tmp_path}"\n{FLOW}')
    (tmp_path / "ownership.toml").write_text(MATRIX)
    monkeypatch.setenv("HILUM_PROJECT", str(tmp_path))
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    return tmp_path


async def _tell(folder: Path, url: str, *, held: int, completed: int) -> None:
    """What lies in the folders goes through a hub."""
    database = Database(url, hot=2, cold=2)
    await database.open()
    hub = Hub(load_project(folder), database, roles=("listener", "worker"))
    await hub.start()
    try:
        await waits.messages(database, completed=completed, held=held)
    finally:
        await hub.stop()
        await database.close()


def test_a_change_is_held_seen_and_let_through(project: Path, postgres_url: str, cli: Cli) -> None:
    (project / "SRM" / "1.json").write_text('{"code": "S-1", "title": "Gloves Ltd"}')
    asyncio.run(_tell(project, postgres_url, held=0, completed=1))
    (project / "ODOO" / "2.json").write_text('{"code": "S-1", "title": "GLOVES"}')
    asyncio.run(_tell(project, postgres_url, held=1, completed=1))
    (held,) = cli("ownership", "refused", "--json").json
    assert (held["verdict"], held["field"], held["system"], held["owner"]) == ("held", "title", "ODOO", "SRM")
    assert "GLOVES" not in cli("ownership", "refused").out
    assert "--reason" in cli("ownership", "refused", "--values").complaint
    shown = cli("ownership", "refused", "--values", "--reason", "who is right?").out
    assert "GLOVES" in shown
    assert "Gloves Ltd" in shown
    assert [act["action"] for act in cli("audit", "list", "--action", "view_payload", "--json").json] == [
        "view_payload"
    ]
    assert cli("ownership", "accept", held["message_id"], "--reason", "renamed").code == 0
    assert "No steward is asked" in cli("ownership", "accept", held["message_id"], "--reason", "again").complaint
    asyncio.run(_tell(project, postgres_url, held=0, completed=2))
    assert len(list((project / "out").glob("*.json"))) == 2


def test_who_owns_what_is_shown_and_checked(project: Path, cli: Cli) -> None:
    (row,) = cli("ownership", "show", "--json").json
    assert (row["object"], row["owner"], row["changes of others"]) == ("hilum.supplier", "SRM", "hold")
    assert cli("check", "--json").json == {
        "comparisons": 0,
        "flows": 2, "lookups": 0, "ownership": 1, "partners": 0, "quality": 0, "tables_only_in_database": [],
    }  # fmt: skip
    (project / "ownership.toml").write_text(MATRIX.replace("hilum.supplier", "hilum.suplier"))
    assert "line 5: there is no object" in cli("check").complaint
    assert "line 5: there is no object" in cli("doctor").out


BESIDE = """
from hilum.connectors import odoo
from hilum.flow import DataClass, Flow, Owners, Slo

wards = Flow(
    "test.wards", version="1.0", summary="Contacts of wards", owners=Owners(business="A", technical="B"),
    data_class=DataClass.INTERNAL, slo=Slo(percent=99, within="5m"), retention="P1Y", system="ODOO",
)
wards.translate(lambda row, hub: row)
wards.deliver_to(
    odoo.upsert("odoo.main", "res.partner", columns=["name"], fields=dict, key=str, kind="KIND", writes="WRITES")
)
"""


def test_an_upsert_beside_ownership_is_refused_or_listed_with_its_reason(project: Path, cli: Cli) -> None:
    with (project / "hilum.toml").open("a") as settings:
        settings.write(
            '[endpoints.odoo.main]\nurl = "http://127.0.0.1:9"\ndatabase = "d"\nlogin = "l"\napi_key = "k"\n'
        )
    flow = project / "flows" / "wards.py"
    flow.write_text(BESIDE.replace("KIND", "supplier").replace("WRITES", ""))
    told = cli("check").complaint
    assert "test.wards writes res.partner at odoo.main by upsert" in told
    flow.write_text(BESIDE.replace("KIND", "supplier").replace("WRITES", "no suppliers"))
    assert "are those of hilum.supplier" in cli("check").complaint
    flow.write_text(BESIDE.replace("KIND", "ward").replace("WRITES", "wards, which are no master data"))
    said = " ".join(cli("check").out.split())
    assert "The project is right" in said
    assert ", 1 rule of ownership, 0 of quality" in said
    shown = cli("ownership", "show").out
    assert "test.wards writes res.partner at odoo.main beside it: wards, which are no master data" in shown

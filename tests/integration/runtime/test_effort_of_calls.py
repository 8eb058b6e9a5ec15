"""What calls to Odoo came to, and what packing saved, is noted by a running hub, and shown by the commands."""

from __future__ import annotations

import pytest

from hilum.canonical import Supplier
from hilum.connectors import odoo
from hilum.journal.destinations import DestinationRow, destinations
from hilum.postgres import Database
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.doubles import Feed
from support.projects import make_flow
from support.waits import Start, messages

COUNT = 40


@pytest.mark.req("NEW-2")
async def test_calls_records_and_what_was_saved_are_of_all_that_was_written(database: Database, hub: Start) -> None:
    feed = Feed("suppliers")
    flow = make_flow(feed, name="test.suppliers", translate=lambda m, _: Supplier(code=m["id"], title="Gloves"))
    found: list[DestinationRow] = []

    async def noted() -> bool:
        async with database.cold() as connection:
            found[:] = [each for each in await destinations(connection) if each.name == "odoo.main"]
        return any(each.effort is not None and each.effort.records == COUNT for each in found)

    async with SandboxOdoo("19.0", "hilum") as box:
        flow.deliver_to(odoo.supplier("odoo.main", url=box.url, database=box.database, api_key=box.api_key))
        await hub(flow)
        await feed.send_all([{"id": f"S-{n}", "key": f"S-{n}"} for n in range(COUNT)])
        await messages(database, completed=COUNT)
        await eventually(noted, lambda: str([each.effort for each in found]))
        (row,) = found
        assert row.effort is not None
        assert 0 < row.effort.calls < COUNT / 2, "looking at the models counts, too"
        assert row.effort.saved == COUNT - row.effort.calls > 0
        assert row.packing == (
            f"{row.effort.calls} calls, {row.effort.per_call:.1f} records each, {row.effort.saved} calls saved"
        )

"""How a promise was kept: from the counts of the commits to the metric and what `hilum status` says."""

from __future__ import annotations

from pathlib import Path

import pytest

from hilum.cli.status import read_status
from hilum.flow import Slo
from hilum.journal.measuring import LOOK, kept, oldest
from hilum.journal.tallies import note
from hilum.message import moment_of
from hilum.postgres import Database
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.looks import rows
from support.measured import measured
from support.projects import make_flow, order
from support.waits import Start, messages

FLOW = "test.orders"


@pytest.mark.req("OBS-3")
async def test_the_share_in_time_and_what_is_left_of_the_budget(
    hub: Start, database: Database, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.cold() as connection:
        await note(connection, FLOW, "completed", entered=990)
        await note(connection, FLOW, "late", entered=4)
    feed = Feed()
    async with measured(hub, make_flow(feed, Receiver(), slo=Slo(percent=99, within="30s"))) as it:
        await feed.send_all([order(n) for n in range(10)])
        await messages(database, completed=10)
        windows = [(FLOW, window) for window in ("1h", "1d", "30d")]

        async def told() -> bool:
            await database_forgets(database)
            found = await it.scrape()
            # 4 of 1000 were late; 1 % may be, so 4 of 10 are used up
            return found.get("hilum_slo_kept_ratio") == pytest.approx(dict.fromkeys(windows, 0.996)) and found[
                "hilum_slo_budget_ratio"
            ] == pytest.approx(dict.fromkeys(windows, 0.6))

        await eventually(told, lambda: "the shares of 1000")
        assert (await it.scrape())["hilum_slo_objective_ratio"] == {(FLOW,): 0.99}
    (tmp_path / "hilum.toml").write_text("", encoding="utf-8")
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    status = await read_status(tmp_path)
    assert status["promises"][FLOW]["1d"] == {"completed": 1000, "late": 4, "kept": 0.996, "budget": pytest.approx(0.6)}


async def database_forgets(database: Database) -> None:
    """The long windows are counted seldom: as if that time had passed."""
    async with database.cold() as connection:
        await connection.execute("UPDATE telemetry SET sample = jsonb_set(sample, '{kept_at}', '{}')")


async def test_what_was_completed_long_ago_is_in_the_longer_windows_only(database: Database) -> None:
    async with database.cold() as connection:
        for age, late in (("30 minutes", 1), ("5 hours", 2), ("20 days", 3), ("31 days", 100)):
            for state, number in (("completed", 10 * late), ("late", late)):
                await connection.execute(
                    "INSERT INTO tally_bucket VALUES (date_trunc('minute', now() - %s::interval), 'f', '', %s, %s, 0)",
                    [age, state, number],
                )
        found = [(await kept(connection, seconds))[0].late for seconds in (3600, 86400, 2_592_000)]
    assert found == [1, 3, 6]


async def test_the_oldest_is_found_without_looking_at_the_whole_queue(hub: Start, database: Database) -> None:
    first, second = Feed("first"), Feed("second")
    flows = (make_flow(first, Receiver(), name="test.first"), make_flow(second, Receiver(), name="test.second"))
    await hub(*flows, roles=("listener",))
    receipts = await first.send_all([order(n, key="") for n in range(LOOK)])
    (last,) = await second.send_all([order(1, key="")])
    async with database.cold() as connection:
        found = {(one.flow, one.destination, one.state): one.received_at for one in await oldest(connection, [])}
    # the second flow is behind what was looked at: it came later than the last of those
    assert found == {
        ("test.first", "", "received"): moment_of(receipts[0].message_id),
        ("", "", "received"): moment_of(receipts[-1].message_id),
    }
    assert moment_of(last.message_id) >= found["", "", "received"]
    assert await rows(database, "SELECT count(*) FROM message WHERE work_lane IS NOT NULL") == [(LOOK + 1,)]

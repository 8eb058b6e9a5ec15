"""Which flows have what they tell matched, what is remembered of persons, and what does not start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hilum.canonical import Address, PatientAccount, PersonName, Supplier
from hilum.errors import SettingsError
from hilum.flow import DataClass, Matching
from hilum.postgres import Database
from support.doubles import Feed, Receiver
from support.looks import rows
from support.projects import make_flow
from support.two_purchasing import MEYER, rules, supplier
from support.waits import Start, messages

pytestmark = [pytest.mark.req("MD-3"), pytest.mark.req("MD-2")]


@pytest.fixture
def receiver() -> Receiver:
    """Where things go, in memory."""
    return Receiver()


@pytest.mark.req("SEC-1")
async def test_persons_are_remembered_sealed_and_told_apart_by_more_than_their_account_says(
    database: Database, hub: Start, receiver: Receiver
) -> None:
    def account(parsed: Any, _: Any) -> PatientAccount:
        person = PersonName(family=parsed["family"], given="Annalena")
        return PatientAccount(number=parsed["id"], person=person, phone="+49 40 1234567")

    feeds, flows = [], []
    for system in ("EHR", "LAB"):
        how = Matching(kind=PatientAccount, evidence=lambda m, _: {"birth_date": m["born"], "national_id": m["nid"]})
        feeds.append(Feed(system))
        flows.append(make_flow(feeds[-1], receiver, name=f"accounts.{system.lower()}", translate=account,
                               system=system, data_class=DataClass.PHI, matches=[how]))  # fmt: skip
    await hub(*flows)
    said = {"family": "Novakova", "born": "2020-02-02", "nid": "65432198701"}
    await feeds[0].send({"id": "A1", **said})
    await messages(database, completed=1)
    await feeds[1].send({"id": "B1", **said})
    await feeds[1].send({"id": "B2", **said, "born": "2020-02-03"})
    await messages(database, completed=2, held=1)
    assert [each["number"] for each in receiver.bodies] == ["A1", "A1"]
    kept = await rows(database, "SELECT r::text, body FROM match_record r")
    assert len(kept) == 2
    for text, body in kept:
        assert b"Novakova" not in text.encode() + bytes(body)
        assert b"65432198701" not in text.encode() + bytes(body)
    assert not any("A1" in each or "B1" in each for each in await rules(database, "accounts.lab"))


async def test_flows_that_do_not_ask_for_it_are_not_matched(database: Database, hub: Start, receiver: Receiver) -> None:
    feed = Feed()
    await hub(make_flow(feed, receiver, translate=supplier, order_by=lambda m: m["code"]))
    await feed.send({"id": "1", "code": "V-1", **MEYER})
    await messages(database, completed=1)
    assert await rows(database, "SELECT 1 FROM golden UNION ALL SELECT 1 FROM match_record") == []


async def test_a_flow_that_says_not_for_whom_it_speaks_does_not_start(hub: Start, receiver: Receiver) -> None:
    flow = make_flow(Feed(), receiver, translate=supplier, matches=[Matching(kind=Supplier)])
    with pytest.raises(SettingsError, match="has its suppliers matched and does not say for which system"):
        await hub(flow)


async def test_what_has_no_kind_to_be_matched_by_does_not_start(hub: Start, receiver: Receiver, tmp_path: Path) -> None:
    flow = make_flow(Feed(), receiver, system="SRM", matches=[Matching(kind=Address)])  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="Address cannot be matched; these can: Supplier, Item"):
        await hub(flow)

"""What a flow does not want is not stored, and what it does not need of a message neither; seen from the socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hilum.cases import plan
from hilum.connector import Header, Receipt
from hilum.connectors import mllp
from hilum.errors import Invalid
from hilum.flow import DataClass, Flow, Lookup
from hilum.formats import hl7v2 as hl7
from hilum.journal import reading
from hilum.journal.tallies import counts
from hilum.postgres import Database
from hilum.runtime import Hub
from hilum.simulator.hospital.lines import Answer, MllpLine
from support import waits
from support.doubles import Feed, Receiver
from support.looks import assert_sound, rows, states
from support.projects import make_flow, order, target
from support.waits import Start

SECRET = "Quillfeather"


def update(control: str, *, ward: str = "OR1", name: str = SECRET, time: str = "20260304101112") -> bytes:
    return (
        f"MSH|^~\\&|REG|HILLSIDE|HUB|HILUM|{time}||ADT^A08|{control}|P|2.5.1\r"
        f"PID|1||4711^^^HILLSIDE^MR||{name}^Lena||19840229|F|||12 Quarry Lane^^Northfield|||||||ACC-1|999-{name}\r"
        f"NK1|1|{name}^Jo\rPV1|1|I|{ward}\r"
    ).encode()


def hl7_flow(receiver: Receiver, *prepare: Callable[[Flow], Any]) -> Flow:
    """A flow over MLLP that is encrypted; what `prepare` does to it comes before it starts."""

    def translated(msg: hl7.Message, _: Lookup) -> dict[str, str]:
        return {"name": msg["PID-5.1"], "kin": msg["NK1-2.1"], "account": msg["PID-18"], "number": msg["PID-19"]}

    flow = make_flow(
        mllp.Listener(host="127.0.0.1", port=0, accepts=["ADT^A08"]),  # type: ignore[arg-type]
        translate=translated,
        data_class=DataClass.PHI,
        order_by=hl7.field("PID-3.1"),
        dedup_by=lambda msg: msg.control_id,
        identify_by=[hl7.field("NK1-2.1")],
    )
    flow.deliver_to(target(receiver))
    for each in prepare:
        each(flow)
    return flow


async def send(hub: Hub, *messages: tuple[bytes, str]) -> list[Answer]:
    host, _, port = hub.sources[0].address.removeprefix("mllp://").rpartition(":")
    async with MllpLine(host, int(port), timeout=30) as line:
        return [await line.send(body, control) for body, control in messages]


async def tallied(database: Database) -> dict[str, int]:
    async with database.cold() as connection:
        return {each.state: each.entered for each in await counts(connection) if not each.destination}


@pytest.mark.req("MSG-16")
async def test_what_the_filter_leaves_out_is_acknowledged_and_is_evidence_only(database: Database, hub: Start) -> None:
    receiver = Receiver()

    def filtered(flow: Flow) -> None:
        @flow.filter
        def theatres_only(msg: hl7.Message) -> bool | str:
            return msg["PV1-3.1"].startswith("OR") or "Not of an operating theatre."

    running = await hub(hl7_flow(receiver, filtered))
    out = update("c2", ward="W7")
    answers = await send(running, (update("c1"), "c1"), (out, "c2"), (out, "c2"))
    assert answers == [Answer.ACCEPTED] * 3
    await waits.messages(database, completed=1, discarded=1)
    found = await tallied(database)
    assert (found["discarded"], found["filtered"], found["duplicate"], found["received"]) == (1, 1, 1, 1)
    ((message_id, size, key, headers),) = await rows(
        database, "SELECT id, size, key, headers FROM message WHERE state = 'discarded'"
    )
    assert (size, key, headers[Header.FILTERED]) == (len(out), "4711", "Not of an operating theatre.")
    assert len(await rows(database, "SELECT 1 FROM payload WHERE ordinal = -1")) == 1
    async with database.cold() as connection:
        assert await reading.body(connection, message_id) is None
        assert await reading.why_gone(connection, message_id) == "No payload was stored: Not of an operating theatre."
        (step,) = await plan(connection, [message_id])
    assert (step.action, "the filter" in step.words) == ("nothing", True)
    assert len(receiver.taken) == 1
    await assert_sound(database)


@pytest.mark.req("MSG-16")
async def test_other_content_under_the_identifier_of_what_was_left_out_is_kept(database: Database, hub: Start) -> None:
    """Neither the evidence nor the message that is wanted may go lost."""
    feed = Feed()
    flow = make_flow(feed, receiver := Receiver(), accepts_if=lambda parsed: parsed["n"] > 5)
    await hub(flow)
    for n, state in ((1, "discarded"), (2, "discarded"), (9, "held")):
        assert isinstance(await feed.send({**order(n), "id": "same"}), Receipt)
        assert state in await states(database)
    assert await states(database) == {"discarded": 2, "held": 1}
    assert not receiver.taken
    await assert_sound(database)


@pytest.mark.req("MSG-16")
async def test_only_the_reduced_message_is_stored_and_seen_from_then_on(database: Database, hub: Start) -> None:
    receiver = Receiver()
    reduce = hl7.without("NK1", "PID-19", "PID-11")

    def minimised(flow: Flow) -> None:
        flow.minimise(lambda msg: hl7.masked("PID-5")(reduce(msg)))

    running = await hub(hl7_flow(receiver, minimised))
    whole = update("c1")
    again = update("c1", time="20260304101200")  # a repetition with a time of its own is the same message
    other = update("c1", name="Marlowe")  # its difference is only in what is not stored: it is another all the same
    assert await send(running, (whole, "c1"), (again, "c1"), (other, "c1")) == [Answer.ACCEPTED] * 3
    await waits.messages(database, completed=1, held=1)
    assert receiver.bodies == [{"name": "***", "kin": "", "account": "ACC-1", "number": ""}]
    async with database.cold() as connection:
        for message_id, size in await rows(database, "SELECT id, size FROM message"):
            stored = await reading.body(connection, message_id)
            assert stored is not None
            assert stored.startswith(b"MSH|")
            assert not [word for word in (SECRET, "Marlowe", "Quarry", "NK1") if word.encode() in stored]
            assert size in (len(whole), len(other)), "the size is that of what was received"
    assert not await rows(database, "SELECT 1 FROM identifier WHERE value = %s", [SECRET])
    await assert_sound(database)


@pytest.mark.req("MSG-16")
@pytest.mark.parametrize("part", ["filter", "minimise"])
@pytest.mark.parametrize("made", [None, "", 1, ValueError(SECRET), Invalid("no ward", where="PV1-3")])
async def test_a_filter_or_minimisation_that_fails_refuses_and_stores_nothing(
    database: Database, hub: Start, part: str, made: Any
) -> None:
    def fails(_: Any) -> Any:
        if isinstance(made, Exception):
            raise made
        return made

    feed = Feed()
    flow = make_flow(feed, Receiver())
    getattr(flow, part)(fails)
    await hub(flow)
    answer = await feed.send(order(1))
    assert isinstance(answer, Invalid)
    assert SECRET not in str(answer)
    assert await states(database) == {}
    assert not await rows(database, "SELECT 1 FROM payload")


@pytest.mark.req("MSG-16")
async def test_flows_that_share_a_source_each_reduce_their_own(database: Database, hub: Start) -> None:
    feed, all_of_it, less, none = Feed(), Receiver(), Receiver(), Receiver()

    def drop_name(parsed: dict[str, Any]) -> bytes:
        parsed.pop("name")  # it is a message of its own: the others still have it
        return b'{"id": "%s", "key": "k", "n": %d}' % (parsed["id"].encode(), parsed["n"])

    flows = []
    for name, receiver in (("test.less", less), ("test.all", all_of_it), ("test.none", none)):
        flow = make_flow(feed, name=name)
        flow.deliver_to(target(receiver, f"memory.{name[5:]}"))
        flows.append(flow)
    flows[0].minimise(drop_name)
    flows[2].filter(lambda parsed: False)
    await hub(*flows)
    await feed.send_all([order(1, name=SECRET)])
    await waits.messages(database, completed=2, discarded=1)
    assert [body.get("name") for body in (*less.bodies, *all_of_it.bodies)] == [None, SECRET]
    assert none.taken == []

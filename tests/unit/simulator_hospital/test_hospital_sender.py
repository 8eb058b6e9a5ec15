"""The sender does what real systems do: one message at a time on a connection, in order, again until it is taken."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from hilum.errors import SettingsError
from hilum.formats import hl7v2 as hl7
from hilum.simulator.hospital import Counts, Flaw, Hospital, Sender, Shares

Script = Callable[[hl7.Message, int], str]
"""What to do with a message at its n-th coming (from 1): an acknowledgement code, `lost`, `other` or `junk`."""


class FakeHub:
    """Takes MLLP frames and answers as the script says; keeps what came, in order."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.came: list[hl7.Message] = []
        self.times: Counter[str] = Counter()
        self.connections = 0
        self.port = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                frame = (await reader.readuntil(b"\x1c\r")).strip(b"\x0b\x1c\r")
                answer = self.answer(frame)
                if answer is None:
                    return
                writer.write(b"\x0b" + answer + b"\x1c\r")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def answer(self, frame: bytes) -> bytes | None:
        if not frame.startswith(b"MSH"):
            return hl7.acknowledge_unreadable(frame, "AR", "no MSH segment")
        msg = hl7.parse(frame)
        self.came.append(msg)
        self.times[msg.control_id] += 1
        what = self.script(msg, self.times[msg.control_id])
        if what == "lost":
            return None
        if what == "junk":
            return b"not an acknowledgement"
        if what == "other":
            return hl7.acknowledge(msg, "AA").encode().replace(msg.control_id.encode(), b"ANOTHER")
        return hl7.acknowledge(msg, what).encode()


@asynccontextmanager
async def fake_hub(script: Script = lambda msg, time: "AA") -> AsyncIterator[FakeHub]:
    hub = FakeHub(script)
    server = await asyncio.start_server(hub.talk, "127.0.0.1", 0)
    hub.port = server.sockets[0].getsockname()[1]
    async with server:
        yield hub


def sender(hub: FakeHub, **settings) -> Sender:
    return Sender(mllp=("127.0.0.1", hub.port), timeout=5, **settings)


@pytest.mark.req("UX-5")
async def test_everything_is_sent_and_counted():
    events = list(Hospital().traffic(count=300, shares=Shares(duplicate=0.1, unreadable=0.05)))
    async with fake_hub() as hub:
        sending = sender(hub)
        counts = await sending.run(events)
    unreadable = {event.control_id for event in events if event.flaw is Flaw.UNREADABLE}
    refused = sum(event.control_id in unreadable for event in events)
    assert counts.messages == counts.sent == 300
    assert (counts.refused, counts.accepted) == (refused, 300 - refused)
    assert counts.duplicates == sum(e.flaw is Flaw.DUPLICATE and e.control_id not in unreadable for e in events)
    assert Counter(sending.acknowledged) == Counter(e.control_id for e in events if e.control_id not in unreadable)
    assert hub.connections == 4 and counts.reconnects == 0


async def test_messages_of_one_account_keep_their_order_over_several_connections():
    events = list(Hospital().traffic(count=400))
    async with fake_hub() as hub:
        await sender(hub, connections=7).run(events)
    for key in {event.key for event in events}:
        sent = [event.control_id for event in events if event.key == key]
        assert [msg.control_id for msg in hub.came if msg.control_id in set(sent)] == sent


@pytest.mark.parametrize("trouble", ["AE", "lost", "other", "junk"])
async def test_what_was_not_taken_is_sent_again(trouble):
    events = list(Hospital().traffic(count=12))
    async with fake_hub(lambda msg, time: trouble if time == 1 and msg.code == "DFT" else "AA") as hub:
        sending = sender(hub)
        counts = await sending.run(events)
    troubled = sum(event.kind == "DFT^P03" for event in events)
    assert troubled > 0
    assert counts.messages == counts.accepted == 12
    assert sorted(sending.acknowledged) == sorted(event.control_id for event in events)
    assert counts.sent == 12 + troubled
    assert (counts.errors if trouble == "AE" else counts.unanswered) == troubled
    assert (counts.reconnects > 0) == (trouble != "AE")


async def test_what_was_refused_is_not_sent_again():
    async with fake_hub(lambda msg, time: "AR") as hub:
        sending = sender(hub)
        counts = await sending.run(Hospital().traffic(count=20))
    assert (counts.refused, counts.accepted, counts.sent) == (20, 0, 20)
    assert sending.acknowledged == []


async def test_it_waits_for_a_hub_that_is_not_there_yet():
    async with fake_hub() as gone:
        pass
    seen: list[Counts] = []
    tried = asyncio.Event()

    def progress(counts: Counts) -> None:
        seen.append(counts)
        if counts.unanswered:
            tried.set()

    sending = sender(gone, connections=1, on_progress=progress, progress_every=0.001)
    running = asyncio.create_task(sending.run(Hospital().traffic(count=5)))
    await tried.wait()
    hub = FakeHub(lambda msg, time: "AA")
    server = await asyncio.start_server(hub.talk, "127.0.0.1", gone.port)
    async with server:
        counts = await running
    assert counts.accepted == 5 and len(hub.came) == 5
    assert seen[-1] == counts


async def test_it_can_be_stopped_in_an_endless_story():
    taken = asyncio.Event()

    def script(msg: hl7.Message, time: int) -> str:
        if len(hub.came) == 50:
            taken.set()
        return "AA"

    async with fake_hub(script) as hub:
        sending = sender(hub)
        running = asyncio.create_task(sending.run(Hospital().traffic()))
        await taken.wait()
        sending.stop()
        counts = await running
    assert 50 <= counts.accepted == len(sending.acknowledged) == len(hub.came)


async def test_stopping_ends_the_repetition():
    refused = asyncio.Event()

    def script(msg: hl7.Message, time: int) -> str:
        refused.set()
        return "AE"

    async with fake_hub(script) as hub:
        sending = sender(hub)
        running = asyncio.create_task(sending.run(Hospital().traffic()))
        await refused.wait()
        sending.stop()
        counts = await running
    assert counts.accepted == 0 and counts.errors > 0


async def test_at_a_low_rate_the_second_message_waits_its_turn():
    taken = asyncio.Event()

    def script(msg: hl7.Message, time: int) -> str:
        taken.set()
        return "AA"

    async with fake_hub(script) as hub:
        sending = sender(hub, rate=0.001)  # the second is due after 1,000 s
        running = asyncio.create_task(sending.run(Hospital().traffic()))
        await taken.wait()
        sending.stop()
        counts = await running
    assert counts.accepted == len(hub.came) == 1


@pytest.mark.req("SYS-9")
async def test_files_are_put_into_the_folder(tmp_path):
    events = list(Hospital().traffic(count=800, requisitions="csv", shares=Shares(duplicate=0.05)))
    async with fake_hub() as hub:
        counts = await sender(hub, inbox=tmp_path).run(events)
    files = {event.control_id: event.body for event in events if event.channel == "file"}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files
    assert counts.files == len(files) > 0


async def test_files_need_a_folder():
    async with fake_hub() as hub:
        with pytest.raises(SettingsError, match="inbox"):
            await sender(hub).run(Hospital().traffic(count=800, requisitions="csv"))


@pytest.mark.parametrize("settings", [{}, {"mllp": ("127.0.0.1", 1), "http": "http://127.0.0.1:1/"}])
def test_it_sends_to_one_place(settings):
    with pytest.raises(SettingsError, match="one place"):
        Sender(**settings)


@pytest.mark.parametrize("settings", [{"connections": 0}, {"rate": 0}])
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(SettingsError):
        Sender(mllp=("127.0.0.1", 1), **settings)


async def test_over_http_the_status_is_the_answer():
    came: Counter[str] = Counter()

    async def take(request: web.Request) -> web.Response:
        control_id = hl7.parse(await request.read()).control_id
        assert request.headers["Idempotency-Key"] == control_id
        came[control_id] += 1
        first = came[control_id] == 1
        status = {"refused": 400, "busy": 503 if first else 202, "hurried": 429 if first else 202}.get(
            wanted[control_id], 202
        )
        return web.Response(status=status)

    events = list(Hospital().traffic(count=8))
    wanted = dict(zip((e.control_id for e in events), ["", "refused", "busy", "hurried"] * 2, strict=True))
    app = web.Application()
    app.router.add_post("/in", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        port = runner.addresses[0][1]
        sending = Sender(http=f"http://127.0.0.1:{port}/in", timeout=5)
        counts = await sending.run(events)
    finally:
        await runner.cleanup()
    assert (counts.accepted, counts.refused, counts.errors, counts.sent) == (6, 2, 4, 12)
    assert sorted(sending.acknowledged) == sorted(c for c, want in wanted.items() if want != "refused")

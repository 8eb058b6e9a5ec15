"""A REST interface that is asked again and again: what is new is told once, in whatever way it is paged."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from aiohttp import web

from hilum.connector import Receipt
from hilum.connectors import http
from hilum.errors import Down, SettingsError
from hilum.message import new_id
from hilum.testing import eventually
from hilum.testing.memory import Notebooks
from hilum.testing.waiting import take
from support.doubles import Receiver
from support.projects import make_flow
from support.waits import Start, messages

pytestmark = pytest.mark.req("SYS-19", "SYS-11")

PAGE = 2


class Far:
    """A REST interface with all its ways to page."""

    def __init__(self) -> None:
        self.things: list[dict[str, Any]] = []
        self.asked: list[dict[str, str]] = []  # queries
        self.statuses: list[int] = []  # what is answered before it works
        self.headers: dict[str, str] = {}
        self.etags = False
        self.next_url = ""
        self.not_modified = 0
        self.url = ""

    def put(self, name: str, note: str, at: int = 0) -> None:
        self.things = [each for each in self.things if each["id"] != name]
        changed = datetime.fromtimestamp(1_800_000_000 + at, UTC).isoformat().replace("+00:00", "Z")
        self.things.append({"id": name, "note": note, "changed_at": changed})

    async def answer(self, request: web.Request) -> web.StreamResponse:
        query = dict(request.query)
        self.asked.append(query)
        if request.headers.get("Authorization") != "Bearer letmein":
            return web.Response(status=401)
        if self.statuses:
            return web.Response(status=self.statuses.pop(0), headers=self.headers)
        found = [each for each in self.things if each["changed_at"] >= query.get("since", "")]
        way, begin = request.match_info["way"], 0
        if way != "whole":
            begin = int(query.get("offset") or (int(query.get("page", "1")) - 1) * PAGE or query.get("cursor") or 0)
        size = len(found) if way == "whole" else PAGE
        body, headers = {"things": found[begin : begin + size]}, {}
        more = begin + size < len(found)
        if way == "next":
            body["next"] = self.next_url or (f"?cursor={begin + size}" if more else None)
        elif way == "cursor":
            body["meta"] = {"cursor": str(begin + size) if more else None}
        elif way == "link" and more:
            headers["Link"] = f'<?cursor={begin + size}>; rel="next"'
        sent = orjson.dumps(body)
        if self.etags:
            tag = headers["ETag"] = f'"{hashlib.sha256(sent).hexdigest()}"'
            if request.headers.get("If-None-Match") == tag:
                self.not_modified += 1
                return web.Response(status=304)
        return web.Response(body=sent, headers=headers)


@pytest.fixture
async def far() -> AsyncIterator[Far]:
    made, application = Far(), web.Application()
    application.router.add_get("/{way}", made.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


Ask = Callable[..., Awaitable[http.Poll]]


@pytest.fixture
async def ask(far: Far) -> AsyncIterator[Ask]:
    """An open source, with what the former one has remembered."""
    books, opened = Notebooks(), []

    async def begin(way: str = "whole", **settings: Any) -> http.Poll:
        made = http.Poll(url=f"{far.url}/{way}", token="letmein", items="things", **{"every": 0.02, **settings})
        made.remember(books.of)
        await made.open()
        opened.append(made)
        return made

    yield begin
    for each in opened:
        await each.close()


async def told(source: http.Poll, count: int) -> list[tuple[str, str]]:
    """So many things, accepted: id and note."""
    found: list[tuple[str, str]] = []
    while len(found) < count:
        for each in await take(source, 1):
            content = orjson.loads(each.body)
            found.append((content["id"], content["note"]))
            await each.accept(Receipt(message_id=new_id()))
    return found


WAYS: dict[str, dict[str, Any]] = {
    "next": {"next_page": "next"},
    "cursor": {"cursor": "meta.cursor"},
    "link": {},
    "page": {"page_parameter": "page"},
    "offset": {"offset_parameter": "offset"},
}


@pytest.mark.parametrize("way", sorted(WAYS))
async def test_all_pages_are_read(far: Far, ask: Ask, way: str) -> None:
    for number in range(5):
        far.put(f"T{number}", "new")
    source = await ask(way, **WAYS[way])
    assert await told(source, 5) == [(f"T{number}", "new") for number in range(5)]


async def test_what_changes_is_told_again_and_nothing_else(far: Far, ask: Ask) -> None:
    far.put("A", "1")
    far.put("B", "1")
    source = await ask()
    assert await told(source, 2) == [("A", "1"), ("B", "1")]
    far.put("A", "2")
    assert await told(source, 1) == [("A", "2")]
    far.put("A", "1")  # as it was before: this is told, too
    far.put("C", "1")
    assert await told(source, 2) == [("A", "1"), ("C", "1")]


async def test_only_what_changed_since_is_asked_with_an_overlap(far: Far, ask: Ask) -> None:
    far.put("A", "1", at=100)
    source = await ask(changed="changed_at", since="since", overlap=10)
    assert await told(source, 1) == [("A", "1")]
    await eventually(lambda: any("since" in each for each in far.asked))
    assert far.asked[0] == {}
    assert far.asked[-1] == {"since": "2027-01-15T08:01:30Z"}
    far.put("late", "1", at=95)  # committed after A was read, with an earlier time
    assert await told(source, 1) == [("late", "1")]


async def test_what_no_time_tells_is_found_when_all_is_read_again(far: Far, ask: Ask) -> None:
    far.put("A", "1", at=100)
    source = await ask(changed="changed_at", since="since", overlap=10, read_all=0.1)
    assert await told(source, 1) == [("A", "1")]
    far.put("old", "1", at=0)
    assert await told(source, 1) == [("old", "1")]


async def test_a_restart_tells_nothing_twice_and_loses_nothing(far: Far, ask: Ask) -> None:
    far.put("A", "1")
    source = await ask()
    assert await told(source, 1) == [("A", "1")]
    far.put("B", "1")
    (lost,) = await take(source, 1)  # not answered: the hub dies
    await source.close()
    far.put("C", "1")
    again = await ask()
    found = await take(again, 2)
    assert [orjson.loads(each.body)["id"] for each in found] == ["B", "C"]
    assert found[0].headers["idempotency-key"] == lost.headers["idempotency-key"]


async def test_an_etag_spares_the_answer(far: Far, ask: Ask) -> None:
    far.etags = True
    far.put("A", "1")
    source = await ask()
    assert await told(source, 1) == [("A", "1")]
    await eventually(lambda: far.not_modified > 1)
    far.put("B", "1")
    assert await told(source, 1) == [("B", "1")]


async def test_the_tag_of_a_first_page_is_not_taken_for_all(far: Far, ask: Ask) -> None:
    far.etags = True
    for number in range(3):
        far.put(f"T{number}", "1")
    source = await ask("cursor", cursor="meta.cursor")
    assert len(await told(source, 3)) == 3
    far.things[2]["note"] = "2"  # on the second page; the first is as it was
    assert await told(source, 1) == [("T2", "2")]
    assert far.not_modified == 0


async def test_members_that_do_not_count_are_ignored(far: Far, ask: Ask) -> None:
    far.put("A", "1", at=1)
    source = await ask(ignore=["changed_at"])
    assert await told(source, 1) == [("A", "1")]
    far.put("A", "1", at=2)
    far.put("B", "1")
    assert await told(source, 1) == [("B", "1")]


async def test_all_at_once_is_one_message_each_time(far: Far, ask: Ask) -> None:
    for number in range(3):
        far.put(f"T{number}", "1")
    source = await ask("cursor", cursor="meta.cursor", tell="whole")
    first, *_ = await take(source, 1)
    await first.accept(Receipt(message_id=new_id()))
    (second,) = await take(source, 1)
    bodies = [orjson.loads(each.body) for each in (first, second)]
    assert [[thing["id"] for thing in each["items"]] for each in bodies] == [["T0", "T1", "T2"]] * 2
    assert datetime.fromisoformat(bodies[0]["read_at"]).tzinfo is not None
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]


async def test_a_person_may_have_it_looked_at_now(far: Far, ask: Ask) -> None:
    source = await ask(every=3600)
    taking = asyncio.create_task(told(source, 1))
    await eventually(lambda: len(far.asked) == 1)
    far.put("A", "1")
    assert await source.take_now(None) == "1 messages came of it"
    assert await taking == [("A", "1")]
    assert "1 on the first page" in await source.would_take(None)


@pytest.mark.parametrize("status", [503, 429, 500, 401])
async def test_what_is_wrong_for_now_passes(far: Far, ask: Ask, status: int) -> None:
    far.put("A", "1")
    far.statuses, far.headers = [status], {"Retry-After": "0"}
    source = await ask()
    assert await told(source, 1) == [("A", "1")]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"token": "wrong"}, "check token and headers"),
        ({"items": "contracts"}, "correct items"),
        ({"item_id": "number"}, "correct item_id"),
        ({"changed": "modified"}, "correct changed"),
        ({"max_answer": 10}, "more than max_answer"),
        ({"way": "next", "next_page": "next", "items": "things"}, "at another host"),
    ],
    ids=str,
)
async def test_what_is_set_up_wrong_says_what_to_do(far: Far, settings: dict[str, Any], words: str) -> None:
    far.put("A", "1")
    far.next_url = "http://127.0.0.2:1/next"
    way = settings.pop("way", "whole")
    made = http.Poll(**{"url": f"{far.url}/{way}?key=hidden", "token": "letmein", "items": "things", **settings})
    with pytest.raises(Down, match=words) as caught:
        await made.check()
    assert "hidden" not in f"{caught.value} {made!r} {made.address}"


def test_settings_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(SettingsError, match="one way to the next page"):
        http.Poll(url="http://clm.example/x", cursor="meta.cursor", page_parameter="page")
    with pytest.raises(SettingsError, match="since needs changed"):
        http.Poll(url="http://clm.example/x", since="changed_since")
    one, other = http.Poll(url="http://clm.example/x"), http.Poll(url="http://clm.example/x", every=1)
    with pytest.raises(SettingsError, match="name of its own"):
        one.share(other)


async def test_a_hub_keeps_each_state_once_over_a_restart(hub: Start, database: Any, far: Far) -> None:
    def polled() -> Any:
        source = http.Poll(url=f"{far.url}/whole", token="letmein", items="things", every=0.05)
        return make_flow(source, receiver, name="clm.read", order_by=lambda thing: thing["id"], dedup_by=None)

    receiver = Receiver()
    far.put("A", "1")
    far.put("B", "1")
    first = await hub(polled())
    await messages(database, completed=2)
    await first.stop()
    far.put("A", "2")
    await hub(polled())
    await messages(database, completed=3)
    assert [each["note"] for each in receiver.bodies] == ["1", "1", "2"]

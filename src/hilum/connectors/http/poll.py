"""The poll: a source that asks a REST interface again and again, and tells what is new or changed there."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

import orjson

from hilum.connector import Header, Memory, Received, Source, Traits
from hilum.connectors.declaring import checked
from hilum.connectors.handing import Handed, Hands
from hilum.connectors.http.asking import Asking
from hilum.connectors.http.pages import Item, Known, Page, Reading
from hilum.connectors.http.poll_settings import PollSettings
from hilum.connectors.looking import keep_looking
from hilum.ending import cancel_all
from hilum.errors import Down, SettingsError, TryAgain
from hilum.waiting import listen

log = logging.getLogger("hilum.http.poll")

_STATE: Final = "state"
_ITEM: Final = "item/"
_TOO_SOON: Final = 30.0  # seconds until it is asked again, where the far side names no time
_PATIENCE: Final = 30.0  # seconds that a person who asks for a look waits for its end


class Poll(Source):
    """Asks with GET, page by page, for what was changed since the last look, and tells each new state once.

    `Poll(url="https://clm.example/api/contracts", items="contracts", item_id="number", changed="changed_at",
    since="changed_since")`: the settings are keyword arguments, see `PollSettings`.

    The body of a message is one thing of the list, as JSON. What was told is remembered in the hub, so neither a
    restart nor the overlap tells it twice; the idempotency key is made of the thing's name, how often it was told,
    and its content. Between two looks a thing may change several times: its last state counts. Nothing is told of
    things that are no longer listed. One hub at a time asks.

    With `tell="whole"` each look is one message, `{"read_at": …, "items": […]}`, whatever has changed.

    | answer | what follows |
    |---|---|
    | 200 | it is read; a next page is followed at the same host only |
    | 304 | nothing has changed (`If-None-Match` is sent where the last look was one page with an ETag) |
    | 408, 425, 429, 503 | asked again after Retry-After |
    | 401, 403, 407, 3xx, any other, no answer, no such list | asked again after a pause; the reason is logged once |
    """

    Settings = PollSettings
    kind: ClassVar[str] = "http_poll"
    traits: ClassVar[Traits] = Traits(ordered=True, redelivers=True, answers=False)
    default_format: ClassVar[str] = "json"

    def __init__(self, **settings: Any) -> None:
        self.settings = checked(PollSettings, self.kind, settings)
        self._memories: Callable[[str], Memory] | None = None
        self._hands: Hands | None = None
        self._look: _Look | None = None
        self._task: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<Poll {self.address}>"

    @property
    def address(self) -> str:
        """Where it asks, without query: that may hold a key."""
        parts = urlsplit(str(self.settings.url))
        more = "".join(f"#{each}" for each in (self.settings.name, "whole" * (self.settings.tell == "whole")) if each)
        return f"http-poll://{parts.netloc}{parts.path}{more}"

    def share(self, other: Source) -> None:
        """Raises `SettingsError` where the other one asks otherwise."""
        if not isinstance(other, Poll) or other.settings != self.settings:
            raise SettingsError(f"Two flows ask {self.address} with different settings: give each a name of its own.")

    def wants(self, received: Received) -> bool:
        """All that is found."""
        return True

    def remember(self, memories: Callable[[str], Memory]) -> None:
        """Keep in these what was told."""
        self._memories = memories

    async def open(self) -> None:
        """Make ready; it is asked from the first `receive` on. Raises `SettingsError`."""
        if self._hands is not None:
            return
        asking = Asking(self.settings)
        await asking.open()
        self._hands = Hands(self._ended)
        if self._memories is not None:
            self._look = _Look(self, asking, self._hands, self._memories(self.address))
        else:
            await asking.close()

    async def close(self) -> None:
        """Stop asking. What is not answered comes again."""
        task, self._task = self._task, None
        await cancel_all([task] if task is not None else [])
        hands, self._hands = self._hands, None
        if hands is not None:
            hands.close()
        look, self._look = self._look, None
        if look is not None:
            await look.close()

    async def receive(self) -> Sequence[Received]:
        """Wait for what is new; an empty sequence only when it is closed."""
        if self._hands is None:
            return ()
        if self._look is None:
            raise SettingsError(f"{self.address}: this source runs only in a hub, which remembers what it was told.")
        if self._task is None:
            looking = keep_looking(self._look, self._look.memory, down=lambda: None, log=log)
            self._task = asyncio.create_task(looking, name=self.address)
        return await self._hands.take()

    async def check(self) -> str:
        """Ask for the first page. Raises `Down`."""
        asking = Asking(self.settings)
        await asking.open()
        try:
            reading = Reading(self.settings)
            url = reading.first_url(datetime.now(UTC) if self.settings.since else None)
            answer = await asking.get(url, most=self.settings.max_answer)
            page = reading.page(answer.body or b"", url, answer.link, 0)
        except TryAgain as error:
            raise Down(str(error)) from None
        finally:
            await asking.close()
        return f"{self.address} answers; {len(page.items)} on the first page"

    # ---- asked by a person

    async def take_now(self, since: datetime | None) -> str:
        """Look now; says how many messages came of it. `since`: at all that was changed from then on. Raises `Down`."""
        if self._look is None or self._task is None:
            raise Down("The source is closed.")
        return await self._look.now(since)

    async def would_take(self, since: datetime | None) -> str:
        """What is on the first page, in words; takes nothing. Raises `Down`."""
        return await self.check()

    def _ended(self, unit: Handed, reason: str) -> None:
        if reason:
            log.warning("%s was refused for good: %s", self.address, reason)
        if self._look is not None:
            self._look.answered(unit)


class _Look:
    """One look after the other: see `keep_looking` for who calls it."""

    def __init__(self, source: Poll, asking: Asking, hands: Hands, memory: Memory) -> None:
        self.name = source.address
        self.memory = memory
        self._settings = source.settings
        self._asking = asking
        self._hands = hands
        self._reading = Reading(source.settings)
        self._known: dict[str, Known] = {}
        self._in_hand: dict[int, str] = {}  # by place: which thing it is, empty: a whole look
        self._held: Counter[str] = Counter()  # how often each thing is in hand
        self._told: set[str] = set()  # journalled, and not remembered so
        self._state: dict[str, Any] = {}
        self._next: dict[str, Any] = {}  # what the state will be, once all that was found is in the journal
        self._read_at = datetime.now(UTC)  # of the look that was last begun
        self._all_at = float("-inf")  # when everything was read last, by the clock of the event loop
        self._handed = 0
        self._answers = asyncio.Event()
        self._bell = asyncio.Event()
        self._asked: _Asked | None = None

    async def begin(self) -> None:
        """Read what is remembered. What was handed over and not journalled is told again."""
        self._hands.forget(lambda _: True)
        self._in_hand.clear()
        self._held.clear()
        self._told.clear()
        remembered = await self.memory.get()
        self._state = self._next = remembered.get(_STATE) or {}
        self._known = {n.removeprefix(_ITEM): Known(*v) for n, v in remembered.items() if n.startswith(_ITEM)}
        self._all_at = float("-inf")

    async def look(self) -> None:
        """Read what has changed and tell it; then rest."""
        asked, self._asked = self._asked, None
        before = self._handed
        try:
            await (self._tell_changes(asked[0] if asked else None) if self._of_changes else self._tell_whole())
        except TryAgain as error:
            log.info("%s", error)
            _end(asked, error)
            await self._rest(error.after if error.after is not None else _TOO_SOON)
            return
        except Exception as error:
            _end(asked, error)
            raise
        _end(asked, f"{self._handed - before} messages came of it")
        await self._rest(self._settings.every)

    async def _rest(self, seconds: float) -> None:
        """Until the next look. What was told is noted once it is in the journal."""
        clock = asyncio.get_running_loop().time
        until = clock() + seconds
        while self._in_hand and clock() < until and self._asked is None:
            await listen(self._answers, until - clock())
        await self._remember()
        if self._asked is None:
            await listen(self._bell, max(0.0, until - clock()))

    async def finish(self) -> None:
        """The source is being closed: what is in the journal need not be told again."""
        await self._remember()

    async def close(self) -> None:
        """Let go of the connections."""
        _end(self._asked, Down("The source was closed meanwhile."))
        await self._asking.close()

    async def now(self, since: datetime | None) -> str:
        """Look at once, and say what came of it. Raises `Down`."""
        if self._asked is None:
            self._asked = (since, asyncio.get_running_loop().create_future())
        waiting = self._asked[1]
        self._bell.set()
        self._answers.set()
        try:
            async with asyncio.timeout(_PATIENCE):
                ended = await asyncio.shield(waiting)
        except TimeoutError:
            raise Down(f"{self.name} was not read yet; perhaps another hub reads it.") from None
        if isinstance(ended, Exception):
            raise ended
        return ended

    def answered(self, unit: Handed) -> None:
        """The journal has it, or it was refused for good."""
        item = self._in_hand.pop(unit.place, "")
        self._held[item] -= 1
        if item and not self._held[item]:
            self._told.add(item)
        self._answers.set()

    @property
    def _of_changes(self) -> bool:
        return self._settings.tell == "changed"

    # ---- what has changed

    async def _tell_changes(self, since: datetime | None) -> None:
        settings, clock = self._settings, asyncio.get_running_loop().time
        seen = datetime.fromisoformat(self._state["since"]) if self._state.get("since") else None
        everything = since is None and bool(settings.read_all) and clock() - self._all_at >= settings.read_all
        began = clock()
        # what a person asks for may go further back, but leaves nothing out
        url = self._reading.first_url(None if everything or seen is None else min(seen, since or seen))
        tag = self._state.get("etag", {})
        etag = tag.get("tag", "") if tag.get("url") == url and all(k.journalled for k in self._known.values()) else ""
        single, latest, first = "", seen, True
        async for page, answer_tag in self._pages(url, etag=etag):
            await self._tell([item for item in page.items if self._is_new(item)])
            times = [item.changed for item in page.items if item.changed is not None]
            latest = max(times if latest is None else [*times, latest], default=None)
            # the tag of a page says nothing of those after it
            single = answer_tag if first and not page.next_url else ""
            first = False
        if first:  # nothing has changed
            single = etag
        self._next = {
            "since": latest.isoformat() if latest else None,
            "etag": {"url": url, "tag": single} if single else {},
        }
        if everything:
            self._all_at = began

    def _is_new(self, item: Item) -> bool:
        known = self._known.get(item.id)
        if known is None or known.digest != item.digest:
            return True
        return not known.journalled and item.id not in self._told and not self._held[item.id]

    async def _tell(self, items: Sequence[Item]) -> None:
        """Note that they are being told, then hand them over: after a crash it is known under which key they were."""
        noted = {}
        for item in items:
            known = self._known.get(item.id)
            again = known is not None and known.digest == item.digest
            version = known.version + (not again) if known is not None else 1
            self._known[item.id] = noted[f"{_ITEM}{item.id}"] = Known(version, item.digest, journalled=False)
            self._told.discard(item.id)
        if noted:
            await self.memory.put({name: list(known) for name, known in noted.items()})
        for item in items:
            known = self._known[item.id]
            self._hand(item.id, orjson.dumps(item.content), f"{self.name}/{item.id}@{known.version}-{known.digest}")
            await self._room()

    # ---- all that is there

    async def _tell_whole(self) -> None:
        number = int(self._state.get("looks", 0)) + 1
        self._state = self._next = {"looks": number}
        await self.memory.put({_STATE: self._state})
        found: list[Any] = []
        async for page, _ in self._pages(self._reading.first_url(None)):
            found += [item.content for item in page.items]
        body = orjson.dumps({"read_at": self._read_at.isoformat(), "items": found})
        self._hand("", body, f"{self.name}@{number}")

    # ---- pages

    async def _pages(self, url: str, *, etag: str = "") -> AsyncIterator[tuple[Page, str]]:
        """Each page with its tag; none where nothing has changed since `etag`."""
        left, read = self._settings.max_answer, 0
        while url:
            if read == self._settings.pages:
                raise Down(f"{self.name} has more than {read} pages; raise pages, or ask for larger ones.")
            answer = await self._asking.get(url, etag=etag if not read else "", most=left)
            if not read:
                self._read_at = answer.at
            if answer.body is None:
                return
            if not self._of_changes:
                left = max(0, left - len(answer.body))
            page = self._reading.page(answer.body, url, answer.link, read)
            read += 1
            yield page, answer.etag
            url = page.next_url

    # ---- hands and memory

    def _hand(self, item: str, body: bytes, key: str) -> None:
        self._handed += 1
        self._in_hand[self._handed] = item
        self._held[item] += 1
        headers = {Header.PEER: self.name, Header.IDEMPOTENCY_KEY: key}
        self._hands.put([Handed(self._hands, self._handed, body, "application/json", headers)])

    async def _room(self) -> None:
        while len(self._in_hand) >= self._settings.unanswered:
            self._answers.clear()
            await self._answers.wait()

    async def _remember(self) -> None:
        """How far it has come: nothing that is not in the journal counts."""
        for name in self._told:
            self._known[name] = self._known[name]._replace(journalled=True)
        noted: dict[str, Any] = {f"{_ITEM}{name}": list(self._known[name]) for name in self._told}
        if not self._in_hand and self._next != self._state:
            noted[_STATE] = self._next
        if noted:
            await self.memory.put(noted)
        self._told.clear()
        if _STATE in noted:
            self._state = self._next


_Asked = tuple[datetime | None, "asyncio.Future[str | Exception]"]
"""Somebody wants a look at once: from when on, and who hears what came of it."""


def _end(asked: _Asked | None, how: str | Exception) -> None:
    """Tell the person who asked."""
    if asked is not None and not asked[1].done():
        asked[1].set_result(how if isinstance(how, str | Down) else Down(str(how)))

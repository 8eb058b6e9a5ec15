"""A simulated procurement portal: departments ask there, heads decide there, and it is told what becomes of it.

    async with ProcurementPortal(webhook="http://127.0.0.1:8094/portal", secret="…",
                                 deciders={"head": "ada"}) as portal:
        await portal.submit("REQ-7", [("GLV-M", 10)], requested_by="eve")
        …                                     # the hub posts to `portal.status_url`; asked, ada approves
        portal.shown("REQ-7")                 # what its requester reads

Webhooks are signed (HMAC-SHA-256 over time and body). `GET /requisitions/{number}` answers what is known of one,
`GET /events?after=3` the webhooks from the fourth on, also those that were lost on their way.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import time
from typing import Any, Final

import aiohttp
import orjson
from aiohttp import web

from hilum.errors import SettingsError
from hilum.simulator.web_service import WebService

_AGAIN: Final = 0.3  # seconds before a webhook that was not taken is posted again
_STEP: Final = re.compile(r"are asked \(([^)]+)\)")
"""How the hub names the desk that it asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubles:
    """How often something goes wrong with a webhook, from 0 to 1."""

    doubled: float = 0  # it is posted a second time
    lost: float = 0  # it is never posted: only REST tells of it
    forged: float = 0  # before it one with a wrong signature is posted


@dataclass
class ProcurementPortal(WebService):
    """The portal. `webhook`: where its events are posted to; `deciders`: by desk, who decides there."""

    webhook: str
    secret: str = field(repr=False)
    deciders: Mapping[str, str] = field(default_factory=dict)
    refuses: frozenset[str] = frozenset()  # requisitions that its deciders refuse
    token: str = field(default="", repr=False)  # that the hub must show; empty: none
    listen: int = 0  # the port; 0: a free one
    troubles: Troubles = field(default_factory=Troubles)
    seed: int = 1
    answers: Counter[int] = field(default_factory=Counter)  # of the hub to webhooks, by status; 0: none
    statuses: list[dict[str, Any]] = field(default_factory=list)  # that the hub told, each once
    events: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Not open yet."""
        self._drawn = random.Random(self.seed)  # noqa: S311 - made-up troubles, no secrets
        self._deciding: list[asyncio.Task[None]] = []
        self._keys: set[str] = set()
        self._asked: dict[str, dict[str, Any]] = {}

    def _routes(self) -> Sequence[web.RouteDef]:
        return [
            web.post("/status", self._told),
            web.get("/requisitions/{number}", self._get),
            web.get("/events", self._list),
        ]

    async def _end(self) -> None:
        for task in self._deciding:
            task.cancel()
        await asyncio.gather(*self._deciding, return_exceptions=True)

    @property
    def status_url(self) -> str:
        """Where the hub posts what became of requisitions."""
        return f"{self.url}/status"

    def shown(self, number: str) -> list[str]:
        """What the requester of one reads, in the order in which it was told."""
        return [each["status"] for each in self.statuses if each["requisition"] == number]

    # What people do there

    async def submit(self, number: str, lines: Iterable[tuple[str, int]], **more: Any) -> None:
        """A department asks, or asks for something else now."""
        told = [{"line": place, "item": item, "quantity": str(n)} for place, (item, n) in enumerate(lines, 1)]
        event = "changed" if number in self._asked else "submitted"
        self._asked[number] = {"number": number, "lines": told, **more}
        await self.tell({"event": event, "requisition": self._asked[number]})

    async def decide(self, number: str, by: str, *, approved: bool = True, step: str = "", comment: str = "") -> None:
        """Somebody decides there."""
        event = "approved" if approved else "refused"
        await self.tell({"event": event, "number": number, "by": by, "step": step, "comment": comment})

    async def withdraw(self, number: str, by: str, reason: str = "") -> None:
        """Who asked does not want it any more."""
        await self.tell({"event": "withdrawn", "number": number, "by": by, "reason": reason})

    async def tell(self, said: Mapping[str, Any]) -> None:
        """Post an event until the hub takes or refuses it; troubles come in between."""
        event = {"id": f"{self.seed}-{len(self.events) + 1}", "at": datetime.now(UTC).isoformat(), **said}
        self.events.append(event)
        if self._drawn.random() < self.troubles.forged:
            await self._post(event, self.secret[::-1] + "?")
        if self._drawn.random() < self.troubles.lost:
            return
        status = await self._until_taken(event)
        if status < 300 and self._drawn.random() < self.troubles.doubled:
            await self._post(event, self.secret)

    async def _until_taken(self, event: Mapping[str, Any]) -> int:
        while True:
            status = await self._post(event, self.secret)
            if 200 <= status < 500:
                return status
            await asyncio.sleep(_AGAIN)

    async def _post(self, event: Mapping[str, Any], secret: str) -> int:
        if self._session is None:
            raise SettingsError("The portal is not open: say `async with`.")
        body, now = orjson.dumps(event), str(int(time()))
        signature = hmac.new(secret.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Signature": signature, "X-Signature-Timestamp": now}
        try:
            async with self._session.post(self.webhook, data=body, headers=headers) as answer:
                status = answer.status
        except aiohttp.ClientError:
            status = 0
        self.answers[status] += 1
        return status

    # REST

    async def _told(self, request: web.Request) -> web.Response:
        """The hub tells a status; the same key again is taken and changes nothing."""
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401)
        told = orjson.loads(await request.read())
        if told["requisition"] not in self._asked:
            return web.Response(status=404)
        key = request.headers.get("Idempotency-Key", "")
        if key not in self._keys:
            self._keys.add(key)
            self.statuses.append(told)
            if told["status"] == "approval":
                self._deciding.append(asyncio.create_task(self._decide(told)))
        return web.Response(status=200)

    async def _decide(self, told: Mapping[str, Any]) -> None:
        found = _STEP.search(told["words"])
        step = found[1] if found is not None else ""
        if by := self.deciders.get(step):
            number = told["requisition"]
            await self.decide(number, by, approved=number not in self.refuses, step=step)

    async def _get(self, request: web.Request) -> web.Response:
        number = request.match_info["number"]
        if number not in self._asked:
            return web.Response(status=404, body=b"{}", content_type="application/json")
        told = [each for each in self.statuses if each["requisition"] == number]
        shown = {"requisition": self._asked[number], "statuses": told}
        return web.Response(body=orjson.dumps(shown), content_type="application/json")

    async def _list(self, request: web.Request) -> web.Response:
        after = int(request.query.get("after", "0"))
        return web.Response(body=orjson.dumps({"events": self.events[after:]}), content_type="application/json")

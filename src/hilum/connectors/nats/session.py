"""One connection's worth of taking from a durable consumer: pulls, acknowledgements, and the order of it all.

Order. A stream hands its messages out in order, but what was on its way when a connection, a hub or a leader died
comes again only after `ack_wait`, behind its followers. So at the beginning of each session, and whenever the cluster
makes this hub the one that takes, the session compares what the cluster waits for with what is in hand, and holds
newer ones back until what is missing has come.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import nats.errors
import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg

from hilum.connectors.handing import Handed, Hands
from hilum.connectors.nats.link import API, Link
from hilum.errors import Down

log = logging.getLogger("hilum.nats")

GROUP: Final = "hilum"
"""Priority group of the consumer: the cluster gives its messages to one of several hubs (NATS 2.11 and newer)."""

_NS: Final = 1_000_000_000
_PULL: Final = 400  # messages asked for at one time
_PULL_SECONDS: Final = 2.0  # a pull without messages ends after so long; also what keeps this hub the one that takes
_BEAT: Final = 0.5  # seconds between signs of life of a pull that waits
_SILENT: Final = 3.0  # seconds without any: the server is gone, whatever the connection says
_LOOK: Final = 0.25  # seconds between two looks while something is missing
_RETRY_ACK: Final = 3.0  # seconds after which an acknowledgement without confirmation is sent again
_GRACE: Final = 3.0  # times `ack_wait` after which what is missing is not waited for any more

# Statuses of pulls (ADR-13, ADR-42 of nats-architecture-and-design).
_HEARTBEAT, _WRONG_PIN, _CONFLICT = "100", "423", "409"
_ENDED: Final = ("404", "408")
_ENDED_WORDS: Final = ("batch completed", "maxbytes")  # of 409: the pull is over, all is well


@dataclass(slots=True)
class Taken:
    """A message that the cluster waits for an acknowledgement of."""

    unit: Handed
    reply: str  # where it is acknowledged
    verdict: bytes = b""  # what it was answered; empty: not yet
    sent_at: float = 0.0  # when something was said of it last, by the clock of the event loop


@dataclass
class Ledger:
    """Everything that the cluster waits for, by sequence in the stream. It outlives a connection."""

    taken: dict[int, Taken] = field(default_factory=dict)
    early: list[Handed] = field(default_factory=list)  # held back until what is missing has come
    due: list[int] = field(default_factory=list)  # answered, and the answer not yet sent

    @property
    def unanswered(self) -> int:
        """How many are in hand and not answered."""
        return sum(1 for each in self.taken.values() if not each.verdict)

    def verdict(self, sequence: int, answer: bytes) -> None:
        """It was answered."""
        if (one := self.taken.get(sequence)) is not None:
            one.verdict = answer
            self.due.append(sequence)


Make = Callable[[int, Msg], Handed]
"""Makes of a message of the stream what is handed to the hub."""


class Session:
    """Pulls over one connection until it is lost. `run` ends with `Down`."""

    def __init__(self, link: Link, client: Client, stream: str, durable: str, *, ledger: Ledger, hands: Hands,
                 make: Make, limit: int, ack_wait: float) -> None:  # fmt: skip
        self._link = link
        self._client = client
        self._stream = stream
        self._durable = durable
        self._ledger = ledger
        self._hands = hands
        self._make = make
        self._limit = limit  # bytes in hand above which no more is asked for
        self._ack_wait = ack_wait
        self._inbox = client.new_inbox()
        self._pulls = 0
        self._outstanding = 0  # messages of the present pull that may still come
        self._heard_at = 0.0
        self._trouble = ""
        self._bell = asyncio.Event()
        self._pin = ""
        self._grouped = False
        self._settling_since: float | None = None
        self._look_at = 0.0
        self._again_at = 0.0

    async def run(self, info: Mapping[str, Any]) -> None:
        """Take until the connection or the consumer is lost. Raises `Down` with the reason."""
        loop = asyncio.get_running_loop()
        self._grouped = GROUP in (info["config"].get("priority_groups") or ())
        try:
            await self._client.subscribe(
                f"{self._inbox}.*", cb=self._arrived, pending_msgs_limit=0, pending_bytes_limit=0
            )
            self._settle()
            self._heard_at = loop.time()
            while True:
                await self._step(loop.time())
                self._bell.clear()
                try:
                    async with asyncio.timeout(_LOOK):
                        await self._bell.wait()
                except TimeoutError:
                    continue
        except (nats.errors.Error, OSError) as error:
            raise Down(f"nats://{self._link.where}: the connection was lost ({type(error).__name__})") from None

    def ring(self) -> None:
        """Something changed: answers to send, room to fill."""
        self._bell.set()

    async def _step(self, now: float) -> None:
        if self._trouble:
            raise Down(f"nats://{self._link.where}: {self._trouble}")
        if not self._client.is_connected:
            raise Down(f"nats://{self._link.where}: the connection was lost")
        if self._outstanding and now - self._heard_at > _SILENT:
            raise Down(f"nats://{self._link.where}: the server says nothing any more")
        await self._send_answers(now)
        if self._settling_since is not None and now >= self._look_at:
            await self._look(now)
        room = self._limit - self._hands.size
        if not self._outstanding and (room > 0 or self._settling_since is not None):
            await self._pull(max(room, 0))

    # ---- pulls

    async def _pull(self, room: int) -> None:
        self._pulls += 1
        asked: dict[str, Any] = {
            "batch": _PULL,
            "expires": int(_PULL_SECONDS * _NS),
            "idle_heartbeat": int(_BEAT * _NS),
            # at least one message of the largest size, or it would never come
            "max_bytes": max(room, 2 * self._client.max_payload),
        }
        if self._grouped:
            asked |= {"group": GROUP, "id": self._pin}
        self._outstanding = _PULL
        self._heard_at = asyncio.get_running_loop().time()
        await self._client.publish(
            f"{API}.CONSUMER.MSG.NEXT.{self._stream}.{self._durable}",
            orjson.dumps(asked),
            reply=f"{self._inbox}.p{self._pulls}",
        )

    async def _arrived(self, message: Msg) -> None:
        """Anything that comes to the inbox: a message of the stream, a confirmation, the end of a pull."""
        self._heard_at = asyncio.get_running_loop().time()
        subject = message.subject
        if not subject.startswith(self._inbox):
            self._take(message)
        elif subject.startswith(f"{self._inbox}.a"):
            self._confirmed(int(subject[len(self._inbox) + 2 :]), message)
        elif subject == f"{self._inbox}.p{self._pulls}":
            self._status(message.headers or {})
        self._bell.set()

    def _status(self, headers: Mapping[str, str]) -> None:
        status = headers.get("Status", "")
        words = str(headers.get("Description", ""))
        if status == _HEARTBEAT:
            return
        self._outstanding = 0
        if status == _WRONG_PIN:
            self._pin = ""  # another hub takes now, or the cluster forgot: ask anew
        elif status in _ENDED or (status == _CONFLICT and any(each in words.lower() for each in _ENDED_WORDS)):
            return
        else:
            self._trouble = words or f"the cluster cannot hand out messages now (status {status})"

    def _take(self, message: Msg) -> None:
        self._outstanding = max(0, self._outstanding - 1)
        # $JS.ACK.[domain.account.]stream.consumer.delivered.sequence.…
        fields = message.reply.split(".")
        sequence = int(fields[5] if len(fields) < 12 else fields[7])
        if pin := (message.headers or {}).get("Nats-Pin-Id"):
            if self._pin != pin:
                self._settle()  # another hub may have taken until now
            self._pin = pin
        known = self._ledger.taken.get(sequence)
        if known is not None:  # it came again although it is in hand
            known.reply = message.reply
            if known.verdict:
                self._ledger.due.append(sequence)
            return
        unit = self._make(sequence, message)
        self._ledger.taken[sequence] = Taken(unit, message.reply, sent_at=self._heard_at)
        if self._settling_since is not None:
            self._ledger.early.append(unit)
        else:
            self._hands.put([unit])

    # ---- order

    def _settle(self) -> None:
        """Hold back what comes until it is known that nothing before it is missing."""
        self._settling_since = asyncio.get_running_loop().time()
        self._look_at = 0.0

    async def _look(self, now: float) -> None:
        info = await self._link.ask(f"CONSUMER.INFO.{self._stream}.{self._durable}")
        missing = int(info["num_ack_pending"]) - self._ledger.unanswered
        self._look_at = asyncio.get_running_loop().time() + _LOOK
        if missing > 0:
            if self._settling_since is None or now - self._settling_since < self._ack_wait * _GRACE:
                return
            log.warning("stream %s: %d messages that were handed out before do not come again", self._stream, missing)
        early, self._ledger.early = self._ledger.early, []
        self._settling_since = None
        self._hands.put(sorted(early, key=lambda each: each.place))

    # ---- answers

    async def _send_answers(self, now: float) -> None:
        """Answers that are due; from time to time those again that the cluster has not confirmed."""
        due, self._ledger.due = self._ledger.due, []
        for sequence in due:
            await self._answer(sequence, now)
        if now >= self._again_at:
            self._again_at = now + min(1.0, self._ack_wait / 6)
            for sequence, one in list(self._ledger.taken.items()):
                if now - one.sent_at >= (_RETRY_ACK if one.verdict else self._ack_wait / 3):
                    await self._answer(sequence, now)

    async def _answer(self, sequence: int, now: float) -> None:
        """Send the verdict; for what is long in hand, that it is being worked on."""
        one = self._ledger.taken.get(sequence)
        if one is None:
            return
        one.sent_at = now
        if one.verdict:
            await self._client.publish(one.reply, one.verdict, reply=f"{self._inbox}.a{sequence}")
        else:
            await self._client.publish(one.reply, b"+WPI")

    def _confirmed(self, sequence: int, message: Msg) -> None:
        if not (message.headers or {}).get("Status"):
            self._ledger.taken.pop(sequence, None)

    async def give_back(self) -> None:
        """What is not answered goes back to the stream at once, in order; answers are confirmed first, if possible."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _RETRY_ACK
        self._again_at = until + 1.0
        await self._send_answers(loop.time())
        while any(one.verdict for one in self._ledger.taken.values()) and loop.time() < until:
            self._bell.clear()
            async with asyncio.timeout(_RETRY_ACK):
                await self._bell.wait()
        for _, one in sorted(self._ledger.taken.items()):
            if not one.verdict:
                await self._client.publish(one.reply, b"-NAK")
        if self._pin:
            await self._link.ask(f"CONSUMER.UNPIN.{self._stream}.{self._durable}", {"group": GROUP})
        await self._client.flush(timeout=2)

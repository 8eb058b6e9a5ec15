"""One connection of a listener: frames in, acknowledgements out in the order of the messages.

An `asyncio.Protocol`, not streams: no task and no await per message, which is what makes 64 busy connections cheap.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, cast

import structlog

from hilum.connector import Header, Receipt, Received
from hilum.connectors.encoding import HL7_V2
from hilum.connectors.intake import Intake
from hilum.connectors.mllp.acknowledging import Verdict, answer_to, answer_to_unreadable
from hilum.connectors.mllp.framing import START, FrameError, Frames, Noise, TooLong, framed, messages_in
from hilum.connectors.tls import subject
from hilum.connectors.turning_away import TOO_MANY, TOO_MANY_OF_ONE, TurnedAway
from hilum.errors import HilumError, Invalid, NotAccepted
from hilum.formats import hl7v2 as hl7

log = structlog.get_logger(__name__)

# Seconds that a connection which is closed because of its sender's fault stays open for reading. Closing with unread
# bytes would send a TCP reset, and the sender would lose the answer that tells why.
LINGER: Final = 2.0


@dataclass(frozen=True, slots=True)
class Rules:
    """What a listener asks of each of its connections."""

    connections: int
    connections_per_peer: int
    unanswered: int
    frame_limit: int
    idle_timeout: float  # seconds; 0: for ever
    encrypted: bool
    unfinished_limit: int  # bytes of messages whose end has not come, over all connections


class Shared:
    """What all connections of a listener have in common."""

    def __init__(self, links: set[Link], counts: Counter[str], turned_away: TurnedAway) -> None:
        self.links = links
        self.counts = counts
        self.unfinished = 0  # bytes of messages whose end has not come
        self.by_peer: Counter[str] = Counter()  # open connections by address
        self.turned_away = turned_away


class Turn:
    """A message's place in the order of the answers of its connection."""

    __slots__ = ("answer",)

    def __init__(self) -> None:
        self.answer: bytes | None = None  # None: not known yet; empty: none is to be sent


class MllpReceived(Received):
    """One HL7 v2 message from a connection. `parsed` is the message as read, so that nobody reads it again."""

    __slots__ = ("_link", "_turn", "body", "content_type", "headers", "parsed")

    def __init__(self, link: Link, turn: Turn, body: bytes, parsed: hl7.Message, headers: Mapping[str, str]) -> None:
        self._link = link
        self._turn = turn
        self.body = body
        self.content_type = HL7_V2
        self.headers = headers
        self.parsed = parsed

    async def accept(self, receipt: Receipt) -> None:
        """AA (CA in enhanced mode), for a duplicate too: its first one is in the journal."""
        self._answer("A", "")

    async def refuse(self, error: Exception) -> None:
        """AR for what is refused for good, AE for everything else: the sender repeats it."""
        verdict: Verdict = "R" if isinstance(error, NotAccepted | Invalid) else "E"
        # the text of an error that is not the hub's own may hold anything, so it stays here
        self._answer(verdict, str(error) if isinstance(error, HilumError) else "The hub could not take the message.")

    def _answer(self, verdict: Verdict, text: str) -> None:
        if self._turn.answer is not None:
            raise RuntimeError("a received message is answered once; this one was answered before")
        self._link.answer(self._turn, answer_to(self.parsed, verdict, text))


class Link(asyncio.Protocol):
    """One connection. Created by the listener's server, lives in `links` until it is lost."""

    def __init__(self, rules: Rules, intake: Intake, shared: Shared) -> None:
        self._rules = rules
        self._intake = intake
        self._shared = shared
        self._links = shared.links
        self._counts = shared.counts
        self._frames = Frames(rules.frame_limit)
        self._address = ""  # while it counts as one of its peer's
        self._held = 0  # bytes of `Shared.unfinished` that are this connection's
        self._batch: Iterator[bytes] = iter(())
        self._turns: deque[Turn] = deque()
        self._loop = asyncio.get_running_loop()
        self._active_at = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._peer = ""
        self._reading = True
        self._writable = True
        self._peer_ended = False
        self._ending = False  # nothing more is read; what is owed is answered, then the connection is closed

    # ---- called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A sender connected; past the limit it is cut off at once."""
        self._transport = cast(asyncio.Transport, transport)
        self._counts["connections"] += 1
        address = transport.get_extra_info("peername")
        host = str(address[0]) if address else ""
        if reason := self._why_not(host):
            self._shared.turned_away.note(host, reason, self._loop.time())
            self._ending = True
            self._transport.abort()
            return
        self._links.add(self)
        self._address = host
        self._shared.by_peer[host] += 1
        where = f"{address[0]}:{address[1]}" if address else ""
        who = subject(transport.get_extra_info("peercert"))
        self._peer = f"{who} {where}" if who else where
        if self._rules.idle_timeout:
            self._timer = self._loop.call_later(self._rules.idle_timeout, self._watch)

    def _why_not(self, host: str) -> str:
        """Why this connection is not let in; empty: it is."""
        if len(self._links) >= self._rules.connections:
            return TOO_MANY
        if self._shared.by_peer[host] >= self._rules.connections_per_peer:
            return TOO_MANY_OF_ONE
        return ""

    def data_received(self, data: bytes) -> None:
        """Bytes came in, in whatever portions the network makes."""
        if self._ending:
            return
        self._active_at = self._loop.time()
        self._frames.feed(data)
        self._read()
        self._count_held()

    def eof_received(self) -> bool:
        """The sender sends no more. It may still wait for answers, which plain TCP can give it."""
        self._ending = self._peer_ended = True
        return bool(self._turns) and not self._rules.encrypted

    def pause_writing(self) -> None:
        """The sender does not read its answers: do not read its messages either."""
        self._writable = False
        self._hold()

    def resume_writing(self) -> None:
        """The sender reads again."""
        self._writable = True
        self.proceed()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone; messages in hand lose their answer, and their sender sends them again."""
        self._ending = True
        self._frames.drop()
        self._count_held()
        self._turns.clear()
        if self in self._links:
            self._links.discard(self)
            self._shared.by_peer[self._address] -= 1
            if not self._shared.by_peer[self._address]:
                del self._shared.by_peer[self._address]
        if self._timer:
            self._timer.cancel()

    # ---- called by the listener and by what was received

    def answer(self, turn: Turn, data: bytes) -> None:
        """The answer for one message is known; send all that is now due. On a lost connection this does nothing."""
        turn.answer = framed(data) if data else b""
        self._active_at = self._loop.time()
        due = []
        turns = self._turns
        while turns and (ready := turns[0].answer) is not None:
            turns.popleft()
            due.append(ready)
        if due and not self._transport.is_closing():
            self._transport.write(b"".join(due))
        if self._ending:
            self._finish()
        elif not self._reading:
            self.proceed()

    def proceed(self) -> None:
        """Read on where that was stopped and nothing stands against it any more."""
        if self._reading or self._ending:
            return
        if self._must_wait():
            self._hold()  # another connection took the room
            return
        self._reading = True
        self._read()
        self._count_held()
        if self._reading and not self._ending:
            self._transport.resume_reading()

    def close(self) -> None:
        """The listener closes: send what is due, answer nothing else."""
        self._ending = True
        self._transport.close()

    def abort(self) -> None:
        """Close now, whatever is due."""
        self._transport.abort()

    # ---- inside

    def _count_held(self) -> None:
        """Keep the sum right; past the limit the one that has been silent for longest is cut off.

        Otherwise senders that begin large messages and never end them could take all memory, each within its own limit.
        """
        held = self._frames.size
        self._shared.unfinished += held - self._held
        self._held = held
        while self._shared.unfinished > self._rules.unfinished_limit:
            slowest = min((link for link in self._links if link._held), key=lambda link: link._active_at, default=None)
            if slowest is None:
                return
            self._counts["refused: too much unfinished"] += 1
            slowest._cut()

    def _cut(self) -> None:
        """Close at once, and forget what it holds."""
        self._ending = True
        self._frames.drop()
        self._shared.unfinished -= self._held
        self._held = 0
        self._transport.abort()

    def _must_wait(self) -> bool:
        return len(self._turns) >= self._rules.unanswered or not self._writable or self._intake.full

    def _hold(self) -> None:
        if self._reading and not self._ending:
            self._reading = False
            self._transport.pause_reading()
        if self._intake.full:
            self._intake.when_room(self.proceed)

    def _read(self) -> None:
        while self._reading:
            try:
                body = self._next()
            except FrameError as error:
                self._give_up(error)
                return
            if body is None:
                return
            self._take(body)
            if self._must_wait():
                self._hold()

    def _next(self) -> bytes | None:
        """The next message: of the batch under way (which stops at the limits, too), or of the next frame."""
        body = next(self._batch, None)
        if body is None and (frame := self._frames.next()) is not None:
            self._batch = iter(messages_in(frame))
            body = next(self._batch)
        return body

    def _take(self, body: bytes) -> None:
        self._counts["messages"] += 1
        turn = Turn()
        self._turns.append(turn)
        try:
            if START in body:
                raise Invalid("A start block (0x0B) stands inside the frame: the message before it was cut off.")
            parsed = hl7.parse(body)
        except Invalid as error:
            self._counts["refused: unreadable"] += 1
            self.answer(turn, answer_to_unreadable(body, "R", str(error)))
            return
        except Exception as defect:  # noqa: BLE001 — one message must not end the connection of all the others
            # its text may quote the payload, so only its type is told; the sender keeps the message
            log.error("mllp_unreadable", peer=self._peer, defect=type(defect).__name__)
            self._counts["refused: defect"] += 1
            self.answer(turn, answer_to_unreadable(body, "E", "The hub could not read the message."))
            return
        headers = {Header.PEER: self._peer, Header.MESSAGE_TYPE: parsed.type}
        if parsed.warnings:
            headers[Header.WARNINGS] = "; ".join(map(str, parsed.warnings))
        self._intake.put(MllpReceived(self, turn, body, parsed, headers))

    def _give_up(self, error: FrameError) -> None:
        self._frames.drop()
        self._ending = True
        match error:
            case TooLong():
                self._counts["refused: too large"] += 1
                turn = Turn()
                self._turns.append(turn)
                self.answer(turn, answer_to_unreadable(error.head, "R", str(error)))
            case Noise():
                self._counts["refused: noise"] += 1
                self._finish()

    def _finish(self) -> None:
        """Close once everything that is owed has been sent."""
        if self._turns or self._transport.is_closing():
            return
        if self._rules.encrypted or self._peer_ended:
            # nothing more comes in that could make a reset of it; and TLS knows no half-closed connection
            self._transport.close()
            return
        try:
            self._transport.write_eof()
        except OSError:
            self._transport.abort()  # the sender is gone altogether
            return
        if not self._reading:
            self._reading = True
            self._transport.resume_reading()  # to notice the sender's own close
        self._loop.call_later(LINGER, self._transport.abort)

    def _watch(self) -> None:
        """Close a connection on which nothing happened for the idle time; waiting for the hub's answer is not idle."""
        rest = self._active_at + self._rules.idle_timeout - self._loop.time()
        if self._turns:
            rest = self._rules.idle_timeout
        if rest > 0:
            self._timer = self._loop.call_later(rest, self._watch)
            return
        self._counts["closed: idle"] += 1
        self._ending = True
        self._transport.close()

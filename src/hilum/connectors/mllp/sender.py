"""The MLLP sender: a destination that gives HL7 v2 messages to another system and waits for its acknowledgement."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from hilum.connector import Destination, Target, Traits
from hilum.connectors.declaring import checked, target
from hilum.connectors.encoding import encode_hl7, without_payload
from hilum.connectors.mllp.line import Line, LineLost
from hilum.connectors.tls import ClientTls
from hilum.errors import Down, Invalid, Rejected, SettingsError, TryAgain, Unsure
from hilum.formats import hl7v2 as hl7
from hilum.message import Delivered, Delivery, Outcome


class SenderSettings(ClientTls):
    """Settings of an MLLP sender."""

    host: str = Field(min_length=1, description="Host of the receiver", examples=["lab.hospital.example"])
    port: int = Field(ge=1, le=65535, description="TCP port of the receiver", examples=[2576])
    connections: int = Field(
        default=1,
        ge=1,
        description="The most connections at one time; more than 1 lets messages of different keys overtake each other",
        examples=[4],
    )
    connect_timeout: float = Field(
        default=10,
        gt=0,
        description="Seconds to wait for a connection",
        examples=[10],
        json_schema_extra={"unit": "s"},
    )
    answer_timeout: float = Field(
        default=30,
        gt=0,
        description="Seconds to wait for the acknowledgement; then it is unsure whether the receiver has the message",
        examples=[30],
        json_schema_extra={"unit": "s"},
    )
    on_ae: Literal["retry", "reject"] = Field(
        default="retry",
        description="What AE and CE mean at this receiver: temporary trouble (retry) or a faulty message (reject)",
        examples=["reject"],
    )
    keep_open: bool = Field(
        default=True,
        description="Keep connections for the next message; false for receivers that close after each message",
        examples=[False],
    )
    max_answer: int = Field(
        default=2**20,
        ge=1024,
        description="Largest acknowledgement in bytes",
        examples=[65536],
        json_schema_extra={"unit": "bytes"},
    )


class Sender(Destination):
    """Sends HL7 v2 messages over MLLP or MLLP/TLS, one at a time on each connection, and waits for the answer.

    `Sender(host="lab.hospital.example", port=2576)`: the settings are keyword arguments, see `SenderSettings`.

    HL7 v2 chapter 2 §2.9.2 leaves open whether AE comes of the message or of the moment, and receivers differ. By
    default it is tried again (`on_ae="retry"`): an AE surely stored nothing, the flow's limit ends it, and a message
    that is held too early costs a person's time. Set `on_ae="reject"` where AE means a faulty message.
    """

    Settings = SenderSettings
    kind: ClassVar[str] = "mllp"
    # one at a time: with several in a batch, a failed one would have to hold back the rest of its key
    traits: ClassVar[Traits] = Traits(batch_limit=1, deduplicates=False)

    def __init__(self, **settings: Any) -> None:
        self.settings = checked(SenderSettings, self.kind, settings)
        self._slots: asyncio.Semaphore | None = None
        self._idle: list[Line] = []
        self._lines: set[Line] = set()

    def __repr__(self) -> str:
        return f"<Sender {self.address}>"

    @property
    def address(self) -> str:
        """Where it sends to."""
        return f"mllp://{self.settings.host}:{self.settings.port}"

    async def open(self) -> None:
        """Make ready; connections are made when there is something to send, so a receiver may start later."""
        if self._slots is None:
            self.settings.client_context()  # a certificate that cannot be used is told at the start, not at night
            self._slots = asyncio.Semaphore(self.settings.connections)

    async def close(self) -> None:
        """Close the connections; what waits for its answer becomes `Unsure`."""
        self._slots = None
        self._idle.clear()
        for line in list(self._lines):
            await line.close()
        self._lines.clear()

    async def check(self) -> str:
        """Connect and close again. Raises `Down` with the reason."""
        line = await self._connect()
        await self._discard(line)
        return f"connected to {self.address}"

    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """Send each and wait for its acknowledgement."""
        return [await self._deliver(each) for each in batch]

    async def _deliver(self, delivery: Delivery) -> Outcome:
        try:
            message = hl7.parse(delivery.body)
        except Invalid as error:
            return Rejected("mllp.not_hl7", f"The body is no HL7 v2 message, so it was not sent: {error}")
        if message["MSH-15"] == "NE" and message["MSH-16"] in ("", "NE"):
            return Rejected(
                "mllp.no_answer_asked", "MSH-15 NE asks for no acknowledgement: it could never be confirmed."
            )
        slots = self._slots
        if slots is None:
            return TryAgain("The sender is closed.")
        async with slots:
            if self._slots is not slots:
                return TryAgain("The sender was closed before the message was sent.")
            return await self._exchange(message.control_id, delivery.body)

    async def _exchange(self, control_id: str, body: bytes) -> Outcome:
        """One message over one connection. Whatever goes wrong after sending, that connection is not used again."""
        try:
            line = await self._line()
        except Down as down:
            return down
        answered = False
        try:
            if self._slots is None:
                return TryAgain("The sender was closed before the message was sent.")
            answer = await line.exchange(body, self.settings.answer_timeout)
            outcome = self._outcome(control_id, answer, body)
            answered = not isinstance(outcome, Unsure)
        except LineLost as lost:
            return Unsure(str(lost)) if lost.sent else TryAgain(str(lost))
        else:
            return outcome
        finally:
            # also when cancelled: a late answer would be taken for that of the next message
            if answered and self._slots is not None and self.settings.keep_open:
                self._idle.append(line)
            else:
                await self._discard(line)

    def _outcome(self, control_id: str, answer: bytes, body: bytes) -> Outcome:
        try:
            acknowledgement = hl7.read_acknowledgement(answer)
        except Invalid:
            return Unsure("The receiver's answer is no HL7 v2 acknowledgement.")
        if acknowledgement.control_id != control_id:
            return Unsure("The receiver acknowledged another message than the one that was sent (MSA-2).")
        words = without_payload(acknowledgement.text or "", body)
        told = f": {words}" if words else "."
        match acknowledgement.code:
            case "AA" | "CA":
                return Delivered(reference=control_id, words=acknowledgement.code)
            case "AR" | "CR":
                return Rejected("mllp.rejected", f"The receiver rejected the message ({acknowledgement.code}){told}")
            case "AE" | "CE" if self.settings.on_ae == "retry":
                return TryAgain(f"The receiver answered with an error ({acknowledgement.code}){told}")
            case "AE" | "CE":
                return Rejected("mllp.error", f"The receiver answered with an error ({acknowledgement.code}){told}")
            case _:
                return Unsure("The receiver's acknowledgement has no code that HL7 table 0008 knows (MSA-1).")

    async def _line(self) -> Line:
        """A connection that is open on both sides: the last used one that still is, or a new one."""
        while self._idle:
            line = self._idle.pop()
            if await line.usable():
                return line
            await self._discard(line)
        return await self._connect()

    async def _connect(self) -> Line:
        settings = self.settings
        try:
            context = settings.client_context()
            line = await Line.connect(
                settings.host,
                settings.port,
                context,
                timeout=settings.connect_timeout,
                answer_limit=settings.max_answer,
            )
        except SettingsError as error:
            raise Down(str(error)) from None
        self._lines.add(line)
        return line

    async def _discard(self, line: Line) -> None:
        self._lines.discard(line)
        await line.close()


def send(endpoint: str = "", *, accepts: tuple[type, ...] = (object,), **settings: Any) -> Target:
    """The target that sends what the flow yields to an endpoint of `hilum.toml`, or to one given by settings."""
    return target(endpoint, Sender, settings, encode_hl7, accepts=accepts)

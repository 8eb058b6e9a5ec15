"""Commands of processes: a source whose messages are what runs send.

    source=processes.Commands("odoo.orders")

So a command is a message like any other: deduplicated, ordered, translated, delivered, held and audited by its flow.
Its body is JSON with the type of the object and the object: `{"type": "hilum.purchase.order", "content": {…}}`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar, Final
from uuid import UUID

import structlog
from pydantic import Field

from hilum.connector import ConnectorSettings, Header, Received, Source, Traits
from hilum.connectors.declaring import checked
from hilum.connectors.handing import Handed, Hands
from hilum.errors import DatabaseUnavailable, SettingsError
from hilum.journal.audit import record
from hilum.journal.payloads import Damaged, unpacked
from hilum.postgres import Database

log = structlog.get_logger(__name__)

_AT_ONCE: Final = 500  # commands in hand


class CommandsSettings(ConnectorSettings):
    """Settings of a channel of commands."""

    channel: str = Field(description="What the runs call it when they send", examples=["odoo.orders"])
    poll: float = Field(
        default=0.2,
        gt=0,
        description="Seconds between two looks for new commands",
        examples=[1],
        json_schema_extra={"unit": "s"},
    )


class Commands(Source):
    """Hands over each command of a channel, in the order in which runs sent them; once, whatever number of hubs."""

    Settings = CommandsSettings
    kind: ClassVar[str] = "commands"
    traits: ClassVar[Traits] = Traits(ordered=True, redelivers=True)
    in_hub: ClassVar[bool] = True
    default_format: ClassVar[str] = "json"

    def __init__(self, channel: str, **settings: Any) -> None:
        self.settings = checked(CommandsSettings, self.kind, {"channel": channel, **settings})
        self.flow = ""
        self._database: Database | None = None
        self._hands: Hands | None = None
        self._task: asyncio.Task[None] | None = None
        self._last = 0
        self._done: list[tuple[int, str]] = []  # answered, and not yet written: number, and why it was refused
        self._stir = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Commands {self.settings.channel}>"

    @property
    def address(self) -> str:
        """The channel."""
        return f"commands://{self.settings.channel}"

    def declared_by(self, flow: str) -> None:
        """Raises `SettingsError` where another flow has this very source: a command would go to only one of them."""
        if self.flow not in ("", flow):
            raise SettingsError(f"{flow} and {self.flow} both take the commands of {self.settings.channel}.")
        self.flow = flow

    def over(self, database: Database) -> None:
        """Read from this one, from the next `open` on."""
        self._database = database

    async def open(self) -> None:
        """Begin to look. Raises `SettingsError` outside a hub."""
        if self._task is not None:
            return
        if self._database is None:
            raise SettingsError(f"{self.address}: it runs only in a hub, which has the processes.")
        self._last, self._done = 0, []
        self._hands = Hands(self._ended)
        self._task = asyncio.create_task(self._look(self._database, self._hands), name=self.address)

    async def close(self) -> None:
        """Stop looking. What is not answered comes again."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)  # a defect was raised by `receive`
        if self._hands is not None:
            self._hands.close()

    async def check(self) -> str:
        """What it reads."""
        return f"takes the commands of {self.settings.channel}"

    def wants(self, received: Received) -> bool:
        """All, for its only flow."""
        return True

    async def receive(self) -> Sequence[Received]:
        """Wait until a run has sent something; an empty sequence only when it is closed."""
        taken = await self._hands.take() if self._hands is not None else ()
        if not taken and self._task is not None and self._task.done():
            self._task.result()
        return taken

    async def _look(self, database: Database, hands: Hands) -> None:
        try:
            while True:
                try:
                    await self._look_once(database, hands)
                except DatabaseUnavailable as error:
                    log.warning("commands_wait", source=self.address, reason=str(error))
                self._stir.clear()
                if not self._done:
                    try:
                        async with asyncio.timeout(self.settings.poll):
                            await self._stir.wait()
                    except TimeoutError:
                        continue
        except Exception:
            hands.close()  # a defect: `receive` ends and raises it, so that it is seen
            raise

    async def _look_once(self, database: Database, hands: Hands) -> None:
        if self._done:
            done = list(self._done)
            await self._note(database, done)
            del self._done[: len(done)]
        room = _AT_ONCE - len(hands)
        if room <= 0:
            return
        async with database.cold() as connection:
            # Numbers are given before they are committed, so one may appear behind a later one: what is in hand is
            # left out by its number instead of reading on from the last.
            known = [unit.place for unit in hands.unanswered] + [seq for seq, _ in self._done]
            cursor = await connection.execute(
                "SELECT seq, id, codec, body, key, correlation, cause FROM process_command"
                " WHERE channel = %s AND taken_at IS NULL AND seq <> ALL(%s) ORDER BY seq LIMIT %s",
                [self.settings.channel, known, room],
            )
            rows = await cursor.fetchall()
            bodies = await unpacked(connection, [(id, 0, codec, body) for _, id, codec, body, *_ in rows])
        hands.put([self._handed(hands, row, bodies.get((row[1], 0))) for row in rows])

    def _handed(self, hands: Hands, row: Sequence[Any], body: bytes | Damaged | None) -> Handed:
        seq, id, _, _, key, correlation, cause = row
        headers = {Header.PEER: "processes", Header.IDEMPOTENCY_KEY: f"command {id}"}
        headers |= {Header.ORDERING_KEY: key} if key else {}
        headers |= {Header.CORRELATION_ID: correlation} if correlation else {}
        headers |= {Header.CAUSATION_ID: str(cause)} if isinstance(cause, UUID) else {}
        found = body if isinstance(body, bytes) else b""  # damaged: its flow holds it as invalid, nothing is lost
        return Handed(hands, seq, found, "application/json", headers)

    def _ended(self, unit: Handed, reason: str) -> None:
        self._done.append((unit.place, reason))
        self._stir.set()

    async def _note(self, database: Database, done: Sequence[tuple[int, str]]) -> None:
        async with database.transaction() as connection:
            await connection.execute(
                "UPDATE process_command c SET taken_at = now(), refused = d.reason"
                " FROM unnest(%s::bigint[], %s::text[]) AS d (seq, reason) WHERE c.seq = d.seq AND c.taken_at IS NULL",
                [[seq for seq, _ in done], [reason for _, reason in done]],
            )
            for seq, reason in done:
                if reason:
                    words = f"command {seq} of {self.settings.channel}: {reason}"
                    await record(connection, actor="hub", action="command_not_taken", flow=self.flow, words=words)

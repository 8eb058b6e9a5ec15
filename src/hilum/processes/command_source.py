"""Commands of processes: a source whose messages are what runs send.

    source=processes.Commands("odoo.orders")

So a command is a message like any other: deduplicated, ordered, translated, delivered, held and audited by its flow.
Its body is JSON with the type of the object and the object: `{"type": "hilum.purchase.order", "content": {…}}`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final
from uuid import UUID

from pydantic import Field

from hilum.connector import ConnectorSettings, Header, Source
from hilum.connectors.declaring import checked
from hilum.connectors.handing import Handed, Hands
from hilum.connectors.numbered_source import NumberedSource
from hilum.errors import SettingsError
from hilum.journal.payloads import Damaged, unpacked
from hilum.postgres import Connection, Database

COMMAND: Final = "command"  # topic of the notice that a run sent one
_TOLD: Final = 5.0  # seconds between two looks where notices come


class CommandsSettings(ConnectorSettings):
    """Settings of a channel of commands."""

    channel: str = Field(description="What the runs call it when they send", examples=["odoo.orders"])
    poll: float = Field(
        default=0.2,
        gt=0,
        description="Seconds between two looks for new commands, where the database does not tell of them",
        examples=[1],
        json_schema_extra={"unit": "s"},
    )


class Commands(NumberedSource):
    """Hands over each command of a channel, in the order in which runs sent them; once, whatever number of hubs."""

    Settings = CommandsSettings
    kind: ClassVar[str] = "commands"
    needs: ClassVar[str] = "what processes send"
    own: ClassVar[str] = "a channel of processes.Commands"
    at_once: ClassVar[int] = 500
    not_taken: ClassVar[str] = "command_not_taken"

    def __init__(self, channel: str, **settings: Any) -> None:
        self.settings = checked(CommandsSettings, self.kind, {"channel": channel, **settings})
        super().__init__(self.settings.poll)

    @property
    def address(self) -> str:
        """The channel."""
        return f"commands://{self.settings.channel}"

    def share(self, other: Source) -> None:
        """Raises `SettingsError`: a command is taken once, so a channel is for one flow."""
        flows = f"{self.flow} and {other.flow}" if isinstance(other, Commands) else self.flow
        raise SettingsError(
            f"{flows} both take the commands of {self.settings.channel}, and each command is taken once: "
            "let one flow take them and deliver to all who need them."
        )

    async def open(self) -> None:
        """Begin to look; and to listen whether runs say that they sent something."""
        fresh = not self.is_open
        await super().open()
        if fresh and self._ledger is not None:
            self._ledger.notices.tell(COMMAND, self._heard)

    async def close(self) -> None:
        """See `HubSource.close`."""
        if self._ledger is not None:
            self._ledger.notices.forget(COMMAND, self._heard)
        await super().close()

    @property
    def pause(self) -> float:
        """As the settings say; longer where it is told of each command."""
        told = self._ledger is not None and self._ledger.notices.heard
        return max(self._poll, _TOLD) if told else self._poll

    def _heard(self, about: str) -> None:
        if about in ("", self.settings.channel):
            self.stir()

    async def check(self) -> str:
        """What it reads."""
        return f"takes the commands of {self.settings.channel}"

    async def _fill(self, ledger: Database, queue: Hands, known: Sequence[int], room: int) -> None:
        # Numbers are given before they are committed, so one may appear behind a later one: what is in hand is left
        # out by its number instead of reading on from the last.
        async with ledger.cold() as connection:
            cursor = await connection.execute(
                "SELECT seq, id, codec, body, key, correlation, cause FROM process_command"
                " WHERE channel = %s AND taken_at IS NULL AND seq <> ALL(%s) ORDER BY seq LIMIT %s",
                [self.settings.channel, list(known), room],
            )
            rows = await cursor.fetchall()
            bodies = await unpacked(connection, [(id, 0, codec, body) for _, id, codec, body, *_ in rows])
        queue.put([self._handed(queue, row, bodies.get((row[1], 0))) for row in rows])

    def _handed(self, hands: Hands, row: Sequence[Any], body: bytes | Damaged | None) -> Handed:
        seq, id, _, _, key, correlation, cause = row
        headers = {Header.PEER: "processes", Header.IDEMPOTENCY_KEY: f"command {id}"}
        headers |= {Header.ORDERING_KEY: key} if key else {}
        headers |= {Header.CORRELATION_ID: correlation} if correlation else {}
        headers |= {Header.CAUSATION_ID: str(cause)} if isinstance(cause, UUID) else {}
        found = body if isinstance(body, bytes) else b""  # damaged: its flow holds it as invalid, nothing is lost
        return Handed(hands, seq, found, "application/json", headers)

    async def _taken(self, connection: Connection, done: Sequence[tuple[int, str]]) -> None:
        await connection.execute(
            "UPDATE process_command c SET taken_at = now(), refused = d.reason"
            " FROM unnest(%s::bigint[], %s::text[]) AS d (seq, reason) WHERE c.seq = d.seq AND c.taken_at IS NULL",
            [[seq for seq, _ in done], [reason for _, reason in done]],
        )

    def _called(self, number: int) -> str:
        return f"command {number} of {self.settings.channel}"

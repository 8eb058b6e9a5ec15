"""Notices of tasks: a source whose messages say that somebody is asked, reminded, or asked since others did not act.

    source=processes.Notices()

A flow takes them to where people look: a chat, a mail service, a pager. Its body is JSON:
`{"what": "reminded", "task": "0199…", "title": "Approve the requisition", "team": "Purchasing", "to": "ada", …}`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

import orjson
from pydantic import Field

from hilum.connector import ConnectorSettings, Header, Source
from hilum.connectors.declaring import checked
from hilum.connectors.handing import Handed, Hands
from hilum.connectors.numbered_source import QueriedSource
from hilum.errors import SettingsError
from hilum.flow.stakes import RANK
from hilum.postgres import Connection

_CRITICALITY: Final = {rank: criticality.value for criticality, rank in RANK.items()}


class NoticesSettings(ConnectorSettings):
    """Settings of the notices of tasks."""

    poll: float = Field(
        default=1.0,
        gt=0,
        description="Seconds between two looks for new notices",
        examples=[5],
        json_schema_extra={"unit": "s"},
    )


# What was decided or withdrawn before anybody heard of it is told to nobody.
_UNTOLD: Final = (
    "SELECT h.id, h.kind, h.at, t.id, t.title, t.words, t.team, t.assigned_to, t.escalate_to, t.due_at, t.asked_at,"
    " t.criticality, t.at_stake, t.currency, r.process FROM process_task t"
    " JOIN process_history h ON h.run_id = t.run_id AND h.step = t.step"
    " AND h.kind IN ('asked', 'reminded', 'escalated')"
    " JOIN process_run r ON r.id = t.run_id WHERE t.decided_at IS NULL AND t.withdrawn_at IS NULL"
    " AND NOT EXISTS (SELECT FROM process_notice n WHERE n.history_id = h.id)"
    " AND h.id <> ALL(%(known)s) ORDER BY h.id LIMIT %(room)s"
)


class Notices(QueriedSource):
    """Hands over each notice of a task that is still open, once, whatever number of hubs.

    | member | what it says |
    |---|---|
    | what | `asked`, `reminded`, or `escalated`: nobody decided in time, and another team has it too |
    | to | who should look: the person who has it, else the team, or the one that it went to |
    | title, words | what is asked; never protected data |
    | team, given_to | whose it is |
    | due_at, asked_at | moments, UTC |
    | criticality, amount, currency | what is at stake; the last two only where it is known |
    | process, task, page | where it is in the console |
    """

    Settings = NoticesSettings
    kind: ClassVar[str] = "notices"
    needs: ClassVar[str] = "what processes ask of people"
    own: ClassVar[str] = "a source processes.Notices"
    at_once: ClassVar[int] = 100
    untold: ClassVar[str] = _UNTOLD
    not_taken: ClassVar[str] = "notice_not_taken"

    def __init__(self, **settings: Any) -> None:
        self.settings = checked(NoticesSettings, self.kind, settings)
        super().__init__(self.settings.poll)

    @property
    def address(self) -> str:
        """There is one."""
        return "notices://"

    def share(self, other: Source) -> None:
        """Raises `SettingsError`: a notice is taken once."""
        flows = f"{self.flow} and {other.flow}" if isinstance(other, Notices) else self.flow
        raise SettingsError(
            f"{flows} both take the notices of tasks, and each is taken once: let one flow take them for all."
        )

    async def check(self) -> str:
        """What it reads."""
        return "takes what people are asked and reminded of"

    def _handed(self, hands: Hands, row: Sequence[Any]) -> Handed:
        number, what, at, task, title, words, *more = row
        team, given_to, escalate_to, due_at, asked_at, rank, amount, currency, of = more
        body = {
            "what": what,
            "to": escalate_to if what == "escalated" else given_to or team,
            "title": title,
            "words": words,
            "team": team,
            "given_to": given_to,
            "due_at": due_at,
            "asked_at": asked_at,
            "criticality": _CRITICALITY[rank],
            **({"amount": str(amount), "currency": currency} if amount is not None else {}),
            "process": of,
            "task": str(task),
            "page": f"/workflows/tasks/{task}",
            "at": at,
        }
        headers = {
            Header.PEER: "processes",
            Header.IDEMPOTENCY_KEY: f"notice {task} {what}",
            Header.ORDERING_KEY: str(task),
        }
        return Handed(hands, number, orjson.dumps(body), "application/json", headers)

    async def _taken(self, connection: Connection, done: Sequence[tuple[int, str]]) -> None:
        await connection.execute(
            "INSERT INTO process_notice (history_id) SELECT unnest(%s::bigint[]) ON CONFLICT DO NOTHING",
            [[number for number, _ in done]],
        )

    def _called(self, number: int) -> str:
        return f"notice {number}"

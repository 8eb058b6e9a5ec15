"""What the hub has sent to an endpoint: of each document what it sent last, read from the journal.

Whatever way a document took into the endpoint (a flow of files, a process, a replay), it is in here. Reading goes once
through the deliveries of the days that are asked for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from hilum.canonical import BusinessObject
from hilum.canonical.catalogue import read
from hilum.errors import Invalid, SettingsError
from hilum.flow import Project
from hilum.journal.payloads import Damaged, unpacked
from hilum.message import id_at
from hilum.reconcile.declaration import Asked, Side
from hilum.reconcile.rows import Row

Telling = Callable[[Any], Row | None]
"""What an object is as a row; none: it is not compared."""

Tellings = Mapping[Any, Telling]
"""By kind of object (a subclass of `BusinessObject`), what tells its row."""

_AT_ONCE: Final = 500  # deliveries that are read together
_OPEN: Final = frozenset({"pending", "waiting", "held"})

_DELIVERIES: Final = (
    "SELECT d.message_id, d.ordinal, d.seq, d.state::text, d.state_at, p.codec, p.body"
    " FROM delivery d JOIN payload p ON p.id = d.message_id AND p.ordinal = d.ordinal"
    " WHERE d.destination = %(destination)s AND d.state <> 'cancelled' AND d.operation = ANY(%(operations)s)"
    " AND (d.message_id, d.ordinal) > (%(after)s, %(ordinal)s) ORDER BY d.message_id, d.ordinal LIMIT %(limit)s"
)


class Sent(Side):
    """What the hub sent to an endpoint of these kinds of objects; what is not delivered yet is on its way.

    `tell`: by kind of object, its row. Objects of several kinds may tell of one key (an order, and its cancellation):
    what was sent last counts. `back_days`: how much longer back the journal is read than the days that are asked for;
    a document that was sent earlier than that is not known here.
    """

    tells_the_way = True

    def __init__(
        self,
        endpoint: str,
        tell: Tellings,
        *,
        called: str = "the hub",
        back_days: int = 0,
    ) -> None:
        self.endpoint = endpoint
        self.called = called
        self._tell = dict(tell)
        self._back = timedelta(days=back_days)

    def needs(self, project: Project) -> None:
        """Raises `SettingsError` where no flow sends any of it there."""
        if not self._operations(project):
            kinds = ", ".join(sorted(kind.name for kind in self._tell))
            raise SettingsError(f"No flow delivers {kinds} to '{self.endpoint}': there is nothing to compare with.")

    def _operations(self, project: Project) -> list[str]:
        targets = [target for flow in project.flows.values() for target in flow.every_target]
        mine = [each for each in targets if each.endpoint == self.endpoint]
        return sorted({each.operation for each in mine if any(self._takes(each.accepts, kind) for kind in self._tell)})

    @staticmethod
    def _takes(accepts: Sequence[type], kind: type[BusinessObject]) -> bool:
        return any(issubclass(kind, each) for each in accepts)

    async def rows(self, asked: Asked) -> AsyncIterator[Sequence[Row]]:
        """Every delivery, with its place as the version. Raises `DatabaseUnavailable`, `Invalid` for a damaged body."""
        since = UUID(int=0)
        if asked.since is not None:
            since = id_at(datetime.combine(asked.since - self._back, time(), UTC))
        values: dict[str, Any] = {
            "destination": self.endpoint, "operations": self._operations(asked.project), "after": since,
            "ordinal": -1, "limit": _AT_ONCE,
        }  # fmt: skip
        while True:
            async with asked.database.cold() as connection:
                found = await (await connection.execute(_DELIVERIES.encode(), values)).fetchall()
                bodies = await unpacked(connection, [(row[0], row[1], row[5], row[6]) for row in found])
            made = (self._row(row, bodies.get((row[0], row[1]))) for row in found)
            yield [each for each in made if each is not None]
            if len(found) < _AT_ONCE:
                return
            values |= {"after": found[-1][0], "ordinal": found[-1][1]}

    def _row(self, row: Sequence[Any], body: bytes | Damaged | None) -> Row | None:
        """None: it is of another kind, or its payload was erased."""
        message_id, ordinal, seq, state, state_at, *_ = row
        if body is None:
            return None
        if isinstance(body, Damaged):
            raise Invalid("the payload is damaged", where=f"message {message_id}")
        thing = read(body)
        tell = self._tell.get(type(thing).whole())
        told = tell(thing) if tell is not None else None
        if told is None:
            return None
        return replace(told, at=state_at, version=(int(seq) << 16) + ordinal,
                       on_the_way=state in _OPEN, reference=str(message_id))  # fmt: skip

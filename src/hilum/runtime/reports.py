"""Reports to senders: what became of a document is a message of its own, caused by the first, in the same commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hilum import canonical
from hilum.connector import Header
from hilum.flow import Flow, Lookup
from hilum.journal import Draft, reading, receive
from hilum.journal.text import storable
from hilum.postgres import Connection
from hilum.runtime.observer import Observer


def status_flow(flow: Flow) -> Flow:
    """The flow that carries the reports of another one to its report targets."""
    reporting = Flow(
        flow.status_flow,
        version=flow.version,
        summary=f"Tells the senders of {flow.name} what became of their documents",
        owners=flow.owners,
        data_class=flow.data_class,
        criticality=flow.criticality,
        slo=flow.slo,
        retention=flow.retention,
        priority=flow.priority,
        encrypt=flow.encrypt,
        format="bytes",
    )

    @reporting.translate
    def as_it_is(body: Any, _: Lookup) -> Iterator[canonical.BusinessObject]:
        yield canonical.read(bytes(body))

    reporting.deliver_to(*flow.report_targets)
    return reporting


_TRACE = frozenset({Header.TRACEPARENT, Header.TRACESTATE})
"""A report belongs to the trace of what it reports on."""


class Reporter:
    """Writes the reports of the flows that want them."""

    def __init__(self, flows: Mapping[str, Flow], lanes: int, observer: Observer | None = None) -> None:
        self._flows = {name: flow for name, flow in flows.items() if flow.report_targets}
        self._lanes = lanes
        self._observer = observer or Observer()

    def wants(self, flow: str) -> bool:
        """Does this flow report?"""
        return flow in self._flows

    async def note(self, connection: Connection, message_id: UUID, state: str) -> None:
        """The same, for acts of people."""
        await self.settled(connection, message_id, state)

    async def settled(self, connection: Connection, message_id: UUID, state: str, words: str = "") -> bool:
        """Within the transaction in which a message is completed, held or discarded: write its report.

        A message that enters a state again (held, replayed, held) is reported again. False: its flow wants none.
        """
        row = await reading.message(connection, message_id)
        if row is None or row.flow not in self._flows:
            return False
        flow = self._flows[row.flow]
        references = [d.reference[:2000] for d in await reading.deliveries(connection, message_id) if d.reference]
        status = canonical.DocumentStatus(
            document=(row.key or (row.dedup_key or "").rpartition("|")[2] or str(row.id))[:128],
            flow=flow.name,
            status=state,
            references=tuple(references),
            words=storable(words)[:2000],
            at=datetime.now(UTC),
        )
        draft = Draft(
            flow=flow.status_flow,
            body=canonical.write(status),
            content_type="application/json",
            key=status.document,
            headers={name: value for name, value in (row.headers or {}).items() if name in _TRACE},
            correlation_id=row.correlation_id,
            cause_id=row.id,
            priority=flow.priority,
        )
        await receive(connection, [draft], self._lanes)
        self._observer.made(draft, row.id)
        return True

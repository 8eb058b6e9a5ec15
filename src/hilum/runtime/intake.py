"""Intake: from a source to the committer: which flow takes it, what its keys are, a clear answer where none does."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hilum.connector import Header, Received, Source
from hilum.errors import Busy, HilumError, Invalid, NotAccepted, SettingsError
from hilum.flow import Flow
from hilum.journal import Draft
from hilum.journal.text import storable
from hilum.runtime.committer import Committer, Entry
from hilum.runtime.gate import Gate
from hilum.runtime.observer import Observer

log = logging.getLogger("hilum.intake")

_KEPT_REFUSALS = 100
"""Refusals noted one by one between two writings; the rest of a flood is only counted, so that it fills no disk."""


@dataclass(slots=True)
class RefusalNote:
    """What was refused: who, why, how large. No payload."""

    source: str
    peer: str
    reason: str
    size: int


@dataclass(slots=True)
class Refusals:
    """Refusals that are not yet written."""

    notes: list[RefusalNote] = field(default_factory=list)
    dropped: int = 0

    def add(self, source: str, received: Received, error: Exception) -> None:
        """Note one."""
        if len(self.notes) >= _KEPT_REFUSALS:
            self.dropped += 1
            return
        peer = received.headers.get(Header.PEER, "")
        note = RefusalNote(storable(source), storable(peer), storable(str(error)), len(received.body))
        self.notes.append(note)

    def give_back(self, notes: list[RefusalNote], dropped: int) -> None:
        """These could not be written: keep them for the next time, as far as there is room."""
        kept = [*notes, *self.notes]
        self.dropped += dropped + max(0, len(kept) - _KEPT_REFUSALS)
        self.notes = kept[:_KEPT_REFUSALS]


class Intake:
    """Pumps one source, which one or several flows share."""

    def __init__(
        self,
        source: Source,
        flows: Sequence[Flow],
        committer: Committer,
        gate: Gate,
        refusals: Refusals,
        observer: Observer | None = None,
    ):
        self.source = source
        self.flows = flows
        self._committer = committer
        self._gate = gate
        self._refusals = refusals
        self._observer = observer or Observer()

    async def run(self) -> None:
        """Take until the source is closed or the task is cancelled."""
        while True:
            batch = await self.source.receive()
            if not batch:
                return
            for received in batch:
                await self._take(received)

    async def _take(self, received: Received) -> None:
        try:
            self._gate.check()  # before anything is read: a full hub has other work
            entry = self._entry(received)
            self._gate.check(entry.priority)
            await self._committer.room(entry)
            self._committer.submit(entry)
        except (Busy, NotAccepted, Invalid) as error:
            await self._refuse(received, error)
        except Exception as error:  # noqa: BLE001 - hostile input, or a flow's defect: this one message is refused
            # the text of a foreign error may quote the payload, so only its kind is told
            await self._refuse(received, Invalid(f"The hub cannot read this message ({type(error).__name__})."))

    async def _refuse(self, received: Received, error: HilumError) -> None:
        self._refusals.add(self.source.address, received, error)
        self._observer.refused(self.source.address, error)
        try:
            await received.refuse(error)
        except Exception as lost:  # noqa: BLE001 - a defect of the source must not end the intake
            log.warning("a refusal could not be sent: %s", type(lost).__name__)

    def _entry(self, received: Received) -> Entry:
        """Raises `NotAccepted` or `Invalid`."""
        parsed: dict[str, Any] = {}
        if (already := getattr(received, "parsed", None)) is not None:
            parsed[self.source.default_format] = already
        drafts = []
        for flow in self.flows:
            if flow.source is not None and flow.source.wants(received):
                if flow.format not in parsed:
                    parsed[flow.format] = flow.read(received.body)
                drafts.append((flow, _draft(flow, received, parsed[flow.format])))
        if not drafts:
            kind = received.headers.get(Header.MESSAGE_TYPE, "")
            raise NotAccepted(f"No flow of this hub takes {kind or 'this kind of message'} here.")
        return Entry(received, self.source.address, drafts, parsed)


def _draft(flow: Flow, received: Received, parsed: Any) -> Draft:
    draft = Draft(
        flow=flow.name,
        body=received.body,
        content_type=received.content_type,
        headers=received.headers,
        key=flow.ordering_key(parsed),
        dedup_key=flow.dedup_key(parsed, received),
        priority=flow.priority,
        correlation_id=received.headers.get(Header.CORRELATION_ID, ""),
    )
    if draft.dedup_key:
        draft.fingerprint = flow.fingerprint(received.body)
    if not draft.correlation_id:
        draft.correlation_id = str(draft.id)
    return draft


def shared_sources(flows: Sequence[Flow]) -> list[tuple[Source, list[Flow]]]:
    """The sources of these flows, those with one address once. Raises `SettingsError` where they contradict."""
    found: dict[str, tuple[Source, list[Flow]]] = {}
    for flow in flows:
        if flow.source is None:
            continue
        source, sharing = found.setdefault(flow.source.address, (flow.source, []))
        if type(source) is not type(flow.source):
            raise SettingsError(f"{flow.name} and {sharing[0].name} want different things at {source.address}.")
        sharing.append(flow)
    return list(found.values())

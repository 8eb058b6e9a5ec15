"""Intake: from a source to the committer: which flow takes it, what its keys are, a clear answer where none does."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hilum.connector import Header, Received, Source
from hilum.errors import Busy, DatabaseUnavailable, HilumError, Invalid, NotAccepted, SettingsError, trail
from hilum.flow import Flow
from hilum.journal import Draft
from hilum.journal.text import storable
from hilum.runtime.committer import Committer, Entry, Turn
from hilum.runtime.gate import Gate
from hilum.runtime.observer import Observer
from hilum.runtime.switches import Switches
from hilum.runtime.unread import cause_of

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
        self.note(source, received.headers.get(Header.PEER, ""), str(error), len(received.body))

    def note(self, source: str, peer: str, reason: str, size: int = 0) -> None:
        """Note one of which nothing was read (a connection that was not let in), or so many bytes."""
        if len(self.notes) >= _KEPT_REFUSALS:
            self.dropped += 1
            return
        self.notes.append(RefusalNote(storable(source), storable(peer), storable(reason), size))

    def give_back(self, notes: list[RefusalNote], dropped: int) -> None:
        """These could not be written: keep them for the next time, as far as there is room."""
        kept = [*notes, *self.notes]
        self.dropped += dropped + max(0, len(kept) - _KEPT_REFUSALS)
        self.notes = kept[:_KEPT_REFUSALS]


class Intake:
    """Pumps one source, which one or several flows share. It is made before the source is open."""

    def __init__(
        self,
        source: Source,
        flows: Sequence[Flow],
        committer: Committer,
        gate: Gate,
        refusals: Refusals,
        observer: Observer | None = None,
        switches: Switches | None = None,
    ) -> None:
        self.source = source
        self.flows = flows
        # an address may change when it is opened (port 0), and only of the source that is
        self._ways = [(flow, [each for each in flow.sources if each.address == source.address]) for flow in flows]
        self._committer = committer
        self._gate = gate
        self._refusals = refusals
        source.turned_away = lambda peer, reason: refusals.note(source.address, peer, reason)
        self._observer = observer or Observer()
        traits = source.traits
        self._keeps_order = traits.ordered and traits.redelivers
        self._turn = Turn()
        self._switches = switches or Switches()

    async def run(self) -> None:
        """Take until the source is closed or the task is cancelled."""
        while True:
            batch = await self.source.receive()
            if not batch:
                return
            if self._turn.ended_by is not None:  # the source begins again with what was refused: see `Source.receive`
                self._turn = Turn()
            for received in batch:
                await self._take(received)

    async def _take(self, received: Received) -> None:
        try:
            if self._turn.ended_by is not None:
                raise self._turn.ended_by
            self._gate.check()  # before anything is read: a full hub has other work
            entry = self._entry(received)
            self._gate.check(entry.priority)
            await self._committer.room(entry)
            self._committer.submit(entry)
        except (Busy, DatabaseUnavailable) as error:
            await self._refuse(received, error)
        except (NotAccepted, Invalid) as error:
            await self._end(received, error)
        except Exception as error:  # noqa: BLE001 - hostile input, or a flow's defect: this one message is refused
            # the text of a foreign error may quote the payload, so only its kind is told
            await self._end(received, Invalid(f"The hub cannot read this message ({type(error).__name__})."))

    async def _end(self, received: Received, error: NotAccepted | Invalid) -> None:
        """Refused for good: its sender is told; where none can be told, the hub keeps it for a person."""
        if self.source.traits.answers:
            await self._refuse(received, error)
            return
        try:
            receipt = await self._committer.unread.keep(received, self.flows[0], error)
            await received.accept(receipt)
        except (Busy, DatabaseUnavailable) as busy:
            await self._refuse(received, busy)
        except Exception as defect:  # noqa: BLE001 - the source puts it where the people of the far side find it
            log.error("a message that cannot be read can be stored in no way: %s", trail(defect))
            await self._refuse(received, error)

    async def _refuse(self, received: Received, error: HilumError) -> None:
        if self._turn.ended_by is None:  # those behind a refused one are not told of one by one
            self._refusals.add(self.source.address, received, error)
            self._observer.refused(self.source.address, error)
        if self._keeps_order and isinstance(error, Busy | DatabaseUnavailable):
            self._turn.ended_by = error
        try:
            await received.refuse(error)
        except Exception as lost:  # noqa: BLE001 - a defect of the source must not end the intake
            log.warning("a refusal could not be sent: %s", type(lost).__name__)

    def _entry(self, received: Received) -> Entry:
        """Raises `NotAccepted`, `Invalid`, or `Busy` where a person has stopped a flow that wants it."""
        parsed: dict[str, Any] = {}
        if (already := getattr(received, "parsed", None)) is not None:
            parsed[self.source.default_format] = already
        drafts = []
        for flow, ways in self._ways:
            if any(way.wants(received) for way in ways):
                self._switches.check(flow.name)
                if flow.format not in parsed:
                    parsed[flow.format] = flow.read(received.body)
                drafts.append((flow, _draft(flow, received, parsed[flow.format])))
        if not drafts:
            kind = received.headers.get(Header.MESSAGE_TYPE, "")
            raise NotAccepted(f"No flow of this hub takes {kind or 'this kind of message'} here.")
        turn = self._turn if self._keeps_order else None
        return Entry(received, self.source.address, drafts, parsed, turn=turn, answers=self.source.traits.answers)


def _draft(flow: Flow, received: Received, parsed: Any) -> Draft:
    draft = Draft(
        flow=flow.name,
        body=received.body,
        content_type=received.content_type,
        headers=received.headers,
        key=flow.ordering_key(parsed, received),
        dedup_key=flow.dedup_key(parsed, received),
        priority=flow.priority,
        correlation_id=received.headers.get(Header.CORRELATION_ID, ""),
        cause_id=cause_of(received),
    )
    if draft.dedup_key:
        draft.fingerprint = flow.fingerprint(received.body)
    if not draft.correlation_id:
        draft.correlation_id = str(draft.id)
    draft.filtered = flow.left_out(parsed)
    if not draft.filtered and (stored := flow.minimised(received.body)) is not None:
        draft.body, draft.size = stored, len(received.body)
    return draft


def shared_sources(flows: Sequence[Flow]) -> list[tuple[Source, list[Flow]]]:
    """The sources of these flows, those with one address once. Raises `SettingsError` where they contradict."""
    found: dict[str, tuple[Source, list[Flow]]] = {}
    for flow in flows:
        for own in flow.sources:
            source, sharing = found.setdefault(own.address, (own, []))
            if type(source) is not type(own):
                raise SettingsError(f"{flow.name} and {sharing[0].name} want different things at {source.address}.")
            if source is not own:
                source.share(own)
            if flow not in sharing:
                sharing.append(flow)
    return list(found.values())

"""Translation of one message: its flow is run under the watchdog's eyes; deliveries come of it, or why it is held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hilum.canonical import BusinessObject
from hilum.canonical.applied import listening, summed
from hilum.connector import Header
from hilum.errors import Endless, SettingsError
from hilum.flow import Flow, Yielded
from hilum.flow.stakes import NOTHING, Stake, all_of
from hilum.journal.payloads import Damaged
from hilum.journal.rules import encode_rules
from hilum.journal.work import MOST_DELIVERIES, NewDelivery, ToTranslate, Translated
from hilum.masterdata.sync import Noted
from hilum.runtime.outgoing import deliveries
from hilum.runtime.settling import Arriving, Unsettled
from hilum.runtime.share import Share


@dataclass(slots=True)
class Failed:
    """A message that is held."""

    taken: ToTranslate
    error: Exception
    identifiers: set[str]
    notes: Sequence[Noted] = ()  # what ownership decided
    rules: str | None = None  # conversions and code tables that were used before it failed
    doubt: Arriving | None = None  # what a person is to be asked about
    stake: Stake = NOTHING


class OneMessage:
    """Translates messages one by one; writes nothing."""

    def __init__(self, share: Share) -> None:
        self._share = share

    async def translate(self, taken: ToTranslate, body: bytes | Damaged | None, parsed: Any) -> Translated | Failed:
        """Translate; once more where it lacked something that has come meanwhile."""
        result = self._heard(taken, body, parsed)
        if isinstance(result, Failed) and await self._share.newer(result.error):
            result = self._heard(taken, body, parsed)
        return result

    def _heard(self, taken: ToTranslate, body: bytes | Damaged | None, parsed: Any) -> Translated | Failed:
        """Translate under the watchdog's eyes, and note the rules that were applied."""
        with self._share.watching(taken.flow, taken.id), listening() as heard:
            result = self._translate(taken, body, parsed)
        result.rules = encode_rules(summed(heard, values=taken.flow in self._share.open_flows))
        return result

    def _translate(self, taken: ToTranslate, body: bytes | Damaged | None, parsed: Any) -> Translated | Failed:
        flow = self._share.flows[taken.flow]
        identifiers = {taken.key, taken.dedup_key, *_upstream_ids(taken)} - {""}
        things: list[Yielded] = []
        try:
            parsed = _readable(taken, flow, body, parsed)
            identifiers |= _identifiers(flow, parsed)
            made: list[NewDelivery] = []
            for yielded in flow.run(parsed, self._share.lookup):
                things.append(yielded)
                if isinstance(yielded.thing, BusinessObject):
                    identifiers.update(yielded.thing.identifiers)
                    thing = yielded.thing
                    self._share.quality.note(flow.name, thing.name, thing.business_key, thing, facility=flow.facility)
            arriving = self._share.arrivals.read(flow, parsed, things) if flow.matches else ()
            if arriving or self._share.stewardship.governs(things):
                return _unsettled(taken, flow, parsed, things, arriving, identifiers)
            for yielded in things:
                made += deliveries(taken, yielded)
            if taken.next_ordinal + len(made) > MOST_DELIVERIES:
                raise SettingsError(f"One message may have {MOST_DELIVERIES} deliveries; this one has more.")
        except Exception as error:  # noqa: BLE001 - a flow is a user's code: what it raises holds this message only
            return Failed(taken, error, identifiers, stake=_stake(flow, parsed, things))
        late = not made and self._share.late(flow.name, taken.id)
        return Translated(taken=taken, deliveries=made, identifiers=identifiers, late=late)


def _readable(taken: ToTranslate, flow: Flow, body: bytes | Damaged | None, parsed: Any) -> Any:
    """The parsed form. Raises what keeps the message from being read."""
    if taken.endless:
        raise Endless
    if body is None:
        raise SettingsError("The payload of this message was erased; it cannot be translated any more.")
    if isinstance(body, Damaged):
        raise body
    return flow.read(body) if parsed is None else parsed


def _unsettled(
    taken: ToTranslate,
    flow: Flow,
    parsed: Any,
    things: list[Yielded],
    arriving: Sequence[Arriving],
    identifiers: set[str],
) -> Unsettled:
    """What is matched, and judged by ownership, when it is committed."""
    changed = flow.changed(parsed)
    return Unsettled(
        taken=taken,
        deliveries=[],
        identifiers=identifiers,
        yielded=things,
        changed_at=changed.timestamp() if changed is not None else None,
        arriving=arriving,
    )


def _stake(flow: Flow, parsed: Any, made: Sequence[Yielded]) -> Stake:
    """What is at stake in a message that cannot be translated, as far as it was."""
    said = flow.stake(parsed) if parsed is not None else NOTHING
    return said.over(all_of(each.stake for each in made))


def _upstream_ids(taken: ToTranslate) -> tuple[str, str]:
    """What the hub that sent it here calls it, and the business event that it belongs to."""
    return taken.headers.get(Header.CAUSATION_ID, ""), taken.headers.get(Header.CORRELATION_ID, "")


def _identifiers(flow: Flow, parsed: Any) -> set[str]:
    """What people search this message by, besides what its objects say."""
    found = flow.identifiers(parsed)
    control_id = getattr(parsed, "control_id", "")
    if isinstance(control_id, str) and control_id:
        found.add(control_id)
    return found

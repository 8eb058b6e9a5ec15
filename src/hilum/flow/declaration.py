"""A flow: a named, versioned interface with its owners, its data class and its promise.

Reading a flow file should tell a newcomer everything about that interface; so everything is here, and a flow without
it does not start (`Flow.problems`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import orjson
from pydantic import BaseModel, ValidationError

from hilum.canonical.worth import worth
from hilum.connector import Received, Source, Target
from hilum.errors import Invalid, SettingsError
from hilum.flow.lookup import Lookup
from hilum.flow.matching import Identity, Matching
from hilum.flow.promises import DEFAULTS, Criticality, DataClass, OnHeld, Owners, Pattern, Slo
from hilum.flow.retry import Retry
from hilum.flow.stakes import NOTHING, Stake, StakeOf
from hilum.formats import FORMATS, edifact, x12
from hilum.journal.periods import is_period
from hilum.message import NO_HEADERS, Priority

Selector = Callable[[Any], str]
"""Reads one value of the parsed message: `hl7.field("PID-18")`, or any function."""

Translate = Callable[[Any, Lookup], "Iterable[Any] | Any"]

Filter = Callable[[Any], "bool | str"]
"""Reads the parsed message: True takes it; False, or a text that says why, leaves it out."""

Minimise = Callable[[Any], Any]
"""Makes of the parsed message what is stored of it: bytes, or a message that can be encoded."""


@dataclass(frozen=True, slots=True)
class Yielded:
    """One object that a translation made, and the targets that take it."""

    index: int
    thing: Any
    targets: tuple[Target, ...]
    identity: Identity | None = None  # which known thing it is, where the flow has that asked
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS)  # what its receivers are told besides
    stake: Stake = NOTHING

    @property
    def key(self) -> str:
        """What makes it the same thing at any time: its identity, else its business key."""
        return self.identity.name if self.identity is not None else self.thing.business_key


_NUMBER = re.compile(r"\d+(\.\d+)?")
_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")


class Flow:
    """One interface: source → translate → targets.

    `pattern` gives what is not said: data class, criticality, SLO, retention, priority, what a held message does.

    `order_by` reads the ordering key: messages with one key stay in order to each destination; without it the sender's
    own ordering key counts, if it sends one (streams carry it). `dedup_by` reads what makes a message the same when it
    comes twice; without it the sender's own idempotency key counts, if it sends one.
    `also_from`: further sources of the same messages, such as a poll beside webhooks; by `dedup_by`, which it needs
    then, each counts once, whichever way it comes first.
    `identify_by` reads further identifiers people may search for. `retention` is an ISO 8601 period for the payload.
    `retry` is this flow's own rule for what failed; without it that of its criticality holds.
    `format` says how a body is read; it comes from the source where that is clear. `encrypt` says whether payloads are
    encrypted in the journal; without it the data class decides (`[encryption] for`). `accepts_if` says which
    messages the flow wants at all, as `filter` does.
    `system` is the system that the flow speaks for, as `ownership.toml` calls it; without it that of its source's
    endpoint. `facility` is the one that its objects are of, where they do not say it themselves. `changed_at` reads
    when the change was made there (ISO 8601, or seconds since 1970); without it the time of receipt counts.
    `input` is the model that a JSON body must fit: the translation gets an object of it, and it is part of the flow's
    contract. `matches`: which of its objects are compared with what is known of such things (`Matching`).
    `stake_by` reads what is at stake in a message, for the exception desk (`Stake`); without it, or where it leaves
    something out, the amount of each object that is made of it and the flow's own criticality count.
    """

    def __init__(
        self,
        name: str,
        *,
        version: str,
        summary: str,
        owners: Owners,
        pattern: Pattern | None = None,
        data_class: DataClass | None = None,
        criticality: Criticality | None = None,
        slo: Slo | None = None,
        retention: str = "",
        source: Source | None = None,
        order_by: Selector | None = None,
        dedup_by: Selector | None = None,
        identify_by: Sequence[Selector] = (),
        priority: Priority | None = None,
        on_held: OnHeld | None = None,
        format: str | None = None,
        retry: Retry | None = None,
        runbook: str = "",
        encrypt: bool | None = None,
        accepts_if: Filter | None = None,
        system: str = "",
        facility: str = "",
        changed_at: Selector | None = None,
        input: type[BaseModel] | None = None,
        matches: Sequence[Matching] = (),
        stake_by: StakeOf | None = None,
        also_from: Sequence[Source] = (),
    ) -> None:
        self.name = name
        self.version = version
        self.summary = summary
        self.owners = owners
        defaults = DEFAULTS[pattern or Pattern.TRANSACTION]
        self._unsaid = not pattern and not (data_class and slo and retention)
        self.pattern = pattern or Pattern.TRANSACTION
        self.data_class = data_class or defaults.data_class
        self.criticality = criticality or defaults.criticality
        self.slo = slo or defaults.slo
        self.retention = retention or defaults.retention
        self.source = source
        self.also_from = tuple(also_from)
        self.order_by = order_by
        self.dedup_by = dedup_by
        self.identify_by = tuple(identify_by)
        self.priority = priority or defaults.priority
        self.on_held: OnHeld = on_held or defaults.on_held
        self.format = format or (source.default_format if source else "json")
        self.retry = retry
        self.runbook = runbook
        self.encrypt = encrypt
        self.accepts_if = accepts_if
        self.system = system
        self.facility = facility
        self.changed_at = changed_at
        self.input = input
        self.matches = tuple(matches)
        self.stake_by = stake_by
        self._minimise: Minimise | None = None
        self.targets: list[Target] = []
        self.report_targets: list[Target] = []
        self.correction_targets: list[Target] = []
        self._translate: Translate | None = None
        for each in self.sources:
            each.declared_by(name)

    def __repr__(self) -> str:
        return f"<Flow {self.name} {self.version}>"

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where its messages come from: its source, then those beside it."""
        return (*((self.source,) if self.source is not None else ()), *self.also_from)

    def translate(self, function: Translate) -> Translate:
        """Decorator: the pure function (parsed message, lookups) → objects. It may yield, or return one or a list."""
        self._translate = function
        return function

    def filter(self, function: Filter) -> Filter:
        """Decorator: which messages the flow wants. True takes one; False, or a text that says why, leaves it out.

        What is left out is acknowledged and counted, and stored as evidence only: discarded, with the reason, without
        its payload. The reason is shown to everybody: no value of the message belongs into it.
        """
        self.accepts_if = function
        return function

    def minimise(self, function: Minimise) -> Minimise:
        """Decorator: what is stored of a message, for example `flow.minimise(hl7.without("NK1", "PID-19"))`.

        It gets a parsed message of its own and returns bytes, or a message that can be encoded. Keys and the
        fingerprint are read from the original; the translation, a replay and people see what is stored.
        """
        self._minimise = function
        return function

    def left_out(self, parsed: Any) -> str:
        """Why the filter leaves this message out; empty: it takes it. Raises what the filter raises."""
        verdict = True if self.accepts_if is None else self.accepts_if(parsed)
        if verdict is True:
            return ""
        if verdict is False:
            return "The filter of the flow leaves it out."
        if isinstance(verdict, str) and verdict.strip():
            return verdict.strip()
        raise SettingsError(f"The filter of {self.name} must answer True, False, or a text that says why.")

    def minimised(self, body: bytes) -> bytes | None:
        """What is stored instead of a body; None: the body itself. Raises what the function raises."""
        if self._minimise is None:
            return None
        made = self._minimise(self.read(body))
        if isinstance(made, bytes):
            return made
        encoded = made.encode() if hasattr(made, "encode") and not isinstance(made, str) else None
        if isinstance(encoded, bytes):
            return encoded
        raise SettingsError(f"What {self.name} stores of a message must be bytes or an encodable message.")

    def deliver_to(self, *targets: Target) -> None:
        """What the translation yields goes to each target that takes its type."""
        self.targets.extend(targets)

    def report_to(self, *targets: Target) -> None:
        """Tell the sender what became of each message: a `DocumentStatus` when it is completed, held or discarded."""
        self.report_targets.extend(targets)

    def correct_to(self, *targets: Target) -> None:
        """Where the system that this flow speaks for is told what is in force, after a change that did not count.

        Lead it to that system itself: so both sides agree again.
        """
        self.correction_targets.extend(targets)

    @property
    def every_target(self) -> tuple[Target, ...]:
        """All targets: of objects, of reports, of corrections."""
        return (*self.targets, *self.report_targets, *self.correction_targets)

    @property
    def source_endpoint(self) -> str:
        """The endpoint that its source reads from, where it is one of `hilum.toml`; else empty."""
        settings = getattr(self.source, "settings", None)
        found = getattr(self.source, "endpoint", "") or getattr(settings, "endpoint", "")
        return found if isinstance(found, str) else ""

    def changed(self, parsed: Any) -> datetime | None:
        """When the sender made the change; None: it does not say, or not so that it can be read."""
        text = _selected(self.changed_at, parsed)
        try:
            found = (
                datetime.fromtimestamp(float(text), UTC) if _NUMBER.fullmatch(text) else datetime.fromisoformat(text)
            )
        except (ValueError, OverflowError, OSError):
            return None
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)

    def matching(self, thing: object) -> Matching | None:
        """How an object is matched; None: not at all."""
        return next((each for each in self.matches if each.takes(thing)), None)

    def sealed(self, classes: Collection[str]) -> bool:
        """Are its payloads encrypted in the journal, where those of these data classes are?"""
        return self.data_class.value in classes if self.encrypt is None else self.encrypt

    @property
    def status_flow(self) -> str:
        """Name of the flow that carries the reports of this one."""
        return f"{self.name}.status"

    def read(self, body: bytes) -> Any:
        """The parsed form of a body, or the object of its `input`. Raises `Invalid`."""
        parsed = FORMATS[self.format](body)
        if self.input is None:
            return parsed
        try:
            return self.input.model_validate(parsed)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            raise Invalid(first["msg"], where=".".join(str(part) for part in first["loc"]) or None) from None

    @property
    def translation(self) -> Translate | None:
        """The function that was decorated with `translate`."""
        return self._translate

    def run(self, parsed: Any, lookup: Lookup) -> Iterator[Yielded]:
        """Translate, and say which target takes what. Raises what the translation raises.

        An object that no target takes is a defect of the flow, and raised as such: nothing disappears silently.
        """
        if self._translate is None:
            raise SettingsError(f"Flow {self.name} has no translation.")
        result = self._translate(parsed, lookup)
        if result is None:
            return
        things = result if isinstance(result, (Iterator, list, tuple)) else (result,)
        said = self.stake(parsed)
        for index, thing in enumerate(things):
            targets = tuple(target for target in self.targets if target.takes(thing))
            if not targets:
                raise SettingsError(
                    f"Flow {self.name} yields a {type(thing).__name__}, which none of its targets takes."
                )
            value = worth(thing) if said.value is None else None
            yield Yielded(index, thing, targets, stake=said if value is None else Stake(value=value).over(said))

    def stake(self, parsed: Any) -> Stake:
        """What `stake_by` reads. It is for lists that people look at: where it cannot be read, nothing is said."""
        if self.stake_by is None:
            return NOTHING
        try:
            return self.stake_by(parsed) or NOTHING
        except Exception:  # noqa: BLE001 - a message is not held because nobody knows what it is worth
            return NOTHING

    def ordering_key(self, parsed: Any, received: Received | None = None) -> str:
        """The ordering key, or the empty string where the message has none."""
        if self.order_by is not None:
            return _selected(self.order_by, parsed)
        return received.headers.get("ordering-key", "") if received is not None else ""

    def dedup_key(self, parsed: Any, received: Received | None = None) -> str:
        """What makes it the same message when it comes twice, or the empty string: then it never counts as the same."""
        if self.dedup_by is not None:
            return _selected(self.dedup_by, parsed)
        return received.headers.get("idempotency-key", "") if received is not None else ""

    def identifiers(self, parsed: Any) -> set[str]:
        """What people may search this message by, besides its keys."""
        return {found for selector in self.identify_by if (found := _selected(selector, parsed))}

    def fingerprint(self, body: bytes) -> bytes:
        """16 bytes that tell two contents apart although their dedup key is the same.

        In HL7 v2 the header segment is left out: a repetition may carry a new time in MSH-7. In X12 and EDIFACT the
        envelope is: the same one may come in another interchange. Of JSON that comes by several ways, order and spaces
        are: each writes them its own way.
        """
        if self.format == "x12":
            body = x12.read(body).body().strip()
        elif self.format == "edifact":
            body = edifact.read(body).body().strip()
        if self.format in ("json", "object") and self.also_from:
            body = orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS)
        if self.format == "hl7v2":
            end = min((at for at in (body.find(b"\r"), body.find(b"\n")) if at >= 0), default=0)
            body = body[end:]
        return blake2b(body, digest_size=16).digest()

    def problems(self) -> list[str]:
        """What keeps this flow from starting, in words. Empty: nothing."""
        found = []
        if not _NAME.fullmatch(self.name):
            found.append(f"name {self.name!r}: use small letters, digits and underscores, with dots between words")
        if not self.summary.strip():
            found.append("summary is empty: say in one sentence what crosses, for whom")
        if not (self.owners.business.strip() and self.owners.technical.strip()):
            found.append("owners: a business owner and a technical owner are needed")
        if self._unsaid:
            found.append("data_class, slo and retention: say them, or a pattern that gives them, pattern=Pattern.EVENT")
        if not is_period(self.retention):
            found.append(f"retention {self.retention!r}: write an ISO 8601 period of days or longer, for example 'P7Y'")
        if self._translate is None:
            found.append("no translation: decorate a function with @flow.translate")
        if not self.targets:
            found.append("no target: call flow.deliver_to(...)")
        if self.format not in FORMATS:
            found.append(f"format {self.format!r} is unknown; there are {', '.join(sorted(FORMATS))}")
        if self.also_from and self.dedup_by is None:
            found.append("also_from needs dedup_by: by it, what comes by several ways is known to be the same")
        found += self.slo.problems()
        found += self.retry.problems() if self.retry is not None else []
        return found


def _selected(selector: Selector | None, parsed: Any) -> str:
    """What the selector reads. A message that has no such part has the empty key; the translation will say so."""
    if selector is None:
        return ""
    try:
        return str(selector(parsed) or "")
    except (Invalid, KeyError, IndexError, TypeError, AttributeError):
        return ""

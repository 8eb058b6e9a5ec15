"""A dry translation: what a flow would make of a body now. Nothing is stored or sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hilum.cases.classify import Finding, classify
from hilum.flow import Flow, Lookup


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One delivery that would be made."""

    destination: str
    operation: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What would come out."""

    key: str = ""  # the ordering key
    made: tuple[Made, ...] = ()
    held: Finding | None = None  # it would be held, and this is what the case would say


def trial(flow: Flow, body: bytes, lookup: Lookup) -> Trial:
    """Read and translate as the hub would. Raises nothing: what the flow raises is what the case would say."""
    key = ""
    made: list[Made] = []
    try:
        parsed: Any = flow.read(body)
        key = flow.ordering_key(parsed)
        for yielded in flow.run(parsed, lookup):
            for target in yielded.targets:
                outgoing = target.encode(yielded.thing)
                if outgoing is not None:
                    made.append(Made(destination=target.endpoint, operation=target.operation, body=outgoing.body))
    except Exception as error:  # noqa: BLE001 - a flow is a user's code: whatever it raises would hold the message
        return Trial(key=key, held=classify(error))
    return Trial(key=key, made=tuple(made))

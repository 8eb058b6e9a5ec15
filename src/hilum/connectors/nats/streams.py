"""Streams of JetStream: looked up, made where the settings say so, and checked for what deliveries rest on."""

from __future__ import annotations

import logging
from typing import Any, Final

from pydantic import Field

from hilum.connector import ConnectorSettings
from hilum.connectors.nats.link import Link, Refused
from hilum.errors import Down

log = logging.getLogger("hilum.nats")

_NS: Final = 1_000_000_000
_NOT_FOUND: Final = 404
LEAST_WINDOW: Final = 600
"""Seconds that a flow of normal criticality repeats (9 minutes, `runtime/retry.py`), rounded up: with a shorter
duplicate window a late repetition is in the stream twice. A receiving hub tells it by its key all the same."""


class NewStream(ConnectorSettings):
    """A stream that the hub makes where there is none of its name. One that exists is never changed."""

    subjects: tuple[str, ...] = Field(
        min_length=1, description="Subjects that the stream takes; wildcards are allowed", examples=[["edge.>"]]
    )
    replicas: int = Field(default=1, ge=1, le=5, description="Servers that keep it; 3 in a cluster", examples=[3])
    retention: str = Field(
        default="limits",
        pattern="^(limits|interest|workqueue)$",
        description="What is kept: all within the limits, what a consumer still wants, or what none has taken",
        examples=["workqueue"],
    )
    max_age: float = Field(
        default=0,
        ge=0,
        description="Seconds after which a message goes; 0: never. Longer than the longest outage of its readers",
        examples=[2592000],
        json_schema_extra={"unit": "s"},
    )
    max_bytes: int = Field(
        default=0,
        ge=0,
        description="Bytes that it may hold; 0: no limit. When it is full, publishers wait: nothing old is thrown away",
        examples=[10737418240],
        json_schema_extra={"unit": "bytes"},
    )
    duplicate_window: float = Field(
        default=900,
        gt=0,
        description="Seconds in which the stream recognises a repetition by its message id",
        examples=[900],
        json_schema_extra={"unit": "s"},
    )

    def config(self, name: str) -> dict[str, Any]:
        """As the JetStream API wants it."""
        return {
            "name": name,
            "subjects": list(self.subjects),
            "num_replicas": self.replicas,
            "retention": self.retention,
            "storage": "file",
            "max_age": int(self.max_age * _NS),
            "max_bytes": self.max_bytes or -1,
            # new ones are refused, and the hub keeps them; the default would drop what nobody has read yet
            "discard": "new",
            "duplicate_window": int(self.duplicate_window * _NS),
        }


async def find_or_make(link: Link, name: str, new: NewStream | None) -> dict[str, Any]:
    """What the cluster says of the stream. Raises `Down` where it is not there and may not be made."""
    try:
        return await link.ask(f"STREAM.INFO.{name}")
    except Refused as refused:
        if refused.code != _NOT_FOUND:
            raise Down(f"stream {name}: {refused}") from None
    if new is None:
        raise Down(f"there is no stream {name} in the cluster: make it there, or set create_stream")
    try:
        made = await link.ask(f"STREAM.CREATE.{name}", new.config(name))
    except Refused as refused:
        raise Down(f"the stream {name} cannot be made: {refused}") from None
    log.info("the stream %s was made, with %d replicas", name, new.replicas)
    return made


async def told(link: Link, name: str, new: NewStream | None) -> str:
    """What there is to say of the stream, for a check; makes nothing. Raises `Down`."""
    try:
        info = await link.ask(f"STREAM.INFO.{name}")
    except Refused as refused:
        if refused.code == _NOT_FOUND and new is not None:
            return f"nats://{link.where} answers; the stream {name} will be made when it is needed"
        raise Down(f"nats://{link.where}: stream {name}: {refused}") from None
    return (
        f"nats://{link.where} answers; stream {name}: {info['state']['messages']} messages, "
        f"{info['config']['num_replicas']} replicas, duplicate window {window_of(info):.0f} s"
    )


def window_of(info: dict[str, Any]) -> float:
    """The duplicate window, in seconds."""
    return float(info["config"].get("duplicate_window", 0)) / _NS


def warn_of_window(info: dict[str, Any]) -> None:
    """Say it where repetitions may come later than the stream remembers."""
    name, window = info["config"]["name"], window_of(info)
    if window < LEAST_WINDOW:
        log.warning(
            "stream %s: its duplicate window of %.0f s is shorter than the time over which deliveries are repeated; "
            "a late repetition is in the stream twice, and only receivers that recognise its message id tell it. "
            "Set the stream's duplicate window to %d s or longer",
            name, window, LEAST_WINDOW,
        )  # fmt: skip

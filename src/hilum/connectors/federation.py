"""Two hubs and a stream between them: an edge hub delivers into it, a central hub takes from it.

    updates.translate(federation.unchanged)                                    # at the edge
    updates.deliver_to(federation.forward("nats.central"))

    source=federation.arrive(servers=[...], stream="HOSPITAL", format="hl7v2")      # at the centre

What arrives is what was forwarded: the very bytes of an HL7 v2 message, a business object as one, with its content
type. The edge's idempotency key is the centre's dedup key and its ordering key is the centre's, so leave `dedup_by` and
`order_by` out there; the edge's message id becomes the cause, the correlation id and the trace go on.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from hilum.canonical import BusinessObject, write
from hilum.connector import Header, Outgoing, Target
from hilum.connectors.declaring import target
from hilum.connectors.encoding import BYTES, HL7_V2, JSON, TEXT, encode
from hilum.connectors.nats.consumer import Consumer
from hilum.connectors.nats.publisher import Publisher
from hilum.formats import hl7v2 as hl7

OBJECT: Final = "application/vnd.hilum.object+json"
"""Content type of a business object with its name and version, as `hilum.canonical.write` writes it."""

Format = Literal["hl7v2", "object", "json", "text", "bytes"]
"""How a flow at the centre reads what arrives; it takes what was forwarded in this form only."""

_CONTENT: Final[dict[Format, str]] = {"hl7v2": HL7_V2, "object": OBJECT, "json": JSON, "text": TEXT, "bytes": BYTES}


def unchanged(message: Any, hub: Any) -> Any:
    """The translation that passes a message on as it is."""
    return message


def forward(endpoint: str = "", *, accepts: tuple[type, ...] = (object,), **settings: Any) -> Target:
    """The target that gives what the flow yields to the stream between the hubs: an endpoint of kind `nats`."""
    return target(endpoint, Publisher, settings, _outgoing, accepts=accepts)


def arrive(*, format: Format = "hl7v2", **settings: Any) -> Consumer:
    """The source that takes what an edge hub forwarded in this form. The other settings are those of `nats.Consumer`.

    Flows with the same server, stream and `durable` share one consumer, also with different formats. What comes in a
    form that no flow takes is held for a person. Raises `SettingsError`.
    """
    return Consumer(content=format, content_types=(_CONTENT[format],), **settings)


def _outgoing(thing: Any) -> Outgoing:
    """The body and what it is. Raises `Invalid` for what has no encoding."""
    match thing:
        case BusinessObject():
            return Outgoing(body=write(thing), content_type=OBJECT, headers={Header.MESSAGE_TYPE: thing.name})
        case hl7.Message():
            return Outgoing(body=thing.encode(), content_type=HL7_V2, headers={Header.MESSAGE_TYPE: thing.type})
        case _:
            return encode(thing)

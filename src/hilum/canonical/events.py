"""Business events in the common envelope (CloudEvents 1.0, JSON format)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from hilum.canonical.base import BusinessObject
from hilum.canonical.catalogue import event_type


class CloudEvent(BaseModel):
    """CloudEvents 1.0 §3.1: the required attributes, and the optional ones that Hilum sets."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    specversion: Literal["1.0"] = "1.0"
    id: str  # unique with `source`: the same event sent twice has the same one
    source: str  # `/hilum/flows/supply.consumption`
    type: str  # `hilum.supply.consumed.v1`
    subject: str | None = None  # the business key
    time: datetime | None = None
    datacontenttype: str | None = "application/json"
    data: Mapping[str, Any] | None = None


def cloud_event(
    thing: BusinessObject, *, flow: str, message_id: UUID | str, ordinal: int = 0, at: datetime | None = None
) -> CloudEvent:
    """The event that says: this happened. The id comes from the message, so that a repetition is recognised.

    `message_id`: the message's, or whatever else is the same for a repetition and for nothing else.
    """
    return CloudEvent(
        id=f"{message_id}.{ordinal}",
        source=f"/hilum/flows/{flow}",
        type=event_type(type(thing)),
        subject=thing.business_key,
        time=at or datetime.now(UTC),
        data=thing.model_dump(mode="json", exclude_defaults=True),
    )

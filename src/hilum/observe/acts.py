"""Spans for what people sent on its way again: found in the audit, wherever they did it."""

from __future__ import annotations

from hilum.journal import measuring
from hilum.observe.snapshot import Sample
from hilum.observe.spans import Spans
from hilum.postgres import Connection


async def trace_acts(connection: Connection, sample: Sample, spans: Spans) -> None:
    """Make a span for each replay and each edited message since the last sample, with a link to the old trace."""
    last, found = await measuring.acts_since(connection, sample.acts_seen)
    sample.acts_seen = last
    for act in found:
        spans.acted(act.action, act.message_id, act.correlation_id, act.headers)

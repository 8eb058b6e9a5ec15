"""Changes out of Odoo, as sources: found by polling, or pulled from the outbox of the addon `hilum_outbox`.

Both hand over the same events. `docs/howto/odoo-changes.md` compares them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hilum.connectors.odoo.capture.changes import Changes
from hilum.connectors.odoo.capture.outbox import Outbox
from hilum.connectors.odoo.capture.settings import ChangesSettings, OutboxSettings

__all__ = ["Changes", "ChangesSettings", "Outbox", "OutboxSettings", "changes", "outbox"]


def changes(
    endpoint: str = "", *, models: Sequence[str], fields: Mapping[str, Sequence[str]] | None = None, **settings: Any
) -> Changes:
    """Changes of the records of these models, by polling. `fields`: by model, those that are read."""
    return Changes(endpoint=endpoint, models=models, fields=fields or {}, **settings)


def outbox(
    endpoint: str = "", *, models: Sequence[str], fields: Mapping[str, Sequence[str]] | None = None, **settings: Any
) -> Outbox:
    """The same from the outbox of the addon, which has to be installed in that Odoo."""
    return Outbox(endpoint=endpoint, models=models, fields=fields or {}, **settings)

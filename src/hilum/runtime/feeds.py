"""The feeds out of Odoo as people see them: what is watched, how, when it was looked at last, how late it tells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from hilum.connectors.odoo.capture.feed import Feed
from hilum.connectors.odoo.capture.figures import EVERY, SEEN, Figures
from hilum.flow import Flow
from hilum.journal.memories import remembered
from hilum.postgres import Connection

_SILENT: Final = 3 * EVERY  # seconds without a look, beyond those between two: longer than figures take to be noted


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """One model that a flow takes changes of."""

    endpoint: str  # its name in hilum.toml, or the server
    model: str
    figures: Figures
    now: datetime

    @property
    def looked_at(self) -> datetime | None:
        """When Odoo was looked into last, as noted; none: never."""
        return _moment(self.figures.looked_at)

    @property
    def compared_at(self) -> datetime | None:
        """When all that is there was compared with what is known; none: never, or this feed need not."""
        return _moment(self.figures.compared_at)

    @property
    def silent(self) -> bool:
        """Should it have been looked at since?"""
        looked = self.looked_at
        return looked is None or (self.now - looked).total_seconds() > self.figures.poll + _SILENT

    @property
    def word(self) -> str:
        """Its state in a word or two."""
        if self.looked_at is None:
            return "not begun"
        return "silent" if self.silent else "in order"

    @property
    def lag(self) -> str:
        """How long after the beginning of its transaction a change was told: the middle and the longest of the last."""
        lag = self.figures.lag
        return f"{lag[0]:.0f} s, at most {lag[1]} s" if lag else ""


async def feeds(connection: Connection, flows: Iterable[Flow] | None) -> list[FeedRow]:
    """The feeds of these flows, those that are silent first; without a project all that were ever noted."""
    noted = {}
    for scope, name, value in await remembered(connection, SEEN):
        kind, _, rest = scope.partition("/")
        noted[kind, rest.rpartition("/")[0], name.removeprefix(SEEN)] = value
    if flows is None:
        found = {place: Figures(mode=value["mode"], poll=value["poll"]) for place, value in noted.items()}
    else:
        found = {
            (source.kind, source.place, model): source.figures()
            for flow in flows
            for source in flow.sources
            if isinstance(source, Feed)
            for model in source.models
        }
    rows = []
    now = datetime.now(UTC)
    for key in sorted(found):
        _, place, model = key
        figures = found[key]
        figures.go_on(noted.get(key))
        rows.append(FeedRow(endpoint=place, model=model, figures=figures, now=now))
    return sorted(rows, key=lambda row: not row.silent)


def _moment(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None

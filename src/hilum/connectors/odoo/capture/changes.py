"""The feed by polling: it needs nothing but a login, on every version from 16 on, and loses nothing."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, ClassVar

from hilum.connectors.looking import keep_looking
from hilum.connectors.odoo.capture.feed import Feed, log
from hilum.connectors.odoo.capture.settings import ChangesSettings, FeedSettings
from hilum.connectors.odoo.capture.watching import ModelWatch
from hilum.errors import SettingsError


class Changes(Feed):
    """Changes of records, found by looking again and again. See `ChangesSettings`; `docs/howto/odoo-changes.md`.

    `Changes(endpoint="odoo.main", models=["res.partner"])`. Between two looks a record may change several times: the
    last state counts. One hub at a time looks at a model; flows that read one endpoint share one source.
    """

    Settings: ClassVar[type[FeedSettings]] = ChangesSettings
    kind: ClassVar[str] = "odoo_changes"
    way: ClassVar[str] = "polling"

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._watches: dict[str, ModelWatch] = {}

    @property
    def address(self) -> str:
        """The endpoint: all flows that read its changes share one source."""
        return f"odoo-changes://{self.place.partition('://')[2] or self.place}"

    def _loops(self) -> list[Coroutine[Any, Any, None]]:
        settings = self.settings
        if not isinstance(settings, ChangesSettings):
            raise SettingsError("these settings are of another source")
        loops = []
        for model in self.models:
            memory = self.memory(model)
            self._watches[model] = ModelWatch(self, settings, model, memory)
            loops.append(keep_looking(self._watches[model], memory, down=self.lost, log=log))
        return loops

    async def close(self) -> None:
        """See `Feed.close`."""
        await super().close()
        self._watches.clear()

    def hint(self, model: str, record_id: int | None) -> None:
        """Look at once."""
        for watch in self._watches.values():
            watch.hint(model, record_id)

"""What JSON-RPC and XML-RPC have in common: services `common` and `object`, arguments by position, login by user id."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from hilum.connectors.odoo.client import OdooClient
from hilum.connectors.odoo.dialect import Version
from hilum.connectors.odoo.faults import judge
from hilum.connectors.odoo.settings import OdooSettings
from hilum.connectors.odoo.transport import Transport
from hilum.errors import Down, SettingsError

# Before 19 the names of these arguments differ between models (`vals`, `values`, `data`), so they go by position.
_POSITIONAL: Final[Mapping[str, tuple[str, ...]]] = {
    "create": ("vals_list",),
    "write": ("vals",),
    "load": ("fields", "data"),
    "search_count": ("domain",),
    "check_object_reference": ("module", "xml_id"),
}


class RpcClient(OdooClient):
    """Method `execute_kw` of the service `object`; a protocol says how one call of a service goes over the wire."""

    title: ClassVar[str]
    """The protocol's name for people."""

    def __init__(self, transport: Transport, settings: OdooSettings, version: Version) -> None:
        super().__init__(version, transport.budget)
        if not settings.login or not settings.database:
            raise SettingsError(f"odoo: `login` and `database` are needed for {self.title}")
        self._transport = transport
        self._settings = settings
        self._user: int | None = None
        self._login = asyncio.Lock()

    @abstractmethod
    async def _ask(self, service: str, method: str, arguments: Sequence[Any]) -> Any:
        """One call of a service; None where the method returned nothing."""

    async def call(
        self,
        model: str,
        method: str,
        /,
        ids: Sequence[int] | None = None,
        *,
        context: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> Any:
        """See `OdooClient.call`."""
        positions: list[Any] = [] if ids is None else [list(ids)]
        positions += [arguments.pop(name) for name in _POSITIONAL.get(method, ())]
        if context:
            arguments["context"] = dict(context)
        user = await self.user_id()
        key = self._transport.key.current()
        database = self._settings.database
        try:
            return await self._ask("object", "execute_kw", [database, user, key, model, method, positions, arguments])
        except Down:
            self._user = None  # the key may have been changed: ask again who we are
            raise

    async def user_id(self) -> int:
        """The hub's user, asked once. Raises `Down` when the login is refused."""
        async with self._login:
            if self._user is None:
                settings = self._settings
                key = self._transport.key.current()
                arguments = [settings.database, settings.login, key, {}]
                found = await self._ask("common", "authenticate", arguments)
                if not found:
                    raise judge("odoo.exceptions.AccessDenied", "")
                self._user = int(found)
            return self._user

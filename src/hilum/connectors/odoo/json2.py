"""The JSON-2 API of Odoo 19 and later: `POST /json/2/<model>/<method>` with a bearer key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson

from hilum.connectors.odoo.client import OdooClient, Row
from hilum.connectors.odoo.dialect import Version
from hilum.connectors.odoo.faults import judge_http
from hilum.connectors.odoo.settings import OdooSettings
from hilum.connectors.odoo.transport import Transport
from hilum.errors import Unsure


class Json2Client(OdooClient):
    """Arguments by name in one object, the bare result as the answer."""

    protocol = "json2"

    def __init__(self, transport: Transport, settings: OdooSettings, version: Version) -> None:
        super().__init__(version, transport.budget)
        self._transport = transport
        self._settings = settings
        self._user: int | None = None
        self._documented = True  # may the user read the documentation of the API? Known after the first refusal

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
        body: dict[str, Any] = dict(arguments)
        if ids is not None:  # a method of the model must not carry ids at all (422)
            body["ids"] = list(ids)
        if context:
            body["context"] = dict(context)
        answer = await self._transport.exchange(
            "POST", f"/json/2/{model}/{method}", body=orjson.dumps(body), headers=self._headers()
        )
        if answer.status != 200:
            raise judge_http(answer.status, answer.content_type, answer.body, after=answer.after)
        try:
            return orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            raise Unsure("Odoo's answer is cut or not JSON; it may or may not have been done.") from None

    async def metadata(self, model: str) -> dict[str, Row]:
        """See `OdooClient.metadata`. From the documentation of the API, where the user has the group for it."""
        fields = await self._document(model) if self._documented else None
        return fields if fields is not None else await super().metadata(model)

    async def _document(self, model: str) -> dict[str, Row] | None:
        """The fields as the documentation has them; None where it does not answer with them."""
        try:
            answer = await self._transport.exchange("GET", f"/doc-bearer/{model}.json", headers=self._headers())
            read = orjson.loads(answer.body) if answer.status == HTTPStatus.OK else {}
        except (Unsure, orjson.JSONDecodeError):
            read = {}
        else:
            # a model may be missing, or not for this user; whoever is not let in at all is asked once
            self._documented = answer.status in (HTTPStatus.OK, HTTPStatus.NOT_FOUND)
        fields: dict[str, Row] = read.get("fields") or {}
        complete = bool(fields) and all("type" in facts and "required" in facts for facts in fields.values())
        return fields if complete else None

    def _headers(self) -> dict[str, str]:
        headers = {
            "Authorization": f"bearer {self._transport.key.current()}",
            "Content-Type": "application/json; charset=utf-8",
        }
        if self._settings.database:
            headers["X-Odoo-Database"] = self._settings.database
        return headers

    async def user_id(self) -> int | None:
        """See `OdooClient.user_id`."""
        if self._user is None:
            found = await self.call("res.users", "context_get")
            number = found.get("uid") if isinstance(found, dict) else None
            self._user = number if isinstance(number, int) else None
        return self._user

"""A tiny client for the contract suite: plain HTTP, nothing of the hub's own connector.

It speaks JSON-2, JSON-RPC or XML-RPC, and reports every refusal in one form, so that a test states a fact once for all.
"""

from __future__ import annotations

import asyncio
import re
import xmlrpc.client
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from hilum.simulator.odoo import SandboxOdoo

DAY = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
"""Yesterday: a day on which anything can be booked, wherever the server stands."""

POSITIONAL = {"create": ("vals_list",), "write": ("vals",), "search": ("domain",), "search_count": ("domain",)}


class NotTold(str):
    """The name of a refusal by fault 2 of XML-RPC: it is one of these, and which one is not told."""

    ONE_OF = frozenset(f"odoo.exceptions.{each}" for each in ("UserError", "ValidationError", "MissingError"))
    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return other in self.ONE_OF


class SteppedClock:
    """The clock of a sandbox: it runs as the real one, and a test can push it on."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Refusal(Exception):
    """The server answered with an error."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"{status} {body['name']}: {body['message']}")
        self.status = status
        self.name: str = body["name"]
        self.message: str = body["message"]
        self.body = body


@dataclass
class Server:
    """The server under test and how to talk to it."""

    url: str
    database: str
    login: str
    key: str
    version: str  # 16.0 to 19.0, as the server tells
    protocol: str  # json2, jsonrpc or xmlrpc
    http: httpx.AsyncClient
    sandbox: SandboxOdoo | None = None
    uid: int = 0
    lacks_books: str = ""  # why nothing can be booked, in words
    bank: str = ""  # the short name of a journal of a bank, where one must be said
    clock: SteppedClock = field(default_factory=SteppedClock)

    @property
    def is_19(self) -> bool:
        return self.version == "19.0"

    def since(self, major: int) -> bool:
        """Is it this version, or a later one?"""
        return int(self.version.partition(".")[0]) >= major

    @property
    def stored(self) -> dict[str, Any]:
        """The values of a product of which stock is kept."""
        return {"is_storable": True} if self.since(18) else {"detailed_type": "product"}

    @property
    def done(self) -> str:
        """The field of a move that says what goes."""
        return "quantity" if self.since(17) else "quantity_done"

    def goes(self, quantity: float) -> dict[str, Any]:
        """The values by which so much of a move goes."""
        return {self.done: quantity, **({"picked": True} if self.since(17) else {})}

    def line_goes(self, quantity: float) -> dict[str, Any]:
        """The values by which so much of a detailed line goes."""
        return {"quantity": quantity, "picked": True} if self.since(17) else {"qty_done": quantity}

    async def receive(self, receipt: int) -> Any:
        """Carry out all of a transfer. 16 would ask whether all shall go, unless it is said of each move."""
        if not self.since(17):
            moves = await self.find("stock.move", [["picking_id", "=", receipt]])
            for row in await self.call("stock.move", "read", moves, fields=["product_uom_qty"]):
                await self.call("stock.move", "write", [row["id"]], vals=self.goes(row["product_uom_qty"]))
        return await self.call("stock.picking", "button_validate", [receipt], context={"skip_backorder": True})

    async def confirm_agreement(self, agreement: int) -> None:
        """Press the button of a blanket order."""
        await self.call(
            "purchase.requisition", "action_confirm" if self.since(18) else "action_in_progress", [agreement]
        )

    @property
    def json2(self) -> bool:
        return self.protocol == "json2"

    @property
    def po_unit(self) -> str:
        return "product_uom_id" if self.is_19 else "product_uom"

    async def post_json2(self, path: str, body: Any, **headers: str) -> httpx.Response:
        """A JSON-2 request as it is, with the key unless told otherwise."""
        given = {"Authorization": f"bearer {self.key}", "X-Odoo-Database": self.database, **headers}
        return await self.http.post(f"{self.url}/json/2/{path}", json=body, headers=given)

    async def post_rpc(self, service: str, method: str, *args: Any) -> dict[str, Any]:
        """A JSON-RPC request as it is; answers the whole reply."""
        params = {"service": service, "method": method, "args": list(args)}
        body = {"jsonrpc": "2.0", "method": "call", "id": 7, "params": params}
        reply = await self.http.post(f"{self.url}/jsonrpc", json=body)
        assert reply.status_code == 200, "over JSON-RPC every answer, errors too, has status 200"
        decoded: dict[str, Any] = reply.json()
        assert decoded["jsonrpc"] == "2.0"
        assert decoded["id"] == 7
        return decoded

    async def execute(self, model: str, method: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """A JSON-RPC `execute_kw`; answers the whole reply."""
        return await self.post_rpc(
            "object", "execute_kw", self.database, self.uid, self.key, model, method, list(args), kwargs
        )

    async def post_xml(self, service: str, method: str, *args: Any) -> Any:
        """An XML-RPC request; answers the result. Raises `xmlrpc.client.Fault`."""
        body = xmlrpc.client.dumps(args, method).encode()
        headers = {"Content-Type": "text/xml"}
        reply = await self.http.post(f"{self.url}/xmlrpc/2/{service}", content=body, headers=headers)
        assert reply.status_code == 200, "over XML-RPC every answer, errors too, has status 200"
        assert reply.headers["content-type"].startswith("text/xml")
        return xmlrpc.client.loads(reply.content)[0][0]

    async def _call_xml(self, model: str, method: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        kwargs = {name: False if value is None else value for name, value in kwargs.items()}
        try:
            return await self.post_xml(
                "object", "execute_kw", self.database, self.uid, self.key, model, method, args, kwargs
            )
        except xmlrpc.client.Fault as fault:
            if "TypeError: cannot marshal None" in fault.faultString:
                return None
            raise Refusal(200, _told(fault)) from None

    async def call(
        self, model: str, method: str, ids: list[int] | None = None, /, *, context: Any = None, **kwargs: Any
    ) -> Any:
        """Call a method by the protocol under test. Raises Refusal."""
        extra = {"context": context} if context else {}
        if self.json2:
            body = {**({"ids": ids} if ids is not None else {}), **extra, **kwargs}
            reply = await self.post_json2(f"{model}/{method}", body)
            if reply.status_code != 200:
                raise Refusal(reply.status_code, reply.json())
            return reply.json()
        args: list[Any] = [] if ids is None else [ids]
        args += [kwargs.pop(name) for name in POSITIONAL.get(method, ()) if name in kwargs]
        if self.protocol == "xmlrpc":
            return await self._call_xml(model, method, args, {**kwargs, **extra})
        answer = await self.execute(model, method, *args, **kwargs, **extra)
        if "error" in answer:
            raise Refusal(200, answer["error"]["data"])
        return answer.get("result")

    async def create(self, model: str, values: dict[str, Any], **context: Any) -> int:
        """One new record."""
        made = await self.call(model, "create", vals_list=values, context=context)
        return made[0] if isinstance(made, list) else made

    async def read(self, model: str, record_id: int, *fields: str) -> dict[str, Any]:
        """One record."""
        (row,) = await self.call(model, "read", [record_id], fields=list(fields))
        return row

    async def value(self, model: str, record_id: int, field: str) -> Any:
        """One value of one record."""
        return (await self.read(model, record_id, field))[field]

    async def find(self, model: str, domain: list[Any], **options: Any) -> list[int]:
        """The ids that match."""
        return await self.call(model, "search", domain=domain, **options)

    async def refused(self, model: str, method: str, ids: list[int] | None = None, /, **kwargs: Any) -> Refusal:
        """Call what must be refused."""
        with pytest.raises(Refusal) as caught:
            await self.call(model, method, ids, **kwargs)
        return caught.value

    async def next_second(self) -> None:
        """Return when the server's clock shows a later second than now."""
        if self.sandbox is not None:
            self.clock.ahead += timedelta(seconds=1)
            return
        probe = await self.create("res.partner", {"name": unique("clock")})
        start = await self.value("res.partner", probe, "write_date")
        while await self.value("res.partner", probe, "write_date") == start:
            await asyncio.sleep(0.05)
            await self.call("res.partner", "write", [probe], vals={"city": "x"})

    def expect_status(self, refusal: Refusal, status: int) -> None:
        """JSON-2 tells by the status, JSON-RPC always says 200."""
        assert refusal.status == (status if self.json2 else 200)

    def only_sandbox(self, why: str) -> SandboxOdoo:
        """Skip on a real server, with the reason."""
        if self.sandbox is None:
            pytest.skip(f"on a real server only with special set-up: {why}")
        return self.sandbox

    async def needs_books(self) -> None:
        """Skip where nothing can be booked: no chart of accounts, and none could be loaded."""
        await self.needs("account.move")
        if self.lacks_books:
            pytest.skip(self.lacks_books)

    @asynccontextmanager
    async def locked_until(self, day: str) -> AsyncIterator[None]:
        """Nothing can be booked up to this day, which is long past, so that nobody else is in the way."""
        (user,) = await self.call("res.users", "read", [self.uid], fields=["company_id"])
        company = user["company_id"][0]
        if before := await self.value("res.company", company, "fiscalyear_lock_date"):
            pytest.skip(f"the books of the company are locked until {before} already")
        await self.call("res.company", "write", [company], vals={"fiscalyear_lock_date": day})
        try:
            yield
        finally:
            await self.call("res.company", "write", [company], vals={"fiscalyear_lock_date": False})

    async def journal(self, kind: str) -> int:
        """A journal of a kind: of a bank, one whose payments have ledger lines."""
        own = [["code", "=", self.bank]] if kind == "bank" and self.bank else []
        (found,) = await self.find("account.journal", [["type", "=", kind], *own], limit=1)
        return found

    async def needs(self, model: str, right: str = "") -> None:
        """Skip where a module or a right is missing on a real server; the sandbox has them all."""
        try:
            await self.call(model, "search", domain=[["id", "=", 0]])
        except Refusal as refusal:
            if self.sandbox is not None:
                raise
            pytest.skip(f"{model} is not there or not allowed{': ' + right if right else ''} ({refusal.name})")


def _told(fault: xmlrpc.client.Fault) -> dict[str, Any]:
    """What a fault tells: by its number, or by the last exception of its traceback."""
    text = fault.faultString
    names = {2: NotTold("refused"), 3: "odoo.exceptions.AccessDenied", 4: "odoo.exceptions.AccessError"}
    if fault.faultCode in names:
        return {"name": names[fault.faultCode], "message": text}
    found = re.search(r"^([A-Za-z_][\w.]*): (.*)\Z", text.rstrip(), re.MULTILINE | re.DOTALL)
    assert found is not None, "fault 1 carries a traceback"
    name = found[1] if "." in found[1] else f"builtins.{found[1]}"
    return {"name": name, "message": found[2]}


def unique(prefix: str = "contract") -> str:
    """A name that no other record has."""
    return f"{prefix}-{uuid4().hex[:12]}"

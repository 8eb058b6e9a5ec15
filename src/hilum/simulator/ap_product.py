"""A simulated AP product: it reads bills from paper, posts signed webhooks, answers by REST, hears what comes of it.

    async with ApProduct(webhook="http://127.0.0.1:8098/ap", secret="…", troubles=ApTroubles(doubled=0.2)) as product:
        await product.read(bill)                       # a webhook with what it has read
        await product.decide(bill_key, by="carla")     # its people approve an exception
        product.results["AP-1"]                        # what the hub has told it: matched, exception, posted, refused

`GET /invoices` answers all that was read, for hubs that poll; results are posted to `POST /results`, and count once by
their Idempotency-Key. The same seed reads the same.
"""

from __future__ import annotations

import hashlib
import hmac
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import time
from typing import Any

import orjson
from aiohttp import web

from hilum.canonical import SupplierBill
from hilum.errors import SettingsError
from hilum.simulator.web_service import WebService

_HEAD = ("number", "supplier", "order", "corrects", "currency", "billed_on", "due_on", "total")
_LINE = ("item", "description", "quantity", "unit", "unit_price", "tax_percent", "order_line")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApTroubles:
    """How often something goes wrong, from 0 to 1."""

    doubled: float = 0  # a webhook is posted a second time, with the same id
    forged: float = 0  # before it one with a wrong signature is posted
    lost: float = 0  # a webhook is not posted: only REST knows
    unsure: float = 0  # of a bill the product is not sure of one field


@dataclass
class ApProduct(WebService):
    """The product. `webhook`: where it posts to."""

    webhook: str
    secret: str = field(repr=False)
    troubles: ApTroubles = field(default_factory=ApTroubles)
    seed: int = 1
    listen: int = 0  # the port of REST; 0: a free one
    answers: Counter[int] = field(default_factory=Counter)  # of the webhooks, by status
    invoices: dict[str, dict[str, Any]] = field(default_factory=dict)  # by its own number
    results: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by its own number, in order
    unsure: dict[str, str] = field(default_factory=dict)  # of which invoice which field

    def __post_init__(self) -> None:
        """Nothing was told yet."""
        self._drawn = random.Random(self.seed)  # noqa: S311 — made-up readings, no secrets
        self._told = 0
        self._keys: set[str] = set()

    def _routes(self) -> Sequence[web.RouteDef]:
        return [web.get("/invoices", self._list), web.post("/results", self._result)]

    async def read(
        self, bill: SupplierBill, *, document: bytes = b"", confidence: Mapping[str, str] | None = None
    ) -> str:
        """Paper with this bill came: a webhook says what was read. `confidence`: of single fields. Its own number."""
        return await self._tell(f"AP-{self.seed}-{len(self.invoices) + 1}", "extracted", bill, document, confidence)

    async def correct(self, number: str, bill: SupplierBill, *, confidence: Mapping[str, str] | None = None) -> None:
        """It has read the paper again, and says something else now."""
        await self._tell(number, "corrected", bill, b"", confidence)

    async def _tell(
        self, number: str, kind: str, bill: SupplierBill, document: bytes, confidence: Mapping[str, str] | None
    ) -> str:
        sure = dict(confidence or {})
        if self._drawn.random() < self.troubles.unsure:
            self.unsure[number] = self._drawn.choice(["total", "lines.1.quantity", "billed_on"])
            sure[self.unsure[number]] = "0.4"
        invoice: dict[str, Any] = {"id": number, "fields": _fields(bill, sure)}
        if document:
            digest = hashlib.sha256(document).hexdigest()
            invoice["document"] = {"url": f"{self.url}/documents/{number}", "sha256": digest, "size": len(document)}
        self.invoices[number] = invoice
        if self._drawn.random() >= self.troubles.lost:
            await self._webhook({"type": f"invoice.{kind}", "invoice": invoice})
        return number

    async def decide(self, bill: str, *, by: str, approved: bool = True, comment: str = "") -> None:
        """Somebody of the product's people decides about a bill that the hub has told of as an exception."""
        told = [each for results in self.results.values() for each in results if each["bill"] == bill]
        about = {"id": told[-1]["number"], "reference": bill, "order": told[-1]["order"]}
        kind = "invoice.approved" if approved else "invoice.rejected"
        await self._webhook({"type": kind, "invoice": about, "by": by, "comment": comment})

    def last(self, number: str) -> str:
        """The last status that the hub has told of an invoice; empty: none."""
        told = self.results.get(number, [])
        return str(told[-1]["status"]) if told else ""

    async def _webhook(self, told: dict[str, Any]) -> None:
        self._told += 1
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self._told)
        body = {"id": f"{self.seed}-{self._told}", "at": at.isoformat(), **told}
        if self._drawn.random() < self.troubles.forged:
            await self._post(body | {"id": f"forged-{self._told}"}, self.secret[::-1] + "?")
        await self._post(body)
        if self._drawn.random() < self.troubles.doubled:
            await self._post(body)

    async def _post(self, body: dict[str, Any], secret: str = "") -> None:
        if self._session is None:
            raise SettingsError("The AP product is not open: say `async with`.")
        async with self._session.post(self.webhook, data=(sent := orjson.dumps(body)),
                                      headers=signed(sent, secret or self.secret)) as answer:  # fmt: skip
            self.answers[answer.status] += 1

    async def _list(self, request: web.Request) -> web.Response:
        return web.Response(body=orjson.dumps({"invoices": [*self.invoices.values()]}), content_type="application/json")

    async def _result(self, request: web.Request) -> web.Response:
        key = request.headers.get("Idempotency-Key", "")
        told = orjson.loads(await request.read())
        if told["number"] not in self.invoices:
            return web.Response(status=404)
        if key not in self._keys or not key:
            self._keys.add(key)
            self.results.setdefault(told["number"], []).append(told)
        return web.Response(status=200, body=b"{}", content_type="application/json")


def signed(body: bytes, secret: str) -> dict[str, str]:
    """The headers of a webhook: its time, and the HMAC-SHA-256 of time, dot and body."""
    now = str(int(time()))
    signature = hmac.new(secret.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "X-Signature": f"sha256={signature}", "X-Signature-Timestamp": now}


def _fields(bill: SupplierBill, sure: Mapping[str, str]) -> dict[str, Any]:
    def said(name: str, value: Any) -> dict[str, str]:
        text = format(value, "f") if isinstance(value, Decimal) else str(value)
        return {"value": text, "confidence": sure.get(name, "0.98")}

    head: dict[str, Any] = {
        name: said(name, value) for name in _HEAD if (value := getattr(bill, name)) not in (None, "")
    }
    head["credit"] = said("credit", str(bill.credit).lower())
    head["lines"] = [
        {
            name: said(f"lines.{place}.{name}", value)
            for name in _LINE
            if (value := getattr(line, name)) not in (None, "")
        }
        for place, line in enumerate(bill.lines, 1)
    ]
    return head

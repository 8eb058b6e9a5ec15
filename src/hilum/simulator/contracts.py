"""A simulated CLM and provider of signatures: contracts that were made up, REST to read them, signed webhooks.

    async with ContractOffice(clm="http://127.0.0.1:8094/clm", esignature="http://127.0.0.1:8094/esignature",
                              secret="…", troubles=Troubles(doubled=0.2), seed=1) as office:
        await office.live(office.contracts[0])      # from its draft to its signature; its webhooks are posted
        await office.tell(office.contracts[0], "on_hold")

`GET /contracts` and `GET /envelopes` (by `state`, `changed_since`, `page_size`, `cursor`; each answer has an ETag) and
`GET /contracts/{number}` answer how it is now, also what no webhook has told. What the office says is the same for the
same seed.
"""

from __future__ import annotations

import hashlib
import hmac
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from time import time
from typing import Any, Final

import aiohttp
import orjson
from aiohttp import web

from hilum.errors import SettingsError
from hilum.simulator.web_service import WebService

WAY: Final = ("draft", "in_review", "approved", "out_for_signature", "signed", "executed")
"""What becomes of a contract that goes well; `signed` is the word of the provider of signatures."""

NOBODY: Final = 0
"""Among the statuses of answers: nobody answered."""

_GOODS: Final = ("Gloves", "Gauze", "Sutures", "Catheters", "Syringes", "Drapes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubles:
    """How often something goes wrong with a webhook, from 0 to 1."""

    doubled: float = 0  # it is posted a second time, with the same id
    overtaken: float = 0  # the one after it is posted first
    forged: float = 0  # before it one with a wrong signature is posted, which says something else
    lost: float = 0  # it is never posted; only REST shows what it would have said
    unavailable: float = 0  # of the answers of REST: 503


@dataclass(slots=True)
class SimulatedContract:
    """One contract in the CLM."""

    number: str
    contract: dict[str, Any]
    commitments: list[dict[str, Any]]
    owner: str
    state: str = "draft"
    changed_at: str = ""  # when it was last told, or should have been
    envelopes: dict[str, dict[str, Any]] = field(default_factory=dict)  # by name, as REST answers them

    @property
    def told(self) -> dict[str, Any]:
        """As a webhook tells it."""
        return {"state": self.state, "owner": self.owner, "contract": self.contract, "commitments": self.commitments}

    @property
    def shown(self) -> dict[str, Any]:
        """As REST answers it."""
        return {**self.told, "changed_at": self.changed_at}


@dataclass
class ContractOffice(WebService):
    """A CLM with its provider of signatures. `clm` and `esignature`: where their webhooks are posted to.

    `token`: the bearer token that REST asks for; empty: none. `begins`: when the first thing happens there.
    """

    clm: str
    esignature: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)
    listen: int = 0  # port of REST; 0: any free one
    begins: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    suppliers: Sequence[str] = ("V1", "V2", "V3")
    items: Sequence[str] = ("GLV", "GZE", "SUT")
    count: int = 5
    troubles: Troubles = field(default_factory=Troubles)
    seed: int = 1
    answers: Counter[int] = field(default_factory=Counter)  # of the webhooks, by status
    contracts: list[SimulatedContract] = field(init=False)

    def __post_init__(self) -> None:
        """Make up the contracts."""
        self._drawn = random.Random(self.seed)  # noqa: S311 — made-up contracts, no secrets
        self._asked = random.Random(self.seed)  # noqa: S311 — apart, so that REST changes nothing of what is told
        self._told = 0
        self.contracts = [self._contract(number) for number in range(1, self.count + 1)]
        self._behind: tuple[str, dict[str, Any]] | None = None  # a webhook that the next one overtakes

    def _routes(self) -> Sequence[web.RouteDef]:
        return [
            web.get("/contracts", self._list),
            web.get("/envelopes", self._list_envelopes),
            web.get("/contracts/{number}", self._get),
        ]

    async def _end(self) -> None:
        await self.flush()

    async def live(self, contract: SimulatedContract, until: str = WAY[-1]) -> None:
        """It goes its way up to this state."""
        for state in WAY[: WAY.index(until) + 1]:
            await (self.sign(contract) if state == "signed" else self.tell(contract, state))

    async def tell(self, contract: SimulatedContract, state: str, *, lost: bool = False) -> None:
        """It is in this state now, and a webhook says so; `lost`: it never arrives."""
        contract.state = state
        contract.changed_at = self._next_moment()
        await self._webhook(self.clm, contract.changed_at, contract.told, lost=lost)

    async def sign(self, contract: SimulatedContract, status: str = "completed", *, lost: bool = False) -> None:
        """Its envelope is in this state now, and a webhook says so; `lost`: it never arrives."""
        revision = contract.contract["revision"]
        envelope = f"ENV-{contract.number}-{revision}"
        told = {"envelope": envelope, "status": status, "contract": contract.number, "revision": revision}
        at = self._next_moment()
        contract.envelopes[envelope] = {**told, "changed_at": at}
        await self._webhook(self.esignature, at, told, lost=lost)

    def amend(self, contract: SimulatedContract, factor: Decimal) -> None:
        """The next revision is a draft with other prices; nobody is told yet."""
        prices = [
            {**line, "tiers": [{**t, "unit_price": _cents(Decimal(t["unit_price"]) * factor)} for t in line["tiers"]]}
            for line in contract.contract["prices"]
        ]
        contract.contract = contract.contract | {"prices": prices, "revision": contract.contract["revision"] + 1}
        contract.state, contract.changed_at = "draft", self._next_moment()

    async def flush(self) -> None:
        """Post what was overtaken by nothing."""
        behind, self._behind = self._behind, None
        if behind is not None:
            await self._post(*behind)

    def _next_moment(self) -> str:
        """A second after the one before."""
        self._told += 1
        return (self.begins + timedelta(seconds=self._told)).isoformat()

    async def _webhook(self, url: str, at: str, told: dict[str, Any], *, lost: bool) -> None:
        body = {"id": f"{self.seed}-{self._told}", "at": at, **told}
        if lost or (self.troubles.lost and self._drawn.random() < self.troubles.lost):
            return
        if self._drawn.random() < self.troubles.forged:
            await self._post(url, body | {"id": f"forged-{self._told}"}, self.secret[::-1] + "?")
        if self._behind is None and self._drawn.random() < self.troubles.overtaken:
            self._behind = (url, body)
            return
        await self._post(url, body)
        if self._drawn.random() < self.troubles.doubled:
            await self._post(url, body)
        await self.flush()

    async def _post(self, url: str, body: dict[str, Any], secret: str = "") -> None:
        if self._session is None:
            raise SettingsError("The contract office is not open: say `async with`.")
        sent, now = orjson.dumps(body), str(int(time()))
        signature = hmac.new((secret or self.secret).encode(), f"{now}.".encode() + sent, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Signature": f"sha256={signature}",
            "X-Signature-Timestamp": now,
        }
        try:
            async with self._session.post(url, data=sent, headers=headers) as answer:
                self.answers[answer.status] += 1
        except aiohttp.ClientConnectionError:  # nobody is there: it is lost, as any other
            self.answers[NOBODY] += 1

    async def _list(self, request: web.Request) -> web.Response:
        state = request.query.get("state", "")
        found = [each.shown for each in self.contracts if not state or each.state == state]
        return self._page(request, "contracts", found)

    async def _list_envelopes(self, request: web.Request) -> web.Response:
        return self._page(request, "envelopes", [row for each in self.contracts for row in each.envelopes.values()])

    def _page(self, request: web.Request, name: str, found: list[dict[str, Any]]) -> web.Response:
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401)
        if self._asked.random() < self.troubles.unavailable:
            return web.Response(status=503, headers={"Retry-After": "0"})
        since, size = request.query.get("changed_since", ""), int(request.query.get("page_size", "100"))
        if since:
            found = [each for each in found if _moment(each["changed_at"]) >= _moment(since)]
        begin = int(request.query.get("cursor", "0"))
        more = str(begin + size) if begin + size < len(found) else None
        body = orjson.dumps({name: found[begin : begin + size], "next": more})
        tag = f'"{hashlib.sha256(body).hexdigest()}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304)
        return web.Response(body=body, content_type="application/json", headers={"ETag": tag})

    async def _get(self, request: web.Request) -> web.Response:
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401)
        for each in self.contracts:
            if each.number == request.match_info["number"]:
                return web.Response(body=orjson.dumps(each.shown), content_type="application/json")
        return web.Response(status=404, body=b"{}", content_type="application/json")

    def _contract(self, number: int) -> SimulatedContract:
        drawn, name = self._drawn, f"C-{self.seed}-{number}"
        begins = date(2026, 1, 1) + timedelta(days=drawn.randrange(0, 60))
        items = drawn.sample(list(self.items), drawn.randint(1, len(self.items)))
        lines = []
        for item in items:
            price = Decimal(drawn.randint(200, 9_000)) / 100
            tiers = [{"unit_price": _cents(price)}, {"from_quantity": "100", "unit_price": _cents(price * 9 / 10)}]
            lines.append({"item": item, "tiers": tiers})
        contract = {
            "number": name,
            "title": drawn.choice(_GOODS),
            "supplier": drawn.choice(list(self.suppliers)),
            "currency": "EUR",
            "valid_from": begins.isoformat(),
            "valid_to": begins.replace(year=begins.year + 3).isoformat(),
            "revision": 1,
            "prices": lines,
            "rebates": [{"from_amount": "10000", "percent": "1"}, {"from_amount": "50000", "percent": "2.5"}],
        }
        committed = [{"item": items[0], "quantity": str(drawn.randint(1, 50) * 10)}] if drawn.random() < 0.5 else []
        made = SimulatedContract(name, contract, committed, owner=str(contract["title"]))
        made.changed_at = self.begins.isoformat()
        return made


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _cents(amount: Decimal) -> str:
    return str(amount.quantize(Decimal("0.01")))

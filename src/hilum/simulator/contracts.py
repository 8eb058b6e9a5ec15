"""A simulated CLM and provider of signatures: contracts that were made up, REST to read them, signed webhooks.

    async with ContractOffice(clm="http://127.0.0.1:8094/clm", esignature="http://127.0.0.1:8094/esignature",
                              secret="…", troubles=Troubles(doubled=0.2), seed=1) as office:
        await office.live(office.contracts[0])      # from its draft to its signature; its webhooks are posted
        await office.tell(office.contracts[0], "on_hold")

`GET /contracts` (with `?state=`) and `GET /contracts/{number}` answer what the webhooks told last. What the office says
is the same for the same seed.
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
from typing import Any, Final, Self

import aiohttp
import orjson
from aiohttp import web

from hilum.errors import SettingsError

WAY: Final = ("draft", "in_review", "approved", "out_for_signature", "signed", "executed")
"""What becomes of a contract that goes well; `signed` is the word of the provider of signatures."""

_GOODS: Final = ("Gloves", "Gauze", "Sutures", "Catheters", "Syringes", "Drapes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubles:
    """How often something goes wrong with a webhook, from 0 to 1."""

    doubled: float = 0  # it is posted a second time, with the same id
    overtaken: float = 0  # the one after it is posted first
    forged: float = 0  # before it one with a wrong signature is posted, which says something else


@dataclass(slots=True)
class SimulatedContract:
    """One contract in the CLM, as a webhook tells it."""

    number: str
    contract: dict[str, Any]
    commitments: list[dict[str, Any]]
    owner: str
    state: str = "draft"

    @property
    def shown(self) -> dict[str, Any]:
        """As REST answers it."""
        return {"state": self.state, "owner": self.owner, "contract": self.contract, "commitments": self.commitments}


@dataclass
class ContractOffice:
    """A CLM with its provider of signatures. `clm` and `esignature`: where their webhooks are posted to."""

    clm: str
    esignature: str
    secret: str = field(repr=False)
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
        self.contracts = [self._contract(number) for number in range(1, self.count + 1)]
        self._told = 0
        self._behind: tuple[str, dict[str, Any]] | None = None  # a webhook that the next one overtakes
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        """Serve REST on a free port of the loopback."""
        application = web.Application()
        application.router.add_get("/contracts", self._list)
        application.router.add_get("/contracts/{number}", self._get)
        self._runner = web.AppRunner(application)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = int(self._runner.addresses[0][1])
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Post what is behind, and stop."""
        await self.flush()
        if self._session is not None:
            await self._session.close()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Where REST answers."""
        return f"http://127.0.0.1:{self.port}"

    async def live(self, contract: SimulatedContract, until: str = WAY[-1]) -> None:
        """It goes its way up to this state."""
        for state in WAY[: WAY.index(until) + 1]:
            await (self.sign(contract) if state == "signed" else self.tell(contract, state))

    async def tell(self, contract: SimulatedContract, state: str) -> None:
        """It is in this state now, and a webhook says so."""
        contract.state = state
        await self._webhook(self.clm, contract.shown)

    async def sign(self, contract: SimulatedContract, status: str = "completed") -> None:
        """Its envelope is in this state now, and a webhook says so."""
        revision = contract.contract["revision"]
        envelope = f"ENV-{contract.number}-{revision}"
        told = {"envelope": envelope, "status": status, "contract": contract.number, "revision": revision}
        await self._webhook(self.esignature, told)

    def amend(self, contract: SimulatedContract, factor: Decimal) -> None:
        """The next revision has other prices; nobody is told yet."""
        prices = [
            {**line, "tiers": [{**t, "unit_price": _cents(Decimal(t["unit_price"]) * factor)} for t in line["tiers"]]}
            for line in contract.contract["prices"]
        ]
        contract.contract = contract.contract | {"prices": prices, "revision": contract.contract["revision"] + 1}

    async def flush(self) -> None:
        """Post what was overtaken by nothing."""
        behind, self._behind = self._behind, None
        if behind is not None:
            await self._post(*behind)

    async def _webhook(self, url: str, told: dict[str, Any]) -> None:
        self._told += 1
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self._told)
        body = {"id": f"{self.seed}-{self._told}", "at": at.isoformat(), **told}
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
        async with self._session.post(url, data=sent, headers=headers) as answer:
            self.answers[answer.status] += 1

    async def _list(self, request: web.Request) -> web.Response:
        state = request.query.get("state", "")
        found = [each.shown for each in self.contracts if not state or each.state == state]
        return web.Response(body=orjson.dumps({"contracts": found}), content_type="application/json")

    async def _get(self, request: web.Request) -> web.Response:
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
        return SimulatedContract(name, contract, committed, owner=str(contract["title"]))


def _cents(amount: Decimal) -> str:
    return str(amount.quantize(Decimal("0.01")))

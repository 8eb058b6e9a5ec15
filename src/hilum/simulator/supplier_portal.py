"""A simulated supplier portal: companies that were made up register, hear what is missing, and change their bank.

    async with SupplierPortal(hub="http://127.0.0.1:8094/bank-changes", secret="…", token="…", companies=4,
                              troubles=PortalTroubles(incomplete=0.3)) as portal:
        await portal.change_bank(portal.companies[0])

`GET /registrations` (by `changed_since`, `page_size`, `cursor`) shows what was registered, `GET /bank-changes` all
changes of bank details; `POST /answers` takes what
the hub answers, once for each `Idempotency-Key`: who hears that something is missing sends the next revision. What the
portal says is the same for the same seed.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from time import time
from typing import Any, Final

import orjson
from aiohttp import web

from hilum.canonical import SupplierBankChange
from hilum.canonical.catalogue import write
from hilum.errors import SettingsError
from hilum.simulator.web_service import WebService

INSURANCE: Final = "liability-insurance"
"""The document that everybody must have."""

_NAMES: Final = ("Acorn", "Birch", "Cedar", "Dogwood", "Elder", "Fir", "Gorse", "Hazel", "Ivy", "Juniper")
_GOODS: Final = ("Surgical", "Linen", "Imaging", "Catering", "Diagnostics")
_TOWNS: Final = (("Ghent", "9000"), ("Leuven", "3000"), ("Bruges", "8000"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalTroubles:
    """How many companies have a trouble with their registration, from 0 to 1; at most one each."""

    incomplete: float = 0  # the document that everybody needs comes with the second revision
    listed: float = 0  # it is on the list of excluded parties
    lost: float = 0  # a change of bank details is not posted: only REST tells of it


@dataclass(slots=True)
class Company:
    """One company, and where its registration is."""

    number: str
    title: str
    account: str
    new_account: str
    trouble: str
    registration: dict[str, Any]
    changed_at: datetime
    heard: list[str] = field(default_factory=list)  # statuses that it was told
    changes: list[str] = field(default_factory=list)  # numbers of its changes of bank details

    @property
    def supplier(self) -> str:
        """Its number at the hospital."""
        return f"SUP-{self.number}"


@dataclass
class SupplierPortal(WebService):
    """The portal. `hub`: where changes of bank details are posted to, signed with `secret`."""

    hub: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)  # that REST asks for; empty: none
    listen: int = 0  # 0: any free port
    count: int = 4
    troubles: PortalTroubles = field(default_factory=PortalTroubles)
    begins: datetime = datetime(2026, 3, 2, 8, tzinfo=UTC)
    insured_until: date = date(2099, 12, 31)
    seed: int = 1
    companies: list[Company] = field(init=False)

    def __post_init__(self) -> None:
        """Make up the companies."""
        drawn = random.Random(self.seed)  # noqa: S311 — made-up companies, no secrets
        self.companies = [self._company(drawn, number) for number in range(1, self.count + 1)]
        self._keys: set[str] = set()
        self._some_active = asyncio.Event()
        self._changes: dict[str, Any] = {}  # of bank details, by number, as they are posted
        self._lost = random.Random(self.seed)  # noqa: S311 — made-up troubles, no secrets
        self._clock = self.begins + timedelta(days=1)

    def _routes(self) -> Sequence[web.RouteDef]:
        return [web.get("/registrations", self._list), web.get("/bank-changes", self._list_changes),
                web.post("/answers", self._answer)]  # fmt: skip

    async def first_active(self) -> Company:
        """Wait for the first company that hears that it is active."""
        await self._some_active.wait()
        return next(each for each in self.companies if "active" in each.heard)

    def leie(self) -> bytes:
        """The list of excluded parties, as the OIG publishes its own."""
        rows = [_row("FAR AWAY TRANSPORT INC", "1 ELM ST", "DOVER", "19901")]
        for company in self.companies:
            if company.trouble == "listed":
                (place,) = company.registration["addresses"]
                rows.append(_row(company.title.upper(), place["street"].upper(), place["city"], place["postal_code"]))
        return "\n".join([_COLUMNS, *rows, ""]).encode()

    async def change_bank(self, company: Company, number: str = "") -> int:
        """The company says that it has another account; what the hub answered, 0: it was not posted."""
        if self._session is None:
            raise SettingsError("The portal is not open: say `async with`.")
        number = number or f"BNK-{company.number}"
        if number not in company.changes:
            company.changes.append(number)
        told: dict[str, Any] = {
            "number": number,
            "supplier": company.supplier,
            "entered_by": f"portal:{company.number}",
            "bank_accounts": [{"number": company.new_account, "currency": "EUR"}],
            "reason": "they changed their bank",
            "entered_at": self._clock.isoformat(),
        }
        body, now = write(SupplierBankChange.model_validate(told)), str(int(time()))
        self._changes[number] = orjson.loads(body)
        if self._lost.random() < self.troubles.lost:
            return 0
        signature = hmac.new(self.secret.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": told["number"],
            "X-Signature": signature,
            "X-Signature-Timestamp": now,
        }
        async with self._session.post(self.hub, data=body, headers=headers) as answer:
            return answer.status

    async def _list(self, request: web.Request) -> web.Response:
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401)
        found: Sequence[Company] = self.companies
        if since := request.query.get("changed_since"):
            found = [each for each in found if each.changed_at >= datetime.fromisoformat(since)]
        begin, size = int(request.query.get("cursor", "0")), int(request.query.get("page_size", "100"))
        shown = [
            {"changed_at": each.changed_at.isoformat(), "registration": each.registration}
            for each in found[begin : begin + size]
        ]
        more = str(begin + size) if begin + size < len(found) else None
        return web.Response(body=orjson.dumps({"registrations": shown, "next": more}), content_type="application/json")

    async def _list_changes(self, request: web.Request) -> web.Response:
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401)
        return web.Response(body=orjson.dumps({"changes": [*self._changes.values()]}), content_type="application/json")

    async def _answer(self, request: web.Request) -> web.Response:
        key, told = request.headers.get("Idempotency-Key", ""), orjson.loads(await request.read())
        if key not in self._keys:
            self._keys.add(key)
            for company in self.companies:
                if told.get("document") in (company.number, *company.changes):
                    company.heard.append(str(told["status"]))
                    self._react(company, str(told["status"]))
        return web.Response(status=200)

    def _react(self, company: Company, status: str) -> None:
        if status == "active":
            self._some_active.set()
        if status != "incomplete":
            return
        self._clock += timedelta(seconds=1)
        revision = company.registration["revision"] + 1
        company.registration = company.registration | {"credentials": [self._insurance()], "revision": revision}
        company.changed_at = self._clock

    def _company(self, drawn: random.Random, number: int) -> Company:
        name = f"REG-{self.seed}{number:03}"
        title = f"{_NAMES[(number - 1) % len(_NAMES)]} {drawn.choice(_GOODS)} {self.seed}{number:03}"
        chance = drawn.random()
        incomplete, listed = self.troubles.incomplete, self.troubles.listed
        trouble = "incomplete" if chance < incomplete else "listed" if chance < incomplete + listed else ""
        town, postal_code = drawn.choice(_TOWNS)
        vat = f"{drawn.randrange(1_000_000, 9_999_999):08}"
        first, second = (_iban(f"{drawn.randrange(10**9, 10**10):010}") for _ in range(2))
        at = self.begins + timedelta(minutes=number)
        registration = {
            "number": name,
            "revision": 1,
            "title": title,
            "registered_by": f"portal:{name}",
            "registered_at": at.isoformat(),
            "tax_numbers": [{"country": "BE", "number": f"BE{vat}{97 - int(vat) % 97:02}"}],
            "addresses": [
                {"street": f"{number} Industry Road", "city": town, "postal_code": postal_code, "country": "BE"}
            ],
            "bank_accounts": [{"number": first, "currency": "EUR"}],
            "credentials": [] if trouble == "incomplete" else [self._insurance()],
        }
        return Company(name, title, first, second, trouble, registration, at)

    def _insurance(self) -> dict[str, Any]:
        return {"credential_type": INSURANCE, "number": "P-1", "valid_to": self.insured_until.isoformat()}


def _iban(ten: str) -> str:
    """A Belgian IBAN with its check digits: ISO 13616, and the national ones (the number modulo 97)."""
    number = f"{ten}{int(ten) % 97 or 97:02}"
    return f"BE{98 - int(f'{number}111400') % 97:02}{number}"


_COLUMNS: Final = (
    "LASTNAME,FIRSTNAME,MIDNAME,BUSNAME,GENERAL,SPECIALTY,UPIN,NPI,DOB,ADDRESS,CITY,STATE,ZIP,EXCLTYPE,EXCLDATE,"
    "REINDATE,WAIVERDATE,WVRSTATE"
)


def _row(company: str, street: str, city: str, postal_code: str) -> str:
    return f",,,{company},OTHER,DME,,0000000000,,{street},{city},,{postal_code},1128a1,20260101,0,0,"

"""The Odoo server that the environment names for tests, looked at past the hub by plain JSON-RPC, as administrator.

It may be a database with nothing in it but modules. What a test needs beside is made here once for a run, where the API
lets a program make it (a chart of accounts, a journal of a bank); else the test is skipped, with the words what to do.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, ClassVar, Self

import httpx
import pytest

from hilum.simulator.odoo.orm.versions import VERSIONS

URL, DATABASE, LOGIN, KEY = (f"HILUM_TEST_ODOO_{each}" for each in ("URL", "DB", "LOGIN", "KEY"))
PROTOCOL = "HILUM_TEST_ODOO_PROTOCOL"  # may be set too: json2, jsonrpc or xmlrpc; else what the version likes best
VARIABLES = (URL, DATABASE, LOGIN, KEY)
JSON2_SINCE = 19
HAS_ACCESS_SINCE = 18
TIMEOUT = 120.0  # seconds; Odoo itself repeats a call for so long, and loading a chart of accounts takes half of it
NO_BOOKS = (
    "the company has no chart of accounts ({why}). In Odoo install Invoicing (account), and under Settings → Fiscal"
    " Localization choose a package"
)
_NOT_TOLD_AS_KEPT = {"account.account": ("code",)}  # worked out in 18 and later, and what people know it by
_BANK = "HLMT"  # the journal of a bank that tests make
_TEXTS = ("binary", "html", "serialized", "properties", "properties_definition", "json")


class RpcError(Exception):
    """The server refuses; the name of its exception and the first line of what it says."""


def is_named() -> bool:
    """Does the environment name a server?"""
    return bool(os.environ.get(URL))


@dataclass(frozen=True)
class Facts:
    """What is asked of the server once for a run."""

    version: str
    uid: int
    currency: str  # of the user's company
    bank: str  # the short name of a journal of a bank, whose payments have ledger lines; empty without books
    lacks_books: str  # why nothing can be booked, in words; empty: it can

    @property
    def major(self) -> int:
        """Such as 18."""
        return int(self.version.partition(".")[0])


@dataclass(kw_only=True)
class NamedOdoo:
    """`async with NamedOdoo.of_environment() as named:`."""

    url: str
    database: str
    login: str
    key: str = field(repr=False)
    _http: httpx.AsyncClient | None = None
    _fields: dict[str, list[str]] = field(default_factory=dict)
    _known: ClassVar[dict[str, Facts]] = {}

    @classmethod
    def of_environment(cls) -> Self:
        """As the four variables say. Fails where one of them is missing."""
        missing = [name for name in VARIABLES if not os.environ.get(name)]
        assert not missing, f"set {', '.join(missing)} too"
        url, database, login, key = (os.environ[name] for name in VARIABLES)
        return cls(url=url.rstrip("/"), database=database, login=login, key=key)

    async def __aenter__(self) -> Self:
        # loading the certificates takes longer than a call on this machine
        self._http = httpx.AsyncClient(timeout=TIMEOUT, verify=self.url.startswith("https:"))
        if self.url not in self._known:
            self._known[self.url] = await self._look()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._http is not None
        await self._http.aclose()

    @classmethod
    def known(cls) -> Facts | None:
        """What this run has found out of the server."""
        return next(iter(cls._known.values()), None)

    @property
    def facts(self) -> Facts:
        """What is known of it."""
        return self._known[self.url]

    @property
    def protocol(self) -> str:
        """By which tests speak to it."""
        return os.environ.get(PROTOCOL) or ("json2" if self.facts.major >= JSON2_SINCE else "jsonrpc")

    @property
    def settings(self) -> dict[str, Any]:
        """By which a connector reaches it."""
        return {"url": self.url, "database": self.database, "login": self.login, "api_key": self.key}

    async def call(self, model: str, method: str, *arguments: Any, **more: Any) -> Any:
        """Raises `RpcError`."""
        return await self._call(self.facts.uid, model, method, *arguments, **more)

    async def rows(self, model: str, **where: Any) -> list[dict[str, Any]]:
        """Records of a model whose fields have these values, archived ones too; many2one values as ids."""
        domain = [[name, "=", value] for name, value in where.items()]
        fields = sorted({*await self._kept(model), *where} - {"external_ids"})
        context = {"active_test": False}
        found: list[dict[str, Any]] = await self.call(
            model, "search_read", domain, fields=fields, load=None, context=context
        )
        return found

    async def known_as(self, model: str, xml_id: str) -> list[dict[str, Any]]:
        """The records behind an external identifier."""
        module, _, name = xml_id.partition(".")
        there = [["module", "=", module], ["name", "=", name], ["model", "=", model]]
        found = await self.call("ir.model.data", "search_read", there, fields=["res_id"])
        return [row for each in found for row in await self.rows(model, id=each["res_id"])]

    async def needs(self, models: set[str]) -> None:
        """Skip where one of these is not there, or the user may not read it."""
        for model in sorted(models):
            try:
                await self.call(model, "search", [["id", "=", 0]], limit=1)
            except RpcError as refused:
                pytest.skip(f"{model} is not there or not allowed: install its module ({refused})")

    async def needs_right(self, model: str) -> None:
        """Skip where the user may not make such records."""
        asked = (
            ("has_access", [], "create") if self.facts.major >= HAS_ACCESS_SINCE else ("check_access_rights", "create")
        )
        more = {} if self.facts.major >= HAS_ACCESS_SINCE else {"raise_exception": False}
        if not await self.call(model, *asked, **more):
            pytest.skip(
                f"{self.login} may not create {model}: give the right, or switch the feature on in Odoo's settings"
            )

    def needs_books(self) -> None:
        """Skip where nothing can be booked."""
        if self.facts.lacks_books:
            pytest.skip(self.facts.lacks_books)

    async def _kept(self, model: str) -> list[str]:
        """What a look is for: stored fields, and those that are stored in another record of the same thing."""
        if model not in self._fields:
            told = await self.call(model, "fields_get", attributes=["type", "store", "related"])
            self._fields[model] = [
                name
                for name, facts in told.items()
                if facts["type"] not in _TEXTS and (facts.get("store", True) or facts.get("related"))
            ] + [name for name in _NOT_TOLD_AS_KEPT.get(model, ()) if name in told]
        return self._fields[model]

    async def _post(self, service: str, method: str, *args: Any) -> Any:
        assert self._http is not None
        params = {"service": service, "method": method, "args": list(args)}
        reply = await self._http.post(f"{self.url}/jsonrpc", json={"jsonrpc": "2.0", "id": 1, "params": params})
        assert reply.status_code == 200, f"{self.url}/jsonrpc answers {reply.status_code}"
        told = reply.json()
        if "error" in told:
            data = told["error"]["data"]
            raise RpcError(f"{data['name']}: {str(data['message']).splitlines()[0] if data['message'] else ''}")
        return told.get("result")

    async def _call(self, uid: int, model: str, method: str, *arguments: Any, **more: Any) -> Any:
        known = (self.database, uid, self.key, model, method)
        return await self._post("object", "execute_kw", *known, list(arguments), more)

    async def _look(self) -> Facts:
        version = (await self._post("common", "version"))["server_serie"]
        assert version in VERSIONS, f"the tests know {', '.join(VERSIONS)}, the server is {version}"
        uid = await self._post("common", "authenticate", self.database, self.login, self.key, {})
        assert uid, f"the server does not accept {LOGIN} and {KEY}"
        (user,) = await self._call(uid, "res.users", "read", [uid], fields=["company_id", "lang"])
        assert user["lang"] in (False, "en_US"), f"set the language of {self.login} to en_US: tests read Odoo's words"
        company = user["company_id"][0]
        (row,) = await self._call(uid, "res.company", "read", [company], fields=["currency_id"])
        try:
            await self._open_books(uid, company)
            bank, lacks = await self._bank(uid), ""
        except RpcError as refused:
            bank, lacks = "", NO_BOOKS.format(why=str(refused))
        return Facts(version=version, uid=uid, currency=row["currency_id"][1], bank=bank, lacks_books=lacks)

    async def _open_books(self, uid: int, company: int) -> None:
        """See that there is a chart of accounts with journals; load the general one where there is none."""
        if await self._has_books(uid):
            return
        await self._call(uid, "account.chart.template", "try_loading", "generic_coa", company)
        if not await self._has_books(uid):
            raise RpcError("the general chart of accounts could not be loaded")

    async def _has_books(self, uid: int) -> bool:
        for kind in ("sale", "purchase", "general"):
            if not await self._call(uid, "account.journal", "search", [["type", "=", kind]], limit=1):
                return False
        for kind in ("expense", "asset_receivable", "liability_payable"):
            if not await self._call(uid, "account.account", "search", [["account_type", "=", kind]], limit=1):
                return False
        return True

    async def _bank(self, uid: int) -> str:
        """The short name of a journal of a bank whose payments wait on an account of their own until they are settled.

        Without such an account Odoo 18 and 19 write no ledger lines of a payment, and nothing can be matched.
        """
        lines = "account.payment.method.line"
        try:
            ready = [["payment_account_id", "!=", False], ["journal_id.type", "=", "bank"]]
            found = await self._call(uid, lines, "search_read", ready, fields=["journal_id"])
        except RpcError:
            found = await self._call(uid, "account.journal", "search_read", [["type", "=", "bank"]], fields=["code"])
            return str(found[0]["code"])  # before such lines were
        if not found:
            values = {"name": "Bank of the tests", "code": _BANK, "type": "bank"}
            made = await self._call(uid, "account.journal", "create", values)
            own = await self._call(uid, lines, "search", [["journal_id", "=", made]])
            await self._call(uid, lines, "write", own, {"payment_account_id": await self._under_way(uid)})
            return _BANK
        (journal,) = await self._call(uid, "account.journal", "read", [found[0]["journal_id"][0]], fields=["code"])
        return str(journal["code"])

    async def _under_way(self, uid: int) -> int:
        """The account on which the tests' payments wait."""
        name = "Payments under way (tests)"
        if found := await self._call(uid, "account.account", "search", [["name", "=", name]], limit=1):
            return int(found[0])
        values = {"code": "199901", "name": name, "account_type": "asset_current", "reconcile": True}
        return int(await self._call(uid, "account.account", "create", values))

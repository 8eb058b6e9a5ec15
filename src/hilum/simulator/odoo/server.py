"""The sandbox as one object to start, use and stop."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from hilum.simulator.odoo.business.api_keys import PROGRAMMATIC
from hilum.simulator.odoo.engine import Calls, Engine, HeldTransaction, utc_now
from hilum.simulator.odoo.faults import Faults
from hilum.simulator.odoo.orm.access import ADMINISTRATOR_GROUPS
from hilum.simulator.odoo.orm.record import Env
from hilum.simulator.odoo.saving import StateFile
from hilum.simulator.odoo.web.application import application
from hilum.simulator.odoo.web.control import records_of

BODY_LIMIT = 128 * 2**20  # bytes
_TURNS = 3  # of the event loop, in which a connection that was just accepted becomes one of the server's


class SandboxOdoo:
    """A simulated Odoo server, community modules, one database.

    `state_file`: where the store is kept; None: in memory only. A second start with the same file goes on from there.
    `api_key`: the administrator's key; None: one is made. `other_databases`: names that the server has besides, so
    that clients must say which they mean. `body_limit` in bytes. `clock` is the database's clock, UTC. `keep_alive`:
    as behind a proxy; without one Odoo closes each connection. `timings`: calls take as long as on a measured server.
    """

    def __init__(
        self,
        version: str = "19.0",
        database: str = "hilum",
        host: str = "127.0.0.1",
        port: int = 0,
        state_file: Path | None = None,
        faults: Faults | None = None,
        login: str = "hub",
        api_key: str | None = None,
        *,
        other_databases: Iterable[str] = (),
        body_limit: int = BODY_LIMIT,
        clock: Callable[[], datetime] = utc_now,
        keep_alive: bool = False,
        timings: bool = False,
    ) -> None:
        self.version = version
        self.database = database
        self.login = login
        self.faults = faults or Faults()
        self._host = host
        self._port = port
        self._state_file = state_file
        self._given_key = api_key
        self._databases = (database, *other_databases)
        self._body_limit = body_limit
        self._clock = clock
        self._keep_alive = keep_alive
        self._timings = timings
        self._engine: Engine | None = None
        self._runner: web.AppRunner | None = None
        self._api_key = ""
        self._url = ""

    def __repr__(self) -> str:
        return f"SandboxOdoo({self.version}, {self._url or 'not started'})"

    @property
    def engine(self) -> Engine:
        """The database and what runs over it. Raises RuntimeError before the start."""
        if self._engine is None:
            raise RuntimeError("The sandbox Odoo is not started.")
        return self._engine

    @property
    def url(self) -> str:
        """Where it listens, such as `http://127.0.0.1:40123`; known after the start."""
        return self._url

    @property
    def api_key(self) -> str:
        """The administrator's key; known after the start."""
        return self._api_key

    @property
    def calls(self) -> Calls:
        """What clients have called so far."""
        return self.engine.calls

    async def start(self) -> None:
        """Load or seed the store, make the administrator's key, listen."""
        state = StateFile(self._state_file, version=self.version) if self._state_file else None
        self._engine = Engine(
            version=self.version,
            database=self.database,
            clock=self._clock,
            state=state,
            faults=self.faults,
            timings=self._timings,
        )
        self._api_key = self._engine.add_key(self.login, secret=self._given_key, groups=ADMINISTRATOR_GROUPS)
        app = application(self._engine, self._databases, self._body_limit, keep_alive=self._keep_alive)
        # a compressed request body must reach the handler as it came: Odoo does not understand it either
        self._runner = web.AppRunner(app, auto_decompress=False, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self._url = f"http://{host}:{port}"

    async def stop(self) -> None:
        """Stop listening and close the state file; may be called twice."""
        self.faults.release()
        if self._runner is not None:
            runner, self._runner = self._runner, None
            server = runner.server
            await runner.cleanup()
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            if server is not None:
                await server.shutdown()  # again: of a connection accepted at the last moment it knew nothing
        if self._engine is not None:
            self._engine.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def make_key(self, login: str, expires: datetime | None = None, groups: Iterable[str] | None = None) -> str:
        """A key for a user, who is made if need be.

        `groups`: external ids that replace the user's groups, such as `INTEGRATION_GROUPS`; None leaves them.
        """
        return self.engine.add_key(login, expires=expires, groups=groups)

    def make_session(self, login: str) -> str:
        """The session cookie of a user who logged in with a browser; the user is made if need be."""
        self.make_key(login)
        cookie = secrets.token_urlsafe(32)
        users = {each["login"]: int(each["id"]) for each in self.records("res.users")}
        self.engine.sessions[cookie] = users[login]
        return cookie

    def records(self, model: str) -> list[dict[str, Any]]:
        """All records of a model as kept, each with `external_ids`; archived ones too."""
        return records_of(self.engine, model)

    def change(self, work: Callable[[Env], Any]) -> Any:
        """Do something in the database as the superuser, in one transaction: what a person would do in Odoo."""
        return self.engine.transaction(work)

    def hide(self, model: str, *ids: int) -> None:
        """A record rule that hides these records of a model from all users but the superuser; none: it is gone."""
        self.engine.store.hidden[model] = frozenset(ids)

    def retype(self, model: str, field: str, kind: str, *, relation: str = "", selection: Iterable[str] = ()) -> None:
        """A field gets another type, as after an upgrade: `retype("res.partner", "ref", "integer")`.

        `relation`: the model of a many2one; `selection`: the values that there are. Raises KeyError.
        """
        self.engine.registry.retype(model, field, kind, relation=relation, selection=selection)

    def hold(self) -> HeldTransaction:
        """Begin a transaction that is committed later: a long import, a slow scheduled action."""
        return self.engine.hold()

    def let_programs_make_keys(self, *, there: bool = True, allowed: bool = True) -> None:
        """`generate` and `revoke` of API keys: in this build or not yet, and for all users or administrators only."""
        calls = {"res.users.apikeys.generate", "res.users.apikeys.revoke"}
        without = self.engine.registry.without
        without.difference_update(calls) if there else without.update(calls)

        def work(env: Env) -> None:
            found = env["ir.config_parameter"].find([["key", "=", PROGRAMMATIC]])
            if found:
                env["ir.config_parameter"].write(found[0], {"value": str(allowed)})
            else:
                env["ir.config_parameter"].create({"key": PROGRAMMATIC, "value": str(allowed)})

        self.engine.transaction(work)

    def set_module(self, name: str, *, installed: bool) -> None:
        """Install or remove a module: without it its models and fields do not exist for clients. Raises LookupError."""

        def work(env: Env) -> None:
            found = env["ir.module.module"].find([["name", "=", name]])
            if not found:
                raise LookupError(f"The sandbox knows no module {name!r}.")
            env["ir.module.module"].write(found[0], {"state": "installed" if installed else "uninstalled"})

        self.engine.transaction(work)
        self.engine.registry.fit(name, installed=installed)

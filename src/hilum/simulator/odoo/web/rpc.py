"""What JSON-RPC and XML-RPC have in common: the services `common`, `object` and `db`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hilum.simulator.odoo import keys
from hilum.simulator.odoo.engine import Engine
from hilum.simulator.odoo.errors import (
    AccessDenied,
    AttributeFault,
    IndexFault,
    NoDatabase,
    TypeFault,
    UserError,
)
from hilum.simulator.odoo.orm import dispatch
from hilum.simulator.odoo.orm.model import Model
from hilum.simulator.odoo.orm.versions import VERSIONS, major
from hilum.simulator.odoo.web.common import Call, before, carry_out

SERIES = {version: [major(version), 0, 0, "final", 0, ""] for version in VERSIONS}
POSITION_OF_RECORDS = {"create": 0, "load": 1}  # which argument tells how many records a call is about


async def serve(engine: Engine, databases: tuple[str, ...], service: str, method: str, args: Sequence[Any]) -> Any:
    """Carry out a call of one of the services. Raises OdooError, Hangup, Page."""
    if service == "object" and method in ("execute_kw", "execute"):
        return await _execute(engine, method, args)
    await before(engine.faults.draw(service, method), engine)
    if service == "db" and method == "list":
        return list(databases)
    if service == "common" and method == "version":
        return version(engine)
    if service == "common" and method in ("authenticate", "login"):
        return _login(engine, *args[:3])
    raise AttributeFault(f"The method '{service}.{method}' does not exist")


def version(engine: Engine) -> dict[str, Any]:
    """What `common.version` tells."""
    number = engine.registry.version
    return {
        "server_version": number,
        "server_version_info": SERIES[number],
        "server_serie": number,
        "protocol_version": 1,
    }


def _login(engine: Engine, database: str, login: str, secret: str) -> int | bool:
    _check_database(engine, database)
    env = engine.env()
    uid = keys.user_by_key(env, str(secret), passwords=True)
    return uid if uid is not None and uid == keys.user_of(env, login) else False


def _check_database(engine: Engine, database: str) -> None:
    if database != engine.database:
        raise NoDatabase(
            f'connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: '
            f'FATAL:  database "{database}" does not exist\n'
        )


async def _execute(engine: Engine, service_method: str, args: Sequence[Any]) -> Any:
    database, uid, secret, model, method, *rest = args
    _check_database(engine, database)
    if keys.user_by_key(engine.env(), str(secret), passwords=True) != uid:
        raise AccessDenied
    if service_method == "execute":
        positional, named = list(rest), {}
    else:
        positional = list(rest[0]) if rest else []
        named = dict(rest[1]) if len(rest) > 1 and rest[1] else {}
    context = named.pop("context", None) or {}

    def bind(bound: Model, target: dispatch.Target) -> Any:
        return _run(bound, target, method, positional, named)

    position = POSITION_OF_RECORDS.get(method, 0)
    records = positional[position] if len(positional) > position else None
    call = Call(uid=uid, model=model, method=method, bind=bind, context=context, records=records)
    try:
        result = await carry_out(engine, call)
    except dispatch.NoModel as error:
        raise UserError(f"Object {error.message} doesn't exist") from None
    except dispatch.NoMethod as error:
        raise AttributeFault(error.message) from None
    except dispatch.BadArguments as error:
        raise TypeFault(f"BaseModel.{method}() {error.message}") from None
    one = method == "create" and isinstance(positional[0], Mapping)
    return result[0] if one else result


def _run(
    bound: Model, target: dispatch.Target, method: str, positional: Sequence[Any], named: Mapping[str, Any]
) -> Any:
    if method == "create" and not positional:
        raise IndexFault("list index out of range" if bound.env.since(19) else "tuple index out of range")
    if target.on_model:
        return dispatch.run(bound, target, positional, named)
    if not positional:
        raise IndexFault("list index out of range" if bound.env.since(19) else "tuple index out of range")
    ids = positional[0]
    ids = [ids] if isinstance(ids, int) else list(ids or [])
    return dispatch.run(bound, target, [ids, *positional[1:]], named)

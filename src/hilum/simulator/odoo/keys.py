"""API keys and passwords: made by the sandbox, kept as hashes, checked at each call."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime

from hilum.simulator.odoo.orm.record import Env

KEY_BYTES = 20  # a key is 40 hexadecimal digits


def digest(secret: str) -> str:
    """What is kept of a key. A key has 160 random bits, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def fresh() -> str:
    """A new key."""
    return secrets.token_hex(KEY_BYTES)


def add_key(
    env: Env,
    login: str,
    *,
    secret: str | None = None,
    expires: datetime | None = None,
    groups: Iterable[str] | None = None,
) -> str:
    """A key for a user, who is made if need be; `groups` replaces the user's groups. Answers the key."""
    secret = secret or fresh()
    user = user_of(env, login) or _new_user(env, login)
    if groups is not None:
        set_groups(env, user, groups)
    known = list(env.store.find("res.users.apikeys", ("digest",), (digest(secret),)))
    expiry = expires.strftime("%Y-%m-%d %H:%M:%S") if expires else False
    if known:
        env["res.users.apikeys"].write(known[0], {"user_id": user, "expiration_date": expiry})
    else:
        env["res.users.apikeys"].create(
            {"name": "sandbox", "user_id": user, "digest": digest(secret), "expiration_date": expiry}
        )
    return secret


def _new_user(env: Env, login: str) -> int:
    email = login if "@" in login else f"{login}@sandbox.example"
    return env["res.users"].create({"login": login, "name": login.title(), "email": email}).id


def set_groups(env: Env, user: int, groups: Iterable[str]) -> None:
    """Replace the groups of a user. Raises KeyError for a group that the seed does not have."""
    ids = [env.ref(group) for group in groups]
    env["res.users"].write(user, {"group_ids" if env.since(19) else "groups_id": [(6, 0, ids)]})


def user_of(env: Env, login: str) -> int | None:
    """The user with that login."""
    return next(iter(env.store.find("res.users", ("login",), (login,))), None)


def user_by_key(env: Env, secret: str, *, passwords: bool = False) -> int | None:
    """Whose key it is; None if it is unknown, expired or scoped, or a password where none is taken."""
    for key in env.store.find("res.users.apikeys", ("digest",), (digest(secret),)):
        row = env.store.tables["res.users.apikeys"][key]
        expired = row.get("expiration_date") and row["expiration_date"] <= env.second
        scoped = row.get("scope") not in (None, "rpc")
        if not expired and not scoped and (passwords or not row.get("password")):
            return int(row["user_id"])
    return None


def groups_of(env: Env, user: int) -> frozenset[str]:
    """The external ids of the user's groups."""
    column = "group_ids" if env.since(19) else "groups_id"
    table = env.store.tables["res.groups"]
    return frozenset(table[each]["full_name"] for each in env.store.tables["res.users"][user].get(column) or ())

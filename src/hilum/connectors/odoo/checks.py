"""What `hilum doctor` says of an Odoo endpoint, and the one check that every connection makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hilum.connectors.odoo.client import OdooClient
from hilum.connectors.odoo.dialect import unknown
from hilum.connectors.odoo.session import Session
from hilum.errors import Rejected, SettingsError

# Models whose records the hub creates, as people call them.
_CREATES: Final[Mapping[str, str]] = {
    "res.partner": "contacts",
    "product.product": "products",
    "product.supplierinfo": "vendor prices",
    "stock.location": "stock locations",
    "stock.picking": "transfers",
    "stock.quant": "stock counts",
    "purchase.order": "purchase orders",
    "account.move": "invoices",
}

_ONE_BY_ONE: Final = (
    "The hub's user may not read external identifiers (ir.model.data), so each new document costs one call more: "
    "give one of its groups the right to read them."
)


async def refuse_module_prefix(client: OdooClient, prefix: str) -> None:
    """Raise `SettingsError` when the prefix of external identifiers is a module of this Odoo.

    An upgrade of a module deletes records whose identifiers carry its name and are not in its files. Odoo gives each
    module the identifier `base.module_<name>`, which every user may look up.
    """
    if prefix == "base" or await client.reference(f"base.module_{prefix}") is not None:
        raise SettingsError(
            f"odoo: the prefix '{prefix}' is the name of an Odoo module, whose upgrades would delete "
            "the hub's records. Choose another `prefix`."
        )


async def examine(session: Session) -> str:
    """Version, database, user, and which rights it lacks, in sentences. Raises `Down` for a refused key."""
    client, settings = session.client, session.settings
    series = ".".join(map(str, client.version))
    database = settings.database or "the server's only database"
    found = [f"Odoo {series} by {client.protocol}, {database}.", unknown(client.version), await _user(session)]
    lacking = [words for model, words in _CREATES.items() if await _may(client, model, "create") is False]
    if lacking:
        found.append(f"The hub's user may not create: {', '.join(lacking)}.")
    if await _may(client, "ir.model.data", "read") is False:
        found.append(_ONE_BY_ONE)
    return " ".join(sentence for sentence in found if sentence)


async def _user(session: Session) -> str:
    """Who the hub is; says when the e-mail address is missing, without which partial receipts fail."""
    number = await session.client.user_id()
    rows = await session.client.read("res.users", [number], ["login", "email"]) if number else []
    if not rows:
        return ""
    login = rows[0]["login"]
    if rows[0].get("email"):
        return f"The hub is the user {login}."
    return f"The hub is the user {login}, who has no e-mail address: set one, or partial receipts fail."


async def _may(client: OdooClient, model: str, operation: str) -> bool | None:
    """None where the server does not tell."""
    try:
        if client.dialect.has_access:
            return bool(await client.call(model, "has_access", [], operation=operation))
        return bool(await client.call(model, "check_access_rights", operation=operation, raise_exception=False))
    except Rejected:
        return None

"""A new API key in place of the old one, without a moment in which none is valid.

Odoo 19 (builds since spring 2026) lets a user make a key with a key: `res.users.apikeys.generate`, and take one back:
`revoke`; a system parameter allows it, or the right to the settings. Older ones offer only a dialogue that asks for the
user's password. Either way: the new key is stored beside the old one, tested, put in force by a rename, and the old one
is taken back (or ends by itself) when all processes have had time to read the new one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import SecretStr

from hilum.connector import Renewal
from hilum.connectors.odoo.api_key import ApiKey, Key
from hilum.connectors.odoo.client import OdooClient
from hilum.connectors.odoo.faults import Refusal
from hilum.connectors.odoo.probe import connect
from hilum.connectors.odoo.settings import OdooSettings
from hilum.connectors.odoo.transport import Transport
from hilum.errors import Down, Failure, SettingsError, TryAgain, Unsure

MODEL: Final = "res.users.apikeys"
GRACE: Final = 3600.0
"""Seconds for which the former key stays valid: others read the new one before their next call."""

_NAME: Final = "Hilum"
_SCOPE: Final = "rpc"  # no more than the hub needs
_ALLOW: Final = (
    "An Odoo administrator may let the hub renew it: set the system parameter "
    "base.enable_programmatic_api_keys to True."
)


class _NotMade(Exception):
    """Odoo makes no new key; why, in words."""


async def renew(client: OdooClient, key: ApiKey, settings: OdooSettings) -> Renewal:
    """Let Odoo make a new key, and go over to it. Nothing is raised for what Odoo refuses: the words say it."""
    try:
        ready = key.begin()
    except SettingsError as error:
        return _not_done(f"The hub cannot store a new key. {error}")
    if ready is None:
        try:
            ready = await _made(client, key.current(), settings.key_days)
        except (_NotMade, Unsure, TryAgain) as failure:
            key.drop_draft()
            return _not_done(str(failure))
        key.draft(ready)
    return await _go_over(client, key, settings, ready)


async def accept(client: OdooClient | None, key: ApiKey, settings: OdooSettings, new: Key) -> Renewal:
    """Go over to a key that a person made. Raises `SettingsError` where it cannot be stored.

    No `client`: the key in force does not work any more.
    """
    key.begin()
    key.draft(new)
    return await _go_over(client, key, settings, new)


async def retire(client: OdooClient, key: ApiKey) -> str:
    """Take the former key back, when its time has come; what became of it, in words. Empty: nothing is to be done."""
    former = key.former()
    if former is None or former[1] < GRACE:
        return ""
    try:
        await client.call(MODEL, "revoke", key=former[0].secret)
        words = "The former key was taken back in Odoo."
    except Refusal as refusal:
        ends = f" It ends on {former[0].ends:%Y-%m-%d}." if former[0].ends else ""
        words = f"The former key could not be taken back: delete it in Odoo.{ends} {refusal}"
    except Down:
        if not await _works(client):
            raise
        words = "The former key was ended in Odoo already."
    key.forget_former()
    return words


async def _made(client: OdooClient, secret: str, days: int) -> Key:
    """A new key of Odoo's making. Raises `_NotMade`, `Down`, `TryAgain`, `Unsure`."""
    # an hour less: Odoo counts by its own clock
    ends = (datetime.now(UTC) + timedelta(days=days, hours=-1)).replace(microsecond=0)
    try:
        made = await client.call(
            MODEL, "generate", key=secret, scope=_SCOPE, name=_NAME, expiration_date=f"{ends:%Y-%m-%d %H:%M:%S}"
        )
    except Refusal as refusal:
        if refusal.category in ("odoo.not_installed", "odoo.access"):
            raise _NotMade("This Odoo does not let a program make a key (19 does, since spring 2026).") from None
        if refusal.category == "odoo.validation":
            raise _NotMade(f"Odoo allows fewer days than key_days = {days}. {refusal}") from None
        why = f"Odoo makes no key for the hub. {refusal} {_ALLOW}"
        if client.protocol == "xmlrpc":  # one fault for all that Odoo refuses
            why += f" Or it allows fewer days than key_days = {days}: XML-RPC does not say which."
        raise _NotMade(why) from None
    if not isinstance(made, str) or not made:
        raise _NotMade("What Odoo answered is no key.")
    return Key(made, ends)


async def _go_over(client: OdooClient | None, key: ApiKey, settings: OdooSettings, new: Key) -> Renewal:
    """Test the key that was stored, and put it in force. One that does not do is dropped; the old one stays."""
    try:
        wrong = await _tested(client, settings, new)
    except Down as down:  # where Odoo is away, it is tested at the next try
        return _not_done(
            f"The new key does not work. {down}", drop=key if client is None or await _works(client) else None
        )
    except Failure as failure:
        return _not_done(f"The new key could not be tested. {failure}")
    if wrong:
        return _not_done(wrong, drop=key)
    former = key.known()
    try:
        key.put_in_force()
    except (SettingsError, OSError) as error:
        return _not_done(f"The new key could not be put in force. {error}")
    until = f"until {former.ends:%Y-%m-%d}" if former.ends else "until it is deleted in Odoo"
    return Renewal(
        done=True,
        ends=new.ends,
        words=f"The new key is in force in every process that reads {key.file}. The former one is valid {until}, "
        f"and is taken back after an hour where Odoo lets the hub.",
    )


async def _tested(client: OdooClient | None, settings: OdooSettings, new: Key) -> str:
    """What is wrong with a key; empty: it is the same user's and works. Raises what Odoo raises."""
    trial = settings.model_copy(update={"api_key": SecretStr(new.secret), "api_key_file": ""})
    transport = Transport(trial)
    try:
        user = await (await connect(transport, trial)).user_id()
    finally:
        await transport.close()
    if user is None or (client is not None and user != await client.user_id()):
        return "The new key is not of the hub's user in Odoo."
    return ""


async def _works(client: OdooClient) -> bool:
    """Does Odoo answer to the key in force?"""
    try:
        await client.call("res.users", "context_get")
    except Failure:
        return False
    return True


def _not_done(words: str, drop: ApiKey | None = None) -> Renewal:
    if drop is not None:
        drop.drop_draft()
    return Renewal(done=False, words=words)

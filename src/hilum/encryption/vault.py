"""The master key in a vault: a secret in a KV store of version 2, read over HTTPS, as HashiCorp's API has it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from hilum.encryption.sealing import read_key
from hilum.errors import KeyUnavailable, SettingsError
from hilum.settings import VaultSettings

_SECONDS = 10.0
_LONGEST = 65_536  # bytes of an answer that is read


async def ask_vault(vault: VaultSettings, folder: Path) -> list[bytes]:
    """The keys in the vault, the current one first. Raises `SettingsError`, `KeyUnavailable`; never shows a secret."""
    if not vault.url.startswith("https://"):
        raise SettingsError(
            "[encryption.vault] url must begin with https://: the key would cross the network readable."
        )
    url = f"{vault.url.rstrip('/')}/v1/{vault.mount.strip('/')}/data/{vault.path.strip('/')}"
    headers = {"X-Vault-Token": await asyncio.to_thread(_token, vault, folder), "X-Vault-Request": "true"}
    if vault.namespace:
        headers["X-Vault-Namespace"] = vault.namespace
    status, answer = await _get(url, headers, await asyncio.to_thread(_tls, vault, folder))
    if status in (403, 404):
        raise SettingsError(
            f"The vault answers {status} for {url}: "
            + ("the token may not read it." if status == 403 else "there is no such secret.")
        )
    if status != 200:
        raise KeyUnavailable(f"The vault at {vault.url} answers {status}.")
    return _keys_in(answer, vault)


def _keys_in(answer: Any, vault: VaultSettings) -> list[bytes]:
    fields: Any = answer
    for name in ("data", "data"):  # KV version 2: the secret is within the data of the answer
        fields = fields.get(name) if isinstance(fields, Mapping) else None
    if not isinstance(fields, Mapping) or not isinstance(fields.get(vault.field), str):
        raise SettingsError(f"The secret {vault.path} in the vault has no field '{vault.field}' with a text.")
    previous = fields.get("previous_keys") or []
    texts = previous.split() if isinstance(previous, str) else [str(one) for one in previous]
    where = f"The vault's {vault.path}"
    return [
        read_key(fields[vault.field], f"{where}, {vault.field},"),
        *(read_key(t, f"{where}, previous_keys,") for t in texts),
    ]


async def _get(url: str, headers: Mapping[str, str], tls: ssl.SSLContext) -> tuple[int, Any]:
    try:
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(url, headers=headers, ssl=tls, allow_redirects=False) as response,
        ):
            body = await response.content.read(_LONGEST)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise KeyUnavailable(f"The vault at {url} does not answer ({type(error).__name__}).") from None
    if response.status != 200:
        return response.status, None
    try:
        return 200, orjson.loads(body)
    except orjson.JSONDecodeError:
        raise SettingsError(f"What answers at {url} is no vault: it sent no JSON.") from None


def _token(vault: VaultSettings, folder: Path) -> str:
    if vault.token_file is None:
        return vault.token.get_secret_value()
    path = folder / vault.token_file.expanduser()
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"The token file of the vault, {path}, cannot be read.") from None


def _tls(vault: VaultSettings, folder: Path) -> ssl.SSLContext:
    if vault.ca_file is None:
        return ssl.create_default_context()
    path = folder / vault.ca_file.expanduser()
    try:
        return ssl.create_default_context(cafile=str(path))
    except OSError:
        raise SettingsError(f"[encryption.vault] ca_file {path} holds no certificate that can be read.") from None

"""The master key in a vault: a small real HTTPS server that answers as a KV store of version 2 does."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from hilum.encryption.master_keys import KeySource
from hilum.encryption.sealing import key_text, new_key
from hilum.errors import KeyUnavailable, SettingsError
from hilum.settings import EncryptionSettings, VaultSettings
from support.certificates import Authority

TOKEN = "hvs.invented"


class Vault:
    """Answers `GET /v1/secret/data/hilum` for the right token."""

    def __init__(self) -> None:
        self.fields: dict[str, Any] = {}
        self.status = 200
        self.asked: list[str] = []
        self.namespaces: list[str | None] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        self.namespaces.append(request.headers.get("X-Vault-Namespace"))
        if request.headers.get("X-Vault-Token") != TOKEN:
            return web.json_response({"errors": ["permission denied"]}, status=403)
        if self.status == 307:
            return web.Response(status=307, headers={"Location": "http://127.0.0.1:9/elsewhere"})
        if self.status != 200:
            return web.json_response({"errors": [TOKEN]}, status=self.status)
        return web.json_response({"data": {"data": self.fields, "metadata": {"version": 3}}})


@pytest.fixture
async def vault(tmp_path: Path) -> AsyncIterator[tuple[Vault, VaultSettings]]:
    authority = Authority(tmp_path, "authority")
    made = Vault()
    app = web.Application()
    app.router.add_get("/v1/{rest:.*}", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(authority.issue("localhost"))
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    host, port = runner.addresses[0]
    yield made, VaultSettings(url=f"https://{host}:{port}", token=SecretStr(TOKEN), ca_file=authority.path)
    await runner.cleanup()


def source(settings: VaultSettings, folder: Path) -> KeySource:
    return KeySource(EncryptionSettings(vault=settings), folder, None)


@pytest.mark.req("SEC-3")
async def test_the_key_and_former_ones_come_from_the_vault(vault: tuple[Vault, VaultSettings], tmp_path: Path) -> None:
    server, settings = vault
    first, second = new_key(), new_key()
    server.fields = {"master_key": key_text(first), "previous_keys": key_text(second)}
    found = await source(settings, tmp_path).load()
    assert found is not None
    assert found.current.secret == first
    assert {key.secret for key in found.known.values()} == {first, second}
    assert server.asked == ["/v1/secret/data/hilum"]
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    by_file = settings.model_copy(
        update={
            "token_file": Path("token"),
            "mount": "kv/team",
            "path": "hub",
            "namespace": "n",
        }
    )
    again = await source(by_file, tmp_path).load()
    assert again is not None
    assert again.current.id == found.current.id
    assert server.asked[-1] == "/v1/kv/team/data/hub"
    assert server.namespaces[-1] == "n"


@pytest.mark.req("SEC-3")
async def test_what_is_wrong_with_a_vault_is_said_without_a_secret(
    vault: tuple[Vault, VaultSettings], tmp_path: Path
) -> None:
    server, settings = vault
    key = key_text(new_key())
    server.fields = {"other": key}
    said = []
    changes: list[tuple[dict[str, Any], int, str]] = [
        ({}, 200, "no field 'master_key'"),
        ({"token": SecretStr("wrong")}, 200, "403"),
        ({}, 404, "no such secret"),
        ({"url": settings.url.replace("https", "http")}, 200, "must begin with https"),
        ({"token_file": Path("absent")}, 200, "token file"),
        ({"ca_file": Path("absent.pem")}, 200, "ca_file"),
    ]
    for change, status, words in changes:
        server.status = status
        with pytest.raises(SettingsError, match=words) as found:
            await source(settings.model_copy(update=change), tmp_path).load()
        said.append(str(found.value))
    server.fields = {"master_key": "c2hvcnQ="}
    server.status = 200
    with pytest.raises(SettingsError, match="is no key") as found:
        await source(settings, tmp_path).load()
    said.append(str(found.value))
    assert all(secret not in words for words in said for secret in (key, TOKEN, "c2hvcnQ"))


@pytest.mark.req("SEC-3")
async def test_a_vault_that_is_away_or_sealed_or_not_the_right_one_is_waited_for(
    vault: tuple[Vault, VaultSettings], tmp_path: Path
) -> None:
    server, settings = vault
    for status in (503, 500, 429, 307):
        server.status = status
        with pytest.raises(KeyUnavailable, match=str(status)):
            await source(settings, tmp_path).load()
    (tmp_path / "elsewhere").mkdir()
    foreign = settings.model_copy(update={"ca_file": Authority(tmp_path / "elsewhere", "foreign").path})
    with pytest.raises(KeyUnavailable, match="does not answer"):
        await source(foreign, tmp_path).load()
    asked = len(server.asked)
    with pytest.raises(KeyUnavailable, match="does not answer"):
        await source(settings.model_copy(update={"url": "https://127.0.0.1:9"}), tmp_path).load()
    assert len(server.asked) == asked

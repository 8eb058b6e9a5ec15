"""SFTP: who the server is and who logs in, beyond what the suites say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncssh
import pytest
from bench_messages import some_delivery
from sftp_server import SftpServer

from hilum.connectors import files
from hilum.errors import Down, SettingsError, TryAgain
from hilum.message import Delivered
from hilum.testing.destination_suite import opened, outcome_of

pytestmark = [pytest.mark.req("SYS-19"), pytest.mark.req("SEC-1")]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[SftpServer]:
    (tmp_path / "out").mkdir()
    server = SftpServer(tmp_path)
    await server.start()
    yield server
    await server.stop()


async def test_a_server_with_another_host_key_gets_no_login(server: SftpServer) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    writer = files.Writer(url=server.url("/out"), **(server.settings | {"host_key": other}))
    async with opened(writer):
        with pytest.raises(Down, match="another host key"):
            await writer.check()


async def test_a_wrong_password_is_down_and_not_shown(server: SftpServer) -> None:
    writer = files.Writer(url=server.url("/out"), **(server.settings | {"password": "battery staple"}))
    async with opened(writer):
        outcome = await outcome_of(writer, some_delivery(1, b"x", "text/plain"))
        assert isinstance(outcome, Down)
        assert "login is refused" in str(outcome)
        assert "battery" not in f"{outcome} {writer!r} {writer.settings!r}"


async def test_known_hosts_as_openssh_writes_them(server: SftpServer, tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{server.port} {server.settings['host_key']}\n")
    settings = {name: value for name, value in server.settings.items() if name != "host_key"}
    writer = files.Writer(url=server.url("/out"), known_hosts=known, **settings)
    async with opened(writer):
        assert isinstance(await outcome_of(writer, some_delivery(1, b"x", "text/plain")), Delivered)


async def test_files_that_cannot_be_used_are_told(server: SftpServer, tmp_path: Path) -> None:
    for settings in ({"key": tmp_path / "missing"}, {"host_key": "", "known_hosts": tmp_path / "missing"}):
        folder = files.Folder(url=server.url("/out"), **(server.settings | settings))
        with pytest.raises(SettingsError, match="cannot be read"):
            await folder.open()
        writer = files.Writer(url=server.url("/out"), **(server.settings | settings))
        async with opened(writer):
            assert isinstance(await outcome_of(writer, some_delivery(1, b"x", "text/plain")), Down)


async def test_a_directory_that_is_not_there_is_told(server: SftpServer) -> None:
    with pytest.raises(Down, match="no directory"):
        await files.Folder(url=server.url("/missing"), **server.settings).open()
    writer = files.Writer(url=server.url("/missing"), **server.settings)
    async with opened(writer):
        assert isinstance(await outcome_of(writer, some_delivery(1, b"x", "text/plain")), Down | TryAgain)

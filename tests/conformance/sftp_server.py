"""An SFTP server over a directory, in this process, whose renames can lose or hold their answer."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import asyncssh
from bench_messages import LOCAL

from hilum.testing import Answers, eventually


class Login(asyncssh.SSHServer):
    """Lets one user in, by password, and keeps count of the connections."""

    def __init__(self, connections: set[Any]) -> None:
        self.connections = connections

    def connection_made(self, connection: Any) -> None:
        self.connection = connection
        self.connections.add(connection)

    def connection_lost(self, error: Exception | None) -> None:
        self.connections.discard(self.connection)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("hub", "correct horse")


class Files(asyncssh.SFTPServer):
    """Serves the directory; the answer to a rename meets the server's fault."""

    def __init__(self, server: SftpServer, channel: Any) -> None:
        super().__init__(channel, chroot=str(server.root).encode())
        self.server = server

    async def rename(self, old: bytes, new: bytes) -> None:
        super().rename(old, new)
        if self.server.fault is Answers.CUT:
            for each in list(self.server.connections):
                each.abort()
        if self.server.fault in (Answers.HOLD, Answers.LOSE):
            await self.server.released.wait()


class SftpServer:
    """`start`, connect with `settings` to `url`, `stop`; started again it has the same port and key."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.fault = Answers.PASS
        self.released = asyncio.Event()
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.connections: set[Any] = set()
        self.port = 0

    async def start(self) -> None:
        self.acceptor = await asyncssh.create_server(
            lambda: Login(self.connections),
            LOCAL,
            self.port,
            server_host_keys=[self.host_key],
            sftp_factory=lambda channel: Files(self, channel),
            allow_scp=False,
        )
        self.port = self.acceptor.get_port()

    async def stop(self) -> None:
        self.released.set()
        self.acceptor.close()
        for each in list(self.connections):
            each.abort()
        await self.acceptor.wait_closed()
        await eventually(lambda: not self.connections)

    @property
    def settings(self) -> dict[str, Any]:
        public = self.host_key.export_public_key().decode().strip()
        return {"password": "correct horse", "host_key": public, "timeout": 5}

    def url(self, path: str) -> str:
        return f"sftp://hub@{LOCAL}:{self.port}{path}"

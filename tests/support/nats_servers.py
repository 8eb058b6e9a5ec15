"""Real NATS servers with JetStream, each a process: one, or a cluster whose lines can be cut."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import nats.errors
import orjson
from nats.aio.client import Client

from hilum.testing import CutProxy, eventually

LOCAL = "127.0.0.1"
PROGRAM = Path(sys.executable).with_name("nats-server")


class NatsServer:
    """One server. It may be killed, paused, and started again with what it has stored, at the same port."""

    def __init__(self, folder: Path, *, name: str = "n1", more: str = "") -> None:
        self.folder = folder
        self.name = name
        self.more = more  # lines of its configuration, for example a login or a cluster
        self.port = 0
        self.route = 0  # port for the other servers of its cluster
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"nats://{LOCAL}:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for old in self.folder.glob("*.ports"):
            old.unlink()
        config = self.folder / "nats.conf"
        config.write_text(
            f"server_name: {self.name}\nlisten: {LOCAL}:{self.port or -1}\n"
            f"ports_file_dir: {json.dumps(str(self.folder))}\nmax_payload: 8MB\n"
            f"jetstream {{ store_dir: {json.dumps(str(self.folder))} }}\n{self.more}\n",
            encoding="utf-8",
        )
        with (self.folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(PROGRAM, "-c", config, stdout=log, stderr=log)
        await eventually(lambda: bool(self._ports()) or not self.running, lambda: "a NATS server")
        assert self.running, (self.folder / "log").read_text()
        self.port = int(self._ports()[0].rpartition(":")[2])
        await eventually(self._accepts)

    def _ports(self) -> list[str]:
        for path in self.folder.glob("*.ports"):
            try:
                return [str(each) for each in json.loads(path.read_text())["nats"]]
            except ValueError:
                return []  # it is being written
        return []

    async def _accepts(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(LOCAL, self.port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def kill(self) -> None:
        """`kill -9`."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.send_signal(number)
        await self._process.wait()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.kill()


class Looker:
    """A client of its own beside the one under test: makes streams, publishes, and looks."""

    def __init__(self, url: str, **login: Any) -> None:
        self.url = url
        self.login = login
        self.client = Client()

    async def __aenter__(self) -> Self:
        await self.client.connect([self.url], allow_reconnect=False, **self.login)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.client.close()

    async def api(self, subject: str, question: Mapping[str, Any] | None = None) -> dict[str, Any]:
        body = orjson.dumps(question) if question is not None else b""
        answer: dict[str, Any] = orjson.loads((await self.client.request(f"$JS.API.{subject}", body, timeout=20)).data)
        assert "error" not in answer, answer
        return answer

    async def make_stream(self, name: str, *subjects: str, **more: Any) -> None:
        config = {"name": name, "subjects": list(subjects), "storage": "file", **more}
        await self.api(f"STREAM.CREATE.{name}", config)

    async def publish(self, subject: str, body: bytes, **headers: str) -> None:
        wire = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = orjson.loads((await self.client.request(subject, body, headers=wire or None, timeout=20)).data)
        assert "error" not in answer, answer

    async def messages(self, stream: str) -> list[tuple[str, bytes, dict[str, str]]]:
        """All that the stream has: subject, body, headers; in its order."""
        info = await self.api(f"STREAM.INFO.{stream}")
        state = info["state"]
        if not state["messages"]:
            return []
        inbox = self.client.new_inbox()
        subscription = await self.client.subscribe(inbox)
        made = await self.api(
            f"CONSUMER.CREATE.{stream}",
            {
                "stream_name": stream,
                "config": {"deliver_subject": inbox, "deliver_policy": "all", "ack_policy": "none"},
            },
        )
        found: list[tuple[str, bytes, dict[str, str]]] = []
        while len(found) < state["messages"]:
            message = await subscription.next_msg(timeout=5)
            found.append((message.subject, message.data, dict(message.headers or {})))
        await subscription.unsubscribe()
        await self.api(f"CONSUMER.DELETE.{stream}.{made['name']}")
        return found

    async def bodies(self, stream: str) -> list[bytes]:
        return [body for _, body, _ in await self.messages(stream)]


class Cluster:
    """Three servers that keep streams together. Every line between them, and to their clients, is a proxy.

    So a server can be cut off that lives and goes on answering whomever it still reaches.
    """

    def __init__(self, folder: Path) -> None:
        self.servers = [NatsServer(folder / f"n{number}", name=f"n{number}") for number in (1, 2, 3)]
        for server, port in zip(self.servers, _free_ports(len(self.servers)), strict=True):
            server.route = port
        self._routes = {
            (one.name, other.name): CutProxy(other.route)
            for one in self.servers
            for other in self.servers
            if one is not other
        }
        self._fronts: dict[str, CutProxy] = {}

    @property
    def urls(self) -> list[str]:
        """Where clients connect, each through its proxy."""
        return [f"nats://{LOCAL}:{self._fronts[server.name].port}" for server in self.servers]

    def lines(self, server: NatsServer, *, clients: bool) -> list[CutProxy]:
        """All lines between this server and the other two; with `clients` those of its clients too."""
        fronts = [self._fronts[server.name]] if clients else []
        return fronts + [line for ends, line in self._routes.items() if server.name in ends]

    async def __aenter__(self) -> Self:
        for line in self._routes.values():
            await line.start()
        for server in self.servers:
            routes = ", ".join(
                f'"nats://{LOCAL}:{line.port}"' for (start, _), line in self._routes.items() if start == server.name
            )
            # what it tells of itself leads nowhere: else the others, and clients, would find a way past the proxies
            server.more = (
                f"cluster {{ name: test, listen: {LOCAL}:{server.route}, routes: [{routes}], "
                f'advertise: "{LOCAL}:1", no_advertise: true }}'
            )
        await asyncio.gather(*(server.start() for server in self.servers))
        for server in self.servers:
            self._fronts[server.name] = CutProxy(server.port)
            await self._fronts[server.name].start()

        async def in_agreement() -> bool:
            """A stream of three replicas can be made, and is gone again."""
            try:
                async with Looker(self.servers[0].url) as looker:
                    await looker.make_stream("PROBE", "probe", num_replicas=3)
                    await looker.api("STREAM.DELETE.PROBE")
            except (OSError, nats.errors.Error, TimeoutError, AssertionError):
                return False
            return True

        await eventually(in_agreement)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for line in (*self._routes.values(), *self._fronts.values()):
            await line.stop()
        for server in self.servers:
            await server.kill()

    async def leader(self, stream: str) -> NatsServer:
        """The server that leads the stream; waits until there is one."""
        found: list[str] = []

        async def led() -> bool:
            found[:] = [await leader_of([each.url for each in self.servers if each.running], stream)]
            return bool(found[0])

        await eventually(led)
        return next(server for server in self.servers if server.name == found[0])


def _free_ports(count: int) -> list[int]:
    """Ports that nobody has now: routes must be known before the servers are there."""
    sockets = [socket.create_server((LOCAL, 0)) for _ in range(count)]
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


async def leader_of(urls: Sequence[str], stream: str) -> str:
    """Name of the server that leads the stream, asked of the first that answers."""
    for url in urls:
        try:
            async with Looker(url) as looker:
                info = await looker.api(f"STREAM.INFO.{stream}")
        except (OSError, nats.errors.Error, TimeoutError, AssertionError):  # this one is away
            continue
        if leader := info.get("cluster", {}).get("leader"):
            return str(leader)
    return ""

"""A proxy before any Odoo, a sandbox or a real server: it passes HTTP on byte for byte, and does harm on demand.

The nastiest harm is a lost answer: Odoo has carried the call out and committed, and the client never hears of it. What
the client sends is read only to know the model and the method; nothing of it is changed but the name of the host, which
a server behind a virtual host goes by.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import xmlrpc.client
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

HEAD_LIMIT = 2**20  # bytes; of a line or a head that belongs to HTTP at all
READING = frozenset(
    {
        "check_access_rights",
        "check_object_reference",
        "context_get",
        "default_get",
        "exists",
        "fields_get",
        "formatted_read_group",
        "get_external_id",
        "get_metadata",
        "has_access",
        "has_group",
        "name_search",
        "read",
        "read_group",
        "search",
        "search_count",
        "search_read",
        "web_search_read",
    }
)
_BAD_GATEWAY = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


class Fate(StrEnum):
    """What becomes of a call."""

    PASS = "pass"  # it is carried out and answered
    LOST = "lost"  # it is carried out, and instead of the answer the connection breaks
    LATE = "late"  # it is carried out, and the answer waits for `OdooDoor.release`
    CUT = "cut"  # the connection breaks before anything is sent on
    BAD_GATEWAY = "502"  # an error page of the proxy; nothing is sent on


@dataclass(frozen=True, slots=True)
class Call:
    """What a client asks for. Both are empty for a page, such as that of the version."""

    model: str
    method: str

    @property
    def writes(self) -> bool:
        """May it change anything? What is not known to read is taken to write."""
        return bool(self.model) and self.method not in READING

    def __str__(self) -> str:
        return f"{self.model}.{self.method}"


Decide = Callable[[Call], Fate]


class OdooDoor:
    """`async with OdooDoor("https://odoo.hospital.example") as door:`; `door.url` is where to call.

    `tls`: how to trust the server; None: as the machine does. `calls` are all that came, in order; `carried_out` those
    that Odoo has answered, whether the client heard of it or not.
    """

    def __init__(self, behind: str, *, tls: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(behind.rstrip("/"))
        self._secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._secure else 80)
        self._name = parts.netloc.rpartition("@")[2]
        self._path = parts.path
        self._tls = tls
        self._decide: Decide = lambda call: Fate.PASS
        self._released = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""
        self.calls: list[Call] = []
        self.carried_out: list[Call] = []
        self.harmed: list[Call] = []
        self.waiting = 0  # answers that wait for `release`

    def decide(self, decide: Decide | None = None) -> None:
        """From now on this says what becomes of each call; None: all pass."""
        self._decide = decide or (lambda call: Fate.PASS)

    def harm(self, fate: Fate, *, nth: int = 0, which: Callable[[Call], bool] = lambda call: call.writes) -> list[Call]:
        """Do this to the n-th call from now, from 0, among those; returns the list in which these will be noted."""
        noted: list[Call] = []

        def decide(call: Call) -> Fate:
            if not which(call):
                return Fate.PASS
            noted.append(call)
            return fate if len(noted) == nth + 1 else Fate.PASS

        self.decide(decide)
        return noted

    def release(self) -> None:
        """Let the answers go that wait."""
        self._released.set()
        self._released = asyncio.Event()

    async def __aenter__(self) -> Self:
        if self._secure and self._tls is None:
            self._tls = ssl.create_default_context()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=HEAD_LIMIT)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}{self._path}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()  # either side is gone, or the test is over
        finally:
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()
            self._tasks.discard(task)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Pass one request and its answer on; may another one follow on this connection?"""
        head = await _head(reader)
        if not head:
            return False
        body = await _body(reader, head, of_answer=False)
        call = _call(head, body, self._path)
        self.calls.append(call)
        fate = self._decide(call)
        if fate is not Fate.PASS:
            self.harmed.append(call)
        if fate is Fate.CUT:
            raise ConnectionAbortedError
        if fate is Fate.BAD_GATEWAY:
            writer.write(_page())
            await writer.drain()
            return False
        answer_head, answer_body = await self._ask(head, body)
        self.carried_out.append(call)
        if fate is Fate.LOST:
            raise ConnectionAbortedError
        if fate is Fate.LATE:
            self.waiting += 1
            await self._released.wait()
            self.waiting -= 1
        writer.write(answer_head + answer_body)
        await writer.drain()
        return _goes_on(answer_head)

    async def _ask(self, head: bytes, body: bytes) -> tuple[bytes, bytes]:
        """What Odoo answers, as it came. One connection for each call: Odoo itself keeps none open."""
        far_reader, far_writer = await asyncio.open_connection(
            self._host, self._port, ssl=self._tls if self._secure else None, limit=HEAD_LIMIT
        )
        try:
            far_writer.write(_with_host(head, self._name) + body)
            await far_writer.drain()
            answer = await _head(far_reader)
            if not answer:
                raise ConnectionAbortedError  # it broke the connection instead of answering
            while b" 100 " in answer.split(b"\r\n", 1)[0]:
                answer = await _head(far_reader)
            bodiless = head.startswith(b"HEAD ") or _status(answer) in (204, 304)
            return answer, b"" if bodiless else await _body(far_reader, answer, of_answer=True)
        finally:
            far_writer.close()
            with suppress(OSError, ssl.SSLError):
                await far_writer.wait_closed()


async def _head(reader: asyncio.StreamReader) -> bytes:
    """The lines up to the empty one, that too; empty where the other side has closed."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return b""


async def _body(reader: asyncio.StreamReader, head: bytes, *, of_answer: bool) -> bytes:
    """The bytes after a head, as they came (RFC 9112 §6.3)."""
    length = _field(head, b"content-length")
    if b"chunked" in _field(head, b"transfer-encoding"):
        return await _chunks(reader)
    if length:
        return await reader.readexactly(int(length))
    return await reader.read() if of_answer else b""


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    """Chunks with their sizes and the trailer (RFC 9112 §7.1)."""
    found = bytearray()
    while True:
        line = await reader.readuntil(b"\r\n")
        found += line
        size = int(line.split(b";")[0], 16)
        if not size:
            break
        found += await reader.readexactly(size + 2)
    while line != b"\r\n":
        line = await reader.readuntil(b"\r\n")
        found += line
    return bytes(found)


def _field(head: bytes, name: bytes) -> bytes:
    """The value of a field, in small letters; empty where there is none."""
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip().lower()
    return b""


def _with_host(head: bytes, name: str) -> bytes:
    lines = head.split(b"\r\n")
    return b"\r\n".join(b"Host: " + name.encode() if line.lower().startswith(b"host:") else line for line in lines)


def _status(head: bytes) -> int:
    return int(head.split(b" ", 2)[1])


def _goes_on(head: bytes) -> bool:
    """Does the answer leave the connection open, and does it say where it ends?"""
    framed = bool(_field(head, b"content-length") or _field(head, b"transfer-encoding"))
    asked = _field(head, b"connection")
    stays = b"keep-alive" in asked if head.startswith(b"HTTP/1.0") else b"close" not in asked
    return framed and stays


def _page() -> bytes:
    head = f"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: {len(_BAD_GATEWAY)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + _BAD_GATEWAY


def _call(head: bytes, body: bytes, prefix: str) -> Call:
    """Which method of which model, by any of the three protocols."""
    path = head.split(b" ", 2)[1].decode("latin-1").removeprefix(prefix).partition("?")[0]
    match path.strip("/").split("/"):
        case ["json", "2", model, method]:
            return Call(model, method)
        case ["jsonrpc"]:
            try:
                asked = json.loads(body)["params"]
                return _execution(asked["service"], asked["method"], asked["args"])
            except (ValueError, LookupError, TypeError):
                return Call("", path)  # a test of malformed requests
        case ["xmlrpc", "2", service]:
            args, method = xmlrpc.client.loads(body, use_builtin_types=True)
            return _execution(service, method or "", list(args))
        case _:
            return Call("", path)


def _execution(service: str, method: str, args: list[object]) -> Call:
    if service == "object" and len(args) > 4:
        return Call(str(args[3]), str(args[4]))
    return Call("", f"{service}.{method}")

"""The far sides of sources: senders that are asked without going through Hilum."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import orjson
from aiohttp import web
from bench_messages import LOCAL, control_id_of, hl7_message
from sftp_server import SftpServer

from hilum.connector import Receipt, Source
from hilum.connectors import calendar, files, http, masterdata, mllp
from hilum.flow import Calendar
from hilum.masterdata.publishing import START, Entry, Place
from hilum.testing.memory import MemorySource, Notebooks, Outbox


class MemorySourceBench:
    """An outbox."""

    def __init__(self, kind: type[MemorySource] = MemorySource) -> None:
        self.outbox = Outbox()
        self.kind = kind

    def source(self) -> Source:
        return self.kind(self.outbox)

    def unit(self, number: int) -> bytes:
        return f"secret-{number}\x00\xff".encode("latin-1")

    async def put(self, *bodies: bytes) -> None:
        self.outbox.put(*bodies)

    async def left(self) -> set[bytes]:
        return set(self.outbox.units)

    async def told(self, body: bytes) -> str:
        return self.outbox.told.get(body, "")


class PollBench(logging.Handler):
    """A REST interface that lists all that was put, in pages of 50. What is not remembered as journalled is left."""

    def __init__(self) -> None:
        super().__init__()
        self.books = Notebooks()
        self.things: list[dict[str, Any]] = []
        self.sent: dict[bytes, str] = {}
        self.lines: list[str] = []
        self._runner: web.AppRunner | None = None
        self._url = ""

    async def start(self) -> None:
        application = web.Application()
        application.router.add_get("/things", self._list)
        self._runner = web.AppRunner(application)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOCAL, 0).start()
        self._url = f"http://{LOCAL}:{self._runner.addresses[0][1]}/things"
        logging.getLogger("hilum.http.poll").addHandler(self)

    async def stop(self) -> None:
        logging.getLogger("hilum.http.poll").removeHandler(self)
        if self._runner is not None:
            await self._runner.cleanup()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

    async def _list(self, request: web.Request) -> web.Response:
        begin = int(request.query["offset"])
        return web.Response(body=orjson.dumps({"things": self.things[begin : begin + 50]}))

    def source(self) -> Source:
        made = http.Poll(url=self._url, items="things", offset_parameter="offset", every=0.02)
        made.remember(self.books.of)
        return made

    def unit(self, number: int) -> bytes:
        return orjson.dumps({"id": f"T-{number}", "note": f"secret-{number}"})

    async def put(self, *bodies: bytes) -> None:
        for body in bodies:
            self.sent[body] = orjson.loads(body)["id"]
        self.things += [orjson.loads(body) for body in bodies]

    async def left(self) -> set[bytes]:
        pages = next(iter(self.books.pages.values()), {})
        done = {name for name, text in pages.items() if name.startswith("item/") and orjson.loads(text)[2]}
        return {body for body, name in self.sent.items() if f"item/{name}" not in done}

    async def told(self, body: bytes) -> str:
        return " ".join(self.lines)


class MllpSourceBench:
    """A sender with one connection for each `put`, which reads its acknowledgements as bytes."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings
        self.sent: dict[str, bytes] = {}
        self.answers: dict[str, str] = {}  # control id → MSA segment
        self._sources: list[mllp.Listener] = []
        self._readers: list[asyncio.Task[None]] = []

    def source(self) -> Source:
        self._sources.append(mllp.Listener(host=LOCAL, port=0, **self.settings))
        return self._sources[-1]

    def unit(self, number: int) -> bytes:
        return hl7_message(number)

    async def put(self, *bodies: bytes) -> None:
        (port,) = {each.port for each in self._sources if each.port}
        reader, writer = await asyncio.open_connection(LOCAL, port)
        for body in bodies:
            self.sent[control_id_of(body)] = body
        self._readers.append(asyncio.create_task(self._read(reader, writer)))
        writer.write(b"".join(b"\x0b" + body + b"\x1c\r" for body in bodies))
        await writer.drain()

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while frame := (await reader.readuntil(b"\x1c\r"))[1:-2]:
                msa = next(line for line in frame.decode().split("\r") if line.startswith("MSA"))
                self.answers[msa.split("|")[2]] = msa
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # the source closed
        finally:
            writer.close()

    async def left(self) -> set[bytes]:
        return {body for name, body in self.sent.items() if not self.answers.get(name, "").startswith("MSA|AA")}

    async def told(self, body: bytes) -> str:
        answer = self.answers.get(control_id_of(body), "")
        return answer.split("|")[3] if answer.count("|") >= 3 else ""

    async def close(self) -> None:
        for task in self._readers:
            task.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)


class HttpSourceBench:
    """A client that posts: one message as one body, several as lines of one body."""

    def __init__(self) -> None:
        self.sent: set[bytes] = set()
        self.done: set[bytes] = set()
        self.words: dict[bytes, str] = {}
        self._sources: list[http.Listener] = []
        self._posts: list[asyncio.Task[None]] = []

    def source(self) -> Source:
        self._sources.append(http.Listener(host=LOCAL, port=0, path="/in"))
        return self._sources[-1]

    def unit(self, number: int) -> bytes:
        return orjson.dumps({"note": f"secret-{number}"})

    async def put(self, *bodies: bytes) -> None:
        (port,) = {each.port for each in self._sources if each.port}
        self.sent.update(bodies)
        self._posts.append(asyncio.create_task(self._post(f"http://{LOCAL}:{port}/in", bodies)))

    async def _post(self, url: str, bodies: Sequence[bytes]) -> None:
        kind = "application/json" if len(bodies) == 1 else "application/x-ndjson"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=b"\n".join(bodies), headers={"Content-Type": kind}) as answer,
        ):
            told = orjson.loads(await answer.read())
            for body, line in zip(bodies, told.get("results", [told]), strict=True):
                if "id" in line:
                    self.done.add(body)
                self.words[body] = line.get("detail", "")

    async def left(self) -> set[bytes]:
        return self.sent - self.done

    async def told(self, body: bytes) -> str:
        return self.words.get(body, "")

    async def close(self) -> None:
        for task in self._posts:
            task.cancel()
        await asyncio.gather(*self._posts, return_exceptions=True)


class FolderBench:
    """Files in a directory, each a message. The far side of the local and of the SFTP source is the same directory."""

    def __init__(self, directory: Path, url: str = "", **settings: Any) -> None:
        self.directory = directory
        self.settings = {"url": url or str(directory), "pattern": "*.txt", "stable_for": 0, "poll": 0.02, **settings}
        self._names: dict[bytes, str] = {}

    def source(self) -> Source:
        return files.Folder(**self.settings)

    def unit(self, number: int) -> bytes:
        return f"secret-{number}\r\n\x00\xff".encode("latin-1")

    async def put(self, *bodies: bytes) -> None:
        for body in bodies:
            name = f"{len(self._names):05}.txt"
            self._names[body] = name
            hidden = self.directory / f".{name}"
            hidden.write_bytes(body)
            hidden.rename(self.directory / name)

    async def left(self) -> set[bytes]:
        found = set()
        for path in self.directory.glob("*.txt"):
            with suppress(FileNotFoundError):  # the folder has put it away meanwhile
                found.add(path.read_bytes())
        return found

    async def told(self, body: bytes) -> str:
        reason = self.directory / "failed" / f"{self._names[body]}.reason.txt"
        return reason.read_text() if reason.exists() else ""


class RowsBench(FolderBench):
    """Delimited files: what one `put` sends is one file."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, split="rows", pattern="*.csv")
        self._files = 0

    def unit(self, number: int) -> bytes:
        return orjson.dumps({"id": str(number), "note": f'secret-{number}, "quoted"\nand é'})

    async def put(self, *bodies: bytes) -> None:
        self._files += 1
        name = f"{self._files:05}.csv"
        lines = ["id;note\r\n"]
        for body in bodies:
            self._names[body] = name
            row = orjson.loads(body)
            quoted = row["note"].replace('"', '""')
            lines.append(f'{row["id"]};"{quoted}"\r\n')
        hidden = self.directory / f".{name}"
        hidden.write_text("".join(lines), newline="")
        hidden.rename(self.directory / name)

    async def left(self) -> set[bytes]:
        there = {path.name for path in self.directory.glob("*.csv")}
        return {body for body, name in self._names.items() if name in there}


class SftpFolderBench(FolderBench):
    """The directory behind SFTP as a source."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.server = SftpServer(directory.parent)

    async def start(self) -> None:
        await self.server.start()
        self.settings |= {"url": self.server.url(f"/{self.directory.name}"), **self.server.settings}

    async def close(self) -> None:
        await self.server.stop()


class PublishedBench:
    """What is published is what a test puts there; how far it was taken is remembered over sources."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.place: Place = START
        self.words: dict[bytes, str] = {}

    def source(self) -> Source:
        made = masterdata.Published(object="items", poll=0.02)
        made.declared_by("test.items")
        made.use(self)
        return made

    def unit(self, number: int) -> bytes:
        return _entry(number).body()

    async def put(self, *bodies: bytes) -> None:
        self.entries += [_entry(orjson.loads(body)["version"]) for body in bodies]

    async def left(self) -> set[bytes]:
        return {each.body() for each in self.entries if each.place > self.place}

    async def told(self, body: bytes) -> str:
        return self.words.get(body, "")

    async def taken(self) -> Place:
        return self.place

    async def after(self, place: Place, limit: int) -> Sequence[Entry]:
        return [each for each in self.entries if each.place > place][:limit]

    async def note(self, place: Place) -> None:
        self.place = max(self.place, place)

    async def refused(self, entry: Entry, words: str) -> None:
        self.words[entry.body()] = words


def _entry(number: int) -> Entry:
    return Entry(object="items", version=number, key=f"I{number}", content={"title": f"secret-{number}"})


class RunsBench:
    """A ledger of runs: what is due is what a test puts there."""

    def __init__(self) -> None:
        self.runs: dict[UUID, calendar.Run] = {}  # in order; those that are not made
        self.words: dict[bytes, str] = {}

    def source(self) -> Source:
        made = calendar.Runs(when=Calendar("0 6 * * *", zone="UTC"), poll=0.02)
        made.declared_by("test.runs")
        made.use(self)
        return made

    def unit(self, number: int) -> bytes:
        return _run(number).body()

    async def put(self, *bodies: bytes) -> None:
        for body in bodies:
            run = _run(UUID(orjson.loads(body)["run"]).int)
            self.runs[run.id] = run

    async def left(self) -> set[bytes]:
        return {run.body() for run in self.runs.values()}

    async def told(self, body: bytes) -> str:
        return self.words.get(body, "")

    async def due(self) -> Sequence[calendar.Run]:
        return list(self.runs.values())

    async def made(self, run: calendar.Run, receipt: Receipt) -> None:
        del self.runs[run.id]

    async def refused(self, run: calendar.Run, words: str) -> None:
        self.words[run.body()] = words
        del self.runs[run.id]


def _run(number: int) -> calendar.Run:
    at = datetime(2026, 11, 2, tzinfo=UTC)
    return calendar.Run(id=UUID(int=number), flow=f"secret-{number}", scheduled_for=at, since=at, until=at)

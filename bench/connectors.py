"""What the connectors cost by themselves: the MLLP listener without a journal, and the HTTP client.

    python -m bench.connectors

The side that is measured runs alone in a process, its partner in another one: with two cores neither waits for the
other. The listener accepts everything at once, so this is the ceiling of receipt, not its speed with the journal.
"""

from __future__ import annotations

import asyncio
import json
import signal
import statistics
import subprocess
import sys
import time
from typing import Any

import psutil
import uvloop
from aiohttp import web

from hilum.connector import Receipt
from hilum.connectors import http, mllp
from hilum.message import Delivered, Delivery, new_id

LOCAL = "127.0.0.1"
REPEATS = 3
# Messages of one repeat: about two seconds here.
MLLP_MESSAGES = 20_000
HTTP_MESSAGES = 6_000
CONNECTIONS = 64
TASKS = 32
SEGMENTS = "".join(f"FT1|{n}||||20260102||CG|4711^Gauze swab^L|||1|EA|12.50||||||||||||\r" for n in range(1, 13))


def message(number: int) -> bytes:
    """An invented charge message of about 1 KB."""
    head = f"MSH|^~\\&|LAB|NORTH|HILUM|NORTH|20260102030405||DFT^P03^DFT_P03|C{number:09}|P|2.5.1\r"
    patient = "PID|1||471100^^^NORTH^MR||Example^Person||19700101|F|||1 Example Road^^Exampleton^^00000\r"
    return (head + patient + SEGMENTS).encode()


# ---- the partners, each in a process of its own


async def serve_mllp() -> None:
    """Accept everything."""
    listener = mllp.Listener(host=LOCAL, port=0, accepts=["DFT^P03"])
    await listener.open()
    print(listener.port, flush=True)
    receipt = Receipt(message_id=new_id())
    while received := await listener.receive():
        for each in received:
            if listener.wants(each):
                await each.accept(receipt)


async def serve_http() -> None:
    """Answer 204 to everything."""

    async def handle(request: web.BaseRequest) -> web.Response:
        await request.read()
        return web.Response(status=204)

    server = await asyncio.get_running_loop().create_server(web.Server(handle, access_log=None), LOCAL, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


class Partner:
    """`with Partner("mllp") as partner:` — another process of this file; `port` is where it listens."""

    def __init__(self, name: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.connectors", name], stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Partner:
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def processor_seconds(self) -> float:
        """Processor time that it has used."""
        used = psutil.Process(self._process.pid).cpu_times()
        return float(used.user + used.system)


# ---- the loads


class Caller(asyncio.Protocol):
    """One MLLP connection that sends its next message when the last one is answered."""

    def __init__(self, frames: list[bytes], done: asyncio.Future[None]) -> None:
        self.frames, self.done = frames, done
        self.buffer = b""
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.transport.write(self.frames.pop())

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.buffer.endswith(b"\x1c\r"):
            return
        assert b"MSA|AA|" in self.buffer
        self.buffer = b""
        if self.frames:
            self.transport.write(self.frames.pop())
        else:
            self.transport.close()
            self.done.set_result(None)


async def call(port: int, connections: int, messages: int) -> float:
    """Messages per second over so many connections."""
    loop = asyncio.get_running_loop()
    each = messages // connections
    shares = [[b"\x0b" + message(n) + b"\x1c\r" for n in range(each)] for _ in range(connections)]
    done = [loop.create_future() for _ in shares]
    begin = time.perf_counter()
    for share, end in zip(shares, done, strict=True):
        await loop.create_connection(lambda share=share, end=end: Caller(share, end), LOCAL, port)  # type: ignore[misc]
    await asyncio.gather(*done)
    return each * connections / (time.perf_counter() - begin)


async def post(port: int, messages: int) -> tuple[float, float]:
    """Posts per second by `http.Endpoint`, and its processor time for each in µs."""
    endpoint = http.Endpoint(url=f"http://{LOCAL}:{port}/in", connections=TASKS)
    await endpoint.open()
    body = json.dumps({"item": "4711", "quantity": "1", "note": "x" * 400}).encode()

    async def some() -> None:
        for number in range(messages // TASKS):
            delivery = Delivery(
                message_id=MESSAGE_ID, ordinal=number, flow="f", destination="d", operation="", body=body,
                idempotency_key=f"k-{number}",
            )  # fmt: skip
            (outcome,) = await endpoint.deliver([delivery])
            assert isinstance(outcome, Delivered)

    begin, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(some() for _ in range(TASKS)))
    took, used = time.perf_counter() - begin, time.process_time() - used
    await endpoint.close()
    return messages / took, 1e6 * used / messages


MESSAGE_ID = new_id()


def run() -> list[dict[str, Any]]:
    """Medians of the repeats."""
    rates: dict[int, list[float]] = {1: [], CONNECTIONS: []}
    costs: list[float] = []
    with Partner("mllp") as partner:
        for _ in range(REPEATS):
            for connections, found in rates.items():
                messages = MLLP_MESSAGES // (10 if connections == 1 else 1)
                before = partner.processor_seconds()
                found.append(uvloop.run(call(partner.port, connections, messages)))
                if connections > 1:
                    costs.append(1e6 * (partner.processor_seconds() - before) / messages)
    with Partner("http") as partner:
        posts = [uvloop.run(post(partner.port, HTTP_MESSAGES)) for _ in range(REPEATS)]

    def line(name: str, values: list[float], unit: str, target: str) -> dict[str, Any]:
        return {"name": name, "median": round(statistics.median(values), 1), "unit": unit, "target": target}

    return [
        line(f"MLLP listener alone, {CONNECTIONS} connections", rates[CONNECTIONS], "msg/s", "≥ 5 000 with the hub"),
        line("MLLP listener alone, processor time of a message", costs, "µs", "≤ 40"),
        line("MLLP listener alone, 1 connection", rates[1], "msg/s", ""),
        line("HTTP client", [rate for rate, _ in posts], "POST/s", "≥ 3 000"),
        line("HTTP client, processor time of a POST", [cost for _, cost in posts], "µs", ""),
    ]


if __name__ == "__main__":
    partners = {"mllp": serve_mllp, "http": serve_http}
    if len(sys.argv) > 1:
        uvloop.run(partners[sys.argv[1]]())
    else:
        print(json.dumps(run(), indent=2, ensure_ascii=False))

"""What telemetry costs a message: in a loop of its own, and as a share of all that the hub's process does for one.

The loop tells observers what one message makes them hear; its numbers are the same on a busy machine. Then hubs run
with each variant in turn: processor time and throughput, which only a quiet machine tells apart. Metrics are scraped
every second, far more than usual; traces go to a receiver that takes everything and reads nothing.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import psutil
from aiohttp import web
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan

from bench.rig import EXAMPLE, Receiver, RunningHub, free_port, hub, run_async, send
from hilum.connector import Receipt
from hilum.journal import Draft
from hilum.journal.work import ToDeliver, ToTranslate
from hilum.message import Delivered
from hilum.observe.log_lines import LogLines
from hilum.observe.recorder import Recorder
from hilum.observe.spans import Spans
from hilum.runtime import Observer, Observers
from hilum.runtime.committer import Entry
from hilum.runtime.observer import Translation

ROUNDS = 3
MESSAGES = 4_000
CONNECTIONS = 32
OFF, METRICS, TRACES, ALL_TRACES = "nothing", "metrics", "metrics, traces of 10 %", "metrics, traces of all"

_BATCH = 30  # messages that a commit, a translation and an answer of the observer stand for, under load
_REPEATS = 2_000


def _observer(variant: str) -> Observer:
    recorder, lines = Recorder(), LogLines()
    if variant == OFF:
        return Observer()
    if variant == METRICS:
        return Observers(recorder, lines)
    encode = encode_spans
    gathered: list[ReadableSpan] = []

    def export(span: ReadableSpan) -> None:
        gathered.append(span)
        if len(gathered) == 1_000:
            encode(gathered).SerializeToString()
            gathered.clear()

    return Observers(recorder, lines, Spans(1.0, Resource({}), export))


def _told(variant: str) -> float:
    """Microseconds for what one message tells an observer on its way."""
    observer = _observer(variant)
    flow: Any = SimpleNamespace(name="test.updates")
    drafts = [Draft(flow="test.updates", body=bytes(1000), content_type="text/plain") for _ in range(_BATCH)]
    for draft in drafts:
        draft.correlation_id = str(draft.id)
    received: Any = None
    entries = [Entry(received, "mllp://127.0.0.1:2575", [(flow, draft)], {}) for draft in drafts]
    receipts = [[Receipt(message_id=draft.id)] for draft in drafts]
    taken = [
        ToTranslate(
            id=d.id, flow=d.flow, seq=1, lane=1, key="k", dedup_key="", content_type="", headers={},
            correlation_id=d.correlation_id, received_at=datetime.now(UTC), next_ordinal=0, head=None, size=1000,
        )
        for d in drafts
    ]  # fmt: skip
    sent = [
        ToDeliver(
            message_id=d.id, ordinal=0, seq=1, lane=1, flow=d.flow, destination="http.receiver", operation="", key="k",
            idempotency_key="k", content_type="", headers={}, correlation_id=d.correlation_id, attempts=0, head=None,
            waiting=False,
        )
        for d in drafts
    ]  # fmt: skip
    done = Delivered()
    began = time.process_time()
    for _ in range(_REPEATS):
        observer.committed("receipt", _BATCH, 1.0, 1.01)
        for entry, answer in zip(entries, receipts, strict=True):
            observer.received(entry, answer, entry.began + 0.01)
        observer.translated([Translation(each, 1.0, 1.0001, False) for each in taken])
        observer.committed("translate", _BATCH, 1.0, 1.01)
        for each in sent:
            observer.outgoing(each.delivery(b""))
            observer.called("http.receiver", [each], [done], 1.0, 1.01)
        observer.committed("deliver", _BATCH, 1.0, 1.01)
        observer.delivered("http.receiver", sent)
    return (time.process_time() - began) / (_REPEATS * _BATCH) * 1e6


def _settings(variant: str, port: int, collector: str) -> str:
    ratio = {TRACES: 0.1, ALL_TRACES: 1.0}.get(variant)
    sent = f'otlp_endpoint = "{collector}"\ntrace_ratio = {ratio}\n' if ratio else ""
    return f"\n[telemetry]\nport = {port}\nmetrics = {str(variant != OFF).lower()}\n{sent}"


async def _scraped(port: int) -> None:
    async with aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
                await answer.read()
            await asyncio.sleep(1)


async def _round(running: RunningHub) -> tuple[float, float]:
    """Microseconds of processor time for a message, and messages a second."""
    process = psutil.Process(running.process.pid)
    before, began = Receiver.count, time.perf_counter()
    used = sum(process.cpu_times()[:2])
    load = await send(running.mllp_port, messages=MESSAGES, connections=CONNECTIONS)
    while Receiver.count - before < load.messages:
        await asyncio.sleep(0.02)
    seconds = time.perf_counter() - began
    return (sum(process.cpu_times()[:2]) - used) / load.messages * 1e6, load.messages / seconds


async def _collector() -> tuple[web.AppRunner, str]:
    async def take(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(content_type="application/x-protobuf")

    app = web.Application(client_max_size=64 * 2**20)
    app.router.add_post("/{path:.*}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


async def _measure(variants: tuple[str, ...]) -> dict[str, list[tuple[float, float]]]:
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    runner, collector = await _collector()
    found: dict[str, list[tuple[float, float]]] = {variant: [] for variant in variants}
    for turn in range(ROUNDS):
        for variant in variants[turn % len(variants) :] + variants[: turn % len(variants)]:
            found[variant].append(await _one(variant, url, collector))
    server.close()
    await runner.cleanup()
    return found


async def _one(variant: str, url: str, collector: str) -> tuple[float, float]:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="hilum-bench-") as name:
        project = Path(name) / "project"
        shutil.copytree(EXAMPLE, project)
        with (project / "hilum.toml").open("a", encoding="utf-8") as file:
            file.write(_settings(variant, port, collector))
        context = hub(http_url=url, project=project)
        running = await asyncio.to_thread(context.__enter__)
        scraping = asyncio.create_task(_scraped(port))
        try:
            await _round(running)  # what is loaded and prepared once is not what is measured
            return await _round(running)
        finally:
            scraping.cancel()
            await asyncio.to_thread(context.__exit__, None, None, None)


def run() -> list[dict[str, Any]]:
    variants = (OFF, METRICS, TRACES, ALL_TRACES)
    found = run_async(_measure(variants))
    cpu = {variant: [each[0] for each in found[variant]] for variant in variants}
    rate = {variant: [each[1] for each in found[variant]] for variant in variants}
    nothing, metrics, traces = (_told(variant) for variant in (OFF, METRICS, ALL_TRACES))
    rows: list[dict[str, Any]] = [
        {"name": "metrics, for a message", "median": metrics - nothing, "unit": "µs", "target": ""},
        {
            "name": "spans with their encoding, for a traced message",
            "median": traces - metrics,
            "unit": "µs",
            "target": "",
        },
        {
            "name": "metrics, share of the processor time for a message",
            "median": (metrics - nothing) / statistics.median(cpu[OFF]) * 100,
            "unit": "%",
            "target": "≤ 3",
        },
    ]
    for variant in variants:
        rows.append(
            {
                "name": f"processor time for a message, {variant}",
                "median": statistics.median(cpu[variant]),
                "unit": "µs",
                "target": "",
                "rounds": cpu[variant],
            }
        )
        rows.append(
            {
                "name": f"MLLP → HTTP, {variant}",
                "median": statistics.median(rate[variant]),
                "unit": "msg/s",
                "target": "",
                "rounds": rate[variant],
            }
        )
    return rows


if __name__ == "__main__":
    from bench.__main__ import show

    show(run())

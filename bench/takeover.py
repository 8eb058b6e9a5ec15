"""How long the lanes of a worker that is killed stay without a holder, with two workers on one journal."""

from __future__ import annotations

import base64
import os
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from bench.rig import EXAMPLE, start_hub
from hilum.postgres import EmbeddedServer

ROUNDS = 5


def run() -> list[dict[str, Any]]:
    seconds = []
    with tempfile.TemporaryDirectory(prefix="hilum-bench-") as name:
        server = EmbeddedServer(Path(name))
        url = server.start()
        folder = Path(name) / "hub"
        shutil.copytree(EXAMPLE, folder)
        environment = {
            **os.environ,
            "HILUM_DATABASE_URL": url,
            "HILUM_MASTER_KEY": base64.b64encode(os.urandom(32)).decode(),
            "HTTP_URL": "http://127.0.0.1:1/",
        }
        survivor = start_hub(folder, environment, "--roles", "worker")
        try:
            with psycopg.connect(url, autocommit=True, options="-c search_path=hilum") as connection:
                seconds = [_round(connection, folder, environment, survivor) for _ in range(ROUNDS)]
        finally:
            survivor.send_signal(signal.SIGTERM)
            survivor.wait(60)
            server.stop()
    return [
        {
            "name": "takeover of a killed worker's lanes",
            "median": statistics.median(seconds),
            "unit": "s",
            "target": "≤ 5",
            "rounds": seconds,
        }
    ]


def _round(
    connection: psycopg.Connection[Any], folder: Path, environment: dict[str, str], survivor: subprocess.Popen[str]
) -> float:
    victim = start_hub(folder, environment, "--roles", "worker")
    while _holders(connection) != {32}:  # both have their half of the 64 lanes
        time.sleep(0.02)
    victim.kill()
    victim.wait()
    began = time.perf_counter()
    while _holders(connection) != {64}:
        time.sleep(0.01)
    assert survivor.poll() is None
    return time.perf_counter() - began


def _holders(connection: psycopg.Connection[Any]) -> set[int]:
    rows = connection.execute("SELECT count(*) FROM lane WHERE holder IS NOT NULL GROUP BY holder").fetchall()
    return {row[0] for row in rows}


if __name__ == "__main__":
    from bench.__main__ import show

    show(run())

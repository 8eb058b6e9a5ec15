"""From the start of `hilum demo` to the first record in Odoo, and of `hilum serve` to its first readiness."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from bench.rig import HILUM, free_port, hub

ROUNDS = 3


def run() -> list[dict[str, Any]]:
    first = [_demo() for _ in range(ROUNDS)]
    served = [_serve() for _ in range(ROUNDS)]
    return [
        {
            "name": "hilum demo: start to first record in Odoo (empty folder)",
            "median": statistics.median(first),
            "unit": "s",
            "target": "≤ 10",
            "rounds": first,
        },
        {
            "name": "hilum serve: start to 'hub is up' (empty folder, with console)",
            "median": statistics.median(served),
            "unit": "s",
            "target": "",
            "rounds": served,
        },
    ]


def _serve() -> float:
    began = time.perf_counter()
    with hub("--console-port", "0"):
        return time.perf_counter() - began


def _demo() -> float:
    with tempfile.TemporaryDirectory(prefix="hilum-bench-") as name:
        odoo = free_port()
        ports = ["--mllp-port", str(free_port()), "--odoo-port", str(odoo), "--console-port", str(free_port())]
        began = time.perf_counter()
        process = subprocess.Popen(
            [*HILUM, "demo", "--folder", str(Path(name) / "demo"), *ports],
            stdout=subprocess.DEVNULL,
            env={k: v for k, v in os.environ.items() if not k.startswith("ODOO_")},
        )
        try:
            while not _records(odoo):
                time.sleep(0.05)
            return time.perf_counter() - began
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _records(port: int) -> bool:
    """Has Odoo a partner that the hub made?"""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/sandbox/records?model=res.partner", timeout=5) as answer:
            return "hilum." in json.dumps(json.load(answer))
    except (urllib.error.URLError, ConnectionError):
        return False


if __name__ == "__main__":
    from bench.__main__ import show

    show(run())

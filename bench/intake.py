"""MLLP: receive → durable → AA, beside the bare limit (bench/bare.py) in the same run.

The hub runs with `--roles listener`: nothing is translated meanwhile. The load and the hub share the two cores.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from typing import Any

from bench.rig import hub, run_async, send

ROUNDS = 3
LOADS = ((64, 24_000, 5000.0), (16, 12_000, 2500.0), (1, 800, None))


def run() -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = []
    bare = subprocess.Popen([sys.executable, "-m", "bench.bare"], stdout=subprocess.PIPE, text=True)
    assert bare.stdout is not None
    bare_port = int(bare.stdout.readline())
    try:
        with hub("--roles", "listener") as running:
            for connections, messages, target in LOADS:
                ours, limit, p50, p99 = [], [], [], []
                for _ in range(ROUNDS):
                    load = run_async(send(running.mllp_port, messages=messages, connections=connections))
                    ours.append(load.rate)
                    p50.append(load.percentile(50))
                    p99.append(load.percentile(99))
                    limit.append(run_async(send(bare_port, messages=messages, connections=connections)).rate)
                median, peer = statistics.median(ours), statistics.median(limit)
                results.append(
                    {
                        "name": f"MLLP receive, durable, AA; {connections} connections",
                        "median": median,
                        "unit": "msg/s",
                        "peer": peer,
                        "peer_name": "bare commit loop",
                        "ratio": median / peer,
                        "target": f"≥ {target:.0f}" if target else "",
                        "p50_ms": statistics.median(p50),
                        "p99_ms": statistics.median(p99),
                    }
                )
    finally:
        bare.terminate()
        bare.wait(30)
    one = results[-1]
    results.append({"name": "one connection: p50", "median": one["p50_ms"], "unit": "ms", "target": "≤ 3"})
    sixteen = results[1]
    results.append({"name": "16 connections: p99", "median": sixteen["p99_ms"], "unit": "ms", "target": "≤ 25"})
    return results


if __name__ == "__main__":
    from bench.__main__ import show

    show(run())

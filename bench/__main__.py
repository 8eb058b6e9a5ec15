"""`make bench`: run the benchmarks and print a table and JSON.

python -m bench                     all
python -m bench intake pipeline     some
python -m bench --json FILE         also write the results there
"""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

MODULES = {
    "hl7": "bench.hl7_parse",
    "x12": "bench.x12",
    "edifact": "bench.edifact",
    "intake": "bench.intake",
    "pipeline": "bench.pipeline",
    "floor": "bench.floor",
    "breakdown": "bench.breakdown",
    "fsync": "bench.fsync",
    "priority": "bench.priority",
    "backlog": "bench.backlog",
    "takeover": "bench.takeover",
    "workers": "bench.workers",
    "start": "bench.start",
    "odoo": "bench.odoo",
    "capture": "bench.capture",
    "connectors": "bench.connectors",
    "audit": "bench.audit",
    "telemetry": "bench.telemetry",
    "encryption": "bench.encryption",
    "governed": "bench.governed",
    "processes": "bench.processes",
    "crosswalk": "bench.crosswalk",
    "lookups": "bench.lookups",
    "matching": "bench.matching",
    "reconcile": "bench.reconcile",
    "overload": "bench.overload",
    "soak": "bench.soak",
}


def machine() -> dict[str, Any]:
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    cores = subprocess.run(["nproc"], capture_output=True, text=True, check=False).stdout.strip()
    return {"cpu": cpu, "cores": cores, "system": platform.platform(), "python": platform.python_version()}


def main() -> None:
    options = _options()
    results: list[dict[str, Any]] = []
    failed: list[str] = []
    for name in options.names or MODULES:
        print(f"… {name}", file=sys.stderr, flush=True)
        try:
            results += importlib.import_module(MODULES[name]).run()
        except Exception as error:  # noqa: BLE001 - the others are measured all the same
            print(f"✗ {name}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            failed.append(name)
    show(results)
    whole = {"machine": machine(), "results": results}
    text = json.dumps(whole, indent=2, default=str)
    if options.json is not None:
        options.json.write_text(text + "\n")
    print(text)
    if failed:
        sys.exit(f"not measured: {', '.join(failed)}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Run the benchmarks and print a table and JSON."
    )
    known = f"which (all, if none is named): {', '.join(MODULES)}"
    parser.add_argument("names", metavar="NAME", nargs="*", help=known)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in MODULES]:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(MODULES)}")
    return options


def show(results: list[dict[str, Any]]) -> None:
    columns = ("name", "median", "unit", "peer", "ratio", "target")
    rows = [[_cell(result.get(column)) for column in columns] for result in results]
    widths = [max([len(column), *(len(row[n]) for row in rows)]) for n, column in enumerate(columns)]
    for row in [list(columns), *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return (
        f"{value:.3g}"
        if isinstance(value, float) and value < 1000
        else f"{value:.0f}"
        if isinstance(value, float)
        else str(value)
    )


if __name__ == "__main__":
    main()

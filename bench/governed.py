"""What ownership and rules of quality cost: the same flow with and without them, alternating in the same run.

Each message changes one field of one of 2 000 accounts, so that none is an echo and all are delivered, and breaks one
of five rules. Two hubs are up, each with a PostgreSQL of its own; one is loaded while the other rests.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.encryption import Rounds, one_round
from bench.rig import Receiver, hub, run_async

ROUNDS = 4
GOVERNED = Path(__file__).parent / "governed_hub"
TABLES = ("ownership.toml", "quality.toml")
_FILL = "".join(f"OBX|{n}|NM|CODE-{n}^Observation number {n}^L||{n}.5|mg/dL|0-10|N|||F\r" for n in range(1, 14))


def account(control_id: str, patient: str) -> bytes:
    """An HL7 v2 message of about 1 KB with a telephone number that no other one has."""
    phone = abs(hash(control_id)) % 10**12
    return (
        f"MSH|^~\\&|REG|HILLSIDE|HUB|HILUM|20260304101112||ADT^A31|{control_id}|P|2.5.1\r"
        f"EVN|A31|20260304101112\r"
        f"PID|1||{patient}^^^HILLSIDE^MR||Okafor^Lena||19840229|F|||12 Quarry Lane^^Northfield||{phone:012d}|||||"
        f"ACC-{patient}\r"
        f"PV1|1|I|OR2^T1^1\r{_FILL}"
    ).encode()


async def _measure(plain_project: Path) -> tuple[Rounds, Rounds]:
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    governed, plain, warming = Rounds(), Rounds(), Rounds()
    with ExitStack() as hubs:
        on = await asyncio.to_thread(hubs.enter_context, hub(http_url=url, project=GOVERNED))
        off = await asyncio.to_thread(hubs.enter_context, hub(http_url=url, project=plain_project))
        for number in range(ROUNDS + 1):
            for running, rounds in ((on, governed), (off, plain)):
                await one_round(running, rounds if number else warming, make=account)
        server.close()
        await asyncio.to_thread(hubs.close)
    return governed, plain


def run() -> list[dict[str, Any]]:
    """For `python -m bench governed`."""
    with tempfile.TemporaryDirectory(prefix="hilum-bench-") as name:
        project = Path(name) / "plain"
        shutil.copytree(GOVERNED, project, ignore=shutil.ignore_patterns(*TABLES))
        governed, plain = run_async(_measure(project))
    ratios = [one / other for one, other in zip(plain.rates, governed.rates, strict=True)]
    return [
        {
            "name": "MLLP → translate → HTTP, ownership and quality judged",
            "median": statistics.median(governed.rates),
            "unit": "msg/s",
            "peer": statistics.median(plain.rates),
            "peer_name": "the same flow without them",
            "ratio": statistics.median(ratios),
            "target": "≤ 1.3 × the time",
            "rounds": governed.rates,
            "peer_rounds": plain.rates,
        },
        {
            "name": "processor time of the hub for a message, ownership and quality judged",
            "median": statistics.median(governed.cpu),
            "unit": "µs",
            "peer": statistics.median(plain.cpu),
            "peer_name": "the same flow without them",
            "ratio": statistics.median(governed.cpu) / statistics.median(plain.cpu),
            "target": "≤ 1.3",
            "rounds": governed.cpu,
            "peer_rounds": plain.cpu,
        },
    ]


if __name__ == "__main__":
    from bench.__main__ import show

    show(run())

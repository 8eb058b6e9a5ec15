"""The audit: how long a million acts take to be verified, and to be linked."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hilum.journal.audit.checkpoints import make_checkpoints
from hilum.journal.audit.evidence import export, verify_file
from hilum.journal.audit.reading import verify
from hilum.journal.audit.sealing import Sealer
from hilum.postgres import Database, EmbeddedServer
from hilum.runtime import prepare
from hilum.security.signing import SigningKey

ACTS = 1_000_000
ROUNDS = 3


def run() -> list[dict[str, Any]]:
    return asyncio.run(_run())


async def _run() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="hilum-bench-") as name:
        server = EmbeddedServer(Path(name))
        database = Database(server.start())
        await database.open()
        try:
            await prepare(database, lanes=64)
            return await _measured(database, Path(name) / "audit.jsonl")
        finally:
            await database.close()
            server.stop()


async def _measured(database: Database, file: Path) -> list[dict[str, Any]]:
    key = SigningKey(Ed25519PrivateKey.generate())
    async with database.transaction() as connection:
        await connection.execute("SET LOCAL statement_timeout = 0")
        await connection.execute(
            "INSERT INTO audit (actor, action, flow, message_id, words) SELECT 'user' || n %% 20, 'view_payload',"
            " 'supply.consumption', gen_random_uuid(), 'a patient asked what happened to their order, number ' || n"
            " FROM generate_series(1, %s) n",
            [ACTS],
        )
    began = time.perf_counter()
    await Sealer(database, "bench").step()
    sealing = time.perf_counter() - began
    async with database.transaction() as connection:
        await make_checkpoints(connection, key)
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        reports = await verify(database, [key.public])
        seconds.append(time.perf_counter() - began)
        assert [report.first for report in reports] == [None]
        assert reports[0].links == ACTS
    with file.open("wb") as out:
        async for portion in export(database):
            out.write(portion)
    began = time.perf_counter()
    with file.open("rb") as lines:
        verify_file(lines, [key.public])
    offline = time.perf_counter() - began
    return [
        _result("audit: 1 M acts verified", statistics.median(seconds), "≤ 30", seconds),
        _result("audit: 1 M acts verified from an export", offline, "≤ 30", [offline]),
        _result("audit: 1 M acts linked", sealing, "", [sealing]),
    ]


def _result(name: str, median: float, target: str, rounds: list[float]) -> dict[str, Any]:
    return {"name": name, "median": median, "unit": "s", "target": target, "rounds": rounds}

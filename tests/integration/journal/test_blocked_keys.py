"""Keys that are blocked and set free by several transactions at once."""

from __future__ import annotations

import asyncio
import random

import pytest

from hilum.journal.moves import block, park_deliveries, unblock_all
from hilum.journal.payloads import Ref
from hilum.journal.work import ToDeliver
from hilum.message import new_id
from hilum.postgres import Database

KEYS = [*"aBcDeFgHäÖ", "a b", "a-b", "a.b"]
STAGE = "http.receiver"


def behind(key: str) -> ToDeliver:
    return ToDeliver(
        message_id=new_id(), ordinal=0, seq=1, lane=0, flow="test", destination=STAGE, operation="", key=key,
        idempotency_key="x", content_type="", headers={}, correlation_id="", attempts=0, head=None, waiting=False,
    )  # fmt: skip


@pytest.mark.req("MSG-4")
async def test_setting_many_keys_free_and_parking_behind_them_never_wait_for_each_other(database: Database) -> None:
    """In whatever order the heads are done: a deadlock would end one of the transactions with an error."""
    order = random.Random(7)

    async def parks() -> None:
        async with database.transaction() as connection:
            await park_deliveries(connection, STAGE, [behind(key) for key in order.sample(KEYS, len(KEYS))])

    async def sets_free(heads: list[tuple[str, Ref]]) -> None:
        async with database.transaction() as connection:
            await unblock_all(connection, STAGE, order.sample(heads, len(heads)))

    for _ in range(20):
        heads: list[tuple[str, Ref]] = [(key, (new_id(), 0)) for key in KEYS]
        async with database.transaction() as connection:
            for key, ref in heads:
                await block(connection, STAGE, key, *ref)
        await asyncio.gather(parks(), sets_free(heads), parks(), sets_free(heads[::-1]))
    async with database.cold() as connection:
        row = await (await connection.execute("SELECT count(*) FROM blocked_key")).fetchone()
    assert row == (0,)

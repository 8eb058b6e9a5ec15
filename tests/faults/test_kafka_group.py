"""Two hubs of one Kafka group, on one database: one leaves in order, one is killed; nothing is lost or doubled."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
import pytest

from hilum.testing import eventually
from support.http_receiver import HttpReceiver
from support.kafka_cluster import KafkaLooker, kafka_brokers
from support.projects import order
from support.rig import assert_all_completed
from support.serving import HubProcess, write_project

KEYS = [f"p{number}" for number in range(8)]
"""Over all partitions."""

FLOW = """
from hilum.connectors import http, kafka
from hilum.flow import Criticality, DataClass, Flow, Owners, Slo

orders = Flow(
    "test.orders", version="1.0", summary="A test appends numbers",
    owners=Owners(business="Supply chain", technical="Integration"), data_class=DataClass.INTERNAL,
    criticality=Criticality.VITAL, slo=Slo(percent=99, within="30s"), retention="P1Y",
    source=kafka.Consumer(servers=%(servers)r, topics=[%(topic)r], group=%(group)r, content="json",
                          session_timeout=%(silence)r),
)


@orders.translate
def unchanged(parsed, hub):
    return parsed


orders.deliver_to(http.post("http.receiver"))
"""


class Appending:
    """Appends numbers for each key until it is told to stop."""

    def __init__(self, looker: KafkaLooker) -> None:
        self.count = 0
        self._looker = looker
        self._stopping = False
        self._task = asyncio.create_task(self._append())

    async def _append(self) -> None:
        while not self._stopping:
            for key in KEYS:
                await self._looker.put(orjson.dumps(order(self.count, key=key)), key=key.encode())
            self.count += 1

    async def stop(self) -> int:
        """How many of each key."""
        self._stopping = True
        await self._task
        return self.count


@pytest.mark.long
@pytest.mark.req("RES-3")
@pytest.mark.timeout(180)
async def test_a_member_leaves_and_another_is_killed(tmp_path: Path, postgres_url: str) -> None:
    with kafka_brokers() as brokers:
        looker = KafkaLooker(brokers)
        await looker.make()
        async with HttpReceiver() as far:
            project = write_project(tmp_path / "hub", far.url)
            (project / "flows" / "updates.py").write_text(
                FLOW % {"servers": looker.servers, "topic": looker.topic, "group": looker.group,
                        "silence": 2 if brokers.mocked else 6},
                encoding="utf-8",
            )  # fmt: skip
            hubs = [HubProcess(project, postgres_url) for _ in range(2)]
            for hub in hubs:
                await hub.start()
            appending = Appending(looker)

            async def more() -> None:
                """What is appended from now on arrives too, of every key: so every partition has a member."""
                wanted = appending.count + 3
                await eventually(
                    lambda: all(sum(each["key"] == key for each in far.taken) >= wanted for key in KEYS),
                    lambda: f"{len(far.taken)} arrived of {appending.count * len(KEYS)}",
                )

            try:
                await more()
                assert await hubs[0].stop() == 0  # one leaves in order; the other takes its partitions
                await more()
                await hubs[0].start()
                await more()
                await hubs[1].kill()  # the other says nothing any more
                await more()
                count = await appending.stop()
                await eventually(lambda: len(far.taken) >= count * len(KEYS))
            finally:
                await appending.stop()
                assert await hubs[0].stop() == 0, "\n".join(hubs[0].output[-40:])
            far.assert_exactly(dict.fromkeys(KEYS, count))
            await assert_all_completed(postgres_url, count * len(KEYS))

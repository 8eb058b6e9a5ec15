"""The far sides of streams: real servers, looked at by a client of their own."""

from __future__ import annotations

import base64
from dataclasses import replace
from uuid import uuid4

import orjson
import pytest
from bench_messages import ANSWER_TIMEOUT, LOCAL, some_delivery
from destination_benches import ProxyFaults
from nats.aio.msg import Msg

from hilum.connector import Destination, Source
from hilum.connectors import kafka, nats
from hilum.message import Delivery
from hilum.testing import Answers, CutProxy
from support.kafka_cluster import PRODUCE, TOO_LARGE, KafkaLooker, Wires
from support.nats_servers import Looker, NatsServer


class NatsSourceBench:
    """A stream that keeps what no consumer has acknowledged, and the advisories that tell of refusals."""

    def __init__(self, server: NatsServer, looker: Looker) -> None:
        self.server = server
        self.looker = looker
        self.name = f"S{uuid4().hex[:12]}"
        self._sequences: dict[bytes, int] = {}
        self._reasons: dict[int, str] = {}

    async def start(self) -> None:
        await self.looker.make_stream(self.name, f"{self.name}.>", retention="workqueue")
        await self.looker.client.subscribe(
            f"$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.{self.name}.*", cb=self._terminated
        )

    def source(self) -> Source:
        return nats.Consumer(servers=[self.server.url], stream=self.name, ack_wait=2)

    def unit(self, number: int) -> bytes:
        return f"secret-{number}\x00\xff".encode("latin-1")

    async def put(self, *bodies: bytes) -> None:
        for body in bodies:
            await self.looker.publish(f"{self.name}.in", body)
            self._sequences[body] = len(self._sequences) + 1

    async def left(self) -> set[bytes]:
        return set(await self._bodies())

    async def _bodies(self) -> list[bytes]:
        found = []
        info = await self.looker.api(f"STREAM.INFO.{self.name}")
        for sequence in range(info["state"]["first_seq"], info["state"]["last_seq"] + 1):
            answer = await self.looker.client.request(
                f"$JS.API.STREAM.MSG.GET.{self.name}", orjson.dumps({"seq": sequence}), timeout=20
            )
            if "message" in (message := orjson.loads(answer.data)):
                found.append(base64.b64decode(message["message"].get("data", "")))
        return found

    async def told(self, body: bytes) -> str:
        return self._reasons.get(self._sequences[body], "")

    async def _terminated(self, advisory: Msg) -> None:
        told = orjson.loads(advisory.data)
        self._reasons[told["stream_seq"]] = told.get("reason", "")


class NatsDestinationBench(ProxyFaults):
    """A stream behind a proxy. It refuses what is larger than its limit: bodies are the smaller the later."""

    STEP = 2_000

    def __init__(self, server: NatsServer, looker: Looker) -> None:
        self.server = server
        self.looker = looker
        self._limit = -1

    async def start(self) -> None:
        await self._set("CREATE")
        self.proxy = CutProxy(self.server.port)
        await self.proxy.start()

    async def close(self) -> None:
        await self.restore()
        await self.proxy.stop()

    async def _set(self, how: str) -> None:
        await self.looker.api(
            f"STREAM.{how}.OUT",
            {"name": "OUT", "subjects": ["out.>"], "storage": "file", "max_msg_size": self._limit,
             "duplicate_window": 900 * 10**9},
        )  # fmt: skip

    def destination(self) -> Destination:
        return nats.Publisher(
            servers=[f"nats://{LOCAL}:{self.proxy.port}"], subject="out.{key}", stream="OUT",
            connect_timeout=2, answer_timeout=ANSWER_TIMEOUT,
        )  # fmt: skip

    def delivery(self, number: int) -> Delivery:
        body = f"secret-{number}\x00\xff".encode("latin-1") + bytes((40 - number) * self.STEP)
        return some_delivery(number, body, "application/octet-stream")

    async def arrived(self) -> list[bytes]:
        return await self.looker.bodies("OUT")

    async def refuse(self, delivery: Delivery) -> None:
        self._limit = len(delivery.body)  # with its headers it is larger
        await self._set("UPDATE")


class KafkaSourceBench:
    """Records with one key, so in one partition; what a group has committed is what it has taken."""

    def __init__(self, looker: KafkaLooker) -> None:
        self.looker = looker
        self._places: dict[bytes, tuple[int, int]] = {}

    def source(self) -> Source:
        # the mock waits for members that have left as for members that died
        silence = 1.1 if self.looker.brokers.mocked else 10
        return kafka.Consumer(
            servers=self.looker.servers, topics=[self.looker.topic], group=self.looker.group, session_timeout=silence
        )

    def unit(self, number: int) -> bytes:
        return f"secret-{number}\x00\xff".encode("latin-1")

    async def put(self, *bodies: bytes) -> None:
        self._places |= await self.looker.put(*bodies)

    async def left(self) -> set[bytes]:
        committed = await self.looker.committed(*{part for part, _ in self._places.values()})
        return {body for body, (part, offset) in self._places.items() if committed.get(part, (0, ""))[0] <= offset}

    async def told(self, body: bytes) -> str:
        part, offset = self._places[body]
        words = (await self.looker.committed(part)).get(part, (0, ""))[1]
        return words if f"offset {offset}:" in words else ""


class KafkaDestinationBench:
    """A topic, with a proxy before each broker."""

    def __init__(self, looker: KafkaLooker, wires: Wires) -> None:
        self.looker = looker
        self.wires = wires

    def destination(self) -> Destination:
        return kafka.Producer(servers=self.looker.servers, topic=self.looker.topic, answer_timeout=3, max_record=4096)

    def delivery(self, number: int) -> Delivery:
        body = f"secret-{number}\x00\xff".encode("latin-1")
        # one key, one partition: of two there is no order
        return replace(some_delivery(number, body, "application/octet-stream"), key="k")

    async def arrived(self) -> list[bytes]:
        records = await self.looker.records()
        return [each.value() for each in records]

    async def vanish(self) -> None:
        await self.wires.vanish()

    async def come_back(self) -> None:
        await self.wires.come_back()

    async def lose_answers(self) -> None:
        self.wires.set(Answers.LOSE)

    async def cut_answers(self) -> None:
        self.wires.set(Answers.CUT)

    async def hold_answers(self) -> None:
        self.wires.set(Answers.HOLD)

    async def restore(self) -> None:
        self.wires.set(Answers.PASS)

    async def refuse(self, delivery: Delivery) -> None:
        if not self.looker.brokers.mocked:
            pytest.skip("a real broker cannot be told to refuse the next record; the mock is")
        self.looker.brokers.answer_with(PRODUCE, TOO_LARGE)

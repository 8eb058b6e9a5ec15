"""What the library lacks in a producer: a way to the leader before a record goes, a failure in time, and giving up."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hilum.connectors.kafka.link import errors, library, reason
from hilum.errors import Down, TryAgain
from hilum.message import Outcome

Aim = tuple[str, bytes | None]
"""Topic and key of a record."""

_LOOK_AGAIN: Final = 0.1  # seconds between two looks at whether a producer that is given up has ended


class Aiming:
    """Finds the partition of each record, and makes sure that its leader is connected.

    The library takes a record and then looks for a way to its leader, for as long as it takes; whoever stops waiting
    cannot tell a record that never left from one whose answer was lost. So nothing is given to it before the way is
    there.
    """

    def __init__(self, producer: Any, address: str, timeout: float) -> None:
        self._producer = producer
        self._cluster = producer.client.cluster
        self._address = address
        self._timeout = timeout  # seconds
        self._place = library().TopicPartition
        self._partitioner = importlib.import_module("aiokafka.partitioner").DefaultPartitioner()

    async def connect(self, topic: str) -> None:
        """Connect to all that lead partitions of the topic, so that the first record can go at once."""
        if await self._unknown(topic) is None:
            leaders = {self._leader(topic, number) for number in self._cluster.partitions_for_topic(topic)} - {-1}
            await asyncio.gather(*(self._connected(each) for each in leaders))

    async def at(self, aims: Sequence[Aim]) -> Mapping[Aim, int | Outcome]:
        """The number of the partition of each; an outcome where surely nothing can go there now."""
        unknown = await self._all({topic for topic, _ in aims}, self._unknown)
        numbers = {aim: self._number(*aim) for aim in set(aims) if aim[0] not in unknown}
        leaders = {aim: self._leader(aim[0], number) for aim, number in numbers.items()}
        away = await self._all(set(leaders.values()), self._away)
        found: dict[Aim, int | Outcome] = {}
        for aim in aims:
            found[aim] = unknown[aim[0]] if aim[0] in unknown else away.get(leaders[aim], numbers[aim])
        return found

    async def _all(self, things: set[Any], ask: Any) -> Mapping[Any, Outcome]:
        """Ask about each at the same time; those with an outcome."""
        found = await asyncio.gather(*(ask(each) for each in things))
        return {thing: outcome for thing, outcome in zip(things, found, strict=True) if outcome is not None}

    async def _unknown(self, topic: str) -> Outcome | None:
        try:
            async with asyncio.timeout(self._timeout):
                await self._producer.partitions_for(topic)
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing was sent
            return Down(f"{self._address}: {reason(error)}")
        return None

    def _number(self, topic: str, key: bytes | None) -> int:
        """The same as the library would choose: that of the key; without a key any that has a leader."""
        every = sorted(self._cluster.partitions_for_topic(topic))
        return int(self._partitioner(key, every, sorted(self._cluster.available_partitions_for_topic(topic))))

    def _leader(self, topic: str, number: int) -> int:
        """The broker that leads the partition; -1: none does now."""
        leader = self._cluster.leader_for_partition(self._place(topic, number))
        return -1 if leader is None else int(leader)

    async def _away(self, leader: int) -> Outcome | None:
        if leader < 0:
            self._producer.client.force_metadata_update()
            return TryAgain(f"{self._address}: no broker leads the partition now.")
        if await self._connected(leader):
            return None
        others = {each.nodeId for each in self._cluster.brokers()} - {leader}
        if any(await asyncio.gather(*(self._connected(each) for each in others))):
            return TryAgain(f"{self._address}: the broker that leads the partition cannot be reached.")
        return Down(f"{self._address}: no broker can be reached")

    async def _connected(self, node: int) -> bool:
        """Is there a connection to this broker, or can one be made?"""
        try:
            async with asyncio.timeout(self._timeout):
                return bool(await self._producer.client.ready(node))
        except (TimeoutError, OSError, errors().KafkaError):
            return False


def fail_without_replicas(producer: Any) -> None:
    """Make too few replicas in sync a failure at once: nothing was appended, and it can be tried again later.

    The library repeats it without end, and the wait would end as `Unsure`. Only at the first attempt of a batch: one
    before it, whose answer was lost, may have been appended. There is no public way; `test_kafka.py` watches it.
    """
    module: Any = importlib.import_module("aiokafka.producer.sender")
    sender = producer._sender

    class Handler(module.SendProduceReqHandler):  # type: ignore[misc]
        def _can_retry(self, error: Any, batch: Any) -> bool:
            if isinstance(error, errors().NotEnoughReplicasError) and batch.retry_count == 1:
                return False
            return bool(super()._can_retry(error, batch))

    async def send(node: int, batches: Mapping[Any, Any]) -> None:
        await Handler(sender, batches).do(node)
        sender._in_flight.remove(node)
        sender._muted_partitions.difference_update(batches)

    sender._send_produce_req = send


async def finish(producer: Any, timeout: float) -> None:
    """Let a producer send what it has, for so many seconds, and end it."""
    try:
        async with asyncio.timeout(timeout):
            await producer.stop()
    except TimeoutError:
        await give_up(producer, timeout)


async def give_up(producer: Any, timeout: float) -> None:
    """End a producer so that nothing of it is sent any more once this returns.

    The library's own `stop` first sends all that it has, and what is idempotent it repeats without end: a record that
    was called unsure could be appended much later, after followers of its key. So the sending is ended first. There is
    no public way; `test_kafka.py` watches it. `timeout` seconds are what one attempt to connect may still take.
    """
    sending = producer._sender.sender_task
    if sending is not None:
        sending.cancel()  # it then waits for what is on its way: that ends with its connections
        deadline = asyncio.get_running_loop().time() + timeout
        while not sending.done():
            for connection in list(producer.client._conns.values()):
                connection.close()
            await asyncio.wait({sending}, timeout=_LOOK_AGAIN)
            if asyncio.get_running_loop().time() > deadline:
                sending.cancel()  # no connection is under way any more; it waits for news of the cluster
    kept = producer._message_accumulator  # what ends is looked for among what is on its way, and nowhere else
    kept._pending_batches.update(batch for batches in kept._batches.values() for batch in batches)
    kept.fail_all(errors().ProducerClosed())
    await producer.stop()
    await producer.client.close()  # where `stop` had begun before, and was cut short

"""The inbox of processes: a destination that gives objects to the runs they are for.

flow.deliver_to(processes.handle(order))
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import orjson
from pydantic import BaseModel

from hilum.connector import Header, HubDestination, Outgoing, Target, Traits
from hilum.errors import Rejected
from hilum.message import Delivered, Delivery, Outcome
from hilum.processes import store
from hilum.processes.declaration import Process, topic_of

PROCESS_KEY = "process-key"
"""Header of a delivery: which run it is for."""


class Inbox(HubDestination):
    """Hands objects in, once each; the engine takes them to their runs."""

    kind: ClassVar[str] = "processes"
    traits: ClassVar[Traits] = Traits(batch_limit=100, deduplicates=True)
    needs: ClassVar[str] = "Processes run"

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def __repr__(self) -> str:
        return f"<Inbox {self._process}>"

    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """All of a batch are handed in together; one that was handed in before is there already."""
        named = [delivery for delivery in batch if delivery.headers.get(PROCESS_KEY)]
        if named:
            async with self.database.transaction() as connection:
                await store.put_all(connection, [self._item(delivery) for delivery in named])
        return [self._outcome(delivery.headers.get(PROCESS_KEY, "")) for delivery in batch]

    def _item(self, delivery: Delivery) -> store.NewItem:
        return store.NewItem(
            process=self._process,
            key=delivery.headers[PROCESS_KEY],
            kind=store.EVENT,
            topic=delivery.operation,
            content=orjson.loads(delivery.body),
            dedup=delivery.idempotency_key,
            message_id=delivery.message_id,
            correlation=delivery.correlation_id,
        )

    def _outcome(self, key: str) -> Outcome:
        if not key:
            return Rejected("invalid", f"It does not say which run of {self._process} it is for.")
        return Delivered(reference=f"{self._process} {key}")


def handle(process: Process) -> Sequence[Target]:
    """The targets of a flow whose objects a process starts on or hears: one for each type of them."""
    inbox = Inbox(process.name)
    return [_target(process, inbox, heard.type) for heard in process.heard.values()]


def _target(process: Process, inbox: Inbox, type_: type[BaseModel]) -> Target:
    heard = process.heard[topic_of(type_)]

    def encode(thing: Any) -> Outgoing | None:
        said = heard.key(thing)
        if said is None:
            return None
        key = str(said)
        headers = {PROCESS_KEY: key, Header.ORDERING_KEY: key}
        return Outgoing(body=thing.model_dump_json().encode(), headers=headers)

    return Target(
        endpoint=f"processes.{process.name}",
        operation=heard.topic,
        accepts=(type_,),
        encode=encode,
        connector=inbox,
    )

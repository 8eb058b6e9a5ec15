"""Odoo as a destination: batches in, few calls out, one outcome for each delivery."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

import structlog

from hilum.connector import NO_NEEDS, Destination, Effort, Inspection, Needs, Notes, Renewal, Traits, Turns
from hilum.connectors.declaring import checked
from hilum.connectors.odoo import renewal
from hilum.connectors.odoo.api_key import Key
from hilum.connectors.odoo.checks import examine, refuse_module_prefix
from hilum.connectors.odoo.client import OdooClient
from hilum.connectors.odoo.dialect import Version
from hilum.connectors.odoo.inspecting import inspect, key_ends, of_key
from hilum.connectors.odoo.operations import OPERATIONS
from hilum.connectors.odoo.probe import connect
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.settings import OdooSettings
from hilum.connectors.odoo.transport import Transport
from hilum.connectors.odoo.work import Task, still_open
from hilum.errors import Down, Failure, Invalid, Rejected, SettingsError, TryAgain, Unsure
from hilum.message import Delivered, Delivery, Outcome
from hilum.tracing import CALL, context_headers

_log = structlog.get_logger(__name__)
# Odoo may have come back as another version, which calls things by other names.
_OTHER_SERVER = frozenset({"odoo.defect", "odoo.not_installed"})
_FIRST_BATCH = 100  # deliveries, before it is known how long they take
_CALLS_OF_A_BATCH = 4  # look-ups, writing, reading back, confirming
NOTHING = "The operation ended without saying what became of this delivery; it may or may not have been done."


class Odoo(Destination):
    """An Odoo server, 16 to 19 and later.

    A repeated delivery is recognised by the external identifier of its business key.
    """

    kind: ClassVar[str] = "odoo"
    Settings: ClassVar[type[OdooSettings]] = OdooSettings
    traits: ClassVar[Traits] = Traits(batch_limit=300, deduplicates=True, ledger=True)

    def __init__(self, **settings: Any) -> None:
        self.settings = checked(OdooSettings, self.kind, settings)
        self._transport: Transport | None = None
        self._session: Session | None = None
        self._connecting = asyncio.Lock()
        self._portion = _FIRST_BATCH
        self._before = Effort()  # of the connections before this one
        self._turns: Callable[[str], Turns] | None = None
        self.notes: Notes | None = None

    @property
    def address(self) -> str:
        """The server and its database, for people."""
        return f"{self.settings.url}/{self.settings.database}".rstrip("/")

    def __repr__(self) -> str:
        return f"<Odoo {self.address}>"

    def take_turns(self, turns: Callable[[str], Turns]) -> None:
        """See `TakesTurns.take_turns`: one budget with the feeds of the same server."""
        self._turns = turns

    def take_notes(self, notes: Notes) -> None:
        """See `TakesNotes.take_notes`: of orders, so that what people changed in them is seen."""
        self.notes = notes

    async def open(self) -> None:
        """Find out version and protocol, and check the settings against the server. Raises `SettingsError`.

        A server that is down or hangs now is no error: a hub must start while Odoo is down. The first delivery tries
        again, and says what is wrong.
        """
        if self._transport is None:
            self._transport = Transport(self.settings, self._turns)
        try:
            self._transport.key.known()
            async with asyncio.timeout(self.settings.connect_timeout):
                await self._connected()
        except Failure as failure:
            _log.warning("odoo_not_reached", endpoint=self.address, words=str(failure))
        except TimeoutError:
            _log.warning("odoo_not_reached", endpoint=self.address, words="Odoo takes connections but does not answer.")
        except SettingsError:
            await self.close()
            raise

    async def close(self) -> None:
        """Close all connections. Calls under way end as `Unsure`."""
        transport, self._transport, self._session = self._transport, None, None
        if transport is not None:
            await transport.close()
            self._before = _sum(self._before, transport.budget.effort())

    async def check(self) -> str:
        """What the server is, who the hub is there, and what it lacks. Raises `Down` or `Rejected`."""
        session = await self._connected()
        return " ".join(filter(None, [await examine(session), of_key(await key_ends(session))]))

    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """See `Destination.deliver`. Raises `Down` when the server cannot be reached at all."""
        # a call serves many deliveries: it carries the context of the first
        CALL.set(context_headers(batch[0]))
        session = await self._connected()
        began = time.monotonic()
        tasks = [_task(delivery) for delivery in batch]
        _set_stages(tasks)
        for stage in sorted({task.stage for task in tasks}):
            for operation in OPERATIONS.values():
                mine = [t for t in still_open(tasks) if t.stage == stage and t.delivery.operation == operation.name]
                if mine:
                    await self._run(session, operation.name, mine)
        self._learn(session, tasks)
        made = [task for task in tasks if isinstance(task.outcome, Delivered)]
        session.client.budget.delivered(len(made), sum(OPERATIONS[task.delivery.operation].alone for task in made))
        self._size(len(batch), time.monotonic() - began)
        return [task.outcome or Unsure(NOTHING) for task in tasks]

    async def server(self) -> tuple[Version, str]:
        """Its version, and the protocol that is spoken. Raises `Down`."""
        client = (await self._connected()).client
        return client.version, client.protocol

    async def client(self) -> OdooClient:
        """The client of the server, within this connector's call budget, for who reads besides. Raises `Down`."""
        return (await self._connected()).client

    async def inspect(
        self, operations: Collection[str], known: Mapping[str, Any], needs: Mapping[str, Needs] = NO_NEEDS
    ) -> Inspection:
        """See `Inspected.inspect`."""
        return await inspect(await self._connected(), operations, known, needs)

    @property
    def renews(self) -> bool:
        """See `Renewable.renews`."""
        return self.settings.renew_key and bool(self.settings.api_key_file)

    async def renew_key(self) -> Renewal:
        """See `Renewable.renew_key`."""
        session = await self._connected()
        return await renewal.renew(session.client, session.key, self.settings)

    async def set_key(self, secret: str, ends: datetime | None) -> Renewal:
        """See `Renewable.set_key`. The one in force may have ended already."""
        try:
            client = (await self._connected()).client
        except Down:
            client = None
        if self._transport is None:
            raise Down("The endpoint is not open.")
        return await renewal.accept(client, self._transport.key, self.settings, Key(secret, ends))

    async def retire_key(self) -> str:
        """See `Renewable.retire_key`."""
        session = await self._connected()
        return await renewal.retire(session.client, session.key)

    def portion(self) -> int:
        """As many as the slowest operation of the last calls writes in a few times `call_seconds`."""
        return self._portion

    def effort(self) -> Effort | None:
        """See `Destination.effort`."""
        if self._transport is None:
            return self._before
        return _sum(self._before, self._transport.budget.effort())

    def effect(self, delivery: Delivery) -> str:
        """The external identifier in Odoo, where the operation leaves one."""
        task = _task(delivery)
        name = "" if task.outcome else OPERATIONS[delivery.operation].effect(task.thing, self.settings.prefix)
        return name or super().effect(delivery)

    async def landed(self, delivery: Delivery) -> Delivered | Unsure | None:
        """See `Destination.landed`: by external identifier, and by the state in which the document is."""
        CALL.set(context_headers(delivery))
        session = await self._connected()
        task = _task(delivery)
        if task.outcome is not None:
            return None  # it cannot be read, so it was never sent
        try:
            return await OPERATIONS[delivery.operation].landed(session, task)
        except Unsure as lost:  # only the answer to the question was lost
            raise TryAgain(f"Odoo did not say whether it arrived. {lost}") from None
        except Rejected as refused:
            return Unsure(f"Whether it arrived could not be looked up. {refused}")

    async def _run(self, session: Session, name: str, tasks: Sequence[Task]) -> None:
        try:
            await OPERATIONS[name].run(session, tasks)
        except Failure as failure:
            for task in tasks:
                if task.outcome is None:
                    task.fail(failure)

    def _size(self, records: int, seconds: float) -> None:
        """Fill the next batches so that all calls of one take a few times `call_seconds`: halved or doubled."""
        long = _CALLS_OF_A_BATCH * self.settings.call_seconds
        if seconds > long:
            self._portion = max(1, min(self._portion, records) // 2)
        elif seconds < long / 2 and records >= self._portion:
            self._portion = min(self.traits.batch_limit, self._portion * 2)

    def _learn(self, session: Session, tasks: Sequence[Task]) -> None:
        """After a failure, ask again what may have changed: records that were remembered, or the whole server."""
        failed = [task.outcome for task in tasks if isinstance(task.outcome, Failure)]
        if any(isinstance(each, Down) or getattr(each, "category", "") in _OTHER_SERVER for each in failed):
            self._session = None
        elif any(isinstance(each, Rejected) for each in failed):
            session.forget()

    async def _connected(self) -> Session:
        """The session with the server, made at first use and after it was down."""
        transport = self._transport
        if transport is None:
            raise Down("The endpoint is not open.")
        async with self._connecting:
            if self._session is None:
                client = await connect(transport, self.settings)
                await refuse_module_prefix(client, self.settings.prefix)
                self._session = Session(client, self.settings, transport.key, self.notes)
            return self._session


def _sum(one: Effort, other: Effort) -> Effort:
    return Effort(
        calls=one.calls + other.calls,
        records=one.records + other.records,
        alone=one.alone + other.alone,
        seconds=one.seconds + other.seconds,
    )


def _task(delivery: Delivery) -> Task:
    """The delivery with its object read; already rejected where that fails."""
    operation = OPERATIONS.get(delivery.operation)
    if operation is None:
        task = Task(delivery, None)
        task.fail(Rejected("odoo.unknown_operation", f"Odoo has no operation '{delivery.operation}'."))
        return task
    try:
        return Task(delivery, operation.read(delivery.body))
    except Invalid as invalid:
        task = Task(delivery, None)
        task.fail(Rejected("odoo.invalid", str(invalid)))
        return task


def _set_stages(tasks: Sequence[Task]) -> None:
    """Deliveries of one ordering key and one operation share a stage (the operation keeps their order); a delivery of
    the same key and another operation comes in a later one. Other keys are free to go earlier: that packs calls."""
    last: dict[str, Task] = {}
    for task in tasks:
        before = last.get(task.key) if task.key else None
        if before is not None:
            same = before.delivery.operation == task.delivery.operation
            task.stage = before.stage if same else before.stage + 1
        if task.key:
            last[task.key] = task

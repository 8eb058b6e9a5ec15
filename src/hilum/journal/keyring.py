"""The keys of payloads as one process knows them: which flows are sealed, the data keys of their days, kept in memory.

A key is committed before bodies are sealed with it, on a connection of its own: a transaction that is rolled back later
must not take it along. Keys of today and tomorrow are made ahead, so that no message waits for one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hilum.encryption.master_keys import KeySource
from hilum.encryption.sealing import KEY_BYTES, DataKey, MasterKey, MasterKeys, NotSealed, new_key, owner_of
from hilum.errors import KeyUnavailable, SettingsError
from hilum.journal.audit import record
from hilum.journal.data_keys import DataKeyRow, MasterUse, Period, insert, insert_for, masters_in_use, rewrap, rows
from hilum.message import moment_of
from hilum.postgres import Connection, Database
from hilum.settings import Settings

log = logging.getLogger("hilum.journal")

_FRESH = timedelta(hours=12)
"""A key is used without asking until so long after its day. Retention leaves it alone for longer (`retention`)."""

_MOST_KEPT = 10_000
"""Data keys in memory; more are forgotten and read again (about 1 KB each)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a flow says of its payloads."""

    flow: str
    sealed: bool
    retention: str  # ISO 8601 period
    data_class: str


def day_of(message_id: UUID) -> date:
    """The day, UTC, on which a message was received."""
    return moment_of(message_id).date()


def is_fresh(day: date) -> bool:
    """Is the day, or was it until a while ago?"""
    return datetime.now(UTC) - _FRESH < datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)


class Keyring:
    """Data keys of one database. For one event loop."""

    def __init__(self, database: Database, source: KeySource) -> None:
        self.source = source
        self._database = database
        self._masters: MasterKeys | None = None
        self._own: dict[str, bool] = {}  # is a flow of this process sealed?
        self._policies: dict[str, bool] = {}  # and those of all others, as the journal says
        self._writing: dict[Period, DataKey] = {}
        self._reading: dict[int, DataKey] = {}
        self._shredded: set[int] = set()
        self._lock = asyncio.Lock()

    # What flows want

    async def govern(self, policies: Sequence[Policy]) -> None:
        """At the start of a hub: note what its flows want, and make sure that all keys are at hand.

        Raises `SettingsError` where a master key is missing, `KeyUnavailable` where the vault is away.
        """
        async with self._database.aside() as connection:
            await _note(connection, policies)
            self._own = {one.flow: one.sealed for one in policies}
            await self._read_policies(connection)
            await self._prove_masters(connection, sorted(one.flow for one in policies if one.sealed))
        await self.refresh()

    async def declare(self, policy: Policy) -> None:
        """The same for what keeps bodies beside the flows, whenever it begins to. Raises as `govern` does."""
        async with self._database.aside() as connection:
            await _note(connection, [policy])
            self._policies[policy.flow] = policy.sealed
            if policy.sealed:
                await self._prove_masters(connection, [policy.flow])

    async def _prove_masters(self, connection: Connection, sealed: Sequence[str]) -> None:
        used = await masters_in_use(connection)
        found = await self.source.load()
        unknown = [each for each in used if found is None or each.id not in found.known]
        if unknown:
            raise SettingsError(_missing(unknown[0], found, self.source.place))
        if found is None and sealed:
            found = await asyncio.to_thread(self.source.create_own)
        if found is None and sealed:
            raise SettingsError(
                f"The payloads of {', '.join(sealed)} are encrypted in the journal, and no master key is set. Make one "
                "with `hilum keys new`, keep a copy of it, and set HILUM_MASTER_KEY (or [encryption] key_file, or "
                "vault). To store them readable, say so: [encryption] for = []"
            )
        self._masters = found

    async def refresh(self) -> None:
        """Now and then: forget keys that others have shredded or that are gone, and make those of tomorrow."""
        async with self._database.aside() as connection:
            held = [*self._reading]
            cursor = await connection.execute(
                "SELECT number FROM data_key WHERE number = ANY(%s) AND shredded_at IS NULL", [held]
            )
            there = {row[0] for row in await cursor.fetchall()}
            self.forget(set(held) - there)
            if len(self._reading) > _MOST_KEPT:
                self._reading.clear()
            await self._read_policies(connection)
        today = datetime.now(UTC).date()
        sealed = [flow for flow, wanted in self._own.items() if wanted]
        await self.prepare({(flow, today + timedelta(days=ahead)) for flow in sealed for ahead in (0, 1)})

    def forget(self, numbers: Collection[int]) -> None:
        """These are not to be used any more."""
        for number in numbers:
            key = self._reading.pop(number, None)
            if key is not None and self._writing.get((key.flow, key.period)) is key:
                del self._writing[key.flow, key.period]

    # Writing

    async def seals(self, flows: Iterable[str]) -> set[str]:
        """Those of these flows whose bodies are sealed."""
        wanted = set(flows)
        if not wanted <= self._policies.keys():
            async with self._lock, self._database.aside() as connection:
                await self._read_policies(connection)
            for flow in wanted:  # nobody has declared it: that is asked now and then, not at each message
                self._policies.setdefault(flow, False)
        return {flow for flow in wanted if self._policies[flow]}

    async def prepare(self, periods: Collection[Period]) -> None:
        """Make sure that there is a durable key for each flow and day. Costs nothing where they are at hand.

        Raises `KeyUnavailable`.
        """
        if all(period in self._writing for period in periods):
            return
        async with self._lock:
            missing = [period for period in periods if period not in self._writing]
            async with self._database.aside() as connection:
                await self._take_keys(connection, missing)
                missing = [period for period in missing if period not in self._writing]
                if missing:
                    await self._make_keys(connection, missing)
                    await self._take_keys(connection, missing)

    def writing(self, flow: str, day: date) -> DataKey:
        """The key of a flow and day that `prepare` was asked for."""
        return self._writing[flow, day]

    async def lock(self, connection: Connection, numbers: Sequence[int]) -> bool:
        """Within a transaction: keep these keys from being shredded until it ends. False: one is shredded already."""
        cursor = await connection.execute(
            "SELECT number FROM data_key WHERE number = ANY(%s) AND shredded_at IS NULL ORDER BY number FOR SHARE",
            [list(numbers)],
        )
        there = {row[0] for row in await cursor.fetchall()}
        self.forget(set(numbers) - there)
        return there >= set(numbers)

    async def make_for(self, connection: Connection, flow: str, message_id: UUID) -> DataKey:
        """Within a transaction: a key for this one message, which outlives the key of its day."""
        master, secret, day = await self._current(), new_key(), day_of(message_id)
        wrapped = master.wrap(secret, owner_of(flow, day, message_id))
        number = await insert_for(connection, flow, day, message_id, wrapped, master.id)
        return DataKey(number, flow, day, secret)

    # Reading

    async def load(self, connection: Connection, numbers: Collection[int], *, again: bool = False) -> None:
        """Have these keys at hand, as far as there are such. `again`: ask whether they are shredded by now.

        Raises `KeyUnavailable` where one is sealed under a master key that this process does not know.
        """
        unknown = [n for n in numbers if again or (n not in self._reading and n not in self._shredded)]
        if not unknown:
            return
        found = await rows(connection, "number = ANY(%s)", [unknown])
        self.forget(set(unknown) - {row.number for row in found if not row.shredded})
        for row in found:
            if row.shredded:
                self._shredded.add(row.number)
            elif row.number not in self._reading:
                try:
                    self._reading[row.number] = await self._opened(row)
                except NotSealed as error:  # its bodies are read as damaged; the others are not kept from being read
                    log.error("the data key %d is damaged: %s", row.number, error)

    def reading(self, number: int) -> DataKey | None:
        """The key of this number; None where it is shredded. Raises `NotSealed` where there never was one."""
        if number in self._shredded:
            return None
        if number not in self._reading:
            raise NotSealed("its data key is missing or damaged")
        return self._reading[number]

    # Master keys

    async def rotate(self, connection: Connection, *, actor: str) -> int:
        """Seal all data keys under the current master key; returns how many were sealed anew. Nothing else changes.

        Each is a commit of its own: it may be stopped and repeated. Raises `KeyUnavailable`.
        """
        await self._reload()
        master, count = await self._current(), 0
        while batch := await rows(connection, "wrapped IS NOT NULL AND master_id <> %s LIMIT 500", [master.id]):
            for row in batch:
                secret = await self._secret(row)
                count += await rewrap(connection, row, master.wrap(secret, row.owner), master.id)
        if count:
            words = f"{count} data keys are sealed under the master key {master.id} now"
            await record(connection, actor=actor, action="rotate_keys", words=words)
        return count

    async def _current(self) -> MasterKey:
        if self._masters is None:
            await self._reload()
        if self._masters is None:
            raise KeyUnavailable(
                "The payloads are encrypted and this process has no master key: set HILUM_MASTER_KEY, [encryption] "
                "key_file or vault, as the hub has it."
            )
        return self._masters.current

    async def _reload(self) -> None:
        """Read the master keys again. A running hub loses none that it has, and refuses no message for good for it."""
        try:
            self._masters = await self.source.load() or self._masters
        except SettingsError as error:
            raise KeyUnavailable(str(error)) from None

    async def _secret(self, row: DataKeyRow) -> bytes:
        await self._current()
        if self._masters is None or row.master_id not in self._masters.known:
            await self._reload()  # a file or a vault may have it by now
        master = self._masters.known.get(row.master_id) if self._masters is not None else None
        if master is None:
            raise KeyUnavailable(
                f"The data key {row.number} ({row.flow}, {row.period}) is sealed under the master key {row.master_id}, "
                "which this process does not know: add it to [encryption] previous_keys."
            )
        secret = master.unwrap(row.wrapped or b"", row.owner)
        if len(secret) != KEY_BYTES:
            raise NotSealed(f"the data key {row.number} is none")
        return secret

    async def _opened(self, row: DataKeyRow) -> DataKey:
        return DataKey(row.number, row.flow, row.period, await self._secret(row))

    # Tables

    async def _read_policies(self, connection: Connection) -> None:
        cursor = await connection.execute("SELECT flow, sealed FROM payload_policy")
        self._policies = dict(await cursor.fetchall()) | self._own

    async def _take_keys(self, connection: Connection, periods: Sequence[Period]) -> None:
        condition = (
            "message_id IS NULL AND shredded_at IS NULL"
            " AND (flow, period) IN (SELECT * FROM unnest(%s::text[], %s::date[]))"
        )
        for row in await rows(connection, condition, [[flow for flow, _ in periods], [day for _, day in periods]]):
            try:
                key = self._reading.get(row.number) or await self._opened(row)
            except NotSealed as error:
                raise KeyUnavailable(
                    f"The data key {row.number} ({row.flow}, {row.period}) is damaged: {error}."
                ) from None
            self._reading[row.number] = self._writing[row.flow, row.period] = key

    async def _make_keys(self, connection: Connection, periods: Sequence[Period]) -> None:
        master = await self._current()
        wrapped = [master.wrap(new_key(), owner_of(flow, day)) for flow, day in periods]
        await insert(connection, periods, wrapped, master.id)


async def _note(connection: Connection, policies: Sequence[Policy]) -> None:
    await connection.cursor().executemany(
        "INSERT INTO payload_policy (flow, sealed, retention, data_class) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (flow) DO UPDATE SET sealed = excluded.sealed, retention = excluded.retention,"
        " data_class = excluded.data_class, declared_at = now()",
        [(one.flow, one.sealed, one.retention, one.data_class) for one in policies],
    )


def _missing(use: MasterUse, found: MasterKeys | None, place: str) -> str:
    words = (
        f"{use.data_keys} data keys of this journal (days {use.first} to {use.last}) are sealed under the master key "
        f"{use.id}, "
    )
    if found is None:
        return words + "and no master key is set: set HILUM_MASTER_KEY, [encryption] key_file or vault."
    known = ", ".join(found.known)
    return words + f"but {place} holds {known}: set the right key, or add it to [encryption] previous_keys."


def keyring_for(database: Database, settings: Settings) -> Keyring:
    """The keyring of a database as the settings want it. With the embedded database it may make a key of its own."""
    own = settings.data_dir if database.embedded is not None else None
    return Keyring(database, KeySource(settings.encryption, settings.folder, own))


def keyring_of(connection: Connection) -> Keyring | None:
    """The keyring of the database that this connection is to; None: bodies are stored as they are."""
    found = connection.database.keyring if connection.database is not None else None
    return found if isinstance(found, Keyring) else None

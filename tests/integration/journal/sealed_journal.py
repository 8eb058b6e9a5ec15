"""A protected flow's payloads in a journal, and the keys that they are sealed with."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from uuid import UUID

from pydantic import SecretStr

from hilum.encryption.master_keys import KeySource
from hilum.journal import Draft, reading, receive
from hilum.journal.keyring import Keyring, Policy
from hilum.message import id_at
from hilum.postgres import Database
from hilum.settings import EncryptionSettings
from support.projects import MASTER_KEY
from support.servers import LANES

SECRET = b"Quillfeather"
PHI = Policy(flow="test.flow", sealed=True, retention="P1Y", data_class="phi")


def keyring(database: Database, key: str = MASTER_KEY, *previous: str) -> Keyring:
    settings = EncryptionSettings(key=SecretStr(key), previous_keys=tuple(map(SecretStr, previous)))
    return Keyring(database, KeySource(settings, Path(), None))


async def use(database: Database, key: str = MASTER_KEY, *previous: str) -> Keyring:
    made = keyring(database, key, *previous)
    database.keyring = made
    await made.govern([PHI])
    return made


def draft(body: bytes, moment: datetime | None = None) -> Draft:
    made = Draft(flow="test.flow", body=body, content_type="text/plain")
    if moment is not None:
        made.id = UUID(int=id_at(moment).int | 0x7000 << 64 | 2 << 62 | made.id.int & 0xFFFFFFFF)
    return made


async def store(database: Database, *drafts: Draft) -> list[UUID]:
    async with database.hot() as connection:
        await receive(connection, drafts, LANES)
    return [each.id for each in drafts]


async def body(database: Database, message_id: UUID, ordinal: int = -1) -> bytes | None:
    async with database.cold() as connection:
        return await reading.body(connection, message_id, ordinal)


async def execute(database: Database, statement: str, values: list[object] | None = None) -> None:
    async with database.cold() as connection:
        await connection.execute(statement.encode(), values)

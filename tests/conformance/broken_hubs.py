"""Hubs with one defect each, and the shortest history known that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar
from uuid import uuid4

import pytest

from hilum.errors import Down, TryAgain
from hilum.journal import moves
from hilum.journal.payloads import Ref
from hilum.postgres import Connection
from hilum.runtime import calling, dispatcher, failures, intake, translating
from support.hub_steps import Step


class Saboteur:
    """`install` plants the defect for one test; `shown_by` is a history that the model does not permit then."""

    shown_by: ClassVar[list[Step]]

    @staticmethod
    def install(patch: pytest.MonkeyPatch) -> None:
        raise NotImplementedError


class HoldsNothingBack(Saboteur):
    """A held delivery does not block its key: what is behind it overtakes it."""

    shown_by: ClassVar = [("send", "a", ["refused", "ok"])]

    @staticmethod
    def install(patch: pytest.MonkeyPatch) -> None:
        async def hold(connection: Connection, taken: Any, **more: Any) -> bool:
            return await moves.hold_delivery(connection, taken, **{**more, "blocks": False})

        patch.setattr(failures, "hold_delivery", hold)


class LosesWhatWasParked(Saboteur):
    """What waits behind a held delivery is forgotten when that one goes on."""

    shown_by: ClassVar = [("send", "a", ["refused", "ok"])]

    @staticmethod
    def install(patch: pytest.MonkeyPatch) -> None:
        async def unblock_all(connection: Connection, stage: str, heads: Sequence[tuple[str, Ref]]) -> None:
            keys = [key for key, _ in heads]
            await connection.execute("DELETE FROM parked WHERE stage = %s AND key = ANY(%s)", [stage, keys])
            await moves.unblock_all(connection, stage, heads)

        patch.setattr(dispatcher, "unblock_all", unblock_all)


class TakesEverythingAsNew(Saboteur):
    """A message that comes twice is two messages."""

    shown_by: ClassVar = [("send", "a", ["ok"]), ("rest",), ("again", 0)]

    @staticmethod
    def install(patch: pytest.MonkeyPatch) -> None:
        made = intake._draft

        def draft(*arguments: Any) -> Any:
            found = made(*arguments)
            found.dedup_key = ""
            return found

        patch.setattr(intake, "_draft", draft)


class NamesAnew(Saboteur):
    """Each translation gives its deliveries new idempotency keys, so that no receiver recognises a replay."""

    shown_by: ClassVar = [("send", "a", ["ok"]), ("rest",), ("repeat", 0)]

    @staticmethod
    def install(patch: pytest.MonkeyPatch) -> None:
        made = translating.deliveries

        def deliveries(*arguments: Any) -> Any:
            return [replace(each, idempotency_key=str(uuid4())) for each in made(*arguments)]

        patch.setattr(translating, "deliveries", deliveries)


class CountsDownAsAnAttempt(Saboteur):
    """A receiver that is down as a whole is taken for one that is busy with this delivery."""

    shown_by: ClassVar = [("down", "memory.main"), ("send", "a", ["ok"]), ("rest",)]

    @staticmethod
    def install(patch: pytest.MonkeyPatch) -> None:
        call = calling.Calling._call

        async def called(self: calling.Calling, batch: Any) -> Any:
            answer = await call(self, batch)
            down = isinstance(answer, calling._Whole) and isinstance(answer.failure, Down)
            return calling._Whole(TryAgain("down")) if down else answer

        patch.setattr(calling.Calling, "_call", called)


class RefusesTheWholeBatch(Saboteur):
    """One bad record takes all that are with it in its batch: of what has gathered for a receiver that was down."""

    shown_by: ClassVar = [
        ("down", "memory.1"), ("send", "", ["ok"] * 5 + ["poison"] + ["ok"] * 4), ("rest",),
        ("up", "memory.1"), ("rest",),
    ]  # fmt: skip

    @staticmethod
    def install(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(calling.Calling, "_may_divide", lambda *_: False)


SABOTEURS = [
    HoldsNothingBack, LosesWhatWasParked, TakesEverythingAsNew, NamesAnew, CountsDownAsAnAttempt, RefusesTheWholeBatch,
]  # fmt: skip

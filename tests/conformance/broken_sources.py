"""Sources that each break one promise, with the name of the test that must fail."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hilum.connector import Receipt, Received, Traits
from hilum.errors import Down
from hilum.testing.memory import MemoryReceived, MemorySettings, MemorySource


class AcceptsEarly(MemorySource):
    async def receive(self) -> Sequence[Received]:
        received = await super().receive()
        for each in received:
            self.outbox.units.remove(each.body)
        return received


class ChangesBytes(MemorySource):
    async def receive(self) -> Sequence[Received]:
        received = await super().receive()
        for each in received:
            each.body = each.body.rstrip(b"\xff")
        return received


class ForgetsItsType(MemorySource):
    def wants(self, received: Received) -> bool:
        return not self.out


class Reply(MemoryReceived):
    """What the broken answers below are made of."""


class WithReply(MemorySource):
    reply: type[MemoryReceived] = Reply

    async def receive(self) -> Sequence[Received]:
        return [self.reply(self, each.body) for each in await super().receive()]


class KeepsAccepted(WithReply):
    class reply(Reply):  # noqa: N801 — an attribute that is a class
        async def accept(self, receipt: Receipt) -> None:
            return None


class KeepsDuplicates(WithReply):
    class reply(Reply):  # noqa: N801
        async def accept(self, receipt: Receipt) -> None:
            if not receipt.duplicate:
                await super().accept(receipt)


class RefusesSilently(WithReply):
    class reply(Reply):  # noqa: N801
        async def refuse(self, error: Exception) -> None:
            await super().refuse(error)
            self.source.outbox.told.clear()


class LosesRefused(WithReply):
    class reply(Reply):  # noqa: N801
        async def refuse(self, error: Exception) -> None:
            self.source.outbox.units.remove(self.body)


class RefusedNeverComesAgain(WithReply):
    class reply(Reply):  # noqa: N801
        async def refuse(self, error: Exception) -> None:
            self.source.outbox.told[self.body] = "busy"


class QuotesForeignErrors(WithReply):
    class reply(Reply):  # noqa: N801
        async def refuse(self, error: Exception) -> None:
            await super().refuse(error)
            self.source.outbox.told[self.body] = str(error)


class AnswersInOrderOnly(WithReply):
    class reply(Reply):  # noqa: N801
        async def accept(self, receipt: Receipt) -> None:
            if self.source.outbox.units[0] == self.body:
                await super().accept(receipt)


class HandsOverTwice(MemorySource):
    async def receive(self) -> Sequence[Received]:
        received = await super().receive()
        return [*received, *received[-1:]] if len(received) > 100 else received


class HangsOnClose(MemorySource):
    async def close(self) -> None:
        self.is_open = False


class LosesWhenCancelled(MemorySource):
    async def receive(self) -> Sequence[Received]:
        while not self.outbox.units:
            if not self.is_open:
                return ()
            self.outbox.filled.clear()
            try:
                await self.outbox.filled.wait()
            except asyncio.CancelledError:
                self.out.update(self.outbox.units)
                raise
        return await super().receive()


class OpensOnce(MemorySource):
    opened = 0

    async def open(self) -> None:
        self.opened += 1
        if self.opened > 1:
            raise Down("it was open before")
        await super().open()


class ShowsBody(MemorySource):
    def __repr__(self) -> str:
        return f"<{self.outbox.units}>"


class ShowsNoAddress(MemorySource):
    @property
    def address(self) -> str:
        return ""


class Undescribed(MemorySettings):
    mystery: int = 0


class SettingsUndescribed(MemorySource):
    Settings = Undescribed


class PromisesLess(MemorySource):
    traits = Traits(ordered=False, redelivers=True)


class Reverses(MemorySource):
    async def receive(self) -> Sequence[Received]:
        return list(await super().receive())[::-1]


class ForgetsUnanswered(MemorySource):
    async def receive(self) -> Sequence[Received]:
        received = await super().receive()
        self.outbox.units = [body for body in self.outbox.units if body not in self.out]
        return received


BROKEN_SOURCES: list[tuple[type[MemorySource], str]] = [
    (ChangesBytes, "test_bytes_arrive_unchanged"),
    (ForgetsItsType, "test_is_wanted_by_its_own_flow"),
    (AcceptsEarly, "test_removes_nothing_before_accept"),
    (KeepsAccepted, "test_accept_ends_it"),
    (KeepsDuplicates, "test_duplicate_is_accepted_like_the_first"),
    (RefusesSilently, "test_refused_for_good_is_told_why"),
    (LosesRefused, "test_refused_for_now_stays_with_the_sender"),
    (QuotesForeignErrors, "test_foreign_errors_are_not_quoted"),
    (AnswersInOrderOnly, "test_answers_in_any_order"),
    (HandsOverTwice, "test_many_all_come_once"),
    (HangsOnClose, "test_close_ends_a_waiting_receive"),
    (LosesWhenCancelled, "test_cancelled_receive_loses_nothing"),
    (OpensOnce, "test_closes_twice_and_opens_again"),
    (ShowsBody, "test_repr_shows_no_body"),
    (ShowsNoAddress, "test_has_an_address_and_a_check"),
    (SettingsUndescribed, "test_settings_are_described"),
    (PromisesLess, "test_traits_are_tested"),
    (Reverses, "test_order_is_kept"),
    (RefusedNeverComesAgain, "test_refused_comes_again"),
    (ForgetsUnanswered, "test_unanswered_comes_again_after_reopen"),
]

"""The suites catch what they are there for: each saboteur breaks one promise, and names the test that must fail."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path

import pytest
from broken_destinations import BROKEN_DESTINATIONS
from broken_sources import BROKEN_SOURCES
from destination_benches import MemoryDestinationBench, MllpDestinationBench, WriterBench
from source_benches import MemorySourceBench

from hilum.connectors import files, mllp
from hilum.errors import Busy, Down, TryAgain, Unsure
from hilum.message import Delivered, Delivery, Outcome
from hilum.testing import (
    DeduplicatingSuite,
    DestinationSuite,
    OrderedSuite,
    RedeliveringSuite,
    SourceSuite,
    WireSuite,
)
from hilum.testing.memory import MemoryDestination, MemorySource


class AllSource(SourceSuite, OrderedSuite, RedeliveringSuite):
    __test__ = False


class AllDestination(DestinationSuite, DeduplicatingSuite, WireSuite):
    __test__ = False


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a saboteur never does is not waited for long."""
    for module in ("waiting", "source_suite", "destination_suite"):
        monkeypatch.setattr(f"hilum.testing.{module}.PATIENCE", 0.5)


async def _must_fail(suite: object, name: str, bench: object) -> None:
    test = getattr(suite, name)
    arguments = {"error": Busy(after=0)} if "error" in inspect.signature(test).parameters else {}
    caught = (AssertionError, TimeoutError, TryAgain, Down, pytest.fail.Exception)
    with pytest.raises(caught):
        await test(bench, **arguments)


@pytest.mark.parametrize(("saboteur", "name"), BROKEN_SOURCES, ids=lambda each: getattr(each, "__name__", each))
async def test_a_broken_source_is_caught(saboteur: type[MemorySource], name: str) -> None:
    await _must_fail(AllSource(), name, MemorySourceBench(saboteur))


@pytest.mark.parametrize(("saboteur", "name"), BROKEN_DESTINATIONS, ids=lambda each: getattr(each, "__name__", each))
async def test_a_broken_destination_is_caught(saboteur: type[MemoryDestination], name: str) -> None:
    await _must_fail(AllDestination(), name, MemoryDestinationBench(saboteur))


def test_every_promise_has_a_saboteur() -> None:
    for suite, broken in ((AllSource, BROKEN_SOURCES), (AllDestination, BROKEN_DESTINATIONS)):
        promises = {name for name, _ in inspect.getmembers(suite) if name.startswith("test_")}
        assert promises == {name for _, name in broken}


# ---- the same over a real wire and a real directory


class HastySender(mllp.Sender):
    """Calls a lost answer `TryAgain`: the classic of MLLP senders, which doubles orders."""

    async def _exchange(self, control_id: str, body: bytes) -> Outcome:
        outcome = await super()._exchange(control_id, body)
        return TryAgain(str(outcome)) if isinstance(outcome, Unsure) else outcome


class HalfWriter(files.Writer):
    """Writes in place, and again at each attempt."""

    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        for each in batch:
            with (Path(self.address) / f"{each.idempotency_key}.json").open("ab") as file:
                file.write(each.body)
        return [Delivered(reference="file")] * len(batch)


@pytest.mark.parametrize("name", ["test_lost_answer_is_unsure", "test_cut_before_the_answer_is_unsure"])
async def test_a_hasty_mllp_sender_is_caught(name: str) -> None:
    bench = MllpDestinationBench(HastySender)
    await bench.start()
    try:
        await _must_fail(AllDestination(), name, bench)
    finally:
        await bench.close()


@pytest.mark.parametrize("name", ["test_same_key_twice_has_one_effect", "test_refusal_is_rejected_in_words"])
async def test_a_writer_in_place_is_caught(tmp_path: Path, name: str) -> None:
    await _must_fail(AllDestination(), name, WriterBench(tmp_path, HalfWriter))

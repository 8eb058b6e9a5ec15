"""Log lines: few of one cause, with the fields that identify a message, and in both forms."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from hilum.cli.logs import configure_logs
from hilum.journal.work import ToDeliver
from hilum.logs import FIRST, WINDOW_SECONDS, Summing
from hilum.message import new_id
from hilum.observe.log_lines import LogLines


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """The logging of the session is put back at the end."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def _record(words: str, level: int = logging.WARNING) -> logging.LogRecord:
    return logging.LogRecord("hilum.test", level, __file__, 1, words, (), None)


def test_lines_of_one_cause_are_summed() -> None:
    now, sums = [0.0], []
    summing = Summing(sums.append, lambda: now[0])
    passed = [summing.filter(_record(f"delivery {new_id()} failed for the {n}th time")) for n in range(312)]
    assert passed == [True] * FIRST + [False] * (312 - FIRST)
    assert summing.filter(_record("another cause"))
    now[0] = WINDOW_SECONDS - 1
    summing.flush()
    assert sums == []
    now[0] = WINDOW_SECONDS
    summing.flush()
    (only,) = sums
    assert only.getMessage().endswith("(… 312 times in the last 60 s)")
    assert only.levelno == logging.WARNING
    assert summing.filter(_record("delivery 1 failed for the 1th time")), "a new window begins"


def test_a_flood_of_causes_fills_no_memory() -> None:
    sums: list[logging.LogRecord] = []
    summing = Summing(sums.append)
    passed = sum(
        summing.filter(_record("word " + "abc" * (n % 7) + chr(97 + n % 26) * (n // 26))) for n in range(20_000)
    )
    assert passed < 6_100
    assert len(vars(summing)["_causes"]) <= 1_001


def test_what_was_asked_for_is_not_summed() -> None:
    summing = Summing(lambda _: None)
    assert all(summing.filter(_record("detail", logging.DEBUG)) for _ in range(50))


@pytest.mark.req("OBS-1")
def test_a_line_has_the_identity_of_its_message_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(as_json=True)
    taken = ToDeliver(
        message_id=new_id(), ordinal=0, seq=1, lane=1, flow="test.orders", destination="memory.main", operation="",
        key="ACC-1", idempotency_key="k", content_type="", headers={}, correlation_id="", attempts=0, head=None,
        waiting=False,
    )  # fmt: skip
    LogLines().held(taken, "test.no")
    logging.getLogger("hilum.test").info("words", extra={"body": "a payload"})
    written = capsys.readouterr().err
    held, other = [json.loads(line) for line in written.splitlines()]
    assert held["event"] == "test.orders: held, test.no"
    assert held["message_id"] == str(taken.message_id)
    assert held["trace_id"] == taken.message_id.hex
    assert (held["flow"], held["destination"], held["category"]) == ("test.orders", "memory.main", "test.no")
    assert "ACC-1" not in written
    assert set(other) == {"event", "level", "logger", "timestamp"}


def test_the_handler_sums_and_says_at_the_end_what_it_has_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(as_json=False)
    for number in range(20):
        logging.getLogger("hilum.test").warning("no answer %d", number)
    assert capsys.readouterr().err.count("no answer") == FIRST
    for handler in logging.getLogger().handlers:
        handler.close()
    assert "20 times" in capsys.readouterr().err

"""A test that does not end, nor lets itself be ended, ends its process: the others go on, and the log says where it is.

`pytest-timeout` interrupts a test once. What hangs after that, while its fixtures are torn down, hangs for ever. The
interpreter's own timer (`faulthandler_timeout`) is no help: the watchdog of each hub sets and cancels it.
"""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import os
import threading
import time
from collections.abc import Generator, Iterator
from types import AsyncGeneratorType
from typing import Any, Final, TextIO

import psutil
import pytest

EXIT_CODE: Final = 70  # EX_SOFTWARE of sysexits.h
_GRACE: Final = 120.0  # seconds beyond the time-out of a test that its fixtures may take
_EVERY: Final = 1.0
_FRAMES: Final = ("cr_frame", "gi_frame", "ag_frame")
_AWAITED: Final = ("cr_await", "gi_yieldfrom", "ag_await")


class Stuck:
    """Watches the test that is under way, from its first fixture to the end of its last."""

    def __init__(self, config: pytest.Config, grace: float = _GRACE) -> None:
        self._grace = grace
        self._default = float(config.getoption("timeout", None) or config.getini("timeout") or 0)
        self._says: TextIO = os.fdopen(os.dup(2), "w")  # what pytest captures is lost with its process
        self._at: tuple[str, float] | None = None  # the test, and when it must have ended
        threading.Thread(target=self._watch, name="stuck tests", daemon=True).start()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        marker = item.get_closest_marker("timeout")
        longest = float(marker.args[0]) if marker and marker.args else self._default
        self._at = (item.nodeid, time.monotonic() + longest + self._grace) if longest else None
        try:
            return (yield)
        finally:
            self._at = None

    def _watch(self) -> None:
        while True:
            time.sleep(_EVERY)
            at = self._at
            if at is not None and time.monotonic() > at[1]:
                self._give_up(at[0])

    def _give_up(self, test: str) -> None:
        self._says.write(f"\n{test} does not end; its process does.\n")
        self._says.writelines(f"{line}\n" for line in _tasks())
        self._says.flush()
        faulthandler.dump_traceback(self._says)
        for child in psutil.Process().children(recursive=True):
            child.kill()
        os._exit(EXIT_CODE)


def _tasks() -> Iterator[str]:
    """Where each task of each loop of this process stands, from its outermost coroutine inwards.

    What awaits an asynchronous generator (a fixture) does not tell which: those under way follow by themselves.
    """
    for each in gc.get_objects():
        if isinstance(each, asyncio.Task) and not each.done():
            yield repr(each)[:300]
            yield from _inwards(each.get_coro())
        elif isinstance(each, AsyncGeneratorType) and each.ag_running:
            yield "A generator under way"
            yield from _inwards(each)


def _inwards(at: Any) -> Iterator[str]:
    while at is not None:
        frame = next((found for name in _FRAMES if (found := getattr(at, name, None))), None)
        if frame is None:
            return
        yield f"    {frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_qualname}"
        at = next((found for name in _AWAITED if (found := getattr(at, name, None))), None)

"""The watchdog: a translation that does not end stops everything else in its process, so somebody outside must see it.

A thread of its own looks at what the translators are at. It says so when one takes long, and ends the process when one
takes so long that it will not end: other workers then take over its lanes, and the message is held instead of being
tried again. What it tells names flow and message, never their content.

A call that never lets other threads run (a regular expression that explodes) is seen by nobody in Python; for that the
interpreter's own timer ends the process (`faulthandler`), without a note of the message.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg

from hilum.postgres import SCHEMA

log = logging.getLogger("hilum.watchdog")

EXIT_CODE = 70
"""`EX_SOFTWARE` of sysexits.h: what the process ends with."""

_NOTE_TIMEOUT = 5  # seconds that the note of the message may take
_GRACE = 15.0  # seconds after the limit at which the interpreter's own timer ends the process


class Watchdog:
    """Watches the translations of one process. `watching` costs two assignments."""

    def __init__(self, url: str, worker: str, *, warn_after: float, end_after: float,
                 end: Callable[[int], None] = os._exit) -> None:  # fmt: skip
        self._url = url
        self._worker = worker
        self._warn_after = warn_after
        self._end_after = end_after
        self._end = end
        self._at: tuple[str, UUID, float] | None = None  # flow, message, since when by the monotonic clock
        self._told: UUID | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more. May be called twice."""
        if not self._stopping.is_set():
            self._stopping.set()
            faulthandler.cancel_dump_traceback_later()

    @contextmanager
    def watching(self, flow: str, message_id: UUID) -> Iterator[None]:
        """This message is being translated."""
        self._at = (flow, message_id, time.monotonic())
        try:
            yield
        finally:
            self._at = None

    def _watch(self) -> None:
        every = max(0.05, min(1.0, self._warn_after / 4))
        while not self._stopping.wait(every):
            at = self._at
            if at is None:
                faulthandler.cancel_dump_traceback_later()
                continue
            # If this thread gets no turn any more, the timer is not set anew and ends the process.
            faulthandler.dump_traceback_later(self._end_after + _GRACE, exit=True, file=sys.__stderr__ or sys.stderr)
            self._look(*at)
        faulthandler.cancel_dump_traceback_later()  # `stop` may have come just before the timer was set anew

    def _look(self, flow: str, message_id: UUID, since: float) -> None:
        seconds = time.monotonic() - since
        if seconds >= self._end_after:
            self._give_up(flow, message_id, seconds)
        elif seconds >= self._warn_after and self._told != message_id:
            self._told = message_id
            log.warning("the flow %s has been translating the message %s for %.1f s; nothing else goes on in this "
                        "process meanwhile", flow, message_id, seconds)  # fmt: skip

    def _give_up(self, flow: str, message_id: UUID, seconds: float) -> None:
        noted = "it is held when it is read again"
        try:
            self._note(message_id, seconds)
        except psycopg.Error as error:
            noted = f"that could not be noted ({type(error).__name__}), so it will be tried again"
        log.critical("the flow %s does not end with the message %s (%.0f s): this process ends, others take over its "
                     "work; %s", flow, message_id, seconds, noted)  # fmt: skip
        logging.shutdown()
        self._end(EXIT_CODE)

    def _note(self, message_id: UUID, seconds: float) -> None:
        """On a connection of its own: those of the pool belong to the loop, which stands still."""
        with psycopg.connect(self._url, autocommit=True, connect_timeout=_NOTE_TIMEOUT) as connection:
            connection.execute(f"SET statement_timeout = '{_NOTE_TIMEOUT}s'".encode())
            connection.execute(
                f"INSERT INTO {SCHEMA}.endless_translation (message_id, seconds, worker) VALUES (%s, %s, %s)"
                " ON CONFLICT DO NOTHING".encode(),
                [message_id, seconds, self._worker],
            )

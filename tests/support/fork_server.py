"""Runs programs of `hilum` in processes of their own that need not load it first: forks of this one.

To load it takes more of the processor than most tests do with a hub. A fork is what a fresh process is after its
imports: it has its own environment, arguments, output and signals, may be killed, and ends as an interpreter does.

Used by `support.forking`, which starts this file with a listening socket and names of modules. It ends with who started
it.
"""

from __future__ import annotations

import gc
import importlib
import io
import json
import os
import runpy
import select
import signal
import socket
import struct
import sys
import threading
import warnings
from contextlib import suppress
from typing import Any


class Asked:
    """A command that somebody asked for."""

    def __init__(self, connection: socket.socket) -> None:
        head, fds, _, _ = socket.recv_fds(connection, 4, 1)
        (size,) = struct.unpack("!I", head)
        body = b""
        while len(body) < size:
            body += connection.recv(size - len(body))
        self.connection = connection
        self.output = fds[0]
        self.words: dict[str, Any] = json.loads(body)

    def run(self) -> None:
        """A module, or a file; warnings as `python -W` has them."""
        for each in self.words["warnings"]:
            warnings.simplefilter(each)
        if self.words["program"].endswith(".py"):
            runpy.run_path(self.words["program"], run_name="__main__")
        else:
            runpy.run_module(self.words["program"], run_name="__main__")

    def answer(self, number: int) -> None:
        """The number of the process, and later how it ended."""
        self.connection.sendall(b"%d\n" % number)

    def become(self) -> None:
        """From here on this process is the one that was asked for."""
        self.connection.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.environ.clear()
        os.environ.update(self.words["environment"])
        sys.path[0:0] = [*os.environ.get("PYTHONPATH", "").split(os.pathsep)] if "PYTHONPATH" in os.environ else []
        sys.argv = [self.words["program"], *self.words["arguments"]]
        for number in self.words["outputs"]:
            os.dup2(self.output, number)
        os.close(self.output)
        sys.stdout = sys.__stdout__ = io.TextIOWrapper(open(1, "wb", closefd=False), encoding="utf-8")  # noqa: SIM115
        sys.stderr = sys.__stderr__ = io.TextIOWrapper(
            open(2, "wb", 0, closefd=False), encoding="utf-8", errors="backslashreplace", write_through=True  # noqa: SIM115
        )  # fmt: skip


def keep(asked: Asked) -> bool:
    """In a fork: one more is the program (True), and this one waits for its end, or for that of who asked for it."""
    ended, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    pid = os.fork()
    if pid == 0:
        signal.set_wakeup_fd(-1)
        os.close(ended)
        os.close(wakes)
        return True
    os.close(asked.output)
    asked.answer(pid)
    ready, _, _ = select.select([ended, asked.connection], [], [])
    if ended not in ready:  # the test is over, or its process: nobody would stop it any more
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    with suppress(OSError):
        asked.answer(os.waitstatus_to_exitcode(status))
    os._exit(0)


def next_asked(listener: socket.socket) -> Asked:
    """Returns in the fork that is to be what was asked for."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # those who wait for commands leave nothing behind
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [])
        if sys.stdin in ready:
            os._exit(0)
        connection, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            asked = Asked(connection)
            if keep(asked):
                listener.close()
                asked.become()
                return asked
        connection.close()


def main() -> None:
    """Load, and wait."""
    listener = socket.socket(fileno=int(sys.argv[1]))
    for name in sys.argv[2:]:
        importlib.import_module(name)
    assert threading.active_count() == 1, "a fork would lack the other threads"
    gc.collect()
    gc.freeze()
    next_asked(listener).run()


main()

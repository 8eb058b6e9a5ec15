"""A hub that measures itself, for `bench/breakdown.py` and `bench/floor.py`: `python -m bench.timed_hub serve …`.

The code under test stays as it is. The functions through which the message path talks to the journal and to the
destination are wrapped here, in the modules that call them, with a clock around each await. A timer of processor time
(SIGPROF) interrupts the event loop some hundred times a second of work, and the part of the hub that it is in then has
used that time: a look comes when the call of a library that is under way returns, so what the loop does below Python
counts for what runs next. Twice a second all counters are written to the file that HILUM_BENCH_COUNTERS names.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

TICK = 0.002  # seconds of processor time between two looks; the system may make it longer
WRITE_EVERY = 0.5  # seconds

SECONDS: Counter[str] = Counter()  # awaited, by step
CALLS: Counter[str] = Counter()
THINGS: Counter[str] = Counter()  # messages or deliveries in those calls
LOOKS: Counter[str] = Counter()  # by the part of the hub that the event loop was in; empty: in none

PARTS = (
    # the first fitting one counts; innermost frame of the hub first
    ("formats", "reading the format"),
    ("connectors/mllp", "source: MLLP"),
    ("connectors/http", "destination: HTTP"),
    ("connectors", "connectors, other"),
    ("postgres", "connections of the pool"),
    ("journal", "parameters and results of statements"),
    ("security", "sealing payloads"),
    ("observe", "metrics and traces"),
    ("runtime/intake", "intake and committer"),
    ("runtime/committer", "intake and committer"),
    ("runtime/translator", "translation"),
    ("flow", "translation"),
    ("runtime", "dispatcher and the rest of the runtime"),
)


def timed(step: str, function: Callable[..., Any], things: Callable[[tuple[Any, ...], Any], int]) -> Callable[..., Any]:
    """The function, with a clock around it. `things`: how many messages or deliveries one call is about."""

    @functools.wraps(function)
    async def measured(*arguments: Any, **named: Any) -> Any:
        began = time.perf_counter()
        result = await function(*arguments, **named)
        SECONDS[step] += time.perf_counter() - began
        CALLS[step] += 1
        THINGS[step] += things(arguments, result)
        return result

    return measured


def replace_everywhere(module: Any, name: str, step: str, things: Callable[[tuple[Any, ...], Any], int]) -> None:
    """In all modules of the hub that have this function under a name of theirs."""
    original = getattr(module, name)
    wrapped = timed(step, original, things)
    for loaded in list(sys.modules.values()):
        if getattr(loaded, "__name__", "").startswith("hilum"):
            for own, value in list(vars(loaded).items()):
                if value is original:
                    setattr(loaded, own, wrapped)


def wrap() -> None:
    """Put clocks around the steps of the message path."""
    importlib.import_module("hilum.cli.serve")  # all that a hub loads must be there to be wrapped
    from hilum.connectors.http.endpoint import Endpoint
    from hilum.journal import receipt, work

    def second(arguments: tuple[Any, ...], _: Any) -> int:
        return len(arguments[1])

    def found(_: tuple[Any, ...], result: Any) -> int:
        return len(result[0] if isinstance(result, tuple) else result)

    replace_everywhere(receipt, "receive", "commit of receipt", second)
    replace_everywhere(work, "take_received", "taking messages", found)
    replace_everywhere(work, "bodies", "reading bodies", second)
    replace_everywhere(work, "commit_translated", "commit of routing", lambda arguments, _: len(arguments[2]))
    replace_everywhere(work, "take_deliveries", "taking deliveries", found)
    replace_everywhere(work, "commit_delivered", "commit of outcomes", lambda arguments, _: len(arguments[2]))
    endpoint: Any = Endpoint
    endpoint.deliver = timed("calls of the receiver", Endpoint.deliver, second)


def part_of(frame: FrameType | None) -> str:
    """The part of the hub that a stack is in; empty where the event loop is in no part of it."""
    while frame is not None:
        name = frame.f_code.co_filename
        at = name.rfind("/hilum/")
        if at >= 0 and frame.f_code.co_name != "measured":
            inside = name[at + len("/hilum/") :]
            for prefix, part in PARTS:
                if inside.startswith(prefix):
                    return part
            if not inside.startswith("cli"):  # the frame that started everything
                return f"other: {inside.partition('/')[0]}"
        frame = frame.f_back
    return ""


def look(_: int, frame: FrameType | None) -> None:
    """Called for each tick of processor time that the process has used, where the event loop is then."""
    LOOKS[part_of(frame)] += 1


def watch(target: Path) -> None:
    """Write the counters, again and again."""
    while True:
        time.sleep(WRITE_EVERY)
        write(target)


def write(target: Path) -> None:
    """All counters, at once."""
    whole = {
        "seconds": dict(SECONDS),
        "calls": dict(CALLS),
        "things": dict(THINGS),
        "looks": dict(LOOKS),
    }
    draft = target.with_suffix(".draft")
    draft.write_text(json.dumps(whole))
    draft.replace(target)


def main() -> None:
    """Run the command line with clocks."""
    wrap()
    target = Path(os.environ["HILUM_BENCH_COUNTERS"])
    threading.Thread(target=watch, args=(target,), daemon=True).start()
    signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, TICK, TICK)
    from hilum.cli import main as command

    command()


if __name__ == "__main__":
    main()

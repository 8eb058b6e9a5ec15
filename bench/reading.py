"""What benches of formats share: a large file in chunks, how fast a function reads it, and how much memory it takes."""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator

CHUNK = 64 * 1024  # as a folder reads
REPEATS = 5


def chunks(one: bytes, size: int) -> Iterator[bytes]:
    """`one` again and again, as a folder reads it: at least `size` bytes."""
    rest = b""
    for _ in range(size // len(one) + 1):
        rest += one
        while len(rest) >= CHUNK:
            yield rest[:CHUNK]
            rest = rest[CHUNK:]
    yield rest


def rate(function: Callable[[list[bytes]], None], data: list[bytes], repeats: int = REPEATS) -> float:
    """Megabytes in a second of processor time, the median of repeats."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        function(data)
        times.append(time.process_time() - start)
    return sum(map(len, data)) / 1e6 / statistics.median(times)


def peak(function: Callable[[Iterable[bytes]], None], data: Iterable[bytes]) -> float:
    """Megabytes that reading a file holds at most."""
    tracemalloc.start()
    function(data)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found / 1e6

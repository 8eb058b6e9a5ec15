"""The cache of bodies stays within its bounds, whatever is put into it and in whatever order."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.runtime.cache import BodyCache

PUT = st.tuples(st.just("put"), st.integers(0, 20), st.integers(0, 3_000), st.booleans())
TAKE = st.tuples(st.just("take"), st.integers(0, 20), st.just(0), st.just(False))


@pytest.mark.req("MSG-11")
@given(steps=st.lists(PUT | TAKE, max_size=100))
def test_bodies_and_parsed_forms_are_bounded_and_what_is_found_is_right(
    steps: list[tuple[str, int, int, bool]],
) -> None:
    cache = BodyCache(limit_bytes=10_000, limit_parsed=4_000)
    last: dict[int, tuple[bytes, object]] = {}
    for what, number, size, parsed in steps:
        ref = (UUID(int=number), -1)
        if what == "put":
            last[number] = (bytes(size), object() if parsed else None)
            cache.put(ref, *last[number])
        elif (found := cache.take(ref)) is not None:
            assert found[0] is last[number][0]
            assert found[1] in (None, last[number][1])
            assert cache.take(ref) is None
    kept = list(cache._bodies.values())
    assert sum(map(len, kept)) + 500 * len(kept) == cache._size <= 10_000
    assert sum(len(cache._bodies[ref]) for ref in cache._parsed) == cache._size_parsed <= 4_000


def test_the_oldest_go_first() -> None:
    cache = BodyCache(limit_bytes=3_000)
    for number in range(6):
        cache.put((UUID(int=number), -1), bytes(500), "parsed")
    assert [cache.take((UUID(int=number), -1)) is not None for number in range(6)] == [False] * 3 + [True] * 3
    assert len(cache) == 0

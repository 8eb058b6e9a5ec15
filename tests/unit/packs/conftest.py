"""Fixtures of the tests of the packs: their samples and lookup tables."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from packs_support import SAMPLES

from hilum.connector import Outgoing, Target
from hilum.flow import Lookup
from hilum.formats import hl7v2 as hl7


@pytest.fixture
def anything() -> Target:
    """A target that takes every object."""
    return Target(endpoint="test", encode=lambda thing: Outgoing(body=b"{}"))


@pytest.fixture
def lookup() -> Lookup:
    return Lookup(SAMPLES / "lookups")


@pytest.fixture
def sample() -> Callable[[str], bytes]:
    return lambda name: (SAMPLES / name).read_bytes()


@pytest.fixture
def edited(sample: Callable[[str], bytes]) -> Callable[..., bytes]:
    """A sample with other values at some paths."""

    def edit(name: str, changes: dict[str, str]) -> bytes:
        msg = hl7.parse(sample(name))
        for path, value in changes.items():
            msg[path] = value
        return msg.encode()

    return edit

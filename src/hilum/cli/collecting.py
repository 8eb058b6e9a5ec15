"""How often a process that runs a hub looks for rubbish in its memory."""

from __future__ import annotations

import gc
from typing import Final

_YOUNG: Final = 10_000
"""Objects made and not yet freed before the youngest are looked at. By default 700: a single batch makes more."""


def collect_rarely() -> None:
    """Leave what the start has loaded out of all later looks for cycles. Call when a hub is up.

    Libraries, flows and pages are some hundred thousand objects that live as long as the process. Walking through all
    of them takes about fifty milliseconds in which the event loop stands still, and happens the more often the busier
    it is: the slowest urgent messages were those that met it. What is made from now on is looked at as ever.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 10, 10)

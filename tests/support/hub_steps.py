"""What a random history of hubs is made of, and the model that says how it may end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

KEYS = {"a": "hold_key", "b": "hold_key", "p": "pass", "": "hold_key"}
"""Ordering keys, and what the flow of each does with a key of which one is held. Those without a key have no order."""

FATES = {
    "ok": "nothing happens to it",
    "busy": "each receiver is busy at its first two calls",
    "lost": "each receiver does it, and its first answer is lost",
    "refused": "the first receiver refuses it until a person has seen to it",
    "unread": "it cannot be translated until a person has seen to it",
    "poison": "the receiver of batches refuses every batch that holds it, until a person has seen to it",
    "jam": "the receiver of batches cannot take the first two batches that hold it",
}
HELD_AT = {"refused": "memory.main", "poison": "memory.1", "unread": ""}
"""Where a message of this fate is held for a person. No other one may ever be held."""

PLACES = ("memory.main", "memory.1")

Step = tuple[Any, ...]
"""The name of a method of `History`, and its arguments."""


def histories(*, least: int = 1, most: int = 12, messages: int = 6) -> SearchStrategy[list[Step]]:
    """So many steps, each of which sends at most so many messages. The first one sends, and many others do.

    When hypothesis shortens a history it tries what comes first here in place of what comes later.
    """
    send = st.tuples(
        st.just("send"),
        st.sampled_from(list(KEYS)),
        st.lists(st.sampled_from(list(FATES)), min_size=1, max_size=messages),
    )
    step = st.one_of(
        *[send] * 4,  # so likely is it
        st.just(("rest",)),
        st.tuples(st.just("decide"), st.integers(0, 3), st.sampled_from(["replay", "discard", "edit"])),
        st.tuples(st.just("repeat"), st.integers(0, 3)),
        st.tuples(st.just("again"), st.integers(0, 9)),
        st.tuples(st.sampled_from(["up", "down"]), st.sampled_from(PLACES)),
        st.tuples(st.just("kill"), st.integers(0, 1)),
    )
    return st.builds(
        lambda first, others: [first, *others], send, st.lists(step, min_size=least - 1, max_size=most - 1)
    )


def permitted(count: int, found: list[int], gone: set[int], *, passes: Iterable[int]) -> bool:
    """May a receiver have seen these first effects of a key's messages 0 … count−1, in this order?

    Every message has an effect, unless a person ended it (then it may have one: before that, or when it is replayed
    later). They come in the order of receipt; with `on_held="pass"` those that were ever held may come later than that.
    """
    once = len(set(found)) == len(found)
    whole = set(range(count)) - gone <= set(found) <= set(range(count))
    in_order = [number for number in found if number not in {*passes, *gone}]
    return once and whole and in_order == sorted(in_order)

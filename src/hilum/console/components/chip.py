"""A state as a word with a shape and a colour: no meaning by colour alone."""

from __future__ import annotations

from collections.abc import Mapping

from hilum.console.markup import Html, tag
from hilum.console.words import DELIVERY_STATES, MESSAGE_STATES, RUN_STATES, StateWord


def message_chip(state: str) -> Html:
    """The state of a message."""
    return _chip(MESSAGE_STATES, state)


def delivery_chip(state: str) -> Html:
    """The state of a delivery."""
    return _chip(DELIVERY_STATES, state)


def run_chip(status: str) -> Html:
    """The status of a run of a process."""
    return _chip(RUN_STATES, status)


def chip(word: str, look: str, meaning: str = "") -> Html:
    """Any word with one of the looks: flowing, waiting, held, done, off, hurt."""
    return tag("span", tag("i", class_="shape", aria_hidden="true"), word, class_=f"chip {look}", title=meaning or None)


def _chip(words: Mapping[str, StateWord], state: str) -> Html:
    known = words.get(state) or StateWord(state, "off", "")
    return chip(known.word, known.look, known.meaning)

"""The number of a thing as a field like any other: the system that gives the numbers owns it.

Only of things that are matched and go by the numbers of one system. What is in force is what the crosswalk says that
this system gave; what another system shows for it is judged as an owned field is, so a number that somebody changes
there by hand is put right at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hilum.canonical import identity_of
from hilum.flow import Yielded
from hilum.masterdata.ownership import Others, Rule
from hilum.masterdata.sync import Document


def number_field(yielded: Yielded) -> str:
    """The field that is the number, of a thing that goes by the numbers of one system; empty: it is none."""
    if yielded.identity is None or not yielded.identity.numbers:
        return ""
    (name,) = identity_of(yielded.thing)
    return name


def number_shown(yielded: Yielded) -> Mapping[str, str]:
    """The number that the sender shows, as a value beside those that are told. Empty: it says nothing about it."""
    name, identity = number_field(yielded), yielded.identity
    return {name: identity.shown} if name and identity is not None and identity.shown is not None else {}


def number_rules(yielded: Yielded) -> Mapping[str, Rule]:
    """Who owns it."""
    name, identity = number_field(yielded), yielded.identity
    if not name or identity is None:
        return {}
    return {name: Rule(owner=identity.numbers, others=Others.IGNORE, place="goes_by")}


def put_in_force(yielded: Yielded, document: Document, fingerprint: Callable[[Any], str]) -> None:
    """Note the number that the thing has, before what the sender shows is judged."""
    name, identity = number_field(yielded), yielded.identity
    if not name or identity is None or not identity.given:
        return
    state, value = document.field(name), fingerprint(identity.given)
    if state.value != value:
        state.value, state.system, state.at = value, identity.numbers, 0.0
    document.values[name] = identity.given

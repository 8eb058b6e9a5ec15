"""How two values of a field are compared, and what their likeness says: pure functions, and evidence in bits.

A field counts as in the model of Fellegi and Sunter: agreement is evidence for one thing, disagreement against, each
in bits (one bit doubles the odds); a value that is missing on one side says nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from hilum.masterdata.matching import normal

Likeness = Callable[[str, str], float]
"""From 0, nothing in common, to 1, the same; of two values in their normal form, neither empty."""

_FREE_MAIL = frozenset(("gmail.com", "gmx.de", "web.de", "outlook.com", "yahoo.com", "t-online.de", "hotmail.com"))


def equal(left: str, right: str) -> float:
    """1 or 0."""
    return float(left == right)


def nearly(left: str, right: str) -> float:
    """Equal 1; one character wrong, missing, added, or two exchanged 0.5; else 0. For numbers of six and more."""
    if left == right:
        return 1.0
    if min(len(left), len(right)) < 6:
        return 0.0
    return 0.5 if OSA.distance(left, right, score_cutoff=1) <= 1 else 0.0


def spelling(left: str, right: str) -> float:
    """How much of two texts is the same, letter by letter."""
    return fuzz.ratio(left, right) / 100


def wording(left: str, right: str) -> float:
    """The same of names; a name that has only some words of the other is nearly as good as a misspelt one."""
    plain = fuzz.ratio(left, right)
    if plain >= 90:
        return plain / 100
    return max(plain, fuzz.token_set_ratio(left, right) * 0.9) / 100


def mailbox(left: str, right: str) -> float:
    """Equal 1; the same domain, if it is a company's own, 0.5; else 0."""
    if left == right:
        return 1.0
    domain = left.partition("@")[2]
    return 0.5 if domain and domain == right.partition("@")[2] and domain not in _FREE_MAIL else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a kind of record."""

    name: str
    normal: Callable[[str], str]
    likeness: Likeness
    levels: tuple[tuple[float, float], ...]  # (likeness of at least, bits), the highest first; the last is (0, …)

    def bits(self, likeness: float) -> float:
        """What this likeness says, in bits."""
        return next(bits for least, bits in self.levels if likeness >= least)

    @property
    def best(self) -> float:
        """The most that the field can say."""
        return self.levels[0][1]


def exact(name: str, agree: float, differ: float, form: Callable[[str], str] = normal.code) -> Field:
    """A field that is the same or is not."""
    return Field(name=name, normal=form, likeness=equal, levels=((1.0, agree), (0.0, differ)))


def number(name: str, agree: float, near: float, differ: float, form: Callable[[str], str] = normal.code) -> Field:
    """A number that people type, and mistype by a digit."""
    return Field(name=name, normal=form, likeness=nearly, levels=((1.0, agree), (0.5, near), (0.0, differ)))

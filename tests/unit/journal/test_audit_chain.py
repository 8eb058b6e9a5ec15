"""The rules of the chain, without a database: what is changed, removed, moved or added is found, the first first."""

from __future__ import annotations

import random
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from hilum.journal.audit.chain import FIRST, Act, Link, link_hash
from hilum.journal.audit.checkpoints import Checkpoint, Trust
from hilum.journal.audit.verification import ChainCheck, MonthReport, Row, Wrong
from hilum.security.signing import SigningKey

pytestmark = pytest.mark.req("SEC-7")

MONTH = "2026-11-01"
START = 1_793_800_000_000_000
KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


def chain(acts: list[Act]) -> list[Row]:
    """Links over these acts, each a tenth of a second after its act."""
    rows, previous = [], FIRST
    for number, act in enumerate(acts, 1):
        linked_at = act.at + 100_000
        digest = link_hash(previous, MONTH, number, linked_at, None, act)
        rows.append(Row(Link(MONTH, number, act.id, linked_at, None, digest), act))
        previous = digest
    return rows


def acts(count: int) -> list[Act]:
    return [
        Act(n, START + n * 1_000_000, "eva", "replay", "orders", None, None, f"reason {n}") for n in range(1, count + 1)
    ]


def checkpoint(row: Row, serial: int = 1, key: SigningKey = KEY) -> Checkpoint:
    unsigned = Checkpoint(serial, MONTH, row.link.number, row.link.hash, row.link.linked_at, key.name, b"")
    return unsigned._replace(signature=key.sign(unsigned.signed()))


def check(rows: list[Row], *checkpoints: Checkpoint) -> MonthReport:
    found = ChainCheck(MONTH, checkpoints, Trust([KEY.public]))
    for start in range(0, len(rows), 7):  # portions must not matter
        found.feed(rows[start : start + 7])
    return found.end()


def first(report: MonthReport) -> tuple[Wrong, int | None]:
    assert report.first is not None, "nothing was found"
    return report.first.wrong, report.first.number


CHANGES = st.sampled_from(
    [
        ("id", 4711), ("at", START + 7), ("actor", "mallory"), ("action", "login"), ("flow", ""),
        ("message_id", "018f0000-0000-7000-8000-000000000000"), ("ordinal", 0), ("words", "nothing happened"),
    ]
)  # fmt: skip


@given(count=st.integers(1, 40), at=st.integers(0, 39), change=CHANGES)
def test_a_change_of_any_column_is_found_where_it_is(count: int, at: int, change: tuple[str, Any]) -> None:
    rows = chain(acts(count))
    at %= count
    act = rows[at].act
    assert act is not None
    rows[at] = rows[at]._replace(act=act._replace(**{change[0]: change[1]}))

    report = check(rows)

    assert first(report) == (Wrong.CHANGED, at + 1)
    assert report.wrong == 1, "the others are as they were"


@given(count=st.integers(2, 40), seed=st.integers(0, 10_000))
def test_any_random_tampering_is_found(count: int, seed: int) -> None:
    pick = random.Random(seed)
    rows = chain(acts(count))
    last = checkpoint(rows[-1])
    one, other = pick.sample(range(count), 2)
    tampered = list(rows)
    kind = pick.choice(["remove act", "remove link", "swap acts", "swap rows", "cut the end", "relink", "relink short"])
    expected = min(one, other) + 1
    if kind == "remove act":
        tampered[one] = rows[one]._replace(act=None)
        expected = one + 1
    elif kind == "remove link":
        del tampered[one]
        expected = one + 1
    elif kind == "swap acts":
        tampered[one] = rows[one]._replace(act=rows[other].act)
        tampered[other] = rows[other]._replace(act=rows[one].act)
    elif kind == "swap rows":
        links = [row.link for row in rows]
        tampered[one] = Row(links[other]._replace(number=one + 1), rows[other].act)
        tampered[other] = Row(links[one]._replace(number=other + 1), rows[one].act)
    elif kind == "cut the end":
        del tampered[one:]
        expected = one + 1
    else:
        changed = [row.act for row in rows if row.act is not None]
        changed[one] = changed[one]._replace(words="nothing happened")
        tampered = chain(changed if kind == "relink" else changed[:-1])
        expected = count

    assert first(check(tampered, last))[1] == expected, kind


def test_a_chain_that_was_rewritten_whole_is_found_by_the_checkpoint_after_the_change() -> None:
    honest = chain(acts(20))
    signed = [checkpoint(honest[4], 1), checkpoint(honest[14], 2)]
    forged = acts(20)
    forged[9] = forged[9]._replace(actor="somebody else")

    report = check(chain(forged), *signed)

    assert first(report) == (Wrong.CHECKPOINT, 15)
    assert report.first is not None and "links 6 to 15 were rewritten" in report.first.words
    assert report.covered == 5


def test_a_forged_checkpoint_counts_for_nothing() -> None:
    rows = chain(acts(3))
    stranger = SigningKey(Ed25519PrivateKey.generate())
    theirs = check(rows, checkpoint(rows[2], key=stranger)).first
    ours_changed = check(rows, checkpoint(rows[2])._replace(at=START)).first

    assert theirs is not None and "not trusted here" in theirs.words
    assert ours_changed is not None and "signature is false" in ours_changed.words


@pytest.mark.parametrize("minutes", [-60, 60])
def test_an_act_with_a_time_of_its_own_choosing_is_found(minutes: int) -> None:
    found = acts(3)
    honest = chain(found)
    forged = found[2]._replace(at=found[2].at + minutes * 60_000_000)
    linked_at = honest[2].link.linked_at
    digest = link_hash(honest[1].link.hash, MONTH, 3, linked_at, None, forged)
    rows = [*honest[:2], Row(Link(MONTH, 3, 3, linked_at, None, digest), forged)]

    assert first(check(rows)) == (Wrong.BACKDATED, 3)


def test_an_act_of_a_time_when_nobody_sealed_is_not_backdated() -> None:
    early, late = acts(1)[0], acts(2)[1]._replace(at=START + 7_200_000_000)
    linked_at, since = START + 10_000_000_000, START + 60_000_000
    rows, previous = chain([early]), chain([early])[0].link.hash
    digest = link_hash(previous, MONTH, 2, linked_at, since, late)
    rows.append(Row(Link(MONTH, 2, 2, linked_at, since, digest), late))

    report = check(rows)

    assert report.first is None
    assert len(report.still) == 1


def test_the_portions_of_one_long_pass_make_the_same_claim() -> None:
    rows, previous = [], FIRST
    for number in (1, 2):
        act = Act(number, START, "eva", "replay", "", None, None, "")
        linked_at = START + number * 10_000_000_000
        previous = link_hash(previous, MONTH, number, linked_at, 0, act)
        rows.append(Row(Link(MONTH, number, number, linked_at, 0, previous), act))

    report = check(rows)

    assert report.first is None
    assert len(report.still) == 1


def test_who_claims_that_nobody_sealed_is_contradicted_by_links_of_that_time() -> None:
    honest = chain(acts(1000))
    act = Act(1001, START, "eva", "replay", "", None, None, "")
    linked_at, since = honest[-1].link.linked_at + 1, START
    digest = link_hash(honest[-1].link.hash, MONTH, 1001, linked_at, since, act)

    report = check([*honest, Row(Link(MONTH, 1001, 1001, linked_at, since, digest), act)])

    assert first(report) == (Wrong.BACKDATED, 1001)


def test_the_form_that_is_hashed_is_the_one_that_is_documented() -> None:
    """Locks the form: a chain that was made by an earlier version is verified by a later one."""
    act = Act(7, START, "eva", "replay", "orders", None, 0, 'says "é"\n')

    form = f'[1,"{MONTH}",1,{START + 1},null,7,{START},"eva","replay","orders",null,0,"says \\"é\\"\\n"]'
    assert link_hash(FIRST, MONTH, 1, START + 1, None, act) == sha256(bytes(32) + form.encode()).digest()

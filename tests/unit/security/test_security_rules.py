"""Roles, delays and password rules, without a database."""

from __future__ import annotations

from itertools import pairwise

import pytest

from hilum.security import PERMISSIONS, Permission, Role, WeakPassword, allows, who_can
from hilum.security.passwords import check_strength, hash_password, matches
from hilum.security.sessions import new_token, token_hash
from hilum.security.throttle import delay_after, peer_of


@pytest.mark.req("SEC-4")
def test_each_role_may_do_all_that_the_one_before_it_may() -> None:
    roles = list(Role)
    for lower, higher in pairwise(roles):
        assert PERMISSIONS[lower] < PERMISSIONS[higher]


def test_a_viewer_may_nothing_but_look() -> None:
    assert not any(allows(Role.VIEWER, permission) for permission in Permission)


def test_who_can_is_said_in_words() -> None:
    assert who_can(Permission.DISCARD) == "steward or admin"
    assert who_can(Permission.MANAGE_USERS) == "admin"


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (3, 0), (4, 1), (5, 2), (6, 4), (13, 512), (14, 900), (10_000, 900)]
)
def test_the_delay_doubles_up_to_a_quarter_of_an_hour(failures: int, seconds: float) -> None:
    assert delay_after(failures) == seconds


@pytest.mark.parametrize("password", ["short", "x" * 257, "aaaaaaaaaaaaaaa", "abababababab"])
def test_weak_passwords_are_refused_without_being_quoted(password: str) -> None:
    with pytest.raises(WeakPassword) as refused:
        check_strength("ada", password)
    assert password not in str(refused.value)


def test_a_password_that_is_hardly_more_than_the_name_is_refused() -> None:
    with pytest.raises(WeakPassword):
        check_strength("konstantinopel", "konstantinopel1")


async def test_a_hash_is_argon2id_salted_and_matches_only_its_password() -> None:
    first, second = await hash_password("four small grey boats"), await hash_password("four small grey boats")
    assert first.startswith("$argon2id$")
    assert first != second
    assert await matches("four small grey boats", first)
    assert not await matches("four small grey goats", first)
    assert not await matches("four small grey boats", None)
    assert not await matches("there is no such user", None)
    assert not await matches("four small grey boats", "not a hash")


def test_tokens_differ_and_only_their_hash_is_kept() -> None:
    token = new_token()
    assert token != new_token()
    assert len(token) >= 43
    assert token.encode() not in token_hash(token)
    assert token_hash(token) == token_hash(token)


@pytest.mark.parametrize(
    ("host", "peer"),
    [
        ("10.20.0.5", "10.20.0.5"), ("::ffff:10.20.0.5", "10.20.0.5"), ("fe80::1%eth0", "fe80::/64"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("", "unknown"), ("testclient", "testclient"),
    ],
)  # fmt: skip
def test_a_network_of_one_host_counts_as_one_place(host: str, peer: str) -> None:
    assert peer_of(host) == peer

"""The navigation: areas in their order, tabs where an area has several pages, and nothing for the wrong role."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from hilum.console.navigation import AREAS, side, tabs
from hilum.security import Role, User

pytestmark = pytest.mark.req("UX-1")


def user(role: Role) -> User:
    return User(
        name="mia", role=role, disabled=False, created_at=datetime.now(UTC), created_by="test", last_login_at=None
    )


def links(html: str) -> list[str]:
    return re.findall(r'href="([^"]+)"', html)


def test_areas_come_in_the_order_of_the_design_and_the_role_decides_what_is_seen() -> None:
    whole = side("/", user(Role.ADMIN), {})
    assert links(whole) == ["/", "/desk", "/messages", "/flows", "/workflows/runs", "/master/crosswalk",
                            "/reconciliation", "/approvals", "/business", "/operations", "/audit",
                            "/users"]  # fmt: skip
    assert "/users" not in links(side("/", user(Role.STEWARD), {}))


def test_an_area_leads_to_where_something_waits_and_counts_it() -> None:
    html = side("/", user(Role.STEWARD), {"/master/matches": 2, "/master/published": 1})
    assert "/master/matches" in links(html)
    assert '<span class="count">3</span>' in html


def test_master_data_has_a_tab_for_each_page_and_marks_the_one_that_is_open() -> None:
    html = tabs("/master/crosswalk/item-17", user(Role.VIEWER), {"/master/matches": 2})
    assert links(html) == [place.path for place in next(each for each in AREAS if each.label == "Master data").places]
    assert html.count('aria-current="page"') == 1
    assert re.search(r'href="/master/crosswalk" aria-current="page"', html)


def test_a_task_belongs_to_the_desk() -> None:
    html = tabs("/workflows/tasks/0199d1a0", user(Role.VIEWER), {"/desk": 2})
    assert re.search(r'href="/desk" aria-current="page"', html)
    assert links(html) == ["/desk", "/exceptions"]


def test_an_area_of_one_page_has_no_tabs() -> None:
    assert tabs("/audit", user(Role.VIEWER), {}) == ""

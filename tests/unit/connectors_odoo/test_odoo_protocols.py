"""What Odoo has announced to remove is counted down, and a case a year before where there is something to do."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from hilum.connectors.odoo.protocols import RPC_ENDS, countdown, deprecated

pytestmark = pytest.mark.req("NEW-9")

EARLY, LATE, AFTER = date(2026, 11, 21), date(2027, 9, 2), date(2029, 1, 1)


def test_the_days_are_counted() -> None:
    assert f"in {(RPC_ENDS - EARLY).days} days" in countdown((19, 0), "jsonrpc", EARLY)
    assert "has no JSON-RPC" in countdown((19, 0), "jsonrpc", AFTER)
    assert "by itself" in countdown((18, 0), "jsonrpc", EARLY)
    assert countdown((19, 0), "json2", AFTER) == ""
    assert "Odoo removes XML-RPC" in countdown((18, 0), "xmlrpc", EARLY)


@pytest.mark.parametrize(
    ("version", "protocol", "today", "cases"),
    [
        ((19, 0), "jsonrpc", EARLY, 0),
        ((19, 0), "jsonrpc", LATE, 1),
        ((19, 0), "jsonrpc", AFTER, 1),
        ((18, 0), "jsonrpc", LATE, 0),  # it has nothing else: nobody can do anything
        ((19, 0), "xmlrpc", LATE, 1),
        ((19, 0), "json2", LATE, 0),
    ],
)
def test_a_case_is_opened_in_time(version: tuple[int, int], protocol: str, today: date, cases: int) -> None:
    found = deprecated(version, protocol, today)
    assert len(found) == cases
    for each in found:
        assert (each.category, each.due) == ("endpoint.protocol", datetime(2028, 9, 1, tzinfo=UTC))
        assert ("the proxy" if protocol == "xmlrpc" else "set protocol to auto") in each.words

"""A payload on a page: whatever it holds, the page is made, is bounded, and shows no markup of its own."""

from __future__ import annotations

import pytest

from hilum.console.components.payload import MASK, MOST_PARSED, MOST_SHOWN, masked, shown


@pytest.mark.req("SEC-6")
@pytest.mark.parametrize("levels", [500, 1000, 5000])
def test_a_deeply_nested_payload_has_a_page(levels: int) -> None:
    body = b"[" * levels + b'"Quillfeather"' + b"]" * levels
    assert "Quillfeather" in shown(body)
    assert "Quillfeather" not in masked(body)


@pytest.mark.req("SEC-6")
@pytest.mark.parametrize(
    "body",
    [
        b'{"note": "' + b"x" * MOST_PARSED + b'"}',
        b"MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5\rPID|1||" + b"7~" * MOST_PARSED,
    ],
    ids=["json", "hl7"],
)
def test_a_large_payload_is_shown_by_its_beginning(body: bytes) -> None:
    assert len(shown(body)) < MOST_SHOWN + 1000
    assert len(masked(body)) < 1000


@pytest.mark.req("SEC-6")
def test_markup_in_a_payload_is_text() -> None:
    body = b'{"<img src=x>": "<script>alert(1)</script>"}'
    for html in (shown(body), masked(body)):
        assert "<img" not in html
        assert "<script" not in html
    assert MASK in masked(body)

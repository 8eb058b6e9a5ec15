"""What goes over XML-RPC arrives as it was, or is refused; no answer, however broken, escapes as another error."""

from __future__ import annotations

import xmlrpc.client
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.connectors.odoo.faults import Refusal, judge_fault
from hilum.connectors.odoo.xml_values import Unreadable, decode, encode
from hilum.errors import Down, Failure, TryAgain

pytestmark = pytest.mark.req("SYS-2")

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"))
WHOLE = st.integers(-(2**31), 2**31 - 1)
PLAIN = st.recursive(
    st.booleans() | WHOLE | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
MARSHALLED = """Traceback (most recent call last):
  File "/odoo/addons/base/controllers/rpc.py", line 160, in xmlrpc_2
    response = self._xmlrpc(service)
  File "/usr/lib/python3.12/xmlrpc/client.py", line 541, in dump_nil
    raise TypeError("cannot marshal None unless allow_none is enabled")
TypeError: cannot marshal None unless allow_none is enabled
"""
CALLED = MARSHALLED.replace("in xmlrpc_2", "in dispatch_rpc")


def answer(value: Any) -> bytes:
    return xmlrpc.client.dumps((value,), methodresponse=True).encode()


@given(PLAIN)
def test_what_is_sent_and_what_is_answered_arrive_as_they_were(value: Any) -> None:
    (sent,), method = xmlrpc.client.loads(encode("common", [value]))
    assert (sent, method) == (value, "common")
    assert decode(answer(value)) == value


def test_line_ends_dates_and_nothing() -> None:
    call = ["db", 2, "key", "res.partner", "write", [[1], {"a": "x\r\ny\rz", "b": date(2026, 11, 21), "c": None}], {}]
    sent, _ = xmlrpc.client.loads(encode("execute_kw", call))
    assert sent[5] == [[1], {"a": "x\r\ny\rz", "b": "2026-11-21", "c": False}]
    cells = ["db", 2, "key", "res.partner", "load", [["id", "ref"], [["hilum.x", None]]], {"x": None}]
    sent, _ = xmlrpc.client.loads(encode("execute_kw", cells))
    assert (sent[5], sent[6]) == ([["id", "ref"], [["hilum.x", ""]]], {"x": False})


@pytest.mark.parametrize("value", ["a\x0bb", "\x00", "\ufffe", 2**31, -(2**31) - 1, {"a": [{"\x01": 1}]}])
def test_what_xml_cannot_carry_is_refused_before_it_is_sent(value: Any) -> None:
    with pytest.raises(Refusal) as caught:
        encode("execute_kw", ["db", 2, "key", "res.partner", "create", [value], {}])
    assert caught.value.category == "odoo.not_in_xml"


@given(st.binary(max_size=60), st.integers(0, 400), PLAIN)
def test_a_broken_answer_is_unreadable_and_nothing_else(noise: bytes, place: int, value: Any) -> None:
    whole = answer(value)
    for body in (noise, whole[: place % len(whole)], whole[:place] + noise + whole[place + len(noise) :]):
        try:
            decode(body)
        except (Unreadable, xmlrpc.client.Fault):
            continue


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><methodResponse><params><param><value>&b;</value>"
        b"</param></params></methodResponse>",
        b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'>" + answer(1).partition(b"?>")[2],
        b"<methodResponse>" + b"<value><array><data>" * 100_000,
        b"<methodCall><params><param><value>1</value></param></params></methodCall>",
        b"<methodResponse><params></params></methodResponse>",
        b"<methodResponse><params><param><value><int>"
        + b"9" * 5000
        + b"</int></value></param></params></methodResponse>",
        b"<methodResponse><fault><value><struct></struct></value></fault></methodResponse>",
        b"",
    ],
)
def test_a_hostile_answer_is_not_read(body: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(body)


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        (2, "The entry is posted.", "odoo.user"),
        (3, "Access Denied", Down),
        (4, "You are not allowed", "odoo.access"),
        (1, 'Traceback (most recent call last):\n  File "x", line 1, in y\nValueError: Invalid field', "odoo.defect"),
        (
            1,
            'Traceback (most recent call last):\n  File "x", line 1, in y\n    z()\nKeyError: 1\n\n'
            "During handling of the above exception, another exception occurred:\n\n"
            'Traceback (most recent call last):\n  File "x", line 1, in execute_kw\n'
            "psycopg2.errors.SerializationFailure: could not serialize access\nDETAIL:  SECRET\n",
            TryAgain,
        ),
        (1, CALLED, "odoo.defect"),
        (1, "no traceback, SECRET", "odoo.defect"),
        ("warning -- UserError", "SECRET", "odoo.defect"),
    ],
)
def test_each_fault_says_what_happens_next(code: Any, text: str, expected: type[Failure] | str) -> None:
    failure = judge_fault(code, text)
    if isinstance(expected, str):
        assert isinstance(failure, Refusal)
        assert failure.category == expected
    else:
        assert isinstance(failure, expected)
    assert "Traceback" not in str(failure)
    assert "SECRET" not in str(failure)


def test_a_call_whose_answer_could_not_be_written_is_done() -> None:
    assert judge_fault(1, MARSHALLED) is None

"""Every line of the error tables that were measured on Odoo 18 and 19, and what the hub does next."""

from __future__ import annotations

import orjson
import pytest

from hilum.connectors.odoo.faults import Refusal, clean, is_transient, judge, judge_http, judge_message
from hilum.errors import Down, Failure, Rejected, TryAgain, Unsure

ACCESS, MISSING, VALIDATION, USER = "odoo.access", "odoo.missing", "odoo.validation", "odoo.user"
DEFECT, NOT_INSTALLED, TOO_LARGE = "odoo.defect", "odoo.not_installed", "odoo.too_large"

# (status, name, start of message) → category, or the class of failure
JSON2 = [
    (403, "odoo.exceptions.AccessError", "Private methods (such as 'x') cannot be called remotely.", ACCESS),
    (404, "werkzeug.exceptions.NotFound", "The method 'res.partner.nope' does not exist", NOT_INSTALLED),
    (404, "werkzeug.exceptions.NotFound", "the model 'no.model' does not exist", NOT_INSTALLED),
    (404, "odoo.exceptions.MissingError", "Record does not exist or has been deleted.", MISSING),
    (404, "werkzeug.exceptions.NotFound", "Did you mean POST /json/2/<model>/<method>?", DEFECT),
    (500, "builtins.ValueError", "Invalid field 'nofield' in 'res.partner'", DEFECT),
    (500, "builtins.ValueError", "Invalid field 'nofield' on 'res.partner'", DEFECT),
    (500, "builtins.ValueError", "Invalid field res.partner.nofield in condition ('nofield', '=', 1)", DEFECT),
    (500, "builtins.ValueError", "Invalid operator in condition", DEFECT),
    (500, "builtins.ValueError", "Wrong value for res.partner.type: 'zz'", DEFECT),
    (500, "psycopg2.errors.InvalidTextRepresentation", 'invalid input syntax for type integer: "Belgium"', DEFECT),
    (500, "builtins.ValueError", "could not convert string to float: 'abc'", DEFECT),
    (422, "odoo.exceptions.ValidationError", "The operation cannot be completed: Missing required value", VALIDATION),
    (422, "odoo.exceptions.ValidationError", "The operation cannot be completed: Contacts require a name", VALIDATION),
    (422, "odoo.exceptions.UserError", "The entry BILL/2026/11/0003 (id 58) must be in draft.", USER),
    (403, "odoo.exceptions.AccessError", "You are not allowed to create 'Journal Entry' records.", ACCESS),
    (403, "odoo.exceptions.AccessError", "Access to unauthorized or invalid companies.", ACCESS),
    (403, "odoo.exceptions.AccessError", "You do not have enough rights to access the field", ACCESS),
    (401, "werkzeug.exceptions.Unauthorized", "Invalid apikey", Down),
    (401, "werkzeug.exceptions.Unauthorized", "User not authenticated, use an API Key with a Bearer", Down),
    (403, "odoo.exceptions.AccessDenied", "Session user does not match the used apikey.", Down),
    (401, "werkzeug.exceptions.Unauthorized", 'Missing "Authorization" or Sec-headers for interactive usage.', Down),
    (400, "werkzeug.exceptions.BadRequest", "could not parse the body as json: Expecting value", DEFECT),
    (422, "werkzeug.exceptions.UnprocessableEntity", "missing a required argument: 'domain'", DEFECT),
    (422, "werkzeug.exceptions.UnprocessableEntity", "got an unexpected keyword argument 'foo'", DEFECT),
    (422, "werkzeug.exceptions.UnprocessableEntity", "cannot call res.partner.create with ids", DEFECT),
    (500, "builtins.TypeError", "BaseModel._read_format() got an unexpected keyword argument 'foo'", DEFECT),
    (422, "odoo.exceptions.UserError", "Invalid language code: fr_FR", USER),
    (500, "psycopg2.errors.SerializationFailure", "could not serialize access due to concurrent update\n", TryAgain),
    (500, "psycopg2.errors.LockNotAvailable", "canceling statement due to lock timeout", TryAgain),
    (500, "psycopg2.errors.DeadlockDetected", "deadlock detected", TryAgain),
    (413, "werkzeug.exceptions.RequestEntityTooLarge", "The data value transmitted exceeds the limit.", TOO_LARGE),
]
RPC = [
    ("odoo.exceptions.AccessDenied", "Access Denied", Down),
    ("odoo.exceptions.UserError", "Object no.model doesn't exist", USER),
    ("builtins.AttributeError", "The method 'res.partner.nope' does not exist", NOT_INSTALLED),
    ("odoo.exceptions.AccessError", "Private methods (such as 'x') cannot be called remotely.", ACCESS),
    ("psycopg2.OperationalError", 'connection to server failed: database "nodb" does not exist', Down),
    ("builtins.ValueError", "Invalid field 'nofield' on model 'res.partner'", DEFECT),
    ("odoo.exceptions.ValidationError", "The operation cannot be completed:\n- Create/update", VALIDATION),
    ("odoo.exceptions.MissingError", "Record does not exist or has been deleted.", MISSING),
    ("builtins.TypeError", "BaseModel.search() got an unexpected keyword argument 'dommain'", DEFECT),
    ("builtins.IndexError", "tuple index out of range", DEFECT),
    ("werkzeug.exceptions.RequestEntityTooLarge", "", TOO_LARGE),
    ("psycopg2.errors.SerializationFailure", "could not serialize access due to concurrent update\n", TryAgain),
]
# what proxies and Odoo's own pages answer: (status, class or category)
HTML = [
    (303, Down),  # JSON-2 on Odoo 18 leads to the login page
    (400, DEFECT),
    (401, Down),
    (403, Down),
    (404, Down),  # no database is selected
    (413, TOO_LARGE),
    (415, DEFECT),
    (429, TryAgain),
    (500, Unsure),
    (502, Unsure),
    (503, Down),
    (504, Unsure),
]


def expect(failure: Failure, expected: type[Failure] | str) -> None:
    if isinstance(expected, str):
        assert isinstance(failure, Rejected)
        assert failure.category == expected
    else:
        assert type(failure) is expected
    assert str(failure)


@pytest.mark.req("SYS-1")
@pytest.mark.parametrize(("status", "name", "message", "expected"), JSON2)
def test_each_json2_error_says_what_happens_next(
    status: int, name: str, message: str, expected: type[Failure] | str
) -> None:
    body = {"name": name, "message": message, "arguments": [message], "context": {}, "debug": "Traceback SECRET-DEBUG"}
    failure = judge_http(status, "application/json", orjson.dumps(body))
    expect(failure, expected)
    assert "SECRET-DEBUG" not in str(failure)


@pytest.mark.req("SYS-2")
@pytest.mark.parametrize(("name", "message", "expected"), RPC)
def test_each_rpc_error_says_what_happens_next(name: str, message: str, expected: type[Failure] | str) -> None:
    expect(judge(name, message), expected)


@pytest.mark.parametrize(("status", "expected"), HTML)
def test_a_page_instead_of_an_answer_says_what_happens_next(status: int, expected: type[Failure] | str) -> None:
    expect(judge_http(status, "text/html", b"<html>No database is selected</html>"), expected)


def test_a_proxy_may_say_how_long_to_wait() -> None:
    limited = judge_http(429, "text/html", b"", after=7.0)
    assert isinstance(limited, TryAgain)
    assert limited.after == 7.0
    closed = judge_http(503, "text/html", b"", after=30.0)
    assert isinstance(closed, Down)
    assert closed.after == 30.0


@pytest.mark.parametrize(
    "message",
    [
        "could not serialize access due to concurrent update\n",
        "could not serialize access due to read/write dependencies among transactions",
        "deadlock detected\nDETAIL:  Process 1 waits",
        "could not obtain lock on row in relation",
        "canceling statement due to lock timeout",
    ],
)
def test_a_rolled_back_import_is_tried_again(message: str) -> None:
    assert is_transient(message)
    assert isinstance(judge_message(message), TryAgain)


def test_any_other_message_of_an_import_is_a_refusal() -> None:
    refusal = judge_message("No matching record found for external id 'hilum.x' in field 'Country'")
    assert isinstance(refusal, Refusal)
    assert refusal.category == VALIDATION


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("Wrong value for res.partner.type: 'Erika Muster'", "Wrong value for res.partner.type"),
        ('invalid input syntax for type integer: "Muster"', "invalid input syntax for type integer"),
        ("could not convert string to float: 'Muster'", "could not convert string to float"),
        ("Bad\nTraceback (most recent call last):\n  File Muster", "Bad"),
        ("duplicate key\nDETAIL:  Key (ref)=(Muster) already exists.", "duplicate key"),
    ],
)
def test_values_and_tracebacks_are_cut_out_of_the_words(message: str, kept: str) -> None:
    assert clean(message, quotes_values=True) == kept


def test_words_are_bounded() -> None:
    assert len(clean("long " * 1000)) == 300

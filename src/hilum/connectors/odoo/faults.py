"""What an answer of Odoo means for the hub: pure, table-driven, no I/O.

    no connection                                             Down      surely nothing was sent
    no reply, cut reply, time-out after sending               Unsure    Odoo goes on and commits
    401, AccessDenied, unknown database, proxy 503, 3xx       Down      nothing at this endpoint will work
    502, 504 of a proxy                                       Unsure    the request may have reached Odoo
    SerializationFailure, LockNotAvailable, DeadlockDetected  TryAgain  rolled back, after the server's own retries
    429                                                       TryAgain  with the proxy's Retry-After
    everything else                                           Rejected  with a category and words for people

Rules are by exception name and status, never by text: texts differ by version and language. The one exception is
`is_transient`, because `load` reports a serialization failure as a message without a name. The server's `debug` member
(a traceback) is never read; of the traceback that XML-RPC gives in place of a name, only the end is, and none is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from hilum.errors import Down, Failure, Rejected, TryAgain, Unsure

WORDS_LIMIT: Final = 300
TRY_LATER: Final = 1.0  # seconds before a rolled-back transaction is repeated at the earliest

_TRANSIENT: Final = frozenset(
    {
        "psycopg2.errors.SerializationFailure",
        "psycopg2.errors.LockNotAvailable",
        "psycopg2.errors.DeadlockDetected",
        "psycopg2.errors.QueryCanceled",
        "psycopg2.extensions.TransactionRollbackError",
        "psycopg2.extensions.QueryCanceledError",
        "odoo.exceptions.ConcurrencyError",
        "odoo.sql_db.PoolError",
        "psycopg2.pool.PoolError",
        "builtins.MemoryError",
        "werkzeug.exceptions.TooManyRequests",
    }
)
# The login of the hub is refused, or Odoo has no database: nothing at this endpoint will work until a person acts.
_ENDPOINT: Final[Mapping[str, str]] = {
    "odoo.exceptions.AccessDenied": "Odoo refuses the login or the API key. Make a new key in Odoo "
    "(keys of internal users live at most 90 days) and set it for this endpoint.",
    "werkzeug.exceptions.Unauthorized": "Odoo refuses the API key (wrong, expired, or a password instead of a key). "
    "Make a new key in Odoo and set it for this endpoint.",
    "odoo.http.SessionExpiredException": "Odoo asks for a login: it does not take the API key.",
    "psycopg2.OperationalError": "Odoo cannot reach its database, or the database named in the settings does not "
    "exist there.",
    "psycopg2.InterfaceError": "Odoo has lost its database connection.",
}
_CATEGORY: Final[Mapping[str, str]] = {
    "odoo.exceptions.AccessError": "odoo.access",
    "odoo.exceptions.MissingError": "odoo.missing",
    "odoo.exceptions.ValidationError": "odoo.validation",
    "odoo.exceptions.UserError": "odoo.user",
    "odoo.exceptions.RedirectWarning": "odoo.user",
    "werkzeug.exceptions.NotFound": "odoo.not_installed",
    "builtins.AttributeError": "odoo.not_installed",
    "werkzeug.exceptions.RequestEntityTooLarge": "odoo.too_large",
}
DEFECT: Final = "odoo.defect"
NOT_IN_XML: Final = "odoo.not_in_xml"
MEANING: Final[Mapping[str, str]] = {
    "odoo.access": "The hub's Odoo user may not do this; an Odoo administrator has to give the right.",
    "odoo.missing": "The record no longer exists in Odoo.",
    "odoo.validation": "Odoo refuses the data.",
    "odoo.user": "A rule of Odoo forbids this.",
    "odoo.not_installed": "This Odoo has no such model or function; is the module installed?",
    "odoo.too_large": "This is larger than Odoo takes in one call (128 MiB).",
    NOT_IN_XML: "XML-RPC cannot carry this (a control character, a whole number beyond 32 bits, an empty value in "
    "an answer); JSON-RPC and JSON-2 can.",
    DEFECT: "What the hub sent does not fit this Odoo; an integration engineer has to look.",
}

_TRACEBACK = re.compile(r"Traceback \(most recent call last\).*", re.DOTALL)
_DETAIL = re.compile(r"\bDETAIL:.*", re.DOTALL)  # PostgreSQL quotes the row there
_QUOTED_VALUE = re.compile(r":\s*(['\"]).*", re.DOTALL)  # a ValueError quotes the value after a colon
_SPACE = re.compile(r"\s+")
# PostgreSQL's texts (English, as Odoo's servers are set up) of the three errors that the server would repeat itself.
_TRANSIENT_TEXT = re.compile(
    r"could not serialize access|deadlock detected|could not obtain lock|lock timeout", re.IGNORECASE
)
# The fault codes of /xmlrpc/2. 2 stands for UserError, ValidationError, MissingError and RedirectWarning alike.
_FAULTS: Final[Mapping[int, str]] = {
    2: "odoo.exceptions.UserError",
    3: "odoo.exceptions.AccessDenied",
    4: "odoo.exceptions.AccessError",
}
_TRACE_HEAD: Final = re.compile(r"^Traceback \(most recent call last\):\n", re.MULTILINE)
_RAISED: Final = re.compile(r"^(?P<name>[A-Za-z_][\w.]*)(?:: (?P<words>.*))?\Z", re.MULTILINE | re.DOTALL)
_IN_CALL: Final = re.compile(r", in (?:dispatch_rpc|execute_kw|execute)$", re.MULTILINE)
_MARSHALLING: Final = re.compile(r", in dump_\w+$", re.MULTILINE)
_HTML_DOWN: Final[Mapping[int, str]] = {
    403: "A proxy in front of Odoo refuses the hub.",
    404: "Odoo does not know the database, or the address is not Odoo's: check `url` and `database`.",
    407: "A proxy asks for a login.",
    503: "Odoo is not available (maintenance, or no worker is free).",
}


class Refusal(Rejected):
    """Odoo refused this one for good. `name` is the server's exception, `message` its cleaned text."""

    def __init__(self, category: str, name: str, message: str) -> None:
        meaning = MEANING.get(category, MEANING[DEFECT])
        super().__init__(category, f"{meaning} Odoo says: {message}" if message else meaning)
        self.name = name
        self.message = message


def judge(name: str, message: str, *, status: int = 0, after: float | None = None) -> Failure:
    """The failure for an error that Odoo itself reported. `status` is the HTTP status (0 over RPC)."""
    if name in _ENDPOINT:
        return Down(_ENDPOINT[name])
    if status == 401:
        return Down(_ENDPOINT["werkzeug.exceptions.Unauthorized"])
    if name in _TRANSIENT:
        return TryAgain("Odoo was busy with the same records and has undone the call.", after=after or TRY_LATER)
    category = _CATEGORY.get(name, DEFECT)
    if category == "odoo.not_installed" and status == 404 and "POST /json/2" in message:
        category = DEFECT  # a wrong address of ours, not a missing module
    return Refusal(category, name, clean(message, quotes_values=category == DEFECT))


def judge_fault(code: Any, text: str) -> Failure | None:
    """The failure for a fault of XML-RPC. None: the call is done, and only its answer could not be put into XML.

    Odoo commits, then writes the answer. So an error in writing it (None, numbers as keys) is a fault of a call that
    counts. It is told by where it was raised: a method may fail with the same words before anything is committed.
    """
    if code in _FAULTS:
        return judge(_FAULTS[code], text)
    last = _TRACE_HEAD.split(text)[-1]
    if _MARSHALLING.search(last) and not _IN_CALL.search(last):
        return None
    found = _RAISED.search(last.rstrip())
    if found is None:
        return judge("", "")
    name = found["name"] if "." in found["name"] else f"builtins.{found['name']}"
    return judge(name, found["words"] or "")


def judge_http(status: int, content_type: str, body: bytes, *, after: float | None = None) -> Failure:
    """The failure for an HTTP answer that is no success: Odoo's error object, or what a proxy said."""
    fault = _error_object(body) if "json" in content_type else None
    if fault is not None:
        return judge(fault[0], fault[1], status=status, after=after)
    if status == 401:
        return judge("werkzeug.exceptions.Unauthorized", "")
    if status == 429:
        return TryAgain("A proxy in front of Odoo limits the calls.", after=after or TRY_LATER)
    if status in _HTML_DOWN:
        return Down(_HTML_DOWN[status], after=after)
    if status == 413:
        return Refusal("odoo.too_large", "", "")
    if 300 <= status < 400:
        return Down("Odoo sends the hub elsewhere: check `url` (the final https address) and the protocol.")
    if status >= 500:
        return Unsure(f"The answer did not come from Odoo itself (HTTP {status}); it may or may not have been done.")
    return Refusal(DEFECT, "", f"HTTP {status}")


def judge_message(message: str) -> Failure:
    """The failure for an error message of `load`, which has a text but no exception name."""
    if is_transient(message):
        return TryAgain("Odoo was busy with the same records and has undone the call.", after=TRY_LATER)
    return Refusal("odoo.validation", "", clean(message))


def is_transient(message: str) -> bool:
    """Is this message of `load` one of the errors after which PostgreSQL rolled back?"""
    return _TRANSIENT_TEXT.search(message) is not None


def clean(message: str, *, quotes_values: bool = False) -> str:
    """Odoo's text for people: no traceback, no row of PostgreSQL, on one line, at most `WORDS_LIMIT` characters.

    `quotes_values`: also cut what follows a colon and a quotation mark (Python errors quote the value there).
    """
    text = _DETAIL.sub("", _TRACEBACK.sub("", message))
    if quotes_values:
        text = _QUOTED_VALUE.sub("", text)
    text = _SPACE.sub(" ", text).strip()
    return text if len(text) <= WORDS_LIMIT else f"{text[: WORDS_LIMIT - 1]}…"


def _error_object(body: bytes) -> tuple[str, str] | None:
    """(name, message) of Odoo's error object, or None where the body is something else."""
    try:
        found: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(found, dict) or not isinstance(found.get("name"), str):
        return None
    return found["name"], str(found.get("message") or "")
